// SPDX-License-Identifier: GPL-2.0
/*
 * Moments: found as a search through all that were added would find them, but for
 * those that were thinned out, of which the age tells how far apart they may be.
 */
#include "moments.h"
#include "unit.h"

#define SEC		1000000000ULL
#define MAX		512

struct rig {
	struct dl_moments m;
	struct dl_moment at[MAX];
	u64 rng;
};

static u64 rnd(struct rig *r)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return r->rng * 0x2545f4914f6cdd1dULL;
}

static void setup(struct rig *r, u32 max)
{
	memset(r, 0, sizeof(*r));
	r->rng = 88172645463325252ULL;
	r->m.at = r->at;
	r->m.max = max;
}

static void check_order(const struct dl_moments *m)
{
	u32 i;

	assert_true(m->nr && m->nr <= m->max);
	for (i = 1; i < m->nr; i++)
		assert_true(m->at[i].seq > m->at[i - 1].seq);
}

static void test_few(void **state)
{
	struct rig r;
	u32 i;

	(void)state;
	setup(&r, MAX);
	assert_int_equal(dl_moments_seq(&r.m, 5), -1);
	assert_int_equal(dl_moments_time(&r.m, 5), -1);
	for (i = 0; i < 100; i++)
		dl_moments_add(&r.m, 10 + 10 * i, SEC * (i + 1));
	assert_int_equal(r.m.nr, 100);
	for (i = 0; i < 1100; i++) {
		s64 want = (s64)(i / 10) - 1;

		if (want > 99)
			want = 99;
		assert_int_equal(dl_moments_seq(&r.m, i), want);
	}
	assert_int_equal(dl_moments_time(&r.m, SEC - 1), -1);
	assert_int_equal(dl_moments_time(&r.m, SEC), 0);
	assert_int_equal(dl_moments_time(&r.m, 50 * SEC + SEC / 2), 49);
	assert_int_equal(dl_moments_time(&r.m, U64_MAX), 99);
	dl_moments_drop(&r.m, 505);
	assert_int_equal(r.m.nr, 50);
	assert_int_equal(r.m.at[0].seq, 510);
	dl_moments_drop(&r.m, U64_MAX);
	assert_int_equal(r.m.nr, 0);
}

/* What does not go on is no moment; of what is too close the last is. */
static void test_close(void **state)
{
	struct rig r;

	(void)state;
	setup(&r, MAX);
	dl_moments_add(&r.m, 7, SEC);
	dl_moments_add(&r.m, 8, SEC + DL_MOMENT_GAP_NS - 2);
	dl_moments_add(&r.m, 7, 2 * SEC);
	assert_int_equal(r.m.nr, 2);
	dl_moments_add(&r.m, 9, SEC + DL_MOMENT_GAP_NS - 1);
	assert_int_equal(r.m.nr, 2);
	assert_int_equal(r.m.at[1].seq, 9);
	dl_moments_add(&r.m, 10, SEC + DL_MOMENT_GAP_NS);
	assert_int_equal(r.m.nr, 3);
	assert_int_equal(r.m.at[1].seq, 9);
	dl_moments_add(&r.m, 11, 5000 * SEC);
	assert_int_equal(r.m.nr, 4);
	assert_int_equal(r.m.at[2].seq, 10);
}

/* What it was while nothing was written is not forgotten for another hour's. */
static void test_idle(void **state)
{
	u64 now = 1000 * SEC, seq = 0;
	struct rig r;
	u32 hour, i;

	(void)state;
	setup(&r, MAX);
	for (hour = 0; hour < 20; hour++) {
		for (i = 0; i < 1000; i++) {
			now += SEC / 10;
			dl_moments_add(&r.m, ++seq, now);
		}
		now += 3600 * SEC;
	}
	for (hour = 1; hour < 20; hour++) {
		s64 at = dl_moments_time(&r.m, 1000 * SEC +
					 hour * (100 + 3600) * SEC - SEC);

		assert_int_equal(r.m.at[at].seq, hour * 1000);
	}
}

/*
 * A month at one a second: the further back, the coarser, but no coarser than a
 * quarter of the age.
 */
static void test_thinned(void **state)
{
	struct rig r;
	u64 now = 1000 * SEC, age, gap;
	u32 i;

	(void)state;
	setup(&r, MAX);
	for (i = 1; i <= 2600000; i++) {
		now += SEC;
		dl_moments_add(&r.m, 3 * (u64)i, now);
	}
	check_order(&r.m);
	assert_int_equal(r.m.at[0].seq, 3);
	for (i = 1; i < r.m.nr; i++) {
		age = now - r.m.at[i].time_ns;
		gap = r.m.at[i].time_ns - r.m.at[i - 1].time_ns;
		assert_true(gap <= 2 * SEC || gap <= age / 4);
	}
	assert_int_equal(r.m.at[r.m.nr - 1].seq, 3 * 2600000ULL);
}

/* Clocks that jump must not make it stop, overflow or fall out of order. */
static void test_clock(void **state)
{
	struct rig r;
	u64 now = 1ULL << 60, seq = 0;
	u32 i, max;

	(void)state;
	for (max = 8; max <= MAX; max *= 4) {
		setup(&r, max);
		for (i = 0; i < 200000; i++) {
			switch (rnd(&r) % 50) {
			case 0:
				now = rnd(&r);
				break;
			case 1:
				now = 0;
				break;
			default:
				now += rnd(&r) % SEC;
			}
			seq += rnd(&r) % 3;
			dl_moments_add(&r.m, seq, now);
			if (r.m.nr)
				check_order(&r.m);
		}
		assert_true(r.m.nr > max / 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_thinned),
		cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests_name("moments", tests, NULL, NULL);
}
