// SPDX-License-Identifier: GPL-2.0
/*
 * The change-frequency monitor against floating point: the same mean over time,
 * and writes counted one by one.
 */
#include "heat.h"
#include "unit.h"

#define HOUR	3600.0

/* x^y without the mathematics library: 2^-x to some 12 digits. */
static double half_to(double x)
{
	double part = x - (double)(long)x, term = 1, sum = 1;
	long whole = (long)x;
	int i;

	for (i = 1; i < 20; i++) {
		term *= -part * 0.69314718055994531 / i;
		sum += term;
	}
	while (whole-- > 0 && sum > 1e-300)
		sum /= 2;
	return sum;
}

struct rig {
	struct dl_heat_set set;
	struct dl_heat_scale s;
	double window;		/* s */
	u32 base;		/* tick at which time is 0 */
	u64 rng;
};

static void setup(struct rig *r, u32 window, u32 base)
{
	memset(r, 0, sizeof(*r));
	dl_heat_scale_set(&r->s, window);
	r->window = window;
	r->base = base;
	r->rng = 88172645463325252ULL;
}

static u64 rnd(struct rig *r)
{
	r->rng ^= r->rng >> 12;
	r->rng ^= r->rng << 25;
	r->rng ^= r->rng >> 27;
	return r->rng * 0x2545f4914f6cdd1dULL;
}

static u32 tick(const struct rig *r, double secs)
{
	return r->base + (u32)(u64)(secs * DL_HEAT_TICKS);
}

static struct dl_heat *touch(struct rig *r, u64 page, double secs)
{
	return dl_heat_touch(&r->set, &r->s, page, 1, tick(r, secs));
}

static void near(double got, double want, double share, const char *what,
		 double of)
{
	if (got < want * (1 - share) - 1 || got > want * (1 + share) + 1)
		fail_msg("%s of %g: %g instead of %g", what, of, got, want);
}

/* From nothing to two windows, then on for another: right at any time. */
static void steady(u32 window, double an_hour)
{
	double t = 0, gap = HOUR / an_hour, until = 2.0 * window;
	/* What two windows leave is 6 %; and a tick is a part of a short one. */
	double share = 0.08 + 0.05 / window;
	struct dl_heat *h = NULL;
	struct rig r;
	u64 n = 0;

	setup(&r, window, 0xffff0000u);
	/* Two writes at least are needed, and some more for a mean. */
	if (until < 8 * gap)
		until = 8 * gap;
	for (; t < until * 1.5; t = ++n * gap) {
		h = touch(&r, 77, t);
		if (t < until)
			continue;
		near(dl_heat_rate(h, &r.s, tick(&r, t)), an_hour, share,
		     "rate", an_hour);
		near(dl_heat_rate(h, &r.s, tick(&r, t + gap * 0.9)), an_hour,
		     share, "rate before the next write", an_hour);
		if (an_hour * window / HOUR > 1.3)
			near(dl_heat_page_rate(h, &r.s, 77 % 16, tick(&r, t)),
			     an_hour, share + 0.04, "page rate", an_hour);
	}
	assert_non_null(h);
}

static void test_steady(void **state)
{
	static const u32 windows[] = { 1, 10, 60, 600, 3600, 86400 };
	static const double rates[] = { 1, 2, 7, 60, 360, 600, 1800, 3600, 36000,
					600000, 6e6, 6e7 };
	u32 i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(windows); i++)
		for (j = 0; j < ARRAY_SIZE(rates); j++)
			if (rates[j] * windows[i] < 1e10)
				steady(windows[i], rates[j]);
}

/* Gaps of any length, and many ways to add them up: the formula, in doubles. */
static void random_gaps(struct rig *r, double mean, u32 n)
{
	double half = r->window / 2, rate = 0, count = 0, t = 0, x, left, counted;
	u64 at = 0, gap;
	struct dl_heat *h = touch(r, 3, 0);
	u32 i;

	count = 1;
	for (i = 0; i < n; i++) {
		/* A product of three: most are short, some long. */
		t += mean * 8 * ((double)(rnd(r) >> 40) / (1 << 24)) *
		     ((double)(rnd(r) >> 40) / (1 << 24)) *
		     ((double)(rnd(r) >> 40) / (1 << 24));
		gap = (u64)(t * DL_HEAT_TICKS) - at;
		at += gap;
		x = (double)gap / DL_HEAT_TICKS / half;
		left = x < 1 ? half_to(x) : x < 5 ? half_to(x * x) : 0;
		if (x >= 1 && rate > 8 / (half * x))
			rate = 8 / (half * x);
		rate = !gap ? rate + 0.693147 / half :
		       rate * left + (1 - left) / (half * x);
		count = count * (x < 900 ? half_to(x) : 0) + 1;
		counted = (count - 0.5) * 0.693147 / half;
		h = touch(r, 3, t);
		near(dl_heat_rate(h, &r->s, tick(r, t)), rate * HOUR, 0.01,
		     "rate", mean);
		if (count < 400)
			near(dl_heat_page_rate(h, &r->s, 3, tick(r, t)),
			     (counted < rate ? counted : rate) * HOUR, 0.04,
			     "page rate", mean);
	}
}

static void test_random(void **state)
{
	static const double means[] = { 0.01, 0.3, 2, 15, 100, 4000 };
	struct rig r;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(means); i++) {
		setup(&r, 60, 0u - 100000u);
		random_gaps(&r, means[i], 20000);
	}
}

/* A long silence leaves nothing, however long; a clock that lags nothing either. */
static void test_gaps(void **state)
{
	static const u32 gaps[] = { 16 * 180, 16 * 600, 1u << 20, 1u << 30,
		0x7fffffffu, 0x80000000u, 0xffff0000u, 0xfffffeffu };
	struct dl_heat *h;
	struct rig r;
	u32 i, k, now, rate;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(gaps); i++) {
		setup(&r, 60, 5);
		for (k = 0; k < 1000; k++)
			h = touch(&r, 9, k * 0.1);
		now = tick(&r, 99.9);
		near(dl_heat_rate(h, &r.s, now), 36000, 0.1, "rate", gaps[i]);
		assert_in_range(dl_heat_rate(h, &r.s, now + gaps[i]), 0, 60);
		assert_in_range(dl_heat_page_rate(h, &r.s, 9, now + gaps[i]), 0,
				60);
		h = dl_heat_touch(&r.set, &r.s, 9, 1, now + gaps[i]);
		assert_in_range(dl_heat_rate(h, &r.s, now + gaps[i]), 0, 60);
		assert_in_range(dl_heat_page_rate(h, &r.s, 9, now + gaps[i]), 0,
				60);
	}
	/* Nor of a page whose mark the ticks came around to again. */
	setup(&r, 60, 5);
	for (k = 0; k < 1150; k++)
		h = touch(&r, 9, k * 0.1);
	now = h->at - DL_HEAT_SKEW - 1;
	assert_in_range(h->at - h->mark, DL_HEAT_SKEW + 1, r.s.half);
	for (k = 0; k < 100; k++)
		h = dl_heat_touch(&r.set, &r.s, 8, 1, now + k);
	assert_in_range(dl_heat_rate(h, &r.s, now + k), 3600, U32_MAX);
	assert_int_equal(dl_heat_page_rate(h, &r.s, 9, now + k), 0);
	/* Another processor's tick is a little behind. */
	setup(&r, 60, 100);
	for (k = 0; k < 1000; k++)
		h = touch(&r, 9, k * 0.1);
	now = tick(&r, 99.9);
	rate = dl_heat_rate(h, &r.s, now);
	assert_int_equal(dl_heat_rate(h, &r.s, now - 3), rate);
	h = dl_heat_touch(&r.set, &r.s, 9, 1, now - DL_HEAT_SKEW);
	assert_int_equal(h->at, now);
	near(dl_heat_rate(h, &r.s, now), rate, 0.01, "rate", 0);
}

/* What is silent is never said to have become hotter. */
static void test_fades(void **state)
{
	u32 secs, rate, last = U32_MAX, page, last_page = U32_MAX;
	struct dl_heat *h = NULL;
	struct rig r;
	u32 k;

	(void)state;
	setup(&r, 60, 0);
	for (k = 0; k < 5000; k++)
		h = touch(&r, 9, k * 0.1);
	for (secs = 0; secs < 10000; secs++) {
		rate = dl_heat_rate(h, &r.s, tick(&r, 500 + secs));
		page = dl_heat_page_rate(h, &r.s, 9, tick(&r, 500 + secs));
		assert_in_range(rate, 0, last);
		assert_in_range(page, 0, min_t(u32, rate, last_page));
		last = rate;
		last_page = page;
	}
	assert_int_equal(last, 0);
}

static void test_saturates(void **state)
{
	struct dl_heat *h = NULL;
	struct rig r;
	u32 k;

	(void)state;
	setup(&r, 1, 0);
	for (k = 0; k < 2000000; k++)
		h = touch(&r, 9, 1);
	assert_int_equal(dl_heat_rate(h, &r.s, tick(&r, 1)), U32_MAX);
	assert_int_equal(dl_heat_page_rate(h, &r.s, 9, tick(&r, 1)), U32_MAX);
	assert_int_equal(dl_heat_page_rate(h, &r.s, 8, tick(&r, 1)), 0);
}

/* One hot page of a region that is warm, one that is written with others. */
static void test_pages(void **state)
{
	struct dl_heat *h = NULL;
	struct rig r;
	u32 i, p;

	(void)state;
	setup(&r, 60, 0);
	for (i = 0; i < 3000; i++) {
		touch(&r, 4, i * 0.1);
		if (i % 10 == 0)
			touch(&r, 11, i * 0.1);
		if (i % 50 == 0)
			h = dl_heat_touch(&r.set, &r.s, 12, 300, tick(&r, i * 0.1));
	}
	near(dl_heat_rate(h, &r.s, tick(&r, 300)), 36000 + 3600 + 720, 0.1,
	     "region", 0);
	near(dl_heat_page_rate(h, &r.s, 4, tick(&r, 300)), 36000, 0.1, "hot", 0);
	near(dl_heat_page_rate(h, &r.s, 11, tick(&r, 300)), 3600, 0.1, "warm", 0);
	for (p = 12; p < 16; p++)
		near(dl_heat_page_rate(h, &r.s, p, tick(&r, 295)), 720, 0.12,
		     "cool", 0);
	for (p = 0; p < 16; p++)
		if (p != 4 && p < 11)
			assert_int_equal(dl_heat_page_rate(h, &r.s, p,
							   tick(&r, 300)), 0);
}

/* Pages that are written three times in two windows, of a region that is hot. */
static void test_slow_page(void **state)
{
	struct dl_heat *h = NULL;
	struct rig r;
	u32 i;

	(void)state;
	setup(&r, 60, 0);
	for (i = 0; i <= 6000; i++) {
		touch(&r, 4, i * 0.1);
		if (i % 400 == 0)
			h = touch(&r, 11, i * 0.1);
	}
	near(dl_heat_page_rate(h, &r.s, 11, tick(&r, 600)), 90, 0.12, "slow", 0);
}

/* Of five regions for four ways the coldest of that moment goes. */
static void test_coldest(void **state)
{
	static const u32 every[] = { 7, 3, 19, 5 };	/* s */
	struct rig r;
	u64 region;
	u32 t, i;

	(void)state;
	setup(&r, 60, 0);
	assert_null(dl_heat_find(&r.set, 0));
	for (t = 0; t < 400; t++)
		for (i = 0; i < 4; i++)
			if (t % every[i] == 0)
				touch(&r, ((u64)i << 32 | 5) << 4, t);
	region = 1ULL << 35 | 5;
	touch(&r, region << 4, 400);
	assert_null(dl_heat_find(&r.set, 2ULL << 32 | 5));
	assert_int_equal(dl_heat_region(dl_heat_find(&r.set, region)), region);
	/* As hot as it was before, the one of 3 s is cold by now. */
	for (t = 401; t < 500; t++)
		for (i = 0; i < 4; i += 3)
			if (t % every[i] == 0)
				touch(&r, ((u64)i << 32 | 5) << 4, t);
	touch(&r, region << 4, 499);
	touch(&r, region << 4, 500);
	touch(&r, 999, 500);
	assert_null(dl_heat_find(&r.set, 1ULL << 32 | 5));
	/* What came last has had no time to show how hot it is. */
	for (t = 500; t < 600; t++)
		for (i = 0; i < 4; i += 3)
			if (t % every[i] == 0)
				touch(&r, ((u64)i << 32 | 5) << 4, t);
	touch(&r, 12345, 600);
	touch(&r, 23456, 600);
	assert_non_null(dl_heat_find(&r.set, 5));
	assert_non_null(dl_heat_find(&r.set, 3ULL << 32 | 5));
	assert_non_null(dl_heat_find(&r.set, 12345 >> 4));
	assert_non_null(dl_heat_find(&r.set, 23456 >> 4));
}

static void test_order(void **state)
{
	struct dl_heat *h = NULL;
	struct rig r;
	u32 i;

	(void)state;
	/* Page by page. */
	setup(&r, 60, 0);
	for (i = 0; i < 16; i++) {
		h = touch(&r, 32 + i, 0);
		assert_int_equal(dl_heat_sequential(h), i >= 4);
	}
	/* A second pass, and pairs. */
	for (i = 0; i < 16; i += 2) {
		h = dl_heat_touch(&r.set, &r.s, 32 + i, 2, tick(&r, 60));
		assert_true(dl_heat_sequential(h));
	}
	/* One write in between does not change it, several do. */
	h = touch(&r, 40, 61);
	assert_true(dl_heat_sequential(h));
	for (i = 0; i < 12; i++)
		h = touch(&r, 40, 62);
	assert_false(dl_heat_sequential(h));
	/* The whole of a region, or half, by one write. */
	setup(&r, 60, 0);
	assert_true(dl_heat_sequential(dl_heat_touch(&r.set, &r.s, 64, 16, 0)));
	assert_true(dl_heat_sequential(dl_heat_touch(&r.set, &r.s, 88, 8, 0)));
	assert_false(dl_heat_sequential(dl_heat_touch(&r.set, &r.s, 130, 7, 0)));
	/* In no order; and the same page again and again. */
	setup(&r, 60, 0);
	for (i = 0; i < 1000; i++)
		assert_false(dl_heat_sequential(touch(&r, rnd(&r) % 16, i)));
	setup(&r, 60, 0);
	for (i = 0; i < 1000; i++)
		assert_false(dl_heat_sequential(touch(&r, 0, i)));
}

static void test_delta(void **state)
{
	struct dl_heat h = { 0 };
	u32 i;

	(void)state;
	assert_int_equal(dl_heat_delta_bytes(&h), 0);
	dl_heat_delta(&h, 100);
	assert_int_equal(dl_heat_delta_bytes(&h), 100);
	for (i = 0; i < 60; i++)
		dl_heat_delta(&h, 40);
	assert_in_range(dl_heat_delta_bytes(&h), 40, 41);
	for (i = 0; i < 200; i++)
		dl_heat_delta(&h, U32_MAX);
	assert_int_equal(dl_heat_delta_bytes(&h), 0x1fff);
	for (i = 0; i < 200; i++)
		dl_heat_delta(&h, 0);
	assert_in_range(dl_heat_delta_bytes(&h), 0, 1);
}

static void test_level(void **state)
{
	struct dl_heat *h;
	struct rig r;

	(void)state;
	setup(&r, 60, 0);
	h = touch(&r, 5, 10);
	assert_int_equal(h->level, DL_LEVEL_UNSAID);
	dl_heat_level_set(h, DL_LEVEL_BIT, tick(&r, 20));
	assert_int_equal(h->since, tick(&r, 20));
	dl_heat_level_set(h, DL_LEVEL_BIT, tick(&r, 30));
	assert_int_equal(h->since, tick(&r, 20));
	assert_ptr_equal(touch(&r, 6, 40), h);
	assert_int_equal(h->level, DL_LEVEL_BIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_saturates),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_slow_page),
		cmocka_unit_test(test_coldest),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_level),
	};

	return cmocka_run_group_tests_name("heat", tests, NULL, NULL);
}
