// SPDX-License-Identifier: GPL-2.0
/*
 * The odds of a page to be written again, and the bar that they have to come over.
 */
#include <math.h>

#include "odds.h"
#include "unit.h"

static void test_exponential(void **state)
{
	static const u32 rates[] = {
		0, 1, 2, 7, 60, 100, 977, 3600, 36000, 500000, 1u << 24, UINT32_MAX,
	};
	static const u32 times[] = {
		0, 1, 10, 333, 1000, 5600, 60000, 300000, 3600000, 86400000, UINT32_MAX,
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rates); i++)
		for (k = 0; k < ARRAY_SIZE(times); k++) {
			double x = (double)rates[i] * times[k] / 3600000;
			double want = 65536 * (1 - exp(-x));
			u32 got = dl_odds(rates[i], times[k]);

			/* Not too much, and less by a 200th of all at most. */
			assert_true(got < DL_ODDS_ONE);
			if (got > want + 1 || got < want - 330)
				fail_msg("%u an hour in %u ms: %u, not %.1f",
					 rates[i], times[k], got, want);
		}
	assert_int_equal(dl_odds(0, UINT32_MAX), 0);
	assert_int_equal(dl_odds(UINT32_MAX, UINT32_MAX), DL_ODDS_ONE - 1);
}

static void test_monotone(void **state)
{
	u32 rate, was = 0, is;

	(void)state;
	for (rate = 0; rate < 20000; rate += 3, was = is) {
		is = dl_odds(rate, 5000);
		assert_true(is >= was);
	}
}

/* @right of each hundred outcomes are right, for @rounds rounds. */
static void outcomes(struct dl_bar *b, u32 right, u32 rounds)
{
	u32 i, sum = 0;

	for (i = 0; i < rounds * DL_ODDS_ROUND; i++) {
		sum += right;
		dl_bar_outcome(b, sum >= 100);
		sum %= 100;
		assert_true(b->bar >= DL_ODDS_LEAST && b->bar < DL_ODDS_ONE);
		assert_true(b->share >= DL_SHARE_MOST &&
			    b->share <= DL_SHARE_LEAST);
	}
}

static void test_bar(void **state)
{
	struct dl_bar b;
	u32 start;

	(void)state;
	dl_bar_init(&b);
	start = b.bar;
	assert_int_equal(dl_bar_room(&b, 8000), 1000);
	/* What comes true lowers it, down to the least. */
	outcomes(&b, 90, 4);
	assert_true(b.bar < start);
	assert_int_equal(b.share, DL_SHARE_MOST);
	outcomes(&b, 100, 200);
	assert_true(b.bar < DL_ODDS_LEAST + 16);
	/* Between two and three in four nothing moves. */
	start = b.bar;
	outcomes(&b, 70, 20);
	assert_int_equal(b.bar, start);
	/* Six in ten: the bar rises, the share stays. */
	outcomes(&b, 60, 10);
	assert_true(b.bar > DL_ODDS_ONE / 10 * 9);
	assert_int_equal(b.share, DL_SHARE_MOST);
	/* None: hardly any may wait, and one always. */
	outcomes(&b, 0, 100);
	assert_int_equal(b.share, DL_SHARE_LEAST);
	assert_int_equal(dl_bar_room(&b, 8000), 1);
	assert_int_equal(dl_bar_room(&b, 0), 1);
	/* It comes back. */
	outcomes(&b, 100, 200);
	assert_int_equal(b.share, DL_SHARE_MOST);
	assert_true(b.bar < DL_ODDS_LEAST + 16);
}

static void test_crowded(void **state)
{
	struct dl_bar b;
	u32 i, was;

	(void)state;
	dl_bar_init(&b);
	for (i = 0; i < 1000; i++) {
		was = b.bar;
		dl_bar_crowded(&b);
		assert_true(b.bar >= was && b.bar < DL_ODDS_ONE);
	}
	assert_true(b.bar > DL_ODDS_ONE - 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_bar),
		cmocka_unit_test(test_crowded),
	};

	return cmocka_run_group_tests_name("odds", tests, NULL, NULL);
}
