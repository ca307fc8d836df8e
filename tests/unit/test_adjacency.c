// SPDX-License-Identifier: GPL-2.0
/*
 * The adjacency predictor: against workloads of which the answer is known, against a
 * list that remembers every write, and on a recorded workload.
 */
#include "adjacency.h"
#include "unit.h"

#define SETS	64u

struct rig {
	struct dl_adj_set sets[SETS];
	struct dl_adjacency a;
	u64 rng;
};

static void setup(struct rig *r)
{
	memset(r, 0xa5, sizeof(*r));
	dl_adjacency_init(&r->a, r->sets, SETS);
	r->rng = 88172645463325252ULL;
}

static u64 rnd(struct rig *r)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return r->rng * 0x2545f4914f6cdd1dULL;
}

static struct dl_adj_next after(struct rig *r, u64 sector, bool runs)
{
	struct dl_adj_next n;

	dl_adjacency_successor(&r->a, sector, runs, &n);
	return n;
}

static void sequential(void **state)
{
	struct dl_adj_next n;
	struct rig r;
	u64 i;

	(void)state;
	setup(&r);
	for (i = 0; i < 10000; i++)
		dl_adjacency_learn(&r.a, 7 + i * 24, 24, 1);
	n = after(&r, 7 + 9999 * 24, true);
	assert_true(n.next > 250);
	assert_int_equal(n.sectors, 24);
	/* All but the first few, also where it comes to a new region. */
	assert_true(r.a.score.were == 9999);
	assert_true(r.a.score.said > 9980);
	assert_true(r.a.score.came == r.a.score.said);
	assert_true(r.a.score.lately > 65000);
	/* Where nobody wrote nothing is known, in the same set either. */
	n = after(&r, 1ULL << 40, true);
	assert_true(!n.next && !n.sectors && !n.step && !n.stepped);
}

/* Writes of different length: about the mean is expected. */
static void lengths(void **state)
{
	u64 at = 0, i;
	struct rig r;
	u32 len;

	(void)state;
	setup(&r);
	for (i = 0; i < 500; i++, at += len) {
		len = 8 * (1 + (u32)(rnd(&r) % 7));
		dl_adjacency_learn(&r.a, at, len, 0);
	}
	assert_in_range(after(&r, at - 1, true).sectors, 16, 48);
}

static void strided_by(s32 step)
{
	u64 at = 1ULL << 30, i;
	struct dl_adj_next n;
	struct rig r;

	setup(&r);
	for (i = 0; i < 3000; i++, at += (u64)(s64)step)
		dl_adjacency_learn(&r.a, at, 8, 3);
	n = after(&r, at - (u64)(s64)step, false);
	assert_int_equal(n.step, step);
	assert_true(n.stepped > 240);
	assert_true(n.next < 16);
	assert_true(r.a.score.steps_said > 2950);
	assert_true(r.a.score.steps_came == r.a.score.steps_said);
	assert_true(!r.a.score.were);
}

static void strided(void **state)
{
	(void)state;
	strided_by(16);
	strided_by(-16);
	strided_by(-8);
	strided_by(1000);
	strided_by(-32768);
	strided_by(32768);
}

/* Many at once, in any order, some beside each other: each is seen. */
static void interleaved(void **state)
{
	u64 at[12], i, k;
	struct rig r;

	(void)state;
	setup(&r);
	for (k = 0; k < 12; k++)
		at[k] = (k / 2 << 22) + (k & 1) * 500000;
	for (i = 0; i < 20000; i++) {
		k = rnd(&r) % 12;
		dl_adjacency_learn(&r.a, at[k], 8, (u16)(k % 3));
		at[k] += 8;
		/* And one in five is somewhere else. */
		if (i % 5 == 0)
			dl_adjacency_learn(&r.a, (1ULL << 33) + rnd(&r) % (1 << 24) * 8,
					   8, 9);
	}
	for (k = 0; k < 12; k++)
		assert_true(after(&r, at[k] - 8, true).next > 200);
	assert_true(r.a.score.were > 19800);
	assert_true(r.a.score.said > 19600);
	assert_true(r.a.score.came * 100 > r.a.score.said * 98);
}

static void at_random(void **state)
{
	struct rig r;
	u64 i;

	(void)state;
	setup(&r);
	for (i = 0; i < 50000; i++)
		dl_adjacency_learn(&r.a, rnd(&r) % (1 << 24) * 8, 8, 0);
	assert_true(r.a.score.said + r.a.score.steps_said < 500);
	for (i = 0; i < 8192; i++)
		assert_true(after(&r, i << DL_ADJ_REGION_SHIFT, false).next <
			    DL_ADJ_SAY);
}

/* What was true of a region and is no more is forgotten soon. */
static void changes_its_mind(void **state)
{
	struct rig r;
	u64 i;

	(void)state;
	setup(&r);
	for (i = 0; i < 100; i++)
		dl_adjacency_learn(&r.a, i * 8, 8, 0);
	assert_true(after(&r, 0, true).next > 250);
	for (i = 0; i < 400; i++)
		dl_adjacency_learn(&r.a, rnd(&r) % 128 * 16, 8, 0);
	assert_true(after(&r, 0, false).next < DL_ADJ_SAY);
	for (i = 0; i < 100; i++)
		dl_adjacency_learn(&r.a, i * 8, 8, 0);
	assert_true(after(&r, 0, true).next > 200);
}

/* What it says of itself against a list of all writes, asked before each is known. */
struct write {
	u64 sector;
	u32 sectors;
	bool said;
};

struct truth {
	u64 said, came;
};

static bool behind(const struct write *w, size_t i, size_t nr)
{
	size_t k;

	for (k = i + 1; k < nr && k <= i + DL_ADJ_SOON; k++)
		if (w[k].sector == w[i].sector + w[i].sectors)
			return true;
	return false;
}

static struct truth replay(struct rig *r, struct write *w, size_t nr)
{
	struct truth t = { 0, 0 };
	size_t i, k;
	bool runs;

	for (i = 0; i < nr; i++) {
		runs = false;
		for (k = i > DL_ADJ_SOON ? i - DL_ADJ_SOON : 0; k < i && !runs; k++)
			runs = w[k].sector + w[k].sectors == w[i].sector;
		w[i].said = after(r, w[i].sector, runs).next >= DL_ADJ_SAY;
		dl_adjacency_learn(&r->a, w[i].sector, w[i].sectors, 0);
	}
	for (i = 0; i < nr; i++) {
		t.said += w[i].said;
		t.came += w[i].said && behind(w, i, nr);
	}
	return t;
}

static void near(u64 got, u64 want, const char *what)
{
	if (got * 100 < want * 95 || got * 100 > want * 105)
		fail_msg("%s: %llu, and the list has %llu", what,
			 (unsigned long long)got, (unsigned long long)want);
}

static void recorded(void **state)
{
	static struct write w[40000];
	unsigned long long bytes, lba;
	FILE *f = popen("gzip -dc tests/data/blockio-head.csv.gz", "r");
	struct truth t;
	size_t nr = 0;
	struct rig r;
	char line[128], op;

	(void)state;
	setup(&r);
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*[0-9],%c,%llu,%llu", &op, &bytes, &lba) == 3 &&
		    op == 'W' && nr < ARRAY_SIZE(w))
			w[nr++] = (struct write) { lba, (u32)(bytes / 512), false };
	assert_int_equal(pclose(f), 0);
	assert_int_equal(nr, 23953);
	t = replay(&r, w, nr);
	print_message("recorded: %zu writes, %llu continued; of %llu that were said to be %llu were; steps %llu of %llu\n",
		      nr, (unsigned long long)r.a.score.were,
		      (unsigned long long)r.a.score.said,
		      (unsigned long long)r.a.score.came,
		      (unsigned long long)r.a.score.steps_came,
		      (unsigned long long)r.a.score.steps_said);
	near(r.a.score.said, t.said, "said");
	near(r.a.score.came, t.came, "came true");
	/* What a placeholder needs, and not by saying next to nothing. */
	assert_true(r.a.score.came * 10 >= r.a.score.said * 8);
	assert_true(r.a.score.came * 2 >= r.a.score.were);
}

/* At the ends of numbers, and with all kinds of sets. */
static void total(void **state)
{
	static const u64 at[] = {
		0, 1, U64_MAX, U64_MAX - 1, 1ULL << 63, (1ULL << 63) - 8,
	};
	static const u32 len[] = { 0, 1, 8, U32_MAX };
	struct dl_adj_set one;
	struct dl_adjacency a;
	struct dl_adj_next n;
	struct rig r;
	u64 i;

	(void)state;
	setup(&r);
	dl_adjacency_init(&a, &one, 1);
	a.writes = U32_MAX - 500;
	for (i = 0; i < 20000; i++) {
		u64 s = at[rnd(&r) % ARRAY_SIZE(at)] + rnd(&r) % 40 - 20;
		u32 l = len[rnd(&r) % ARRAY_SIZE(len)];

		dl_adjacency_learn(&a, s, l, (u16)rnd(&r));
		dl_adjacency_learn(&r.a, s, l, (u16)rnd(&r));
		dl_adjacency_successor(&a, s, i & 1, &n);
		assert_true(n.step >= -(s32)DL_ADJ_STEP_MAX &&
			    n.step <= (s32)DL_ADJ_STEP_MAX);
	}
	assert_true(a.score.came <= a.score.said && a.score.said <= a.score.writes);
	assert_true(a.score.lately <= 65536);
	/* No write at all. */
	i = a.score.writes;
	dl_adjacency_learn(&a, 5, 0, 0);
	assert_int_equal(a.score.writes, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequential),
		cmocka_unit_test(lengths),
		cmocka_unit_test(strided),
		cmocka_unit_test(interleaved),
		cmocka_unit_test(at_random),
		cmocka_unit_test(changes_its_mind),
		cmocka_unit_test(recorded),
		cmocka_unit_test(total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
