// SPDX-License-Identifier: GPL-2.0
/*
 * Frames and record descriptors: bytes and checks.
 */
#include "delta.h"
#include "frame.h"
#include "unit.h"

/* A header and its four descriptors, made by another program. */
static const u8 golden[] = {
	0x44, 0x46, 0x52, 0x4d, 0xd1, 0x5a, 0xde, 0x12,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x15, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x2a, 0x36, 0xfe, 0x9c, 0x97, 0x17,
	0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00,
	0x10, 0x00, 0x00, 0x00, 0xf7, 0x6c, 0xb4, 0x78,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x02, 0x05, 0xd4, 0xc3, 0xb2, 0xa1,
	0x76, 0x98, 0xba, 0xdc, 0xfe, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x05, 0x00, 0x02, 0xc8,
	0x00, 0x07, 0x34, 0x12, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0xf0, 0xff, 0xff, 0x7f, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x02, 0x02, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00,
	0x2a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x07, 0x01, 0x00, 0x00, 0x00, 0x00,
	0x2b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00,
};

static const struct dl_desc descs[4] = {
	{
		.type = DL_REC_DATA, .first = 2, .sectors = 5, .crc = 0xa1b2c3d4,
		.addr = 0xfedcba9876, .payload = 3, .stored = 5, .level = 2,
		.confidence = 200, .temperature = 7, .client = 0x1234,
	}, {
		.type = DL_REC_ZERO_RUN, .flags = DL_DESC_DISCARD,
		.addr = 0x7ffffff000, .payload = 0x10000,
	}, {
		.type = DL_REC_ZERO, .flags = DL_DESC_NOUNMAP, .sectors = 8,
		.addr = 42, .level = 1,
	}, {
		.type = DL_REC_LOST, .first = 7, .sectors = 1, .addr = 43,
		.client = 9,
	},
};

static const struct dl_frame_head head = {
	.epoch = 0x1122334455667788,
	.commit = 21,
	.segment_id = 6,
	.first_seq = 301,
	.time_ns = 1700000000000000003,
	.durable_commit = 19,
	.next_id = 7,
	.next_start = 640,
	.next_sectors = 128,
	.nr_descs = 4,
	.payload_sectors = 8,
};

static void test_golden(void **state)
{
	static u64 buf[(128 + 4 * 32) / 8];
	struct dl_disk_desc *d = (void *)((u8 *)buf + 128);
	struct dl_frame_head h = head, back;
	struct dl_desc desc;
	int i;

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	for (i = 0; i < 4; i++)
		dl_desc_pack(&descs[i], &d[i]);
	dl_frame_pack(&h, 4096, (void *)buf, d);
	assert_int_equal(h.total_sectors, 16);
	assert_golden(buf, sizeof(buf), golden, sizeof(golden));

	memset(&back, 0, sizeof(back));
	assert_status(dl_frame_unpack(&back, (void *)buf, 4096), DL_OK);
	assert_memory_equal(&back, &h, sizeof(h));
	assert_status(dl_frame_check_descs(&back, d), DL_OK);
	for (i = 0; i < 4; i++) {
		assert_status(dl_desc_unpack(&desc, &d[i], 8), DL_OK);
		assert_memory_equal(&desc, &descs[i], sizeof(desc));
	}
}

static void test_every_byte(void **state)
{
	static u64 buf[sizeof(golden) / 8];
	u8 *b = (u8 *)buf;
	struct dl_frame_head h;
	u32 i, bit;

	(void)state;
	memcpy(buf, golden, sizeof(golden));
	for (i = 0; i < sizeof(golden); i++) {
		for (bit = 0; bit < 8; bit++) {
			enum dl_status st;

			b[i] ^= 1 << bit;
			st = dl_frame_unpack(&h, (void *)buf, 4096);
			assert_status(st, i < 4 ? DL_BAD_MAGIC :
				      i < 128 ? DL_BAD_CRC : DL_OK);
			if (st == DL_OK)
				assert_status(dl_frame_check_descs(&h,
						(void *)(b + 128)), DL_BAD_CRC);
			b[i] ^= 1 << bit;
		}
	}
}

/* Pack a header as it is, total and all, with the right CRC. */
static void expect(const struct dl_frame_head *want, u32 total,
		   enum dl_status st)
{
	static struct dl_disk_desc none[DL_FRAME_MAX_DESCS + 64];
	struct dl_frame_head h = *want, back;
	struct dl_disk_frame d;
	u32 nr = h.nr_descs;

	/* Nobody has that many; the count is put in after. */
	h.nr_descs = min_t(u32, nr, DL_FRAME_MAX_DESCS);
	dl_frame_pack(&h, 4096, &d, none);
	d.nr_descs = cpu_to_le32(nr);
	if (total)
		d.total_sectors = cpu_to_le32(total);
	d.self_crc = 0;
	d.self_crc = cpu_to_le32(dl_crc32c(&d, sizeof(d)));
	assert_status(dl_frame_unpack(&back, &d, 4096), st);
}

#define WITH(field, value, want) do {		\
	struct dl_frame_head h_ = head;		\
						\
	h_.field = (value);			\
	expect(&h_, 0, want);			\
} while (0)

static void test_fields(void **state)
{
	(void)state;
	expect(&head, 0, DL_OK);
	WITH(epoch, 0, DL_BAD_SIZE);
	WITH(commit, 0, DL_BAD_SIZE);
	WITH(commit, 19, DL_BAD_SIZE);
	WITH(commit, 20, DL_OK);
	WITH(commit, U64_MAX - 1, DL_OK);
	WITH(commit, U64_MAX, DL_BAD_SIZE);
	WITH(durable_commit, 20, DL_OK);
	WITH(durable_commit, 21, DL_BAD_SIZE);
	WITH(durable_commit, U64_MAX, DL_BAD_SIZE);
	WITH(first_seq, U64_MAX - 4, DL_OK);
	WITH(first_seq, U64_MAX - 3, DL_BAD_SIZE);
	WITH(nr_descs, 0, DL_OK);
	WITH(nr_descs, 1024, DL_OK);
	WITH(nr_descs, 1025, DL_BAD_SIZE);
	WITH(nr_descs, ~0u, DL_BAD_SIZE);
	WITH(payload_sectors, 0, DL_OK);
	WITH(payload_sectors, 2040, DL_OK);
	WITH(payload_sectors, 2041, DL_BAD_SIZE);
	WITH(payload_sectors, 2049, DL_BAD_SIZE);
	WITH(payload_sectors, ~0u, DL_BAD_SIZE);
	WITH(next_sectors, DL_SEGMENT_SECTORS_MAX, DL_OK);
	WITH(next_sectors, DL_SEGMENT_SECTORS_MAX + 1, DL_BAD_SIZE);
	WITH(flags, ~0u, DL_OK);
	expect(&head, 15, DL_BAD_SIZE);
	expect(&head, 24, DL_BAD_SIZE);
	expect(&head, ~0u, DL_BAD_SIZE);
}

static void test_sizes(void **state)
{
	(void)state;
	assert_int_equal(dl_frame_head_descs(512), 12);
	assert_int_equal(dl_frame_head_descs(4096), 124);
	assert_int_equal(dl_frame_tail_sectors(512, 12), 0);
	assert_int_equal(dl_frame_tail_sectors(512, 13), 1);
	assert_int_equal(dl_frame_tail_sectors(512, 12 + 16), 1);
	assert_int_equal(dl_frame_tail_sectors(512, 12 + 17), 2);
	assert_int_equal(dl_frame_tail_sectors(4096, 124), 0);
	assert_int_equal(dl_frame_tail_sectors(4096, 125), 8);
	assert_int_equal(dl_frame_pad(512, 7), 7);
	assert_int_equal(dl_frame_pad(4096, 0), 0);
	assert_int_equal(dl_frame_pad(4096, 1), 8);
	assert_int_equal(dl_frame_total(4096, 125, 9), 8 + 16 + 8);
}

/* What is encrypted is any bytes to us: here they are turned over. */
static void test_sealed(void **state)
{
	static u64 buf[(128 + 6 * 32) / 8];
	struct dl_disk_frame *raw = (void *)buf, aad, other;
	struct dl_disk_desc *slots = (void *)((u8 *)buf + 128);
	struct dl_frame_head h = head, back;
	u8 tag[DL_TAG_BYTES];
	u32 i;

	(void)state;
	assert_int_equal(dl_frame_slots(0, 4, 2040), 4);
	assert_int_equal(dl_frame_slots(DL_FRAME_SEALED, 4, 0), 4);
	assert_int_equal(dl_frame_slots(DL_FRAME_SEALED, 4, 1), 5);
	assert_int_equal(dl_frame_slots(DL_FRAME_SEALED, 4, 16), 5);
	assert_int_equal(dl_frame_slots(DL_FRAME_SEALED, 4, 17), 6);

	h.flags = DL_FRAME_SEALED;
	h.payload_sectors = 24;
	for (i = 0; i < 4; i++)
		dl_desc_pack(&descs[i], &slots[i]);
	dl_frame_pack(&h, 4096, raw, slots);
	assert_int_equal(h.total_sectors, 8 + 24);
	dl_frame_aad(raw, &aad);
	for (i = 0; i < 6 * 32; i++)
		((u8 *)slots)[i] ^= 0xff;
	for (i = 0; i < DL_TAG_BYTES; i++)
		tag[i] = (u8)(0xa0 + i);
	dl_frame_seal(raw, slots, 6, tag);
	/* What is authenticated does not depend on what comes of it. */
	dl_frame_aad(raw, &other);
	assert_memory_equal(&aad, &other, sizeof(aad));

	assert_status(dl_frame_unpack(&back, raw, 4096), DL_OK);
	assert_memory_equal(back.tag, tag, sizeof(tag));
	assert_int_equal(dl_frame_head_slots(&back), 6);
	assert_status(dl_frame_check_descs(&back, slots), DL_OK);
	((u8 *)slots)[6 * 32 - 1] ^= 1;
	assert_status(dl_frame_check_descs(&back, slots), DL_BAD_CRC);

	/* The tags count as descriptors, and blocks are pages. */
	h.nr_descs = DL_FRAME_MAX_DESCS - 1;
	expect(&h, 0, DL_BAD_SIZE);
	h.nr_descs = DL_FRAME_MAX_DESCS - 2;
	expect(&h, 0, DL_OK);
	h = head;
	h.flags = DL_FRAME_SEALED;
	dl_frame_pack(&h, 512, raw, slots);
	assert_status(dl_frame_unpack(&back, raw, 512), DL_BAD_SIZE);
}

static struct dl_desc data(void)
{
	return descs[0];
}

static struct dl_desc run(void)
{
	return descs[1];
}

static struct dl_desc zero(void)
{
	return descs[2];
}

#define DESC(kind, field, value, want) do {		\
	struct dl_desc d_ = kind(), back_;		\
	struct dl_disk_desc disk_;			\
							\
	d_.field = (value);				\
	dl_desc_pack(&d_, &disk_);			\
	assert_status(dl_desc_unpack(&back_, &disk_, 8), want);	\
} while (0)

/* A payload of bytes: sector 7 of 8, and the page it ends. */
static struct dl_desc delta(void)
{
	struct dl_desc d = descs[0];

	d.type = DL_REC_DELTA;
	d.payload = 8 * 512 - 100;
	d.stored = 100;
	return d;
}

static void test_deltas(void **state)
{
	struct dl_disk_desc disk;
	struct dl_desc d, back;
	u32 at;

	(void)state;
	DESC(delta, stored, 100, DL_OK);
	DESC(delta, stored, 101, DL_BAD_RECORD);
	DESC(delta, stored, 0, DL_BAD_RECORD);
	DESC(delta, payload, 8 * 512 - 99, DL_BAD_RECORD);
	DESC(delta, payload, 8 * 512, DL_BAD_RECORD);
	DESC(delta, payload, ~0u, DL_BAD_RECORD);
	DESC(delta, payload, ~0u - 99, DL_BAD_RECORD);
	DESC(delta, addr, DL_PAGE_MAX + 1, DL_BAD_RECORD);
	DESC(delta, sectors, 0, DL_BAD_RECORD);
	DESC(delta, sectors, 9, DL_BAD_RECORD);
	DESC(delta, codec, 1, DL_BAD_FEATURE);
	d = delta();
	d.payload = 0;
	for (at = 1; at < 0x10000; at++) {
		d.stored = (u16)at;
		dl_desc_pack(&d, &disk);
		assert_status(dl_desc_unpack(&back, &disk, 2048),
			      at <= DL_DELTA_MAX ? DL_OK : DL_BAD_RECORD);
	}
	d.stored = 1000;
	for (at = 0; at < 3 * 4096; at++) {
		d.payload = at;
		dl_desc_pack(&d, &disk);
		assert_status(dl_desc_unpack(&back, &disk, 2048),
			      at % 4096 <= 3096 ? DL_OK : DL_BAD_RECORD);
		assert_int_equal(dl_desc_at(&d), at);
		assert_int_equal(dl_desc_bytes(&d), 1000);
		assert_int_equal(dl_desc_sector(&d), at / 512);
		assert_int_equal(dl_desc_span(&d),
				 (at + 999) / 512 - at / 512 + 1);
	}
}

/* A whole page in three sectors, of which the last is in the next page. */
static struct dl_desc packed(void)
{
	struct dl_desc d = descs[0];

	d.first = 0;
	d.sectors = DL_PAGE_SECTORS;
	d.codec = DL_CODEC_LZ4;
	d.stored = 3;
	d.payload = 5;
	return d;
}

static void test_packed(void **state)
{
	(void)state;
	DESC(packed, type, DL_REC_DATA, DL_OK);
	DESC(packed, type, DL_REC_BASE, DL_OK);
	DESC(packed, type, DL_REC_INDEX, DL_BAD_FEATURE);
	DESC(packed, type, DL_REC_MARK, DL_BAD_FEATURE);
	DESC(packed, type, DL_REC_DELTA, DL_BAD_FEATURE);
	DESC(packed, codec, 0, DL_BAD_RECORD);
	DESC(packed, codec, DL_CODECS, DL_BAD_FEATURE);
	DESC(packed, codec, 255, DL_BAD_FEATURE);
	DESC(packed, first, 1, DL_BAD_RECORD);
	DESC(packed, sectors, 7, DL_BAD_RECORD);
	DESC(packed, stored, 0, DL_BAD_RECORD);
	DESC(packed, stored, 4, DL_BAD_RECORD);
	DESC(packed, stored, 8, DL_BAD_RECORD);
	DESC(packed, payload, 6, DL_BAD_RECORD);
	DESC(packed, payload, ~0u, DL_BAD_RECORD);
	DESC(packed, addr, DL_PAGE_MAX + 1, DL_BAD_RECORD);
}

static void test_descs(void **state)
{
	struct dl_disk_desc disk;
	struct dl_desc d, back;
	u32 first, sectors;

	(void)state;
	DESC(data, type, DL_REC_BASE, DL_OK);
	DESC(data, type, DL_REC_DELTA + 1, DL_BAD_FEATURE);
	DESC(data, type, 255, DL_BAD_FEATURE);
	DESC(data, codec, 1, DL_BAD_RECORD);	/* of part of a page */
	DESC(data, codec, DL_CODECS, DL_BAD_FEATURE);
	DESC(zero, codec, 1, DL_BAD_FEATURE);
	DESC(data, addr, DL_PAGE_MAX, DL_OK);
	DESC(data, addr, DL_PAGE_MAX + 1, DL_BAD_RECORD);
	DESC(data, addr, U64_MAX, DL_BAD_RECORD);
	DESC(data, stored, 0, DL_BAD_RECORD);
	DESC(data, stored, 4, DL_BAD_RECORD);
	DESC(data, stored, 6, DL_BAD_RECORD);
	DESC(data, payload, 0, DL_OK);
	DESC(data, payload, 4, DL_BAD_RECORD);
	DESC(data, payload, 8, DL_BAD_RECORD);
	DESC(data, payload, 9, DL_BAD_RECORD);
	DESC(data, payload, ~0u, DL_BAD_RECORD);
	DESC(data, payload, ~0u - 4, DL_BAD_RECORD);
	DESC(zero, addr, DL_PAGE_MAX + 1, DL_BAD_RECORD);
	DESC(zero, sectors, 0, DL_BAD_RECORD);
	DESC(run, payload, 0, DL_BAD_RECORD);
	DESC(run, addr, (8ULL << 40) - 0x10000, DL_OK);
	DESC(run, addr, (8ULL << 40) - 0xffff, DL_BAD_RECORD);
	DESC(run, addr, 8ULL << 40, DL_BAD_RECORD);
	DESC(run, addr, U64_MAX, DL_BAD_RECORD);
	DESC(run, payload, ~0u, DL_OK);

	/* No payload crosses a page of its frame. */
	for (first = 0; first < 24; first++) {
		d = data();
		d.payload = first;
		dl_desc_pack(&d, &disk);
		assert_status(dl_desc_unpack(&back, &disk, 32),
			      first % 8 <= 3 ? DL_OK : DL_BAD_RECORD);
	}

	for (first = 0; first < 256; first++) {
		for (sectors = 0; sectors < 256; sectors++) {
			bool fits = sectors && first + sectors <= 8;

			d = zero();
			d.first = first;
			d.sectors = sectors;
			dl_desc_pack(&d, &disk);
			assert_status(dl_desc_unpack(&back, &disk, 0),
				      fits ? DL_OK : DL_BAD_RECORD);
			d = data();
			d.first = first;
			d.sectors = sectors;
			d.stored = sectors;
			d.payload = 0;
			dl_desc_pack(&d, &disk);
			assert_status(dl_desc_unpack(&back, &disk, 8),
				      fits ? DL_OK : DL_BAD_RECORD);
		}
	}

	/* Of a slot that was given up nothing is written, nothing is read. */
	d = data();
	d.type = DL_REC_NONE;
	dl_desc_pack(&d, &disk);
	assert_golden(&disk, sizeof(disk), NULL, 0);
	memset(&disk, 0xff, sizeof(disk));
	disk.type = DL_REC_NONE;
	assert_status(dl_desc_unpack(&back, &disk, 0), DL_OK);
	assert_golden(&back, sizeof(back), NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_descs),
		cmocka_unit_test(test_packed),
		cmocka_unit_test(test_deltas),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
