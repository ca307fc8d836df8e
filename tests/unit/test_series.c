// SPDX-License-Identifier: GPL-2.0
/*
 * The forecaster: recorded and made-up series, what may come in, the state as it is
 * kept; and its logarithms.
 */
#include "fixed.h"
#include "series_util.h"

/* ---- logarithms */

static void test_log2(void **state)
{
	struct rng r = { 1 };
	u64 v, next;
	double off;
	u32 i;

	(void)state;
	assert_int_equal(dl_fixed_log2(0), 0);
	assert_int_equal(dl_fixed_log2(U64_MAX), DL_FIXED_TOP);
	for (i = 0; i < 64; i++)
		assert_int_equal(dl_fixed_log2(1ULL << i), i << DL_FIXED_SHIFT);
	for (v = 1; v < 200000; v++)
		assert_true(dl_fixed_log2(v) <= dl_fixed_log2(v + 1));
	for (i = 0; i < 200000; i++) {
		v = rnd(&r) >> (rnd(&r) % 63);
		next = v + (v >> 23) + 1;
		assert_true(dl_fixed_log2(v) <= dl_fixed_log2(v | 1));
		if (next > v)
			assert_true(dl_fixed_log2(v) <= dl_fixed_log2(next));
		if (v && i % 16 == 0) {
			off = dl_fixed_log2(v) - slow_log2((double)v) * 65536;
			assert_true(off < 1 && off > -1);
		}
	}
}

static void test_exp2(void **state)
{
	u32 e, last_neg = DL_FIXED_ONE;
	u64 last = 1, x;
	double want;

	(void)state;
	assert_int_equal(dl_fixed_exp2(DL_FIXED_TOP), U64_MAX);
	assert_int_equal(dl_fixed_exp2(U32_MAX), U64_MAX);
	for (e = 0; e < DL_FIXED_TOP; e += 7) {
		x = dl_fixed_exp2(e);
		assert_true(x >= last);
		last = x;
		if (e % 83)
			continue;
		want = slow_exp2(e / 65536.0);
		assert_true((double)x > want * (1 - 1e-6) - 0.51);
		assert_true((double)x < want * (1 + 1e-6) + 0.51);
	}
	for (e = 0; e < 64; e++)
		assert_int_equal(dl_fixed_exp2(e << DL_FIXED_SHIFT), 1ULL << e);
	assert_int_equal(dl_fixed_exp2_neg(0), DL_FIXED_ONE);
	assert_int_equal(dl_fixed_exp2_neg(DL_FIXED_ONE), DL_FIXED_ONE / 2);
	assert_int_equal(dl_fixed_exp2_neg(U32_MAX), 0);
	for (e = 0; e < 20 * DL_FIXED_ONE; e++) {
		x = dl_fixed_exp2_neg(e);
		assert_true(x <= last_neg);
		last_neg = (u32)x;
	}
}

/* ---- recorded */

static void replay(struct tally *t, const char *name)
{
	struct dl_series s;
	char path[64], line[256];
	unsigned long long bytes;
	FILE *f;

	snprintf(path, sizeof(path), "tests/data/volume-%s.csv", name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be opened: run in the repository", path);
	memset(t, 0, sizeof(*t));
	dl_series_init(&s, 48);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*u,%*u,%llu", &bytes) == 1)
			tell(t, &s, bytes);
	fclose(f);
	assert_true(t->n > 190);
}

static void test_recorded(void **state)
{
	static const char *const names[] = {
		"w05", "w17", "w36", "w48", "w73", "w102",
	};
	double product = 1, most = 1, ratio;
	struct tally t;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		replay(&t, names[i]);
		ratio = t.error / t.naive;
		printf("# %-4s %.3f of the error of \"as last time\", %.1f %% held\n",
		       names[i], ratio, percent_held(&t));
		if (percent_held(&t) < 85 || percent_held(&t) > 95)
			fail_msg("%s: the interval held %.1f %%", names[i],
				 percent_held(&t));
		product *= ratio;
		most *= 0.85;
	}
	/* The geometric mean is at most 0.85. */
	if (product > most)
		fail_msg("the product is %g, at most %g", product, most);
}

/* ---- made up */

struct kind {
	const char *name;
	u64 (*next)(struct rng *r, u32 t, double *state);
	u32 season;
	double rel_most;	/* error, to that of "as last time" */
	double held_least, held_most;
};

static u64 of_log(double log)
{
	return (u64)slow_exp2(log < 0 ? 0 : log > 63.9 ? 63.9 : log);
}

static u64 walk(struct rng *r, u32 t, double *state)
{
	if (!t)
		*state = 30;
	*state += normal(r) * 0.3;
	if (*state < 5 || *state > 55)
		*state = 30;
	return of_log(*state);
}

static u64 around_a_mean(struct rng *r, u32 t, double *state)
{
	(void)t;
	(void)state;
	return of_log(20 + normal(r));
}

static u64 seasonal(struct rng *r, u32 t, double *state)
{
	(void)state;
	return of_log(20 + (t % 20 < 7 ? 6 : 0) + normal(r) * 0.4);
}

/* One day in ten the season is another. */
static u64 shifting(struct rng *r, u32 t, double *state)
{
	if (t % 48 == 0 && rnd(r) % 10 == 0)
		*state = (double)(rnd(r) % 48);
	return of_log(25 + ((t + (u32)*state) % 48 < 12 ? 8 : 0) + normal(r));
}

static u64 bursts(struct rng *r, u32 t, double *state)
{
	if (!t || uniform(r) < 0.15)
		*state = uniform(r) < 0.5 ? 0 : 20;
	return *state > 0 ? of_log(*state + normal(r)) : 0;
}

static u64 rare_zeros(struct rng *r, u32 t, double *state)
{
	(void)t;
	(void)state;
	return rnd(r) % 4 ? of_log(24 + normal(r) * 2) : 0;
}

/* Its noise comes and goes, ten times as much of it. */
static u64 uneven(struct rng *r, u32 t, double *state)
{
	(void)state;
	return of_log(30 + normal(r) * (t / 150 % 2 ? 2 : 0.2));
}

static u64 steps(struct rng *r, u32 t, double *state)
{
	if (!t || uniform(r) < 0.02)
		*state = 5 + 40 * uniform(r);
	return of_log(*state + normal(r) * 0.5);
}

static void test_made_up(void **state)
{
	static const struct kind kinds[] = {
		{ "walk", walk, 0, 1.06, 85, 95 },
		{ "mean", around_a_mean, 0, 0.77, 85, 95 },
		{ "seasonal", seasonal, 20, 0.45, 85, 95 },
		{ "shifting", shifting, 48, 0.88, 85, 95 },
		{ "bursts", bursts, 0, 1.06, 85, 95 },
		{ "rare zeros", rare_zeros, 0, 0.95, 85, 95 },
		{ "uneven", uneven, 12, 0.85, 85, 95 },
		{ "steps", steps, 0, 1.1, 85, 95 },
	};
	double store, rel;
	struct dl_series s;
	struct tally t;
	struct rng r;
	u32 k, i, seed;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (seed = 1; seed <= 5; seed++) {
			r.x = seed * 7919;
			store = 0;
			memset(&t, 0, sizeof(t));
			dl_series_init(&s, kinds[k].season);
			for (i = 0; i < 1096; i++)
				tell(&t, &s, kinds[k].next(&r, i, &store));
			rel = t.error / t.naive;
			printf("# %-10s %.3f, %.1f %% held\n", kinds[k].name, rel,
			       percent_held(&t));
			if (rel > kinds[k].rel_most)
				fail_msg("%s: error %.3f of that of last time",
					 kinds[k].name, rel);
			if (percent_held(&t) < kinds[k].held_least ||
			    percent_held(&t) > kinds[k].held_most)
				fail_msg("%s: the interval held %.1f %%",
					 kinds[k].name, percent_held(&t));
		}
	}
}

/* What never changes is foreseen to the digit, whatever it is. */
static void test_constant(void **state)
{
	static const u64 values[] = {
		0, 1, 2, 5, 4095, 4096, 1000003, 1ULL << 40, 123456789012345ULL,
		1ULL << 63, U64_MAX - 1, U64_MAX,
	};
	struct dl_forecast f;
	struct dl_series s;
	struct rng r = { 3 };
	u32 i, k;
	u64 v;

	(void)state;
	for (i = 0; i < 500; i++) {
		v = i < ARRAY_SIZE(values) ? values[i] : rnd(&r) >> rnd(&r) % 64;
		dl_series_init(&s, i % 3 ? 12 : 0);
		for (k = 0; k < 100; k++)
			dl_series_add(&s, v);
		dl_series_next(&s, &f);
		assert_true(f.low <= v && v <= f.high);
		assert_true(f.value - v <= v >> 15 || v - f.value <= v >> 15);
		assert_true(f.high - f.low <= v >> 13);
		assert_int_equal(f.confidence, 255);
	}
}

/* ---- whatever comes */

/* Hard to bear: the largest after none, for long, for once. */
static u64 wild(struct rng *r, u32 style, u32 t)
{
	switch (style % 6) {
	case 0:
		return t & 1 ? U64_MAX : 0;
	case 1:
		return rnd(r) % 50 ? 0 : 1ULL << 63;
	case 2:
		return rnd(r) >> rnd(r) % 64;
	case 3:
		return t / 40 & 1 ? 1ULL << 63 : rnd(r) % 3;
	case 4:
		return t % 7 ? U64_MAX - rnd(r) % 3 : 0;
	default:
		return rnd(r) & rnd(r) & rnd(r) % 2 ? U64_MAX : 0;
	}
}

static void check_bounds(const struct dl_series *s)
{
	const s32 top = (s32)DL_FIXED_TOP;
	u32 i;

	assert_true(s->least >= 0 && s->least <= s->most && s->most <= top);
	for (i = 0; i < DL_SERIES_MODELS; i++) {
		assert_in_range(s->foreseen[i], s->least, s->most);
		assert_true(s->error[i] <= DL_FIXED_TOP << DL_SERIES_ERROR_SHIFT);
	}
	assert_in_range(s->value, s->least, s->most);
	assert_true(s->under <= 0 && s->under >= -top);
	assert_true(s->over >= 0 && s->over <= top);
	assert_true(s->held <= DL_FIXED_ONE);
}

/* Undefined behaviour ends the program; what is said is always in order. */
static void test_wild(void **state)
{
	struct dl_series_score sc;
	struct dl_forecast f;
	struct dl_series s;
	struct rng r = { 4 };
	u32 style, t, season;

	(void)state;
	for (season = 0; season <= 61; season += season % 3 + 1) {
		for (style = 0; style < 6; style++) {
			dl_series_init(&s, season);
			dl_series_next(&s, &f);
			assert_int_equal(f.confidence, 0);
			assert_true(!f.low && f.high == U64_MAX);
			for (t = 0; t < 700; t++) {
				dl_series_add(&s, wild(&r, style, t));
				check_bounds(&s);
				dl_series_next(&s, &f);
				assert_true(f.low <= f.value &&
					    f.value <= f.high);
			}
			dl_series_score(&s, &sc);
			assert_int_equal(sc.n, 700);
			assert_true(sc.error <= DL_FIXED_TOP &&
				    sc.naive <= DL_FIXED_TOP &&
				    sc.held <= DL_FIXED_ONE);
		}
	}
}

/* A season that cannot be is none. */
static void test_season(void **state)
{
	struct dl_series s;

	(void)state;
	dl_series_init(&s, 1);
	assert_int_equal(s.season, 0);
	dl_series_init(&s, 2);
	assert_int_equal(s.season, 2);
	dl_series_init(&s, DL_SERIES_SEASON_MAX);
	assert_int_equal(s.season, DL_SERIES_SEASON_MAX);
	dl_series_init(&s, DL_SERIES_SEASON_MAX + 1);
	assert_int_equal(s.season, 0);
	dl_series_init(&s, U32_MAX);
	assert_int_equal(s.season, 0);
}

/*
 * None while it is young, then falling with the error; and of nothing else: what has
 * the same error has the same confidence.
 */
static void test_confidence(void **state)
{
	static u16 of_error[DL_FIXED_TOP / 4096 + 1];
	struct dl_series_score sc;
	struct dl_forecast f;
	struct dl_series s;
	struct rng r = { 5 };
	u32 run, t, e, last = 255;

	(void)state;
	for (run = 0; run < 300; run++) {
		dl_series_init(&s, run % 61);
		for (t = 0; t < 200; t++) {
			dl_series_next(&s, &f);
			if (s.n < DL_SERIES_WARM)
				assert_int_equal(f.confidence, 0);
			dl_series_add(&s, run % 2 ? wild(&r, run / 2, t) :
				      of_log(10 + normal(&r) * (run % 7)));
		}
		/* Now every error in turn, over whatever else there is. */
		for (e = 0, last = 255; e <= DL_FIXED_TOP / 4096; e++) {
			s.own = (e << 12) << DL_SERIES_ERROR_SHIFT;
			dl_series_score(&s, &sc);
			assert_int_equal(sc.error, e << 12);
			dl_series_next(&s, &f);
			assert_true(f.confidence <= last);
			last = f.confidence;
			if (run)
				assert_int_equal(f.confidence, of_error[e]);
			of_error[e] = f.confidence;
		}
	}
	assert_int_equal(of_error[0], 255);
	assert_int_equal(of_error[16], 127);
	assert_int_equal(of_error[DL_FIXED_TOP / 4096], 0);
}

/* What came last, and what had been said of it. */
static void test_last(void **state)
{
	struct dl_disk_series d;
	struct dl_forecast f;
	struct dl_series s;
	struct rng r = { 9 };
	u64 v, last, foreseen;
	u32 i;

	(void)state;
	dl_series_init(&s, 12);
	assert_false(dl_series_last(&s, &last, &foreseen));
	assert_int_equal(last, 0);
	assert_int_equal(foreseen, 0);
	for (i = 0; i < 500; i++) {
		v = wild(&r, i / 40, i);
		dl_series_next(&s, &f);
		dl_series_add(&s, v);
		assert_int_equal(dl_series_last(&s, &last, &foreseen), i > 0);
		assert_int_equal(foreseen, i ? f.value : 0);
		/* To five digits; the greatest is taken for 2^64 - 1. */
		assert_true(last >= v ? last - v <= v / 20000 + 1 : v - last <= v / 20000 + 1);
	}
	dl_series_pack(&s, &d);
	assert_int_equal(dl_series_unpack(&s, &d, 12), DL_OK);
	assert_false(dl_series_last(&s, &v, &foreseen));
	assert_int_equal(v, last);
	assert_int_equal(foreseen, 0);
}

/* ---- kept */

static void same_from_now_on(struct dl_series *a, struct dl_series *b, struct rng *r)
{
	struct dl_forecast fa, fb;
	u32 t;

	for (t = 0; t < 130; t++) {
		u64 v = wild(r, t / 20, t);

		assert_int_equal(a->value, b->value);
		dl_series_next(a, &fa);
		dl_series_next(b, &fb);
		assert_int_equal(fa.value, fb.value);
		assert_int_equal(fa.low, fb.low);
		assert_int_equal(fa.high, fb.high);
		assert_int_equal(fa.confidence, fb.confidence);
		dl_series_add(a, v);
		dl_series_add(b, v);
	}
}

static void test_kept(void **state)
{
	struct dl_disk_series d, again;
	struct dl_series a, b;
	struct rng r = { 6 };
	u32 i, n;

	(void)state;
	for (i = 0; i < 400; i++) {
		dl_series_init(&a, i % 61);
		for (n = 0; n < i % 150; n++)
			dl_series_add(&a, wild(&r, i, n));
		dl_series_pack(&a, &d);
		assert_status(dl_series_unpack(&b, &d, a.season), DL_OK);
		dl_series_pack(&b, &again);
		assert_memory_equal(&d, &again, sizeof(d));
		same_from_now_on(&a, &b, &r);
		assert_status(dl_series_unpack(&b, &d, a.season + 1),
			      DL_BAD_RECORD);
	}
}

/* Each thing that cannot be, for itself. */
static void test_impossible(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		u32 bytes;
		u64 value;
	} wrong[] = {
#define WRONG(m, v) { #m, offsetof(struct dl_disk_series, m), \
	sizeof(((struct dl_disk_series *)0)->m), v }
		WRONG(n, 0), WRONG(n, 3),
		WRONG(season, 0), WRONG(season, 1), WRONG(season, 61),
		WRONG(phase, 12), WRONG(phase, 0xffff),
		WRONG(least, 0xffffffff), WRONG(least, 64 << 16),
		WRONG(most, 0), WRONG(most, (64 << 16) + 1),
		WRONG(last[0], 0), WRONG(last[2], 64 << 16),
		WRONG(smooth[0], 64 << 16), WRONG(smooth[4], 0x80000000),
		WRONG(mean, 0xffffffff), WRONG(mean, 64 << 16),
		WRONG(level, 0xffffffff), WRONG(level, (64 << 16) + 1),
		WRONG(trend, (64 << 16) + 1), WRONG(trend, 0x80000000),
		WRONG(error[0], (64 << 22) + 1), WRONG(error[12], U32_MAX),
		WRONG(own, U32_MAX), WRONG(naive, (64 << 22) + 1),
		WRONG(held, 65537), WRONG(under, 1), WRONG(under, 0x80000000),
		WRONG(over, 0xffffffff), WRONG(over, (64 << 16) + 1),
		WRONG(weight[0][0], (4 << 24) + 1),
		WRONG(weight[2][5], 0x80000000),
		WRONG(usual[12], 1), WRONG(lap[59], 1),
#undef WRONG
	};
	struct dl_disk_series d, bad;
	struct dl_series s;
	struct rng r = { 7 };
	__le64 value;
	u32 i;

	(void)state;
	dl_series_init(&s, 12);
	for (i = 0; i < 40; i++)
		dl_series_add(&s, 1000 + rnd(&r) % 1000);
	dl_series_pack(&s, &d);
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		bad = d;
		value = cpu_to_le64(wrong[i].value);
		memcpy((u8 *)&bad + wrong[i].at, &value, wrong[i].bytes);
		if (dl_series_unpack(&s, &bad, 12) != DL_BAD_RECORD)
			fail_msg("%s was taken as %#llx", wrong[i].what,
				 (unsigned long long)wrong[i].value);
	}
	/* In its first season it is as far as it has numbers. */
	dl_series_init(&s, 12);
	for (i = 0; i < 5; i++)
		dl_series_add(&s, 1000 + i);
	dl_series_pack(&s, &d);
	d.phase = cpu_to_le16(6);
	assert_status(dl_series_unpack(&s, &d, 12), DL_BAD_RECORD);
	d.phase = cpu_to_le16(5);
	assert_status(dl_series_unpack(&s, &d, 12), DL_OK);
	/* More numbers than can have come, up to those that one more makes none of. */
	d.n = cpu_to_le64(U64_MAX);
	assert_status(dl_series_unpack(&s, &d, 12), DL_BAD_RECORD);
	d.n = cpu_to_le64(5);
	/* What is reserved may have a meaning one day. */
	d.reserved[0] = cpu_to_le32(1);
	assert_status(dl_series_unpack(&s, &d, 12), DL_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log2),
		cmocka_unit_test(test_exp2),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_made_up),
		cmocka_unit_test(test_constant),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_season),
		cmocka_unit_test(test_confidence),
		cmocka_unit_test(test_last),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_impossible),
	};

	return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
