// SPDX-License-Identifier: GPL-2.0
/*
 * A map's entry that becomes a version, packed as it is, against the long way:
 * unpacked, and inserted as any version.
 */
#include "past.h"
#include "in_pieces.h"
#include "unit.h"

#define ENTS	8

static const struct dl_pval values[] = {
	{ .seq = 7, .loc = 4711, .crc = 0x12345678, .first = 0, .sectors = 8, .mask = 0xff },
	{ .seq = 1ULL << 40, .loc = (1ULL << 40) - 1, .crc = ~0U, .first = 3, .sectors = 5,
	  .mask = 0xf8 },
	{ .seq = 0xffffffff, .loc = 1ULL << 32, .crc = 1, .first = 7, .sectors = 1, .mask = 0x80 },
	{ .seq = 8, .loc = 12, .crc = 2, .sectors = 8, .mask = 0xff, .codec = DL_CODEC_LZ4,
	  .stored = 7 },
	{ .seq = 8, .loc = 12, .crc = 2, .sectors = 8, .mask = 0x18, .codec = 7, .stored = 1 },
	{ .seq = 9, .first = 0, .sectors = 8, .mask = 0xff, .flags = DL_PVAL_ZERO },
	{ .seq = 10, .first = 2, .sectors = 4, .mask = 0x3c, .flags = DL_PVAL_LOST },
};

static void retire_one(u64 page, const struct dl_pval *v, u8 mask, u64 until)
{
	struct dl_pent pents[ENTS] = { };
	struct dl_past_ent short_ents[ENTS], long_ents[ENTS];
	u32 pbuckets[16] = { }, short_buckets[16] = { }, long_buckets[16] = { };
	struct dl_past shorter = { .buckets = short_buckets };
	struct dl_past longer = { .buckets = long_buckets };
	void *at[3][PIECES(ENTS)];
	struct dl_version ver = { .until = until, .page = page, .mask = mask }, got, want;
	struct dl_pmap m = { .buckets = pbuckets, .bucket_mask = 15 };
	struct dl_pval val;
	u32 bucket, freed;

	pieces_init(&m.ents, at[0], pents, ENTS, sizeof(*pents));
	pieces_init(&shorter.ents, at[1], short_ents, ENTS, sizeof(*short_ents));
	pieces_init(&longer.ents, at[2], long_ents, ENTS, sizeof(*long_ents));
	bucket = dl_pmap_bucket(&m, page);
	dl_pmap_insert(&m, bucket, 3, page, v, &freed);
	dl_pmap_get(&m, 3, &val);
	ver.from = val.seq;
	ver.loc = val.loc;
	ver.crc = val.crc;
	ver.first = val.first;
	ver.sectors = val.sectors;
	ver.codec = val.codec;
	ver.stored = val.stored;
	ver.flags = val.flags;
	memset(short_ents, 0xa5, sizeof(short_ents));
	memset(long_ents, 0x5a, sizeof(long_ents));

	dl_past_insert(&longer, bucket, 5, &ver);
	dl_past_retire(&shorter, bucket, 5, dl_pmap_ent(&m, 3), mask, until);

	assert_true(dl_past_linked(&shorter, bucket, 5));
	dl_past_get(&shorter, 5, &got);
	dl_past_get(&longer, 5, &want);
	assert_memory_equal(&got, &want, sizeof(got));
	assert_memory_equal(&short_ents[5], &long_ents[5], sizeof(long_ents[5]));
}

static void test_retire(void **state)
{
	static const u64 pages[] = { 0, 0x12345678, 1ULL << 32, DL_PAGE_MAX };
	u32 i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		for (j = 0; j < ARRAY_SIZE(values); j++) {
			retire_one(pages[i], &values[j], values[j].mask, values[j].seq + 1);
			/* Only some of its sectors. */
			retire_one(pages[i], &values[j], values[j].mask & -values[j].mask,
				   U64_MAX);
		}
}

/* On disk, and back; a codec is of whole pages, and makes them smaller. */
static void test_pack(void **state)
{
	struct dl_version v = {
		.from = 3, .until = 9, .page = 77, .loc = 1000, .crc = 5, .sectors = 8,
		.mask = 0x0f, .codec = DL_CODEC_LZ4, .stored = 3,
	}, back;
	struct dl_disk_past d;
	bool run;

	(void)state;
	dl_past_pack(&v, &d);
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_OK);
	assert_memory_equal(&back, &v, sizeof(v));
	d.first = DL_CODECS << 3;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
	d.first = DL_CODEC_LZ4 << 3 | 1;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
	d.first = DL_CODEC_LZ4 << 3;
	d.sectors = 8;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
	d.sectors = 7 | 3 << 4;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
	d.sectors = 8 | 8 << 4;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
	d.sectors = 8 | 7 << 4;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_OK);
	d.first = 0;
	assert_int_equal(dl_past_unpack(&back, &d, &run), DL_BAD_RECORD);
}

/* What was in the bucket stays in it, behind the new one. */
static void test_chain(void **state)
{
	struct dl_past_ent ents[ENTS] = { };
	u32 buckets[16] = { };
	struct dl_past p = { .buckets = buckets };
	void *at[PIECES(ENTS)];
	struct dl_pent e = { .page_lo = 5, .mask = 0xff, .span = 7 << 3, .seq_lo = 3 };

	(void)state;
	pieces_init(&p.ents, at, ents, ENTS, sizeof(*ents));
	dl_past_retire(&p, 4, 1, &e, 0x0f, 6);
	dl_past_retire(&p, 4, 2, &e, 0xf0, 8);
	assert_true(dl_past_linked(&p, 4, 1));
	assert_int_equal(dl_past_pick(&p, 4, 5, 0, 4), 1);
	assert_int_equal(dl_past_pick(&p, 4, 5, 7, 4), 2);
	assert_int_equal(dl_past_pick(&p, 4, 5, 0, 6), DL_PAST_NIL);
}

/* What holds of all sectors at once is what picking each of them says. */
static void test_sole(void **state)
{
	struct dl_past_ent ents[ENTS] = { };
	u32 buckets[16] = { }, idx;
	struct dl_past p = { .buckets = buckets };
	void *at[PIECES(ENTS)];
	struct dl_pent e = { .page_lo = 5, .mask = 0xff, .span = 7 << 3, .seq_lo = 3 };
	struct dl_pent other = { .page_lo = 6, .mask = 0xff, .span = 7 << 3, .seq_lo = 3 };
	u8 s;

	(void)state;
	pieces_init(&p.ents, at, ents, ENTS, sizeof(*ents));
	assert_true(dl_past_sole(&p, 4, 5, 0, &idx));
	assert_int_equal(idx, DL_PAST_NIL);
	dl_past_retire(&p, 4, 1, &e, 0x3c, 6);
	dl_past_retire(&p, 4, 2, &other, 0xff, 7);
	assert_true(dl_past_sole(&p, 4, 5, 5, &idx));
	for (s = 0; s < DL_PAGE_SECTORS; s++)
		assert_int_equal(dl_past_pick(&p, 4, 5, s, 5),
				 0x3c >> s & 1 ? idx : DL_PAST_NIL);
	/* Replaced before. */
	assert_true(dl_past_sole(&p, 4, 5, 6, &idx));
	assert_int_equal(idx, DL_PAST_NIL);
	dl_past_retire(&p, 4, 3, &e, 0xc0, 9);
	assert_false(dl_past_sole(&p, 4, 5, 5, &idx));
	assert_true(dl_past_sole(&p, 4, 5, 6, &idx));
	assert_int_equal(idx, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sole),
		cmocka_unit_test(test_retire),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
