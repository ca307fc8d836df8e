// SPDX-License-Identifier: GPL-2.0
/*
 * Imprints of the granularity map: what a region becomes, what of a run is not
 * taken over, and who yields when there is no room.
 */
#include "heat.h"
#include "imprint.h"
#include "unit.h"

#define REGION_MAX	(DL_PAGE_MAX >> DL_HEAT_REGION_SHIFT)

static void test_golden(void **state)
{
	const struct dl_imprint_region r = {
		.region = 0x789abcdefULL, .rate = 3600, .delta = 720,
		.level = DL_LEVEL_SUB, .sequential = true,
	};
	struct dl_imprint_region back;
	__le64 d = dl_imprint_pack(&r);

	(void)state;
	assert_int_equal(le64_to_cpu(d), 0x2e11b4b789abcdefULL);
	dl_imprint_unpack(&back, d);
	assert_int_equal(back.region, r.region);
	assert_int_equal(back.rate, 3600);
	assert_int_equal(back.delta, 720);
	assert_int_equal(back.level, DL_LEVEL_SUB);
	assert_true(back.sequential);
}

/* A number comes back at most a 128th lower, and never out of order. */
static void test_numbers(void **state)
{
	struct dl_imprint_region r = { .region = REGION_MAX }, back;
	u32 last = 0;
	u64 n;

	(void)state;
	for (n = 0; n <= U32_MAX; n += 1 + n / 1000) {
		r.rate = (u32)n;
		r.delta = (u16)(n & 0xffff);
		dl_imprint_unpack(&back, dl_imprint_pack(&r));
		assert_true(back.rate <= r.rate && back.rate >= last);
		assert_true(r.rate - back.rate <= r.rate / 128);
		assert_true(r.delta - back.delta <= r.delta / 128);
		assert_true(n >= 256 || back.rate == n);
		assert_true(back.region == REGION_MAX && !back.sequential);
		last = back.rate;
	}
	r.rate = U32_MAX;
	dl_imprint_unpack(&back, dl_imprint_pack(&r));
	assert_int_equal(back.rate, 0xff000000);
}

/* Whatever 64 bits say is some region at some level. */
static void test_any(void **state)
{
	struct dl_imprint_region r;

	(void)state;
	dl_imprint_unpack(&r, cpu_to_le64(U64_MAX));
	assert_int_equal(r.region, REGION_MAX);
	assert_int_equal(r.rate, U32_MAX);
	assert_int_equal(r.delta, 0xffff);
	assert_int_equal(r.level, DL_LEVEL_UNSAID);
	assert_true(r.sequential);
	dl_imprint_unpack(&r, 0);
	assert_int_equal(r.rate, 0);
	assert_int_equal(r.level, DL_LEVEL_UNSAID);
}

/* @nr regions of descending rate, from @rate on. */
static void some(__le64 *region, u32 nr, u32 rate)
{
	struct dl_imprint_region r = { .level = DL_LEVEL_BIT };
	u32 i;

	for (i = 0; i < nr; i++) {
		r.region = nr - i;
		r.rate = rate - i;
		region[i] = dl_imprint_pack(&r);
	}
}

static enum dl_status get(const void *body, size_t bytes, size_t *at,
			  struct dl_imprint *im)
{
	/* A copy of exactly that size: a byte too far is seen. */
	void *copy = malloc(bytes ? bytes : 1);
	enum dl_status st;

	assert_non_null(copy);
	memcpy(copy, body, bytes);
	st = dl_imprint_get(im, copy, bytes, at);
	free(copy);
	return st;
}

static void test_parse(void **state)
{
	struct { struct dl_disk_imprint head; __le64 region[3]; } s, bad;
	struct dl_imprint im = { .id = 5, .known = 9, .nr = 3 };
	__le64 region[3];
	size_t at, n;

	(void)state;
	some(region, 3, 100);
	im.region = region;
	assert_int_equal(dl_imprint_put(&s, sizeof(s), &im), sizeof(s));
	for (n = 0; n <= sizeof(s); n++) {
		at = 0;
		assert_status(get(&s, n, &at, &im), !n ? DL_NOT_FOUND :
			      n < sizeof(s) ? DL_BAD_SECTION : DL_OK);
		assert_int_equal(at, n < sizeof(s) ? 0 : sizeof(s));
	}
	assert_true(im.id == 5 && im.known == 9 && im.nr == 3);
	assert_status(get(&s, sizeof(s), &at, &im), DL_NOT_FOUND);
	at = 0;
	bad = s;
	bad.head.id = 0;
	assert_status(get(&bad, sizeof(s), &at, &im), DL_NOT_FOUND);
	bad = s;
	bad.head.known = cpu_to_le32(2);
	assert_status(get(&bad, sizeof(s), &at, &im), DL_BAD_SECTION);
	bad = s;
	bad.head.nr = cpu_to_le32(U32_MAX);
	bad.head.known = cpu_to_le32(U32_MAX);
	assert_status(get(&bad, sizeof(s), &at, &im), DL_BAD_SECTION);
	bad = s;
	bad.region[2] = bad.region[1];
	assert_status(get(&bad, sizeof(s), &at, &im), DL_BAD_SECTION);
	/* One of no regions, for a volume that was not written to. */
	bad = s;
	bad.head.nr = 0;
	assert_status(get(&bad, sizeof(bad.head), &at, &im), DL_OK);
	assert_int_equal(im.nr, 0);
	/* As much as there is room for. */
	im = (struct dl_imprint) { .id = 5, .known = 3, .nr = 3, .region = region };
	assert_int_equal(dl_imprint_put(&bad, 15, &im), 0);
	assert_int_equal(dl_imprint_put(&bad, 39, &im), 32);
	assert_int_equal(le32_to_cpu(bad.head.nr), 2);
	assert_int_equal(le32_to_cpu(bad.head.known), 3);
}

#define ROOM	(16u << 10)

static bool add(struct dl_imprints *s, u64 id, u32 nr)
{
	static __le64 region[4096];
	struct dl_imprint im = { .id = id, .known = nr, .nr = nr,
				 .region = region };

	some(region, nr, 1000000);
	return dl_imprints_add(s, &im);
}

static u32 regions_of(const struct dl_imprints *s, u64 id)
{
	struct dl_imprint im;

	return dl_imprints_find(s, id, &im) ? im.nr : 0;
}

static void test_run(void **state)
{
	u32 most = dl_imprints_most(ROOM), gone, i;
	struct dl_imprints s = { .buf = malloc(ROOM), .room = ROOM };
	struct dl_imprint im;
	const void *young;
	size_t at, n, bytes;

	(void)state;
	assert_non_null(s.buf);
	assert_int_equal(most, (ROOM / 4 - 16) / 8);
	for (i = 1; i <= 4; i++)
		assert_true(add(&s, i, 4096));
	/* Four of the most there may be fit exactly. */
	assert_int_equal(s.used, ROOM);
	for (i = 1; i <= 4; i++)
		assert_int_equal(regions_of(&s, i), most);
	assert_true(dl_imprints_find(&s, 3, &im));
	assert_int_equal(im.known, 4096);
	/* One more: the two oldest are halved, which is their hotter half. */
	assert_true(add(&s, 5, 4096));
	assert_int_equal(regions_of(&s, 1), most / 2);
	assert_int_equal(regions_of(&s, 2), most / 2);
	assert_int_equal(regions_of(&s, 3), most / 2);
	assert_int_equal(regions_of(&s, 4), most);
	assert_int_equal(regions_of(&s, 5), most);
	assert_true(dl_imprints_find(&s, 1, &im));
	assert_int_equal(im.known, 4096);
	for (i = 1; i < im.nr; i++)
		assert_true(le64_to_cpu(im.region[i]) <
			    le64_to_cpu(im.region[i - 1]));
	/* One that is there already stays as it is. */
	assert_true(add(&s, 1, 3));
	assert_int_equal(regions_of(&s, 1), most / 2);
	dl_imprints_drop(&s, 99);
	dl_imprints_drop(&s, 3);
	assert_false(dl_imprints_find(&s, 3, &im));
	assert_int_equal(regions_of(&s, 4), most);
	/* So many that all are small: then the oldest go, and those alone. */
	for (i = 100; i < 400; i++) {
		assert_true(add(&s, i, 4096));
		assert_int_equal(regions_of(&s, i), most);
		assert_true(s.used <= s.room);
	}
	assert_int_equal(regions_of(&s, 1), 0);
	assert_int_equal(regions_of(&s, 398), DL_IMPRINT_LEAST);
	for (gone = 399; regions_of(&s, gone); gone--)
		;
	for (i = 100; i <= gone; i++)
		assert_int_equal(regions_of(&s, i), 0);
	assert_true(399 - gone >= (ROOM - ROOM / 4) /
		    (16 + 8 * DL_IMPRINT_LEAST));
	/* It can be read as it is. */
	for (at = 0, n = 0; dl_imprint_get(&im, s.buf, s.used, &at) == DL_OK; n++)
		assert_int_equal(im.id, gone + 1 + n);
	assert_int_equal(n, 399 - gone);
	assert_int_equal(at, s.used);
	/* The youngest of it. */
	assert_ptr_equal(dl_imprints_youngest(&s, s.used, &bytes), s.buf);
	young = dl_imprints_youngest(&s, ROOM / 4, &bytes);
	assert_status(dl_imprint_get(&im, young, bytes, &(size_t) { 0 }), DL_OK);
	assert_int_equal(im.id, 399);
	assert_int_equal(bytes, ROOM / 4);
	dl_imprints_youngest(&s, ROOM / 4 - 1, &bytes);
	assert_int_equal(bytes, 0);
	free(s.buf);
}

/* Checkpoints of small logs have hardly any room, or none. */
static void test_small(void **state)
{
	struct dl_imprints s = { .room = 0 };
	u32 room, i;

	(void)state;
	for (room = 0; room < 1024; room += 8) {
		s = (struct dl_imprints) { .buf = malloc(room + !room), .room = room };
		assert_non_null(s.buf);
		for (i = 1; i < 50; i++) {
			assert_int_equal(add(&s, i, 0), room >= 64);
			assert_int_equal(add(&s, 100 + i, 9), room >= 96);
			assert_true(s.used <= room);
		}
		free(s.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_any),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests_name("imprint", tests, NULL, NULL);
}
