// SPDX-License-Identifier: GPL-2.0
/*
 * The judge of writes that came one at a time: brute force, see judge.h. It
 * shares nothing with judge.c but the history, so that each checks the other.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "util.h"

struct replay {
	const uint32_t *val;
	uint32_t *cur;
	uint32_t nr_differ;
};

static bool differs(const struct replay *r, uint32_t sector)
{
	return r->cur[sector] != r->val[sector] && r->val[sector] != VAL_ANY;
}

static void set(struct replay *r, uint32_t sector, uint32_t val)
{
	r->nr_differ -= differs(r, sector);
	r->cur[sector] = val;
	r->nr_differ += differs(r, sector);
}

static void start(struct replay *r, const struct history *h)
{
	uint32_t s;

	memcpy(r->cur, h->base, h->sectors * sizeof(*r->cur));
	r->nr_differ = 0;
	for (s = 0; s < h->sectors; s++)
		r->nr_differ += differs(r, s);
}

/*
 * Apply pieces in program order while there are any started before @crash and
 * fewer than @stop; from @least on look at each state. Returns the number of
 * pieces applied when the content agreed, or UINT64_MAX; @best: where it
 * differed least.
 */
static uint64_t run(struct replay *r, const struct history *h, uint64_t crash,
		    uint64_t least, uint64_t stop, uint64_t *best)
{
	uint32_t best_differ = UINT32_MAX, i, p, s, from, to;
	uint64_t n = 0;

	start(r, h);
	*best = 0;
	for (i = 0; i <= h->nr_ops; i++) {
		const struct op *op = &h->ops[i];
		uint32_t pages = 0;

		if (i < h->nr_ops && op->start < crash && op_writes(op))
			pages = op_pages(op);
		/* One more look after the last op. */
		for (p = 0; p < pages || i == h->nr_ops; p++) {
			if (n >= least && r->nr_differ < best_differ) {
				best_differ = r->nr_differ;
				*best = n;
			}
			if (n >= least && !r->nr_differ)
				return n;
			if (i == h->nr_ops || n == stop)
				return UINT64_MAX;
			op_piece(op, p, &from, &to);
			for (s = from; s < to; s++)
				set(r, s, op_zeroes(op) ? VAL_ZERO : op->id);
			n++;
		}
	}
	return UINT64_MAX;
}

/* Pieces up to the end of the last durable write. */
static uint64_t durable_pieces(const struct history *h, uint64_t crash,
			       unsigned int flags, uint32_t *last_id)
{
	uint64_t horizon = history_flush_horizon(h, crash);
	uint64_t n = 0, durable = 0;
	uint32_t i;

	*last_id = 0;
	for (i = 0; i < h->nr_ops; i++) {
		const struct op *op = &h->ops[i];

		if (!op_writes(op) || op->start >= crash)
			continue;
		n += op_pages(op);
		if (op->end < crash && (op->type == OP_FUA ||
					op->end < horizon ||
					(flags & JUDGE_ALL))) {
			durable = n;
			*last_id = op->id;
		}
	}
	return durable;
}

bool judge_serial(const struct history *h, const uint32_t *val, uint64_t crash,
		  unsigned int flags, struct verdict *v)
{
	struct replay r = { .val = val };
	uint64_t least, best, n;
	uint32_t s, last;

	memset(v, 0, sizeof(*v));
	r.cur = xcalloc(h->sectors, sizeof(*r.cur));
	least = durable_pieces(h, crash, flags, &last);
	n = run(&r, h, crash, least, UINT64_MAX, &best);
	v->seen = last;
	v->pieces = n;
	if (n == UINT64_MAX) {
		/* Show the difference to the prefix that comes closest. */
		v->pieces = best;
		run(&r, h, crash, UINT64_MAX, best, &n);
		for (s = 0; s < h->sectors; s++)
			if (differs(&r, s))
				verdict_add(v, JUDGE_HOLE, s, val[s], r.cur[s],
					    last);
	}
	free(r.cur);
	return !v->nr_wrong;
}
