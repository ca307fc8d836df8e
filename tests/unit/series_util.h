/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of forecasters share: numbers to foresee, and how well they were,
 * all of it in floating point, which the code itself does without.
 */
#ifndef DL_TEST_SERIES_UTIL_H
#define DL_TEST_SERIES_UTIL_H

#include "series.h"
#include "unit.h"

#define SKIP	96u	/* numbers that are learned from before any is scored */

struct rng {
	u64 x;
};

static inline u64 rnd(struct rng *r)
{
	r->x ^= r->x >> 12;
	r->x ^= r->x << 25;
	r->x ^= r->x >> 27;
	return r->x * 0x2545f4914f6cdd1dULL;
}

/* 0 to 1 */
static inline double uniform(struct rng *r)
{
	return (double)(rnd(r) >> 11) / (double)(1ULL << 53);
}

/* About normal, of variance 1: a sum of twelve. */
static inline double normal(struct rng *r)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += uniform(r);
	return sum;
}

/* log2 of @x, at least 1, digit by digit. */
static inline double slow_log2(double x)
{
	double digit = 1, log = 0;
	int i;

	for (; x >= 2; x /= 2)
		log += 1;
	for (i = 0; i < 40; i++) {
		x *= x;
		digit /= 2;
		if (x >= 2) {
			x /= 2;
			log += digit;
		}
	}
	return log;
}

/* 2^@e, for 0 <= @e < 64 */
static inline double slow_exp2(double e)
{
	double term = 1, sum = 1;
	int whole = (int)e, i;

	for (i = 1; i < 25; i++) {
		term *= (e - whole) * 0.69314718055994531 / i;
		sum += term;
	}
	for (; whole; whole--)
		sum *= 2;
	return sum;
}

static inline double distance_of(u64 a, u64 b)
{
	double d = slow_log2(1 + (double)a) - slow_log2(1 + (double)b);

	return d < 0 ? -d : d;
}

/* How well a series was foreseen, from the SKIPth number on. */
struct tally {
	double error, naive;	/* sums */
	u32 n, held;
	u64 last;
	u64 seen;
};

/* @value came, of which @s has not heard yet. */
static inline void tell(struct tally *t, struct dl_series *s, u64 value)
{
	struct dl_forecast f;

	dl_series_next(s, &f);
	assert_true(f.low <= f.value && f.value <= f.high);
	if (t->seen >= SKIP) {
		t->error += distance_of(f.value, value);
		t->naive += distance_of(t->last, value);
		t->held += value >= f.low && value <= f.high;
		t->n++;
	}
	t->last = value;
	t->seen++;
	dl_series_add(s, value);
}

static inline double percent_held(const struct tally *t)
{
	return 100.0 * t->held / t->n;
}

#endif
