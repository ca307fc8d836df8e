// SPDX-License-Identifier: GPL-2.0
/*
 * Plans: what they are for forecasts worked out by hand, and what must hold of them
 * whatever is foreseen.
 */
#include "plan.h"
#include "unit.h"

#define KIB	1024ull
#define MIB	(1024 * KIB)

/* A log of 256 MiB. */
static const struct dl_plan_bounds log256 = {
	.chunks = 4096, .seg_chunks = 64, .seg_most = 16384, .pool = 3,
	.frames_max = 31, .frame_bytes = 126 * 4096, .ahead_bytes = 1024 * MIB,
	.chunk_shift = 16,
};

static struct dl_plan_needs expect(u64 fill, u64 burst, u8 confidence)
{
	return (struct dl_plan_needs) {
		.fill = { fill, fill / 2, fill * 2, confidence },
		.burst = { burst / 2, 0, burst, confidence },
	};
}

static struct dl_plan plan(const struct dl_plan_bounds *b,
			   const struct dl_plan_needs *n)
{
	struct dl_plan p;

	dl_plan_static(&p, b);
	dl_plan_make(&p, b, n);
	return p;
}

static void test_size(void **state)
{
	struct dl_plan_needs n = expect(7 * MIB, 0, 255);
	struct dl_plan p = plan(&log256, &n);

	(void)state;
	/* Not yet twice what it is. */
	assert_int_equal(p.seg_chunks, 64);
	n = expect(8 * MIB, 0, 255);
	p = plan(&log256, &n);
	assert_int_equal(p.seg_chunks, 128);
	/* It stays so until there is half of that. */
	n = expect(5 * MIB, 0, 255);
	dl_plan_make(&p, &log256, &n);
	assert_int_equal(p.seg_chunks, 128);
	n = expect(4 * MIB, 0, 255);
	dl_plan_make(&p, &log256, &n);
	assert_int_equal(p.seg_chunks, 64);
	n = expect(0, 0, 255);
	dl_plan_make(&p, &log256, &n);
	assert_int_equal(p.seg_chunks, 16);
	n = expect(U64_MAX, 0, 255);
	dl_plan_make(&p, &log256, &n);
	assert_int_equal(p.seg_chunks, 128);
}

static void test_pool(void **state)
{
	const struct dl_plan_client clients[] = {
		{ .share = 65536 / 4, .high = 12 * MIB },
		{ .share = 65536 / 2, .high = 1 * MIB },
	};
	struct dl_plan_needs n = expect(4 * MIB, 40 * MIB, 255);
	struct dl_plan p = plan(&log256, &n);

	(void)state;
	/*
	 * 40 MiB are ten segments; and one for their summaries and ends, and one, for the
	 * first may be half gone.
	 */
	assert_int_equal(p.pool, 13);
	assert_int_equal(p.frames, 31);
	/* The first client may write 2 MiB more than its part of 40; the other less. */
	n.clients = clients;
	n.nr_clients = 2;
	p = plan(&log256, &n);
	assert_int_equal(p.burst, 42 * MIB);
	assert_int_equal(p.pool, 13);
	/* A quarter of the log at most. */
	n = expect(4 * MIB, 400 * MIB, 255);
	p = plan(&log256, &n);
	assert_int_equal(p.pool, 16);
	n = expect(4 * MIB, 2 * MIB, 255);
	p = plan(&log256, &n);
	assert_int_equal(p.pool, 3);
	assert_int_equal(p.frames, 2 + 5);
	/* So many KiB were asked for. */
	n = expect(0, 0, 0);
	n.least = 40 * MIB;
	p = plan(&log256, &n);
	assert_int_equal(p.pool, 13);
	assert_int_equal(p.burst, 0);
}

/* Bursts too rare for a quantile: it has nothing of them, or nobody would bet on it. */
static void test_bursts(void **state)
{
	const struct dl_plan_client client = { .share = 65536 / 2, .high = 30 * MIB };
	struct dl_plan_needs n = expect(4 * MIB, 0, 255);
	struct dl_plan p;

	(void)state;
	n.bursts = 40 * MIB;
	p = plan(&log256, &n);
	assert_int_equal(p.burst, 40 * MIB);
	assert_int_equal(p.pool, 13);
	n.burst.high = 300 * MIB;
	n.burst.confidence = DL_PLAN_CONFIDENCE - 1;
	p = plan(&log256, &n);
	assert_int_equal(p.burst, 40 * MIB);
	/* What clients write beyond their share is of bursts, too. */
	n.clients = &client;
	n.nr_clients = 1;
	assert_true(dl_plan_burst(&n) == 50 * MIB);
	n.bursts = 0;
	assert_true(dl_plan_burst(&n) == 0);
	n.burst.confidence = DL_PLAN_CONFIDENCE;
	assert_true(dl_plan_burst(&n) == 300 * MIB);
	assert_true(dl_plan_part(U64_MAX, 65536) == U64_MAX);
	assert_true(dl_plan_part(3, 32768) == 1);
}

static void test_fades(void **state)
{
	struct dl_plan_needs n = expect(4 * MIB, 40 * MIB, 255);
	struct dl_plan p = plan(&log256, &n);
	u32 i, before;

	(void)state;
	n = expect(4 * MIB, 0, 255);
	for (i = 0; i < 710; i++) {
		before = p.pool;
		dl_plan_make(&p, &log256, &n);
		assert_true(p.pool <= before);
	}
	assert_in_range(p.burst, 19 * MIB, 21 * MIB);
	for (i = 0; i < 60000 && p.burst; i++)
		dl_plan_make(&p, &log256, &n);
	assert_int_equal(p.burst, 0);
	assert_int_equal(p.pool, 3);
	assert_int_equal(p.frames, DL_PLAN_FRAMES);
}

/* What nobody would bet on leaves everything as it is without foresight. */
static void test_doubt(void **state)
{
	struct dl_plan_needs n = expect(300 * MIB, 300 * MIB,
					DL_PLAN_CONFIDENCE - 1);
	struct dl_plan p = plan(&log256, &n), usual;

	(void)state;
	dl_plan_static(&usual, &log256);
	assert_int_equal(p.seg_chunks, usual.seg_chunks);
	assert_int_equal(p.pool, usual.pool);
	assert_int_equal(p.frames, usual.frames);
	assert_true(p.soon == U64_MAX);
	n = expect(300 * MIB, 300 * MIB, DL_PLAN_CONFIDENCE);
	p = plan(&log256, &n);
	assert_int_not_equal(p.seg_chunks, usual.seg_chunks);
	assert_int_not_equal(p.pool, usual.pool);
	assert_true(p.soon == 600 * MIB);
}

/* ---- whatever is foreseen ---- */

static u64 seed = 88172645463325252ull;

static u64 draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Of every magnitude alike. */
static u64 draw_any(void)
{
	u64 n = draw();

	return n >> (draw() % 64);
}

static struct dl_plan_bounds draw_bounds(void)
{
	struct dl_plan_bounds b = {
		.chunks = 8 + draw() % (1u << (3 + draw() % 18)),
		.pool = 3,
		.frames_max = 2 + draw() % 2000,
		.frame_bytes = 1 + draw() % (1u << 20),
		.ahead_bytes = draw_any(),
		.chunk_shift = 16 + draw() % 15,
	};

	b.seg_chunks = 1 + draw() % (b.chunks / 4);
	b.seg_most = b.seg_chunks + draw() % 65536;
	return b;
}

static struct dl_plan_needs draw_needs(struct dl_plan_client *clients)
{
	struct dl_plan_needs n = {
		.fill = { draw_any(), draw_any(), draw_any(), draw() },
		.burst = { draw_any(), draw_any(), draw_any(), draw() },
		.clients = clients,
		.nr_clients = draw() % 5,
		.bursts = draw() % 2 ? 0 : draw_any(),
		.least = draw() % 4 ? 0 : draw_any(),
	};
	u32 i;

	for (i = 0; i < n.nr_clients; i++)
		clients[i] = (struct dl_plan_client) {
			.share = draw_any(), .high = draw_any(),
		};
	return n;
}

static void check_limits(const struct dl_plan *p, const struct dl_plan_bounds *b)
{
	u32 most = b->chunks / 32 < b->seg_most ? b->chunks / 32 : b->seg_most;
	u64 usual = (u64)b->pool * b->seg_chunks;

	assert_true(p->seg_chunks >= 1 && p->seg_chunks >= b->seg_chunks / 4);
	assert_true(p->seg_chunks <= (most > b->seg_chunks ? most : b->seg_chunks));
	/* Never less ahead than without foresight. */
	assert_true(p->pool >= b->pool);
	assert_true((u64)p->pool * p->seg_chunks >= usual);
	assert_true((u64)p->pool * p->seg_chunks <= b->chunks / 4 ||
		    (u64)p->pool * p->seg_chunks < usual + p->seg_chunks ||
		    p->pool == b->pool);
	assert_true(p->pool <= DL_PLAN_POOL_MOST);
	assert_true(p->frames >= DL_PLAN_FRAMES && p->frames <= b->frames_max);
}

static void test_limits(void **state)
{
	struct dl_plan_client clients[5];
	u32 i, j;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct dl_plan_bounds b = draw_bounds();
		struct dl_plan p;

		dl_plan_static(&p, &b);
		for (j = 0; j < 20; j++) {
			struct dl_plan_needs n = draw_needs(clients);

			if (!(draw() % 8))
				b = draw_bounds();
			dl_plan_make(&p, &b, &n);
			check_limits(&p, &b);
		}
	}
}

/* More that is to come is never less that is ready. */
static void test_monotone(void **state)
{
	struct dl_plan_client clients[5];
	u32 i, k;

	(void)state;
	for (i = 0; i < 100000; i++) {
		struct dl_plan_bounds b = draw_bounds();
		struct dl_plan_needs n = draw_needs(clients);
		struct dl_plan p, more;

		dl_plan_static(&p, &b);
		more = p;
		dl_plan_make(&p, &b, &n);
		n.burst.high |= draw_any();
		n.bursts |= draw_any();
		for (k = 0; k < n.nr_clients; k++)
			clients[k].high |= draw_any();
		dl_plan_make(&more, &b, &n);
		assert_true(more.seg_chunks == p.seg_chunks);
		assert_true(more.pool >= p.pool && more.frames >= p.frames);

		dl_plan_static(&more, &b);
		n.fill.value |= draw_any();
		dl_plan_make(&more, &b, &n);
		assert_true(more.seg_chunks >= p.seg_chunks);
	}
}

/* However small segments are to be: a checkpoint has room for all of them. */
static void test_total(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		u32 usual = 1 + draw() % 64, all = usual * (16 + draw() % 200);
		u32 max = 2 * (all / usual) + 8, free = all, nr = 0, n;

		while (free) {
			assert_true(nr < max);
			n = dl_plan_size(1 + draw() % usual, usual, free, max - nr);
			assert_true(n >= 1 && n <= usual);
			free -= n < free ? n : free;
			nr++;
			/* Some come free again, oldest first or not. */
			if (nr && !(draw() % 3)) {
				nr--;
				free += draw() % 2 && free + usual <= all ?
					usual : 0;
			}
			if (!(draw() % 4096))
				break;
		}
	}
	assert_int_equal(dl_plan_size(100, 64, 1, 0), 100);
	assert_int_equal(dl_plan_size(1, 64, 4096, 8), 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_fades),
		cmocka_unit_test(test_doubt),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
