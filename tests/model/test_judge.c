// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the judge: histories written by hand with states that must be
 * accepted or refused, and thousands of small random ones of which every state
 * that can be is enumerated.
 *
 * Usage: test_judge [ROUNDS [SEED]]
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "rng.h"
#include "util.h"

#define S	PAGE_SECTORS

static unsigned int nr_failed, nr_checks;

static struct op *add(struct history *h, uint32_t i, enum op_type type,
		      uint32_t sector, uint32_t sectors, uint64_t start,
		      uint64_t end)
{
	struct op *op = &h->ops[i];

	op->type = (uint8_t)type;
	op->sector = sector;
	op->sectors = sectors;
	op->start = start;
	op->end = end;
	return op;
}

static void expect(const char *what, struct history *h, const uint32_t *val,
		   uint64_t crash, enum verdict_kind want)
{
	struct judge *j;
	struct verdict v, exact;

	history_index(h);
	j = judge_new(h);
	judge(j, val, crash, 0, &v);
	nr_checks++;
	if (v.kind != want) {
		nr_failed++;
		printf("not ok - %s: expected '%s', got '%s'\n", what,
		       verdict_text(want), verdict_text(v.kind));
		if (v.nr_wrong)
			verdict_print(&v, h, "#   ", stdout);
	} else if (history_is_serial(h) &&
		   judge_serial(h, val, crash, 0, &exact) !=
		   (want == JUDGE_OK)) {
		nr_failed++;
		printf("not ok - %s: the serial judge disagrees\n", what);
	} else {
		printf("ok - %s\n", what);
	}
	judge_free(j);
}

/* val = the base, then pairs (sector, value) up to UINT32_MAX. */
static const uint32_t *state(const struct history *h, ...)
{
	static uint32_t val[16 * S];
	va_list ap;
	uint32_t s;

	memcpy(val, h->base, h->sectors * sizeof(*val));
	va_start(ap, h);
	while ((s = va_arg(ap, uint32_t)) != UINT32_MAX)
		val[s] = va_arg(ap, uint32_t);
	va_end(ap);
	return val;
}

#define STATE(h, ...)	state(h, __VA_ARGS__, UINT32_MAX)

/* Writes 1, 2, a flush 3, write 4, FUA write 5; one at a time. */
static void test_serial(void)
{
	struct history h;

	history_init(&h, 1, 4 * S, 1, 5);
	add(&h, 0, OP_WRITE, 0, 1, 10, 11);
	add(&h, 1, OP_WRITE, 1, 1, 20, 21);
	add(&h, 2, OP_FLUSH, 0, 0, 30, 31);
	add(&h, 3, OP_WRITE, 0, 1, 40, 41);
	add(&h, 4, OP_FUA, S, 1, 50, 51);

	expect("nothing yet", &h, state(&h, UINT32_MAX), 5, JUDGE_OK);
	expect("all unflushed writes gone", &h, state(&h, UINT32_MAX), 30,
	       JUDGE_OK);
	expect("the first of two", &h, STATE(&h, 0, 1), 30, JUDGE_OK);
	expect("the second without the first", &h, STATE(&h, 1, 2), 30,
	       JUDGE_HOLE);
	expect("a flush still running promises nothing", &h,
	       STATE(&h, 0, 1), 31, JUDGE_OK);
	expect("a flushed write lost", &h, STATE(&h, 0, 1), 32, JUDGE_LOST);
	expect("all flushed writes lost", &h, state(&h, UINT32_MAX), 32,
	       JUDGE_LOST);
	expect("the flushed ones are enough", &h, STATE(&h, 0, 1, 1, 2), 45,
	       JUDGE_OK);
	expect("a newer write in place of a flushed one", &h,
	       STATE(&h, 0, 4, 1, 2), 45, JUDGE_OK);
	expect("a write that had not started", &h, STATE(&h, 0, 4, 1, 2), 35,
	       JUDGE_FUTURE);
	expect("a FUA write lost", &h, STATE(&h, 0, 4, 1, 2), 60, JUDGE_LOST);
	expect("a FUA write without those before it", &h,
	       STATE(&h, 0, 1, 1, 2, S, 5), 60, JUDGE_HOLE);
	expect("everything", &h, STATE(&h, 0, 4, 1, 2, S, 5), 60, JUDGE_OK);
	expect("bytes nobody wrote", &h, STATE(&h, 0, 1, 1, 2, 5, VAL_ALIEN),
	       45, JUDGE_INVENTED);
	expect("a write in a sector it did not cover", &h,
	       STATE(&h, 0, 1, 1, 2, 5, 1), 45, JUDGE_INVENTED);
	expect("a sector of zeros nobody zeroed", &h,
	       STATE(&h, 0, 1, 1, 2, 5, VAL_ZERO), 45, JUDGE_INVENTED);
	expect("an unreadable sector", &h,
	       STATE(&h, 0, 1, 1, VAL_ERROR), 45, JUDGE_UNREADABLE);
	expect("older content under a flushed write", &h,
	       STATE(&h, 0, 0, 1, 2), 45, JUDGE_LOST);
	history_exit(&h);
}

/* One write of three pages: a prefix of them at the edge, never a hole. */
static void test_pieces(void)
{
	struct history h;

	history_init(&h, 1, 4 * S, 1, 2);
	add(&h, 0, OP_WRITE, 4, 2 * S, 10, 20);
	add(&h, 1, OP_WRITE, 3 * S, 1, 30, 31);
	expect("the first page of a large write", &h,
	       STATE(&h, 4, 1, 5, 1, 6, 1, 7, 1), 15, JUDGE_OK);
	expect("half a page of a write", &h, STATE(&h, 4, 1, 5, 1), 15,
	       JUDGE_HOLE);
	expect("the second page without the first", &h,
	       STATE(&h, S, 1, S + 1, 1, S + 2, 1, S + 3, 1, S + 4, 1, S + 5, 1,
		     S + 6, 1, S + 7, 1), 15, JUDGE_HOLE);
	expect("part of a large write, then a later one", &h,
	       STATE(&h, 4, 1, 5, 1, 6, 1, 7, 1, 3 * S, 2), 40, JUDGE_HOLE);
	history_exit(&h);
}

/* 1 and 2 at the same time on the same two pages; 3 after both. */
static void test_concurrent(void)
{
	struct history h;

	history_init(&h, 1, 4 * S, 1, 3);
	add(&h, 0, OP_WRITE, 7, 2, 10, 20)->thread = 1;
	add(&h, 1, OP_WRITE, 7, 2, 11, 21)->thread = 2;
	add(&h, 2, OP_WRITE, 2 * S, 1, 22, 30);
	expect("one concurrent write over the other", &h,
	       STATE(&h, 7, 1, 8, 1, 16, 3), 40, JUDGE_OK);
	expect("the other over the one", &h,
	       STATE(&h, 7, 2, 8, 2, 16, 3), 40, JUDGE_OK);
	expect("a mixture by pages", &h, STATE(&h, 7, 2, 8, 1, 16, 3), 40,
	       JUDGE_OK);
	expect("one alone at the edge", &h, STATE(&h, 7, 2, 8, 2), 40,
	       JUDGE_OK);
	expect("neither, but the one after", &h, STATE(&h, 16, 3), 40,
	       JUDGE_HOLE);
	expect("only half of both, but the one after", &h,
	       STATE(&h, 7, 1, 16, 3), 40, JUDGE_HOLE);
	history_exit(&h);

	/* Both write sectors 0 and 1 of one page: a piece is whole. */
	history_init(&h, 1, 4 * S, 1, 2);
	add(&h, 0, OP_WRITE, 0, 2, 10, 20)->thread = 1;
	add(&h, 1, OP_WRITE, 0, 2, 11, 21)->thread = 2;
	expect("a mixture within a page", &h, STATE(&h, 0, 1, 1, 2), 40,
	       JUDGE_ORDER);
	history_exit(&h);

	/* 1 runs all along; 2 is before 3. 3 < 1 < 2 cannot be. */
	history_init(&h, 1, 4 * S, 1, 4);
	add(&h, 0, OP_WRITE, 0, 2, 10, 50)->thread = 1;
	add(&h, 1, OP_WRITE, 0, 1, 11, 12)->thread = 2;
	add(&h, 2, OP_WRITE, 1, 1, 13, 14)->thread = 2;
	add(&h, 3, OP_WRITE, 2, 1, 15, 16)->thread = 2;
	expect("after the earlier, before the later", &h,
	       STATE(&h, 0, 1, 1, 3, 2, 4), 60, JUDGE_OK);
	expect("before the earlier, and no later one yet", &h,
	       STATE(&h, 0, 2, 1, 1), 60, JUDGE_OK);
	expect("before the earlier, after the later", &h,
	       STATE(&h, 0, 2, 1, 1, 2, 4), 60, JUDGE_ORDER);
	history_exit(&h);

	/* A flush that started while write 1 ran promises nothing about it. */
	history_init(&h, 1, 4 * S, 1, 3);
	add(&h, 0, OP_WRITE, 0, 1, 10, 20)->thread = 1;
	add(&h, 1, OP_FLUSH, 0, 0, 15, 30)->thread = 2;
	add(&h, 2, OP_FLUSH, 0, 0, 21, NEVER)->thread = 1;
	expect("a flush beside a write", &h, state(&h, UINT32_MAX), 40,
	       JUDGE_OK);
	h.ops[2].end = 35;
	expect("a flush after a write", &h, state(&h, UINT32_MAX), 40,
	       JUDGE_LOST);
	history_exit(&h);
}

static void test_zeros(void)
{
	struct history h;

	history_init(&h, 1, 4 * S, 1, 4);
	add(&h, 0, OP_ZERO, 0, 2, 10, 11);
	add(&h, 1, OP_WRITE, 0, 1, 20, 21);
	add(&h, 2, OP_DISCARD, 0, 1, 30, 31);
	add(&h, 3, OP_WRITE, S, 1, 40, 41);
	expect("zeros from the first", &h, STATE(&h, 0, VAL_ZERO, 1, VAL_ZERO),
	       50, JUDGE_OK);
	expect("half of a write of zeros", &h, STATE(&h, 0, VAL_ZERO), 50,
	       JUDGE_HOLE);
	expect("zeros from the second, seen by what follows", &h,
	       STATE(&h, 0, VAL_ZERO, 1, VAL_ZERO, S, 4), 50, JUDGE_OK);
	expect("zeros over a write, with the second still to come", &h,
	       STATE(&h, 0, 2, 1, VAL_ZERO, S, 4), 50, JUDGE_HOLE);
	expect("zeros that are too early", &h,
	       STATE(&h, 0, VAL_ZERO, 1, VAL_ZERO, S, 4), 30, JUDGE_FUTURE);
	h.base[3] = VAL_ZERO;
	expect("zeros that were always there", &h,
	       STATE(&h, 0, VAL_ZERO, 1, VAL_ZERO), 50, JUDGE_OK);
	history_exit(&h);
}

/* ---- every state a small history can leave, by enumeration -------------- */

#define MAX_OPS		5
#define MAX_SECTORS	(3 * S)
#define MAX_STATES	20000

struct enumeration {
	const struct history *h;
	uint64_t crash;
	bool durable[MAX_OPS];
	uint32_t done[MAX_OPS];		/* pieces applied */
	uint32_t cur[MAX_SECTORS];
	uint32_t (*states)[MAX_SECTORS];
	unsigned int nr;
};

static bool known(const struct enumeration *e, const uint32_t *val)
{
	unsigned int i;

	for (i = 0; i < e->nr; i++)
		if (!memcmp(e->states[i], val, e->h->sectors * sizeof(*val)))
			return true;
	return false;
}

static bool complete(const struct enumeration *e, uint32_t i)
{
	return !op_writes(&e->h->ops[i]) ||
		e->done[i] == op_pages(&e->h->ops[i]);
}

static void enumerate(struct enumeration *e)
{
	const struct history *h = e->h;
	uint32_t i, k, s, from, to, saved[S];
	bool whole = true;

	for (i = 0; i < h->nr_ops; i++)
		whole = whole && (!e->durable[i] || complete(e, i));
	if (whole && e->nr < MAX_STATES && !known(e, e->cur))
		memcpy(e->states[e->nr++], e->cur, sizeof(e->cur));

	for (i = 0; i < h->nr_ops; i++) {
		const struct op *op = &h->ops[i];
		bool may = op_writes(op) && op->start < e->crash &&
			!complete(e, i);

		for (k = 0; may && k < h->nr_ops; k++)
			may = !(op_writes(&h->ops[k]) &&
				h->ops[k].end < op->start && !complete(e, k));
		if (!may)
			continue;
		op_piece(op, e->done[i], &from, &to);
		for (s = from; s < to; s++) {
			saved[s - from] = e->cur[s];
			e->cur[s] = op_zeroes(op) ? VAL_ZERO : op->id;
		}
		e->done[i]++;
		enumerate(e);
		e->done[i]--;
		for (s = from; s < to; s++)
			e->cur[s] = saved[s - from];
	}
}

static void random_history(struct history *h, struct rng *r)
{
	uint32_t threads = 1 + rng_below(r, 3), i, t;
	uint64_t clock[3] = { 0 }, zero_until = 0;

	history_init(h, 7, 2 * S + 1 + rng_below(r, S), 1,
		     2 + rng_below(r, MAX_OPS - 1));
	for (i = 0; i < h->sectors; i++)
		h->base[i] = rng_chance(r, 20) ? VAL_ZERO : 0;
	for (i = 0; i < h->nr_ops; i++) {
		struct op *op = &h->ops[i];
		uint32_t kind = rng_below(r, 10);

		t = rng_below(r, threads);
		op->thread = (uint8_t)t;
		op->type = kind < 4 ? OP_WRITE : kind < 6 ? OP_FUA :
			kind < 9 ? OP_ZERO : OP_FLUSH;
		/* Few places, so that writes meet; pages are crossed. */
		op->sector = rng_chance(r, 50) ? S - 1 : rng_below(r, S + 2);
		op->sectors = 1 + rng_below(r, rng_chance(r, 50) ? 3 : S + 2);
		if (op->sector + op->sectors > h->sectors)
			op->sectors = h->sectors - op->sector;
		op->start = clock[t] + 1 + rng_below(r, 6);
		if (op_zeroes(op) && op->start <= zero_until)
			op->start = zero_until + 1;
		op->end = op->start + 1 + rng_below(r, 8);
		if (op_zeroes(op))
			zero_until = op->end;
		clock[t] = op->end;
		if (rng_chance(r, 5) && !op_zeroes(op)) {
			op->end = NEVER;
			break;
		}
	}
	for (; i < h->nr_ops; i++)
		if (h->ops[i].start == NEVER)
			h->ops[i].type = OP_CONTROL;
}

static void one_random(uint64_t seed, unsigned long *accepted,
		       unsigned long *refused)
{
	struct enumeration e = { 0 };
	struct history h;
	struct verdict v;
	struct judge *j;
	struct rng r;
	uint64_t horizon;
	unsigned int i, n;

	rng_seed(&r, seed, 0);
	random_history(&h, &r);
	history_index(&h);
	e.h = &h;
	e.crash = 2 + rng_below(&r, 40);
	e.states = xcalloc(MAX_STATES, sizeof(*e.states));
	horizon = history_flush_horizon(&h, e.crash);
	for (i = 0; i < h.nr_ops; i++) {
		const struct op *op = &h.ops[i];

		e.durable[i] = op_writes(op) && op->end < e.crash &&
			(op->type == OP_FUA || op->end < horizon);
	}
	memcpy(e.cur, h.base, h.sectors * sizeof(*h.base));
	enumerate(&e);

	j = judge_new(&h);
	for (n = 0; n < e.nr + 60; n++) {
		uint32_t val[MAX_SECTORS];
		bool want = true, got, exact;

		memcpy(val, e.states[n < e.nr ? n : rng_below(&r, e.nr)],
		       sizeof(val));
		if (n >= e.nr) {
			uint32_t k = 1 + rng_below(&r, 3);

			while (k--) {
				uint32_t s = rng_below(&r, h.sectors);

				val[s] = rng_chance(&r, 30) ? h.base[s] :
					rng_chance(&r, 30) ? VAL_ZERO :
					1 + rng_below(&r, h.nr_ops);
			}
			want = known(&e, val);
		}
		got = judge(j, val, e.crash, 0, &v);
		exact = !history_is_serial(&h) ? got :
			judge_serial(&h, val, e.crash, 0, &v);
		*(want ? accepted : refused) += 1;
		nr_checks++;
		if (got == want && exact == want)
			continue;
		nr_failed++;
		printf("not ok - random history %llu, state %u of %u: %s, expected %s\n",
		       (unsigned long long)seed, n, e.nr,
		       got != exact ? "the judges disagree" :
		       got ? "accepted" : "refused",
		       want ? "accepted" : "refused");
		break;
	}
	judge_free(j);
	free(e.states);
	history_exit(&h);
}

int main(int argc, char **argv)
{
	uint64_t rounds = argc > 1 ? parse_number("ROUNDS", argv[1]) : 3000;
	uint64_t seed = argc > 2 ? parse_number("SEED", argv[2]) : 1;
	unsigned long accepted = 0, refused = 0;
	uint64_t i;

	test_serial();
	test_pieces();
	test_concurrent();
	test_zeros();
	for (i = 0; i < rounds && nr_failed < 5; i++)
		one_random(seed + i, &accepted, &refused);
	if (!nr_failed)
		printf("ok - %llu random histories against enumeration: %lu states accepted, %lu refused\n",
		       (unsigned long long)rounds, accepted, refused);
	printf("%u checks, %u failed\n", nr_checks, nr_failed);
	return nr_failed ? 1 : 0;
}
