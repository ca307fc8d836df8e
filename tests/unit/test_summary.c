// SPDX-License-Identifier: GPL-2.0
/*
 * Summaries: bytes, writer and reader.
 */
#include "summary.h"
#include "unit.h"

/*
 * Two frames, one of them with four descriptors and one with none, and the
 * tail, made by another program from the description of the format.
 */
static const u8 golden[] = {
	0x44, 0x53, 0x55, 0x4d, 0x5f, 0x9c, 0xdc, 0xb8,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x15, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x30, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00,
	0x0b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27,
	0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f,
	0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37,
	0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
	0x15, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x2a, 0x36, 0xfe, 0x9c, 0x97, 0x17,
	0x01, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00,
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
	0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x31, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x2a, 0x36, 0xfe, 0x9c, 0x97, 0x17,
	0x0b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
static const u8 golden_tail[] = {
	0x44, 0x53, 0x55, 0x4d, 0x01, 0x00, 0x00, 0x00,
	0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x33, 0x35, 0x8a, 0xaa, 0x00, 0x00, 0x00, 0x00,
};

#define NR_DESCS	4
#define DESCS_AT	(128 + 32)

static const struct dl_frame_head frames[2] = {
	{
		.commit = 21, .first_seq = 301, .time_ns = 1700000000000000003,
		.nr_descs = NR_DESCS, .payload_sectors = 8, .total_sectors = 9,
	}, {
		.commit = 22, .first_seq = 305, .time_ns = 1700000000000000004,
		.total_sectors = 1,
	},
};

static u64 buf[512 / 8];

static void write_sample(struct dl_summary_head *h, size_t size,
			 enum dl_status want)
{
	static struct dl_disk_desc descs[NR_DESCS];
	struct dl_summary_writer w;
	enum dl_status st;
	u32 sectors, i;

	memcpy(descs, golden + DESCS_AT, sizeof(descs));
	memset(h, 0, sizeof(*h));
	h->epoch = 0x1122334455667788;
	h->segment_id = 6;
	h->next_id = 7;
	h->next_start = 640;
	h->next_sectors = 128;
	for (i = 0; i < 32; i++)
		h->digest[i] = 32 + i;
	dl_summary_begin(&w, buf, size);
	st = dl_summary_add(&w, &frames[0], 0, 512, descs);
	if (st == DL_OK)
		st = dl_summary_add(&w, &frames[1], 10, 512, NULL);
	if (st == DL_OK)
		st = dl_summary_end(&w, h, 512, &sectors);
	assert_status(st, want);
	if (st == DL_OK)
		assert_int_equal(sectors, 1);
}

static void test_golden(void **state)
{
	struct dl_summary_head h, back;
	u8 *b = (u8 *)buf;
	u32 sectors, i;

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	write_sample(&h, sizeof(buf), DL_OK);
	assert_memory_equal(b, golden, sizeof(golden));
	for (i = sizeof(golden); i < 512 - 32; i++)
		assert_int_equal(b[i], 0);
	assert_memory_equal(b + 512 - 32, golden_tail, 32);

	assert_status(dl_summary_tail_unpack(buf, 512, 6, 0x1122334455667788, 128,
					     &sectors), DL_OK);
	assert_int_equal(sectors, 1);
	memset(&back, 0, sizeof(back));
	assert_status(dl_summary_open(&back, buf, 1, 6, 0x1122334455667788, 128),
		      DL_OK);
	assert_memory_equal(&back, &h, sizeof(h));
	assert_int_equal(h.first_commit, 21);
	assert_int_equal(h.last_commit, 22);
	assert_int_equal(h.first_seq, 301);
	assert_int_equal(h.last_seq, 304);
	assert_int_equal(h.end, 11);
}

static void test_read(void **state)
{
	const struct dl_disk_desc *descs;
	struct dl_summary_reader r;
	struct dl_summary_frame f;
	struct dl_summary_head h;
	int round;

	(void)state;
	write_sample(&h, sizeof(buf), DL_OK);
	for (round = 0; round < 2; round++) {
		dl_summary_rewind(&r, &h, buf);
		assert_status(dl_summary_next(&r, &f, &descs), DL_OK);
		assert_int_equal(f.commit, 21);
		assert_int_equal(f.first_seq, 301);
		assert_int_equal(f.time_ns, 1700000000000000003);
		assert_int_equal(f.payload_start, 1);
		assert_int_equal(f.nr_descs, NR_DESCS);
		assert_memory_equal(descs, golden + DESCS_AT, NR_DESCS * 32);
		assert_status(dl_summary_next(&r, &f, &descs), DL_OK);
		assert_int_equal(f.commit, 22);
		assert_int_equal(f.payload_start, 11);
		assert_int_equal(f.nr_descs, 0);
		assert_status(dl_summary_next(&r, &f, &descs), DL_NOT_FOUND);
		assert_status(dl_summary_next(&r, &f, &descs), DL_NOT_FOUND);
	}
}

static void test_every_byte(void **state)
{
	struct dl_summary_head h;
	u8 *b = (u8 *)buf;
	u32 i, sectors;

	(void)state;
	write_sample(&h, sizeof(buf), DL_OK);
	for (i = 0; i < sizeof(buf); i++) {
		enum dl_status st, tail;

		b[i] ^= 1 << i % 8;
		st = dl_summary_open(&h, buf, 1, 6, 0x1122334455667788, 128);
		tail = dl_summary_tail_unpack(buf, 512, 6, 0x1122334455667788,
					      128, &sectors);
		if (i < sizeof(golden))
			assert_true(st == DL_BAD_CRC || st == DL_BAD_MAGIC ||
				    st == DL_BAD_SIZE);
		else
			assert_status(st, DL_OK);
		if (i >= 512 - 32)
			assert_status(tail, i < 512 - 28 ? DL_BAD_MAGIC :
				      DL_BAD_CRC);
		else
			assert_status(tail, DL_OK);
		b[i] ^= 1 << i % 8;
	}
}

/* Tags behind the frames, for the blocks up to the end and for itself. */
static void test_sealed(void **state)
{
	static u64 big[4096 / 8];
	const struct dl_frame_head f = {
		.commit = 21, .first_seq = 301, .nr_descs = NR_DESCS,
		.payload_sectors = 8, .total_sectors = 24,
	};
	struct dl_disk_desc in[NR_DESCS];
	struct dl_summary_head h = {
		.epoch = 5, .segment_id = 6, .flags = DL_SUMMARY_SEALED,
	}, back;
	const struct dl_disk_desc *descs;
	struct dl_summary_writer w;
	struct dl_summary_reader r;
	struct dl_summary_frame got;
	u8 tag[DL_TAG_BYTES];
	u32 sectors, bytes;
	u8 *body;

	(void)state;
	memcpy(in, golden + DESCS_AT, sizeof(in));
	memset(tag, 7, sizeof(tag));
	memset(big, 0xee, sizeof(big));
	dl_summary_begin(&w, big, sizeof(big));
	assert_status(dl_summary_add(&w, &f, 0, 4096, in), DL_OK);
	assert_status(dl_summary_end(&w, &h, 4096, &sectors), DL_OK);
	assert_int_equal(h.end, 24);
	assert_int_equal(dl_summary_tags(h.flags, h.end), 4 * DL_TAG_BYTES);
	assert_int_equal(h.body_bytes, 32 + NR_DESCS * 32 + 4 * DL_TAG_BYTES);
	assert_int_equal(sectors, dl_summary_sectors(4096, 1, NR_DESCS, 4 * DL_TAG_BYTES));
	body = dl_summary_body(&h, big, &bytes);
	assert_ptr_equal(body, (u8 *)big + 128);
	assert_int_equal(bytes, h.body_bytes - DL_TAG_BYTES);
	assert_ptr_equal(dl_summary_block_tags(&h, big),
			 body + 32 + NR_DESCS * 32);
	body[bytes - 1] ^= 1;
	dl_summary_seal(&h, big, tag);
	assert_memory_equal(body + bytes, tag, sizeof(tag));

	assert_status(dl_summary_open(&back, big, sectors, 6, 5, 128), DL_OK);
	assert_memory_equal(&back, &h, sizeof(h));
	dl_summary_rewind(&r, &back, big);
	assert_status(dl_summary_next(&r, &got, &descs), DL_OK);
	assert_memory_equal(descs, in, sizeof(in));
	assert_status(dl_summary_next(&r, &got, &descs), DL_NOT_FOUND);
	body[bytes] ^= 1;
	assert_status(dl_summary_open(&back, big, sectors, 6, 5, 128), DL_BAD_CRC);
}

static void test_no_space(void **state)
{
	struct dl_summary_head h;
	struct dl_summary_writer w;
	u32 sectors;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(buf); n++)
		write_sample(&h, n, DL_NO_SPACE);

	dl_summary_begin(&w, buf, sizeof(buf));
	assert_status(dl_summary_end(&w, &h, 512, &sectors), DL_BAD_SIZE);

	/* What did not fit is not half in. */
	dl_summary_begin(&w, buf, 128 + 32);
	assert_status(dl_summary_add(&w, &frames[1], 10, 512, NULL), DL_OK);
	assert_status(dl_summary_add(&w, &frames[1], 11, 512, NULL), DL_NO_SPACE);
	assert_int_equal(w.nr_frames, 1);
	assert_int_equal(w.used, 160);
}

static void test_sectors(void **state)
{
	(void)state;
	assert_int_equal(dl_summary_sectors(512, 2, 4, 0), 1);
	assert_int_equal(dl_summary_sectors(512, 1, 10, 0), 1);
	assert_int_equal(dl_summary_sectors(512, 1, 11, 0), 2);
	assert_int_equal(dl_summary_sectors(4096, 1, 1, 0), 8);
	assert_int_equal(dl_summary_sectors(4096, 1, 122, 0), 8);
	assert_int_equal(dl_summary_sectors(4096, 1, 123, 0), 16);
	assert_int_equal(dl_summary_sectors(512, ~0u, ~0u, 0), (1u << 29) + 1);
}

static void tail_expect(u32 sectors, u64 id, u32 max, enum dl_status want)
{
	struct dl_summary_head h;
	struct dl_disk_summary_tail *t = (void *)((u8 *)buf + 512 - 32);
	u32 got;

	write_sample(&h, sizeof(buf), DL_OK);
	t->sectors = cpu_to_le32(sectors);
	t->crc = 0;
	t->crc = cpu_to_le32(dl_crc32c(t, sizeof(*t)));
	assert_status(dl_summary_tail_unpack(buf, 512, id, 0x1122334455667788,
					     max, &got), want);
}

static void test_tail(void **state)
{
	static u64 block[4096 / 8];
	struct dl_disk_summary_tail *t = (void *)((u8 *)block + 4096 - 32);
	u32 got;

	(void)state;
	tail_expect(1, 6, 128, DL_OK);
	tail_expect(1, 7, 128, DL_BAD_IDENTITY);
	tail_expect(0, 6, 128, DL_BAD_SIZE);
	tail_expect(128, 6, 128, DL_OK);
	tail_expect(129, 6, 128, DL_BAD_SIZE);
	tail_expect(~0u, 6, 128, DL_BAD_SIZE);
	assert_status(dl_summary_tail_unpack(buf, 512, 6, 1, 128, &got),
		      DL_BAD_IDENTITY);

	/* Whole blocks of 4096 bytes. */
	t->magic = cpu_to_le32(DL_SUMMARY_MAGIC);
	t->segment_id = cpu_to_le64(6);
	t->epoch = cpu_to_le64(1);
	t->sectors = cpu_to_le32(12);
	t->crc = cpu_to_le32(dl_crc32c(t, sizeof(*t)));
	assert_status(dl_summary_tail_unpack(block, 4096, 6, 1, 128, &got),
		      DL_BAD_SIZE);
}

/* Numbers that lie, behind a checksum that is right. */
static void open_expect(const struct dl_disk_summary *d, enum dl_status want)
{
	struct dl_disk_summary *raw = (void *)buf;
	struct dl_summary_head h;
	u32 body = le32_to_cpu(d->body_bytes);

	write_sample(&h, sizeof(buf), DL_OK);
	*raw = *d;
	raw->crc = 0;
	if (body <= sizeof(buf) - 160)
		raw->crc = cpu_to_le32(dl_crc32c(raw, 128 + body));
	assert_status(dl_summary_open(&h, buf, 1, 6, 0x1122334455667788, 128),
		      want);
}

#define WITH32(field, value, want) do {			\
	struct dl_disk_summary d_;			\
							\
	memcpy(&d_, golden, sizeof(d_));		\
	d_.field = cpu_to_le32(value);			\
	open_expect(&d_, want);				\
} while (0)

#define WITH64(field, value, want) do {			\
	struct dl_disk_summary d_;			\
							\
	memcpy(&d_, golden, sizeof(d_));		\
	d_.field = cpu_to_le64(value);			\
	open_expect(&d_, want);				\
} while (0)

static void test_fields(void **state)
{
	struct dl_summary_head h;

	(void)state;
	WITH64(first_commit, 21, DL_OK);
	WITH64(first_commit, 20, DL_BAD_SIZE);
	WITH64(first_commit, 0, DL_BAD_SIZE);
	WITH64(last_commit, 20, DL_BAD_SIZE);
	WITH64(last_commit, 23, DL_BAD_SIZE);
	WITH64(last_commit, U64_MAX, DL_BAD_SIZE);
	WITH64(epoch, 1, DL_BAD_IDENTITY);
	WITH64(segment_id, 1, DL_BAD_IDENTITY);
	WITH32(nr_frames, 0, DL_BAD_SIZE);
	WITH32(nr_frames, 3, DL_BAD_SIZE);
	WITH32(nr_frames, ~0u, DL_BAD_SIZE);
	WITH32(nr_descs, 5, DL_BAD_SIZE);
	WITH32(body_bytes, 0, DL_BAD_SIZE);
	WITH32(body_bytes, 512 - 160 + 1, DL_BAD_SIZE);
	WITH32(body_bytes, ~0u, DL_BAD_SIZE);
	WITH32(next_sectors, DL_SEGMENT_SECTORS_MAX + 1, DL_BAD_SIZE);
	WITH32(end, 127, DL_OK);
	WITH32(end, 128, DL_BAD_SIZE);
	WITH32(end, ~0u, DL_BAD_SIZE);

	write_sample(&h, sizeof(buf), DL_OK);
	assert_status(dl_summary_open(&h, buf, 0, 6, 0x1122334455667788, 128),
		      DL_BAD_SIZE);
	assert_status(dl_summary_open(&h, buf, 1, 6, 0x1122334455667788, 0),
		      DL_BAD_SIZE);
}

/* Frames that claim more descriptors than there are, or fewer. */
static void test_lying_frames(void **state)
{
	struct dl_disk_summary_frame *f = (void *)((u8 *)buf + 128);
	static const u32 counts[] = { 0, 3, 5, 6, 1 << 27, ~0u };
	const struct dl_disk_desc *descs;
	struct dl_summary_reader r;
	struct dl_summary_frame out;
	struct dl_summary_head h;
	enum dl_status st;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		write_sample(&h, sizeof(buf), DL_OK);
		f->nr_descs = cpu_to_le32(counts[i]);
		dl_summary_rewind(&r, &h, buf);
		do
			st = dl_summary_next(&r, &out, &descs);
		while (st == DL_OK);
		assert_status(st, DL_BAD_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_sectors),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lying_frames),
	};

	return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
