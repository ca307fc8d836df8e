// SPDX-License-Identifier: GPL-2.0
/*
 * Forecasters at several paces: what is counted when, clocks that jump, and the state
 * as it is kept.
 */
#include "cascade.h"
#include "crc.h"
#include "series_util.h"

static const u32 paces[DL_CASCADE_LEVELS] = { 1, 10, 100, 1200, 36000 };

static void fill(struct dl_cascade *c, u64 from, u32 ticks, u64 amount, u64 weight)
{
	u32 i;

	for (i = 0; i < ticks; i++)
		dl_cascade_add(c, from + i, amount, weight);
}

static u64 seen(const struct dl_cascade *c)
{
	u64 n = 0;
	u32 i;

	for (i = 0; i < DL_CASCADE_LEVELS; i++)
		n += c->level[i].series.n;
	return n;
}

static void check_time(const struct dl_cascade *c)
{
	u32 i;

	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		const u64 end = c->level[i].end;

		assert_true(end > c->tick || end == U64_MAX);
		assert_true(end - c->tick <= paces[i]);
		assert_true(end % paces[i] == 0 || end == U64_MAX);
	}
}

/* ---- counting */

static void test_paces(void **state)
{
	static const u16 seasons[] = { 20, 20, 12, 60, 48 };
	struct dl_cascade c;
	u32 i;

	(void)state;
	assert_int_equal(DL_CASCADE_TICK_MS, 50);
	dl_cascade_init(&c, false, 123456789);
	check_time(&c);
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		assert_int_equal(dl_cascade_paces[i].ticks, paces[i]);
		assert_int_equal(c.level[i].series.season, seasons[i]);
	}
}

/* So much a tick is so much in all paces, and in all times. */
static void test_steady(void **state)
{
	static const u32 times[] = { 1, 7, 10, 99, 100, 1199, 1200, 35999, 36000 };
	struct dl_cascade c;
	struct dl_forecast f;
	u32 i;
	u64 want;

	(void)state;
	dl_cascade_init(&c, false, 0);
	fill(&c, 0, 36000 * 17 + 1, 4096, 0);
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		assert_int_equal(c.level[i].series.n, 36000 * 17 / paces[i]);
		assert_int_equal(c.level[i].amount, 4096);
	}
	for (i = 0; i < ARRAY_SIZE(times); i++) {
		dl_cascade_ahead(&c, times[i], &f);
		want = 4096ULL * times[i];
		assert_true(f.value > want - want / 1000 &&
			    f.value < want + want / 1000);
		assert_true(f.low <= want && want <= f.high);
		assert_int_equal(f.confidence, 255);
	}
	dl_cascade_ahead(&c, 0, &f);
	assert_int_equal(f.value, 4096);
	dl_cascade_ahead(&c, U32_MAX, &f);
	assert_in_range(f.value, 4096 * 35990ULL, 4096 * 36010ULL);
}

/* The slowest that has seen enough. */
static void test_young(void **state)
{
	struct dl_cascade c;
	struct dl_forecast f;
	u32 i;

	(void)state;
	dl_cascade_init(&c, false, 0);
	dl_cascade_ahead(&c, 100, &f);
	assert_int_equal(f.confidence, 0);
	fill(&c, 0, 15, 100, 0);
	dl_cascade_ahead(&c, 100, &f);
	assert_int_equal(f.confidence, 0);
	/* Its level saw the 16th number: 100 ticks are a hundred of them. */
	fill(&c, 15, 145, 100, 0);
	assert_int_equal(c.level[1].series.n, 15);
	dl_cascade_ahead(&c, 100, &f);
	assert_int_equal(f.confidence, 255);
	assert_int_equal(f.value, 10000);
	/* And here ten: that it goes by these shows what was only theirs. */
	dl_cascade_add(&c, 160, 0, 0);
	assert_int_equal(c.level[1].series.n, 16);
	for (i = 0; i < 20; i++)
		dl_series_add(&c.level[0].series, 7);
	dl_cascade_ahead(&c, 100, &f);
	assert_int_equal(f.value, 10000);
	dl_cascade_ahead(&c, 9, &f);
	assert_in_range(f.value, 63, 9 * 50);
}

/* What is in an interval counts in it, at each pace. */
static void test_totals(void **state)
{
	struct rng r = { 11 };
	u64 sum[DL_CASCADE_LEVELS] = { 0 };
	struct dl_cascade c;
	u64 tick, amount;
	u32 i;

	(void)state;
	dl_cascade_init(&c, false, 0);
	for (tick = 0; tick < 100000; tick++) {
		amount = rnd(&r) >> rnd(&r) % 64 >> 18;
		for (i = 0; i < DL_CASCADE_LEVELS; i++)
			if (tick % paces[i] == 0)
				sum[i] = 0;
		/* In two parts, one of them late. */
		dl_cascade_add(&c, tick, amount / 3, 0);
		dl_cascade_add(&c, tick ? tick - 1 : 0, amount - amount / 3, 0);
		for (i = 0; i < DL_CASCADE_LEVELS; i++) {
			sum[i] += amount;
			assert_int_equal(c.level[i].amount, sum[i]);
			assert_int_equal(c.level[i].series.n, tick / paces[i]);
		}
	}
}

static void test_gauge(void **state)
{
	struct dl_cascade c;
	struct dl_forecast f;
	u64 n;
	u32 i;

	(void)state;
	dl_cascade_init(&c, true, 1000);
	for (i = 0; i < 300; i++) {
		/* 8 KiB of weight 3, and 4 KiB of weight 1. */
		dl_cascade_add(&c, 1000 + i, 3 * 8192, 3);
		dl_cascade_add(&c, 1000 + i, 4096, 1);
	}
	dl_cascade_ahead(&c, 1, &f);
	assert_in_range(f.value, 7167, 7169);
	dl_cascade_ahead(&c, 500, &f);
	assert_in_range(f.value, 7167, 7169);
	/* Silence says nothing. */
	n = c.level[0].series.n;
	for (i = 0; i < 500; i++)
		dl_cascade_add(&c, 1300 + i, 0, 0);
	dl_cascade_add(&c, 1ULL << 40, 0, 0);
	assert_int_equal(c.level[0].series.n, n + 1);
	/* Nor what has no weight. */
	dl_cascade_add(&c, 1ULL << 40, U64_MAX, 0);
	dl_cascade_add(&c, (1ULL << 40) + 1, 0, 0);
	assert_int_equal(c.level[0].series.n, n + 1);
}

/* Sums of a gauge that have no room keep their quotient. */
static void test_large_gauge(void **state)
{
	struct dl_cascade c;
	struct dl_forecast f;
	u32 i, k;

	(void)state;
	dl_cascade_init(&c, true, 0);
	for (i = 0; i < 200; i++)
		for (k = 0; k < 10; k++)
			dl_cascade_add(&c, i, 1ULL << 63, 1ULL << 53);
	dl_cascade_ahead(&c, 1, &f);
	assert_in_range(f.value, 1023, 1025);
	dl_cascade_init(&c, true, 0);
	for (i = 0; i < 200; i++)
		for (k = 0; k < 10; k++)
			dl_cascade_add(&c, i, U64_MAX, 1);
	dl_cascade_ahead(&c, 1, &f);
	assert_in_range(f.value, 1ULL << 60, U64_MAX);
}

/* ---- time */

static void test_silence(void **state)
{
	static const u64 gaps[] = {
		1, 2, 9, 10, 63, 64, 65, 640, 6400, 1000000, 1ULL << 40,
		1ULL << 63,
	};
	struct dl_cascade c;
	struct dl_forecast f;
	u64 n[DL_CASCADE_LEVELS], want, ended;
	u32 i, k;

	(void)state;
	for (k = 0; k < ARRAY_SIZE(gaps); k++) {
		dl_cascade_init(&c, false, 5);
		fill(&c, 5, 300, 1000, 0);
		for (i = 0; i < DL_CASCADE_LEVELS; i++)
			n[i] = c.level[i].series.n;
		dl_cascade_add(&c, 304 + gaps[k], 0, 0);
		check_time(&c);
		for (i = 0; i < DL_CASCADE_LEVELS; i++) {
			ended = (304 + gaps[k]) / paces[i] - 304 / paces[i];
			want = ended < DL_CASCADE_GAP ? ended : DL_CASCADE_GAP;
			assert_int_equal(c.level[i].series.n - n[i], want);
		}
	}
	/* After so much of it nothing more is foreseen. */
	dl_cascade_ahead(&c, 1, &f);
	assert_in_range(f.value, 0, 1);
}

static void test_clocks(void **state)
{
	struct dl_cascade c, before;
	u64 n;
	u32 i;

	(void)state;
	/* Backward: nothing ends until it has caught up, and what comes counts. */
	dl_cascade_init(&c, false, 1000);
	fill(&c, 1000, 50, 10, 0);
	before = c;
	for (i = 0; i < 1049; i++)
		dl_cascade_add(&c, i, 10, 0);
	assert_int_equal(seen(&c), seen(&before));
	assert_int_equal(c.tick, 1049);
	assert_int_equal(c.level[0].amount, 10 * 1050);
	dl_cascade_add(&c, 1050, 0, 0);
	assert_int_equal(c.level[0].series.n, before.level[0].series.n + 1);
	/* To the end of all ticks, and no further. */
	n = seen(&c);
	dl_cascade_add(&c, U64_MAX, 1, 0);
	assert_true(seen(&c) - n <= DL_CASCADE_LEVELS * DL_CASCADE_GAP);
	check_time(&c);
	n = seen(&c);
	for (i = 0; i < 100; i++) {
		dl_cascade_add(&c, U64_MAX, 1, 0);
		dl_cascade_add(&c, 0, 1, 0);
	}
	assert_int_equal(seen(&c), n);
	dl_cascade_init(&c, false, U64_MAX);
	check_time(&c);
}

/* Whatever comes, whenever: bounded work, times in order, forecasts in order. */
static void test_wild(void **state)
{
	struct rng r = { 12 };
	struct dl_cascade c;
	struct dl_forecast f;
	u64 tick, n;
	u32 run, i;

	(void)state;
	for (run = 0; run < 60; run++) {
		tick = rnd(&r) >> rnd(&r) % 64;
		dl_cascade_init(&c, run & 1, tick);
		for (i = 0; i < 400; i++) {
			n = seen(&c);
			tick = rnd(&r) % 8 ? tick + rnd(&r) % 30 :
				rnd(&r) >> rnd(&r) % 64;
			dl_cascade_add(&c, tick, rnd(&r) >> rnd(&r) % 64,
				       rnd(&r) % 3 ? rnd(&r) >> rnd(&r) % 64 : 0);
			assert_true(seen(&c) - n <=
				    DL_CASCADE_LEVELS * DL_CASCADE_GAP);
			check_time(&c);
			dl_cascade_ahead(&c, (u32)rnd(&r) >> rnd(&r) % 32, &f);
			assert_true(f.low <= f.value && f.value <= f.high);
		}
	}
}

/* ---- kept */

static void seal(struct dl_disk_cascade *d)
{
	d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
		offsetof(struct dl_disk_cascade, crc)));
}

static void lively(struct dl_cascade *c, bool gauge, u64 tick, u32 ticks)
{
	struct rng r = { 13 };
	u32 i;

	dl_cascade_init(c, gauge, tick);
	for (i = 0; i < ticks; i++)
		dl_cascade_add(c, tick + i, rnd(&r) % 5 ? rnd(&r) % 100000 : 0,
			       rnd(&r) % 4);
}

/* After a night of which nothing is known the morning is taken for a morning. */
static void test_skipped(void **state)
{
	enum { PACE = 36000, DAY = 48 };
	struct dl_cascade c, before;
	struct dl_forecast f;
	u32 day, half;
	u64 tick = 0;

	(void)state;
	dl_cascade_init(&c, false, 0);
	/* Half an hour in the morning in which more is written than at other times. */
	for (day = 0; day < 30; day++)
		for (half = 0; half < DAY; half++, tick += PACE)
			dl_cascade_add(&c, tick, half == 16 ? 1U << 30 : 1000, 0);
	dl_cascade_add(&c, tick, 0, 0);
	dl_cascade_ahead(&c, PACE, &f);
	assert_true(f.value < 1U << 24);
	before = c;
	dl_cascade_skip(&c, 16 * PACE);
	dl_cascade_ahead(&c, PACE, &f);
	assert_true(f.value > 1U << 26);
	/* Beside the season nothing has changed. */
	assert_int_equal(c.tick, before.tick);
	/* In parts it is the same. */
	for (half = 0; half < 96; half++)
		dl_cascade_skip(&c, PACE / 3);
	assert_memory_equal(&c.level[4], &before.level[4], sizeof(c.level[4]));
	dl_cascade_skip(&c, U64_MAX);
	dl_cascade_ahead(&c, PACE, &f);

	/* Active for ten minutes of each hour: no interval gathers those of many. */
	for (day = 0; day < 100; day++) {
		dl_cascade_add(&c, c.tick + 100, 1U << 20, 0);
		dl_cascade_add(&c, c.tick + PACE / 3 - 100, 1U << 20, 0);
		dl_cascade_skip(&c, 2 * PACE - PACE / 3);
		assert_true(c.level[4].amount <= 2U << 20);
	}

	/* A first day that is not over: as it was. */
	dl_cascade_init(&c, false, 0);
	for (half = 0; half < 30; half++)
		dl_cascade_add(&c, half * PACE, 1000 + half, 0);
	before = c;
	dl_cascade_skip(&c, 5 * PACE);
	assert_int_equal(c.level[4].series.phase, before.level[4].series.phase);
}

static void test_kept(void **state)
{
	struct dl_disk_cascade d, again;
	struct dl_cascade a, b;
	struct dl_forecast fa, fb;
	struct rng r = { 14 };
	u32 i, k, ticks;

	(void)state;
	assert_int_equal(dl_cascade_bytes(), sizeof(d));
	assert_true(dl_cascade_bytes() <= 2560);
	for (i = 0; i < 40; i++) {
		lively(&a, i & 1, 7777, i * i * 9);
		dl_cascade_pack(&a, &d);
		/* Ticks have begun anew, elsewhere. */
		dl_cascade_init(&b, i & 1, 99);
		assert_status(dl_cascade_unpack(&b, &d), DL_OK);
		dl_cascade_pack(&b, &again);
		assert_memory_equal(&d, &again, sizeof(d));
		for (k = 0; k < 2000; k++) {
			u64 amount = rnd(&r) % 1000, weight = rnd(&r) % 3;

			dl_cascade_add(&a, a.tick + 1, amount, weight);
			dl_cascade_add(&b, b.tick + 1, amount, weight);
			ticks = (u32)rnd(&r) % 40000;
			dl_cascade_ahead(&a, ticks, &fa);
			dl_cascade_ahead(&b, ticks, &fb);
			assert_int_equal(fa.value, fb.value);
			assert_int_equal(fa.low, fb.low);
			assert_int_equal(fa.high, fb.high);
			assert_int_equal(fa.confidence, fb.confidence);
		}
	}
}

static void refused(const struct dl_disk_cascade *d, enum dl_status want)
{
	struct dl_cascade c, before;

	lively(&c, false, 5, 200);
	before = c;
	assert_status(dl_cascade_unpack(&c, d), want);
	assert_memory_equal(&c, &before, sizeof(c));
}

static void test_refused(void **state)
{
	struct dl_disk_cascade d, bad;
	struct dl_cascade c;
	u32 i;

	(void)state;
	lively(&c, false, 1000, 3000);
	dl_cascade_pack(&c, &d);
	/* A bit that fell over, anywhere. */
	for (i = 0; i < sizeof(d); i++) {
		bad = d;
		((u8 *)&bad)[i] ^= (u8)(1u << i % 8);
		refused(&bad, i < 4 ? DL_BAD_MAGIC :
			i < 8 ? DL_BAD_VERSION : DL_BAD_CRC);
	}
	bad = d;
	bad.version = cpu_to_le32(DL_CASCADE_VERSION + 1);
	seal(&bad);
	refused(&bad, DL_BAD_VERSION);
	bad.version = 0;
	seal(&bad);
	refused(&bad, DL_BAD_VERSION);
	bad = d;
	bad.gauge = cpu_to_le32(1);
	seal(&bad);
	refused(&bad, DL_BAD_IDENTITY);
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		bad = d;
		bad.level[i].left = cpu_to_le32(paces[i] + 1);
		seal(&bad);
		refused(&bad, DL_BAD_RECORD);
		bad = d;
		bad.level[i].weight = cpu_to_le64(1);
		seal(&bad);
		refused(&bad, DL_BAD_RECORD);
		bad = d;
		bad.level[i].series.held = cpu_to_le32(70000);
		seal(&bad);
		refused(&bad, DL_BAD_RECORD);
		bad = d;
		bad.level[i].series.season = cpu_to_le16(13);
		seal(&bad);
		refused(&bad, DL_BAD_RECORD);
	}
	memset(&bad, 0, sizeof(bad));
	refused(&bad, DL_BAD_MAGIC);
}

/* One that was saved at the end of all ticks has an end again. */
static void test_last_tick(void **state)
{
	struct dl_disk_cascade d;
	struct dl_cascade c;

	(void)state;
	dl_cascade_init(&c, false, U64_MAX);
	dl_cascade_pack(&c, &d);
	dl_cascade_init(&c, false, 0);
	assert_status(dl_cascade_unpack(&c, &d), DL_OK);
	fill(&c, 1, 100, 1, 0);
	assert_int_equal(c.level[0].series.n, 100);
}

/* What was ever written is read like that. Its checksum is of all that follows, too. */
static void test_golden(void **state)
{
	static const u8 golden[] = {
		0x44, 0x4c, 0x43, 0x46, 0x01, 0x00, 0x00, 0x00, 0xaa, 0x37,
		0xdd, 0xbd, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x6c, 0x00, 0x00, 0x00,
		0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x18, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00,
		0x04, 0x00, 0x10, 0x0c, 0x15, 0x00, 0x3b, 0xeb, 0x14, 0x00,
		0xde, 0xc8, 0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0c,
		0x15, 0x00, 0xfe, 0x44, 0x0d, 0x00, 0x7b, 0xf9, 0x11, 0x00,
		0x73, 0x4a, 0x14, 0x00, 0x36, 0xc8, 0x14, 0x00, 0x72, 0xf5,
		0x14, 0x00, 0xc5, 0x04, 0x15, 0x00, 0xdf, 0x19, 0x00, 0x00,
		0x3d, 0xb4, 0x11, 0x00, 0x8a, 0x92, 0x3a, 0x00, 0x68, 0x71,
		0xe2, 0x02, 0x9a, 0x26, 0xf4, 0x01, 0xe0, 0x54, 0x1a, 0x01,
		0x85, 0x3c, 0xa5, 0x00, 0x96, 0x35, 0x61, 0x00, 0xee, 0x3c,
		0x65, 0x00, 0xcf, 0x7b, 0x2c, 0x01, 0x81, 0xe0, 0x83, 0x01,
		0xe9, 0x03, 0x6a, 0x01, 0x4c, 0xc9, 0x1b, 0x01, 0xd5, 0x50,
		0xe8, 0x00, 0xd6, 0x04, 0x94, 0x00, 0x2b, 0x38, 0x50, 0x00,
		0x8a, 0x92, 0x3a, 0x00, 0xde, 0xf4, 0x00, 0x00, 0xa4, 0x66,
		0xf4, 0xff, 0x5c, 0x99, 0x0b, 0x00, 0x00, 0xc7, 0x0e, 0x00,
		0xb8, 0x82, 0x0b, 0x00, 0x3e, 0xb8, 0x08, 0x00, 0x6b, 0x64,
		0xfe, 0xff, 0x6b, 0x64, 0xfe, 0xff, 0x01, 0xe6, 0xf3, 0xff,
		0xdd, 0x0d, 0x39, 0x00, 0xd6, 0xe3, 0x29, 0x00, 0x0d, 0x74,
		0x1d, 0x00, 0x36, 0x02, 0xfb, 0xff, 0x36, 0x02, 0xfb, 0xff,
		0x97, 0x03, 0xce, 0xff, 0xb2, 0x2e, 0x78, 0x00, 0x3c, 0x79,
		0x44, 0x00, 0x95, 0xff, 0x1f, 0x00, 0x74, 0xb5, 0xf8, 0xff,
		0x74, 0xb5, 0xf8, 0xff, 0xd0, 0x20, 0x8b, 0xff, 0xe7, 0x1c,
		0x4c, 0x3c, 0xb0, 0x41, 0xe8, 0x44, 0x00, 0x40, 0x93, 0x42,
		0xae, 0x44, 0x75, 0x46, 0x00, 0x48, 0x5c, 0x49, 0x93, 0x4a,
		0xad, 0x4b, 0xae, 0x4c, 0x9b, 0x4d, 0x75, 0x4e, 0x41, 0x4f,
		0x00, 0x50, 0xb3, 0x50, 0x5c, 0x51, 0xfc, 0x51,
	};
	struct dl_disk_cascade d;
	struct dl_cascade c;
	u32 i;

	(void)state;
	dl_cascade_init(&c, true, 36000);
	for (i = 0; i < 25; i++)
		dl_cascade_add(&c, 36000 + i, i * i * 4096 * 3, 3);
	dl_cascade_pack(&c, &d);
	assert_memory_equal(&d, golden, sizeof(golden));
	assert_status(dl_cascade_unpack(&c, &d), DL_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paces),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_young),
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_gauge),
		cmocka_unit_test(test_large_gauge),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_clocks),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_last_tick),
		cmocka_unit_test(test_golden),
	};

	return cmocka_run_group_tests_name("cascade", tests, NULL, NULL);
}
