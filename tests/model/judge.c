// SPDX-License-Identifier: GPL-2.0
/*
 * The judge of arbitrary histories, see judge.h.
 *
 * The set S of pieces that the prefix must hold is the least one: what is seen,
 * what is durable, and everything that had to come before. A larger S only adds
 * demands, so if the least one cannot be ordered, none can. With T the latest
 * start of a write in S, that is: every write done before T as a whole, and of
 * those still running at T the pieces up to the last one seen.
 *
 * For each sector the write it shows must then be the last of its writers in S.
 * A writer that started after it was done refutes that at once; concurrent
 * writers give edges "came before" between pieces, and order.c decides whether
 * all edges together with the order in time can be satisfied.
 *
 * A sector of zeros may be from any write of zeros. These never overlap in
 * time, so the candidates of a sector have an order, and each is ruled out only
 * by a writer known to come after it: the least S is reached by moving from one
 * candidate to the next when that happens.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "order.h"
#include "util.h"

/* How far to go in trying later writes of zeros when an order fails. */
#define ZERO_DEPTH_MAX	3
#define ZERO_TRIES_MAX	16

struct judge {
	const struct history *h;
	struct order *order;
	uint32_t *pages_in;	/* of op i: pieces 0 .. n-1 are in S */
	uint8_t *durable;	/* op i is */
	uint32_t *zero_at;	/* sector: index + 1 in its list of the write
				 * of zeros it is taken to show; 0: its base
				 */
	uint32_t *zero_least;	/* sector: zero_at must be at least this */
	uint64_t crash;
	uint64_t t;		/* latest start in S */
	uint32_t t_op;		/* and whose it is, index + 1 */
	unsigned int depth;
};

const char *verdict_text(enum verdict_kind kind)
{
	static const char *const text[] = {
		[JUDGE_OK] = "right",
		[JUDGE_UNREADABLE] = "unreadable",
		[JUDGE_INVENTED] = "invented content",
		[JUDGE_FUTURE] = "content from the future",
		[JUDGE_LOST] = "a durable write is lost",
		[JUDGE_HOLE] = "a hole: a later write is there, this one is not",
		[JUDGE_ORDER] = "concurrent writes in an impossible order",
	};

	return text[kind];
}

void verdict_add(struct verdict *v, enum verdict_kind kind, uint32_t sector,
		 uint32_t got, uint32_t want, uint32_t because)
{
	if (v->kind == JUDGE_OK || kind < v->kind)
		v->kind = kind;
	if (v->nr_wrong < VERDICT_WRONG_MAX)
		v->wrong[v->nr_wrong] = (struct verdict_wrong){
			kind, sector, got, want, because };
	v->nr_wrong++;
}

void verdict_print(const struct verdict *v, const struct history *h,
		   const char *prefix, FILE *f)
{
	char text[160], val[64];
	uint32_t i;

	fprintf(f, "%s%s; %u sector%s wrong, the first:\n", prefix,
		verdict_text(v->kind), v->nr_wrong, v->nr_wrong == 1 ? "" : "s");
	for (i = 0; i < v->nr_wrong && i < VERDICT_WRONG_MAX; i++) {
		const struct verdict_wrong *w = &v->wrong[i];
		const struct op *want = history_op(h, w->want);
		const struct op *because = history_op(h, w->because);
		const struct op *got = history_op(h, w->got);

		fprintf(f, "%s  sector %u: %s: shows %s", prefix, w->sector,
			verdict_text(w->kind),
			got ? op_text(got, text, sizeof(text)) :
			stamp_value_text(w->got, val, sizeof(val)));
		if (want)
			fprintf(f, "; expected %s or a later one",
				op_text(want, text, sizeof(text)));
		else if (w->want != w->got)
			fprintf(f, "; expected %s",
				stamp_value_text(w->want, val, sizeof(val)));
		if (because)
			fprintf(f, "; because of %s",
				op_text(because, text, sizeof(text)));
		fputc('\n', f);
	}
}

uint64_t history_flush_horizon(const struct history *h, uint64_t crash)
{
	uint64_t horizon = 0;
	uint32_t i;

	for (i = 0; i < h->nr_ops; i++) {
		const struct op *op = &h->ops[i];

		if (op->type == OP_FLUSH && op->end < crash &&
		    op->start > horizon)
			horizon = op->start;
	}
	return horizon;
}

struct judge *judge_new(const struct history *h)
{
	struct judge *j = xcalloc(1, sizeof(*j));

	j->h = h;
	j->order = order_new(h);
	j->pages_in = xcalloc(h->nr_ops, sizeof(*j->pages_in));
	j->durable = xcalloc(h->nr_ops, sizeof(*j->durable));
	j->zero_at = xcalloc(h->sectors, sizeof(*j->zero_at));
	j->zero_least = xcalloc(h->sectors, sizeof(*j->zero_least));
	return j;
}

void judge_free(struct judge *j)
{
	if (!j)
		return;
	order_free(j->order);
	free(j->pages_in);
	free(j->durable);
	free(j->zero_at);
	free(j->zero_least);
	free(j);
}

static void reach(struct judge *j, const struct op *op)
{
	if (op->start > j->t || !j->t_op) {
		j->t = op->start;
		j->t_op = op->id - j->h->first_id + 1;
	}
}

/* Put @op's pieces up to the one that holds @sector into S. */
static bool include(struct judge *j, const struct op *op, uint32_t sector)
{
	uint32_t n = sector / PAGE_SECTORS - op_first_page(op) + 1;
	uint32_t *in = &j->pages_in[op->id - j->h->first_id];

	if (*in >= n)
		return false;
	*in = n;
	reach(j, op);
	return true;
}

static bool in_prefix(const struct judge *j, const struct op *op,
		      uint32_t sector)
{
	uint32_t i = op->id - j->h->first_id;

	return op->end < j->t || j->durable[i] ||
		sector / PAGE_SECTORS - op_first_page(op) < j->pages_in[i];
}

static void find_durable(struct judge *j, unsigned int flags)
{
	uint64_t horizon = history_flush_horizon(j->h, j->crash);
	uint32_t i;

	for (i = 0; i < j->h->nr_ops; i++) {
		const struct op *op = &j->h->ops[i];

		j->durable[i] = op_writes(op) && op->end < j->crash &&
			(op->end < horizon || op->type == OP_FUA ||
			 (flags & JUDGE_ALL));
		if (j->durable[i])
			reach(j, op);
	}
}

/* The write that a sector, not of zeros, shows; wrong values are noted. */
static const struct op *shown(struct judge *j, const uint32_t *val,
			      uint32_t sector, struct verdict *v)
{
	const struct history *h = j->h;
	uint32_t got = val[sector];
	const struct op *op;

	if (got == h->base[sector])
		return NULL;
	op = history_op(h, got);
	if (got == VAL_ERROR) {
		verdict_add(v, JUDGE_UNREADABLE, sector, got, got, 0);
	} else if (!op || !op_writes(op) || op_zeroes(op) ||
		   sector < op->sector || sector >= op->sector + op->sectors) {
		verdict_add(v, JUDGE_INVENTED, sector, got, h->base[sector], 0);
		op = NULL;
	} else if (op->start >= j->crash) {
		verdict_add(v, JUDGE_FUTURE, sector, got, h->base[sector], 0);
		op = NULL;
	}
	return op;
}

/* The next write of zeros in @sector's list from entry @at on; 0: none. */
static uint32_t next_zero(const struct judge *j, uint32_t sector, uint32_t at)
{
	const struct history *h = j->h;
	uint32_t n = h->off[sector + 1] - h->off[sector];

	for (; at < n; at++) {
		const struct op *op = &h->ops[h->list[h->off[sector] + at]];

		if (op->start >= j->crash)
			return 0;
		if (op_zeroes(op))
			return at + 1;
	}
	return 0;
}

/*
 * Which write of zeros @sector, which shows zeros, is from at least. Returns
 * 1 if S grew, 0 if not, -1 if there is none (noted).
 */
static int settle_zero(struct judge *j, uint32_t sector, struct verdict *v)
{
	const struct history *h = j->h;
	uint32_t off = h->off[sector], n = h->off[sector + 1] - off;
	uint32_t at = j->zero_at[sector], i, next;
	bool grew = false;

	if (at < j->zero_least[sector])
		at = j->zero_least[sector];
	if (!at && h->base[sector] != VAL_ZERO) {
		at = next_zero(j, sector, 0);
		if (!at) {
			verdict_add(v, JUDGE_INVENTED, sector, VAL_ZERO,
				    h->base[sector], 0);
			return -1;
		}
	}
	for (i = 0; i < n; i++) {
		const struct op *op = &h->ops[h->list[off + i]];
		const struct op *cur = at ? &h->ops[h->list[off + at - 1]] :
					    NULL;

		if (op->start >= j->crash || op->start > j->t)
			break;
		if (!in_prefix(j, op, sector) || (cur && op->start <= cur->end))
			continue;
		/* op comes after what we took it for: go on to the next. */
		next = next_zero(j, sector, op_zeroes(op) ? i : at);
		while (next && !op_zeroes(op) &&
		       h->ops[h->list[off + next - 1]].end < op->start)
			next = next_zero(j, sector, next);
		if (!next) {
			verdict_add(v, j->durable[op->id - h->first_id] ?
				    JUDGE_LOST : JUDGE_HOLE, sector, VAL_ZERO,
				    op->id, h->first_id + j->t_op - 1);
			return -1;
		}
		at = next;
	}
	j->zero_at[sector] = at;
	if (at)
		grew = include(j, &h->ops[h->list[off + at - 1]], sector);
	return grew;
}

static bool settle_zeros(struct judge *j, const uint32_t *val,
			 struct verdict *v)
{
	bool grew, right = true;
	uint32_t s;

	do {
		grew = false;
		for (s = 0; s < j->h->sectors; s++) {
			if (val[s] != VAL_ZERO)
				continue;
			switch (settle_zero(j, s, v)) {
			case -1:
				right = false;
				break;
			case 1:
				grew = true;
				break;
			}
		}
	} while (grew && right);
	return right;
}

/* Every writer of @sector in S against the one it shows (NULL: its base). */
static void check_sector(struct judge *j, uint32_t sector, uint32_t got,
			 const struct op *shows, struct verdict *v)
{
	const struct history *h = j->h;
	uint32_t off = h->off[sector], i = h->off[sector + 1];

	while (i-- > off) {
		const struct op *op = &h->ops[h->list[i]];

		if (shows && h->max_end[i] < shows->start)
			break;
		if (op == shows || op->start > j->t ||
		    !in_prefix(j, op, sector))
			continue;
		if (!shows || shows->end < op->start) {
			verdict_add(v, j->durable[op->id - h->first_id] ?
				    JUDGE_LOST : JUDGE_HOLE, sector, got,
				    op->id, h->first_id + j->t_op - 1);
			return;
		}
		if (op->end >= shows->start)
			order_add(j->order, op, shows, sector);
	}
}

static bool judge_once(struct judge *j, const uint32_t *val,
		       unsigned int flags, struct verdict *v);

/*
 * No order was found. Perhaps a sector of zeros on the way shows a later write
 * of zeros than it had to: try each of them. Two concurrent writers and a write
 * of zeros in between are needed to get here at all, so this is rare and small.
 */
static bool try_later_zeros(struct judge *j, const uint32_t *val,
			    unsigned int flags)
{
	uint32_t sector[ZERO_TRIES_MAX], n, i, at, was;
	struct verdict again;

	if (j->depth >= ZERO_DEPTH_MAX)
		return false;
	n = order_stuck_sectors(j->order, sector, ZERO_TRIES_MAX);
	for (i = 0; i < n; i++) {
		if (val[sector[i]] != VAL_ZERO)
			continue;
		at = next_zero(j, sector[i], j->zero_at[sector[i]]);
		if (!at)
			continue;
		was = j->zero_least[sector[i]];
		j->zero_least[sector[i]] = at;
		j->depth++;
		if (judge_once(j, val, flags, &again))
			return true;
		j->depth--;
		j->zero_least[sector[i]] = was;
		/* The attempt overwrote what the candidates are chosen from. */
		judge_once(j, val, flags, NULL);
	}
	return false;
}

/* With @v NULL only the state of the attempt is rebuilt, nothing is tried. */
static bool judge_once(struct judge *j, const uint32_t *val,
		       unsigned int flags, struct verdict *v)
{
	const struct history *h = j->h;
	struct verdict own;
	const struct op *a, *b;
	bool trying = v != NULL;
	uint32_t s, sector;

	if (!v)
		v = &own;
	memset(v, 0, sizeof(*v));
	memset(j->pages_in, 0, h->nr_ops * sizeof(*j->pages_in));
	memset(j->zero_at, 0, h->sectors * sizeof(*j->zero_at));
	j->t = 0;
	j->t_op = 0;
	order_reset(j->order);

	find_durable(j, flags);
	for (s = 0; s < h->sectors; s++) {
		const struct op *op;

		if (val[s] == VAL_ZERO || val[s] == VAL_ANY)
			continue;
		op = shown(j, val, s, v);
		if (op)
			include(j, op, s);
	}
	if (v->nr_wrong || !settle_zeros(j, val, v))
		return false;
	v->seen = j->t_op ? h->first_id + j->t_op - 1 : 0;

	for (s = 0; s < h->sectors; s++) {
		const struct op *op;

		if (val[s] == VAL_ANY)
			continue;
		if (val[s] == VAL_ZERO)
			op = j->zero_at[s] ? &h->ops[h->list[h->off[s] +
				j->zero_at[s] - 1]] : NULL;
		else
			op = val[s] == h->base[s] ? NULL :
				history_op(h, val[s]);
		check_sector(j, s, val[s], op, v);
	}
	if (v->nr_wrong)
		return false;
	if (order_exists(j->order))
		return true;
	if (trying && try_later_zeros(j, val, flags))
		return true;
	order_culprit(j->order, &a, &b, &sector);
	verdict_add(v, JUDGE_ORDER, sector, val[sector], b->id, a->id);
	return false;
}

bool judge(struct judge *j, const uint32_t *val, uint64_t crash,
	   unsigned int flags, struct verdict *v)
{
	j->crash = crash;
	j->depth = 0;
	memset(j->zero_least, 0, j->h->sectors * sizeof(*j->zero_least));
	return judge_once(j, val, flags, v);
}
