// SPDX-License-Identifier: GPL-2.0
/*
 * The checkpoint: bytes, writer and reader.
 */
#include "checkpoint.h"
#include "unit.h"

/* Made by another program from the description of the format. */
static const u8 golden[] = {
	0x44, 0x4c, 0x54, 0x43, 0x44, 0x50, 0x43, 0x4b,
	0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
	0x5a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x15, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x13, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x14, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x64, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2c, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x60, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
	0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
	0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
	0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x15, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x2d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x0d, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x63, 0x6f, 0x6d, 0x6d, 0x69, 0x74, 0x5f, 0x6d,
	0x73, 0x20, 0x32, 0x30, 0x0a, 0x00, 0x00, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x0d, 0xf0, 0xfe, 0xca, 0x01, 0x00, 0x00, 0x00,
	0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00,
	0x04, 0x03, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00,
};
#define GOLDEN_CRC 0x224c8461u

static const struct dl_cp_head head = {
	.generation = 0x0102030405060708,
	.horizon_seq = 90,
	.next_seq = 301,
	.next_commit = 21,
	.next_segment_id = 8,
	.durable_commit = 19,
};

static struct dl_cp_segment segment(int i)
{
	struct dl_cp_segment s = {
		.id = 5,
		.start = 128,
		.sectors = 128,
		.state = DL_SEG_SEALED,
		.flags = DL_SEG_SUMMARY,
		.epoch = 0x1122334455667788,
		.first_commit = 10,
		.last_commit = 20,
		.first_seq = 100,
		.last_seq = 300,
		.end = 96,
	};
	int k;

	for (k = 0; k < 32; k++)
		s.digest[k] = k;
	if (i) {
		s = (struct dl_cp_segment) {
			.id = 6,
			.start = 384,
			.sectors = 256,
			.state = DL_SEG_OPEN,
			.epoch = 0x1122334455667788,
			.first_commit = 21,
			.first_seq = 301,
		};
	}
	return s;
}

static const struct dl_cp_sample samples[2] = {
	{ .page = 7, .crc = 0xcafef00d, .flags = DL_SAMPLE_VALID },
	{ .page = DL_PAGE_MAX, .crc = 0x01020304 },
};

static const char text[] = "commit_ms 20\n";

static struct dl_super super(const void *buf, u32 bytes)
{
	struct dl_super sb;

	assert_status(dl_super_layout(&sb, 2048, 1000, 4096, 0), DL_OK);
	sb.generation = head.generation;
	sb.cp_bytes = bytes;
	sb.cp_crc = dl_crc32c(buf, bytes);
	return sb;
}

static enum dl_status write_sample(void *buf, size_t size, u32 *bytes, u32 *crc)
{
	struct dl_cp_writer w;
	struct dl_cp_segment s;
	int i;

	dl_cp_begin(&w, buf, size);
	dl_cp_section(&w, DL_SECTION_SEGMENTS, DL_SECTION_MUST);
	for (i = 0; i < 2; i++) {
		s = segment(i);
		dl_cp_put_segment(&w, &s);
	}
	dl_cp_section(&w, DL_SECTION_TUNABLES, 0);
	dl_cp_put_bytes(&w, text, strlen(text));
	dl_cp_section(&w, DL_SECTION_SAMPLES, DL_SECTION_MUST);
	for (i = 0; i < 2; i++)
		dl_cp_put_sample(&w, &samples[i]);
	return dl_cp_end(&w, &head, bytes, crc);
}

static void test_golden(void **state)
{
	static u64 buf[128];
	u32 bytes, crc;

	(void)state;
	memset(buf, 0xee, sizeof(buf));
	assert_status(write_sample(buf, sizeof(buf), &bytes, &crc), DL_OK);
	assert_int_equal(bytes, sizeof(golden));
	assert_memory_equal(buf, golden, sizeof(golden));
	assert_int_equal(crc, GOLDEN_CRC);
	assert_int_equal(((u8 *)buf)[bytes], 0xee);
}

/* The one item that has no twin: its writer fills it in by itself. */
static void test_golden_lost(void **state)
{
	static const u8 bytes[16] = { 8, 7, 6, 5, 4, 0, 0, 0, 0x81 };
	const struct dl_disk_lost lost = {
		.page = cpu_to_le64(0x0405060708),
		.mask = 0x81,
	};

	(void)state;
	assert_memory_equal(&lost, bytes, sizeof(bytes));
}

static void test_read(void **state)
{
	static u64 buf[sizeof(golden) / 8];
	struct dl_super sb;
	struct dl_cp_reader r;
	struct dl_cp_head h;
	struct dl_cp_segment s, want;
	struct dl_cp_sample sample;
	const void *body;
	size_t n;
	u32 type, i;

	(void)state;
	memcpy(buf, golden, sizeof(golden));
	sb = super(buf, sizeof(golden));
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
	assert_memory_equal(&h, &head, sizeof(h));

	assert_status(dl_cp_next(&r, &type, &body, &n), DL_OK);
	assert_int_equal(type, DL_SECTION_SEGMENTS);
	assert_int_equal(n, 256);
	for (i = 0; i < 2; i++) {
		memset(&s, 0, sizeof(s));
		memset(&want, 0, sizeof(want));
		want = segment(i);
		assert_status(dl_cp_get_segment(&s, body, n, i, &sb), DL_OK);
		assert_memory_equal(&s, &want, sizeof(s));
	}
	assert_status(dl_cp_get_segment(&s, body, n, 2, &sb), DL_BAD_SECTION);
	assert_status(dl_cp_get_segment(&s, body, n - 1, 0, &sb), DL_BAD_SECTION);

	assert_status(dl_cp_next(&r, &type, &body, &n), DL_OK);
	assert_int_equal(type, DL_SECTION_TUNABLES);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(body, text, n);

	assert_status(dl_cp_next(&r, &type, &body, &n), DL_OK);
	assert_int_equal(type, DL_SECTION_SAMPLES);
	for (i = 0; i < 2; i++) {
		assert_status(dl_cp_get_sample(&sample, body, n, i), DL_OK);
		assert_memory_equal(&sample, &samples[i], sizeof(sample));
	}
	assert_status(dl_cp_get_sample(&sample, body, n, 2), DL_BAD_SECTION);
	assert_status(dl_cp_get_sample(&sample, body, n + 1, 0), DL_BAD_SECTION);
	assert_status(dl_cp_next(&r, &type, &body, &n), DL_NOT_FOUND);
	assert_status(dl_cp_next(&r, &type, &body, &n), DL_NOT_FOUND);
}

static void test_every_byte(void **state)
{
	static u64 buf[sizeof(golden) / 8];
	struct dl_super sb;
	struct dl_cp_reader r;
	struct dl_cp_head h;
	u32 i;

	(void)state;
	memcpy(buf, golden, sizeof(golden));
	sb = super(buf, sizeof(golden));
	for (i = 0; i < sizeof(golden); i++) {
		((u8 *)buf)[i] ^= 1 << i % 8;
		assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_CRC);
		((u8 *)buf)[i] ^= 1 << i % 8;
	}
}

/* A buffer one byte too small, everywhere: an error, and not a byte too far. */
static void test_no_space(void **state)
{
	u32 bytes, crc;
	size_t n;

	(void)state;
	for (n = 0; n <= sizeof(golden); n++) {
		/* On the heap, where the sanitizer sees a write past the end. */
		u8 *buf = malloc(n ? n : 1);

		assert_status(write_sample(buf, n, &bytes, &crc),
			      n < sizeof(golden) ? DL_NO_SPACE : DL_OK);
		free(buf);
	}
}

static void test_misuse(void **state)
{
	static u64 buf[64];
	struct dl_cp_writer w;
	u32 bytes, crc;

	(void)state;
	/* An item outside of a section would never be found again. */
	dl_cp_begin(&w, buf, sizeof(buf));
	dl_cp_put_sample(&w, &samples[0]);
	assert_status(dl_cp_end(&w, &head, &bytes, &crc), DL_NO_SPACE);

	/* Nor one that is behind bytes of another kind. */
	dl_cp_begin(&w, buf, sizeof(buf));
	dl_cp_section(&w, DL_SECTION_SAMPLES, 0);
	dl_cp_put_bytes(&w, text, 3);
	dl_cp_put_sample(&w, &samples[0]);
	assert_status(dl_cp_end(&w, &head, &bytes, &crc), DL_NO_SPACE);

	/* No section, an empty one. */
	dl_cp_begin(&w, buf, sizeof(buf));
	assert_status(dl_cp_end(&w, &head, &bytes, &crc), DL_OK);
	assert_int_equal(bytes, 128);
	dl_cp_begin(&w, buf, sizeof(buf));
	dl_cp_section(&w, DL_SECTION_TUNABLES, 0);
	dl_cp_put_bytes(&w, NULL, 0);
	assert_status(dl_cp_end(&w, &head, &bytes, &crc), DL_OK);
	assert_int_equal(bytes, 144);
}

static void test_open(void **state)
{
	static u64 buf[sizeof(golden) / 8];
	struct dl_disk_checkpoint *d = (void *)buf;
	struct dl_super sb;
	struct dl_cp_reader r;
	struct dl_cp_head h;

	(void)state;
	memcpy(buf, golden, sizeof(golden));
	sb = super(buf, sizeof(golden));
	sb.cp_bytes = 120;
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_SIZE);
	sb.cp_bytes = 132;
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_SIZE);
	sb = super(buf, sizeof(golden));
	sb.cp_crc++;
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_CRC);
	sb = super(buf, sizeof(golden));
	sb.generation++;
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_IDENTITY);

	d->magic = cpu_to_le64(1);
	sb = super(buf, sizeof(golden));
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_MAGIC);
	d->magic = cpu_to_le64(DL_CP_MAGIC);
	d->nr_sections = cpu_to_le32(~0u);
	sb = super(buf, sizeof(golden));
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_BAD_SIZE);
}

/* Lengths that lie, behind a checksum that is right. */
static void test_sections(void **state)
{
	static const u64 lengths[] = {
		257, 512, sizeof(golden), 1ULL << 32, 1ULL << 63, ~0ULL, ~0ULL - 7,
	};
	static u64 buf[sizeof(golden) / 8];
	struct dl_disk_checkpoint *d = (void *)buf;
	struct dl_disk_section *sec = (void *)(d + 1);
	struct dl_super sb;
	struct dl_cp_reader r;
	struct dl_cp_head h;
	const void *body;
	enum dl_status st;
	size_t n, i;
	u32 type;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		memcpy(buf, golden, sizeof(golden));
		sec->bytes = cpu_to_le64(lengths[i]);
		sb = super(buf, sizeof(golden));
		assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
		do {
			st = dl_cp_next(&r, &type, &body, &n);
			if (st == DL_OK)
				assert_true((const u8 *)body + n <=
					    (const u8 *)buf + sizeof(buf));
		} while (st == DL_OK);
		assert_status(st, lengths[i] == 257 || lengths[i] == 512 ?
			      st : DL_BAD_SECTION);
		assert_true(st != DL_NOT_FOUND);
	}

	/* The last section, longer than what is left of the buffer. */
	for (i = 1; i <= 9; i++) {
		memcpy(buf, golden, sizeof(golden));
		sec = (void *)((u8 *)buf + sizeof(golden) - 48);
		assert_int_equal(le64_to_cpu(sec->bytes), 32);
		sec->bytes = cpu_to_le64(32 + i);
		sb = super(buf, sizeof(golden));
		assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
		do
			st = dl_cp_next(&r, &type, &body, &n);
		while (st == DL_OK);
		assert_status(st, DL_BAD_SECTION);
		assert_int_equal(r.left, 1);
	}
	sec = (void *)(d + 1);

	/* Fewer or more sections than there are. */
	memcpy(buf, golden, sizeof(golden));
	for (i = 0; i < 5; i++) {
		d->nr_sections = cpu_to_le32(i);
		sb = super(buf, sizeof(golden));
		assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
		do
			st = dl_cp_next(&r, &type, &body, &n);
		while (st == DL_OK);
		assert_status(st, i == 3 ? DL_NOT_FOUND : DL_BAD_SECTION);
	}
	d->nr_sections = cpu_to_le32(3);

	/* Unknown: passed over, unless it says that it must not be. */
	sec->type = cpu_to_le32(99);
	sec->flags = cpu_to_le32(~DL_SECTION_MUST);
	sb = super(buf, sizeof(golden));
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
	assert_status(dl_cp_next(&r, &type, &body, &n), DL_OK);
	assert_int_equal(type, DL_SECTION_TUNABLES);
	sec->flags = cpu_to_le32(DL_SECTION_MUST);
	sb = super(buf, sizeof(golden));
	assert_status(dl_cp_open(&r, &h, &sb, buf), DL_OK);
	assert_status(dl_cp_next(&r, &type, &body, &n), DL_BAD_FEATURE);
}

static void expect(const struct dl_cp_segment *s, enum dl_status want)
{
	static u64 buf[64];
	struct dl_super sb = super(buf, 128);
	struct dl_cp_segment back;
	struct dl_cp_writer w;

	dl_cp_begin(&w, buf, sizeof(buf));
	dl_cp_section(&w, DL_SECTION_SEGMENTS, 0);
	dl_cp_put_segment(&w, s);
	assert_status(dl_cp_get_segment(&back, (u8 *)buf + 144, 128, 0, &sb),
		      want);
}

#define WITH(field, value, want) do {		\
	struct dl_cp_segment s_ = segment(0);	\
						\
	s_.field = (value);			\
	expect(&s_, want);			\
} while (0)

static void test_segments(void **state)
{
	struct dl_cp_segment s, back;
	static u64 buf[64];
	struct dl_cp_writer w;
	struct dl_super sb;

	(void)state;
	WITH(id, 0, DL_BAD_SIZE);
	WITH(epoch, 0, DL_BAD_SIZE);
	WITH(start, 0, DL_BAD_PLACE);
	WITH(start, 136, DL_BAD_PLACE);
	WITH(start, 2048, DL_BAD_PLACE);
	WITH(start, ~0ULL - 127, DL_BAD_PLACE);
	WITH(sectors, 0, DL_BAD_PLACE);
	WITH(sectors, 100, DL_BAD_PLACE);
	WITH(sectors, 2048, DL_BAD_PLACE);
	WITH(sectors, 0xffffff80, DL_BAD_PLACE);
	WITH(end, 128, DL_OK);
	WITH(end, 129, DL_BAD_SIZE);
	WITH(state, 0, DL_BAD_SIZE);
	WITH(state, DL_SEG_OPEN, DL_OK);
	WITH(state, DL_SEG_NEXT, DL_OK);
	WITH(state, 4, DL_BAD_SIZE);
	WITH(first_commit, 0, DL_BAD_SIZE);
	WITH(first_commit, 21, DL_OK);
	WITH(first_commit, 22, DL_BAD_SIZE);
	WITH(last_commit, 9, DL_OK);
	WITH(last_commit, 8, DL_BAD_SIZE);
	WITH(last_commit, U64_MAX, DL_BAD_SIZE);

	s = segment(0);
	s.first_commit = 1;
	s.last_commit = 0;
	expect(&s, DL_OK);

	/* Flags that nobody knows are not handed on. */
	s = segment(0);
	s.flags = 0xffff;
	dl_cp_begin(&w, buf, sizeof(buf));
	dl_cp_section(&w, DL_SECTION_SEGMENTS, 0);
	dl_cp_put_segment(&w, &s);
	sb = super(buf, 128);
	assert_status(dl_cp_get_segment(&back, (u8 *)buf + 144, 128, 0, &sb),
		      DL_OK);
	assert_int_equal(back.flags, DL_SEG_SUMMARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_golden_lost),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_no_space),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_segments),
	};

	return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
