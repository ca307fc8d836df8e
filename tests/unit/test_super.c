// SPDX-License-Identifier: GPL-2.0
/*
 * The superblock: bytes, checks, layout, choice of slot.
 */
#include "super.h"
#include "unit.h"

/* Made by another program from the description of the format. */
static const u8 golden[] = {
	0x44, 0x45, 0x4c, 0x54, 0x41, 0x4c, 0x4f, 0x47,
	0x01, 0x00, 0x00, 0x00, 0x6f, 0x32, 0x2e, 0x9c,
	0x11, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7,
	0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
	0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01,
	0x03, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00,
	0x00, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x43, 0x42, 0x0f, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x10, 0x00, 0x00, 0xef, 0xbe, 0xad, 0xde,
	0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
	0x01, 0x00, 0x2a, 0x36, 0xfe, 0x9c, 0x97, 0x17,
	0x02, 0x00, 0x2a, 0x36, 0xfe, 0x9c, 0x97, 0x17,
	0x76, 0x6f, 0x6c, 0x30,
};

static struct dl_super sample(void)
{
	struct dl_super sb = {
		.compat = 0x11,
		.generation = 0x0102030405060708,
		.flags = DL_SUPER_CLEAN | DL_SUPER_DETACHED,
		.block_bytes = 4096,
		.chunk_sectors = 128,
		.cp_sectors = 48,
		.log_sectors = 2048,
		.data_start = 128,
		.volume_sectors = 1000003,
		.cp_sector = 16,
		.cp_bytes = 4096,
		.cp_crc = 0xdeadbeef,
		.epoch = 0x1122334455667788,
		.created_ns = 1700000000000000001,
		.written_ns = 1700000000000000002,
		.label = "vol0",
	};
	int i;

	for (i = 0; i < 16; i++)
		sb.uuid[i] = 0xa0 + i;
	return sb;
}

static void test_golden(void **state)
{
	static u64 block[DL_SUPER_BYTES / 8];
	struct dl_super sb = sample(), back;

	(void)state;
	/* What is behind the NUL of a label is not to get out. */
	memset(sb.label + 5, 0x77, sizeof(sb.label) - 6);
	memset(block, 0xee, sizeof(block));
	dl_super_pack(&sb, block);
	assert_golden(block, sizeof(block), golden, sizeof(golden));

	sb = sample();
	assert_status(dl_super_unpack(&back, block), DL_OK);
	assert_memory_equal(&back, &sb, sizeof(sb));
}

static void test_every_byte(void **state)
{
	static u64 block[DL_SUPER_BYTES / 8];
	struct dl_super sb = sample(), back;
	u32 i;

	(void)state;
	dl_super_pack(&sb, block);
	for (i = 0; i < DL_SUPER_BYTES; i++) {
		enum dl_status st;

		((u8 *)block)[i] ^= 1 << i % 8;
		st = dl_super_unpack(&back, block);
		assert_status(st, i < 8 ? DL_BAD_MAGIC :
			      i < 12 ? DL_BAD_VERSION : DL_BAD_CRC);
		((u8 *)block)[i] ^= 1 << i % 8;
	}
	assert_status(dl_super_unpack(&back, block), DL_OK);
}

static void expect(const struct dl_super *sb, enum dl_status want)
{
	static u64 block[DL_SUPER_BYTES / 8];
	struct dl_super back;

	dl_super_pack(sb, block);
	assert_status(dl_super_unpack(&back, block), want);
}

#define WITH(field, value, want) do {		\
	struct dl_super sb_ = sample();		\
						\
	sb_.field = (value);			\
	expect(&sb_, want);			\
} while (0)

static void test_fields(void **state)
{
	struct dl_super sb;

	(void)state;
	WITH(generation, 0, DL_OK);
	WITH(flags, ~0u, DL_OK);
	WITH(compat, ~0ULL, DL_OK);
	WITH(ro_compat, 1, DL_BAD_FEATURE);
	WITH(incompat, 1ULL << 63, DL_BAD_FEATURE);

	WITH(block_bytes, 0, DL_BAD_SIZE);
	WITH(block_bytes, 256, DL_BAD_SIZE);
	WITH(block_bytes, 512, DL_OK);
	WITH(block_bytes, 1536, DL_BAD_SIZE);
	WITH(block_bytes, 8192, DL_BAD_SIZE);
	WITH(chunk_sectors, 0, DL_BAD_SIZE);
	WITH(chunk_sectors, 64, DL_BAD_SIZE);
	WITH(chunk_sectors, 192, DL_BAD_SIZE);
	WITH(chunk_sectors, DL_CHUNK_SECTORS_MAX * 2, DL_BAD_SIZE);
	/* 1920 sectors of chunks */
	WITH(chunk_sectors, 256, DL_BAD_PLACE);

	WITH(log_sectors, 0, DL_BAD_SIZE);
	WITH(log_sectors, 1920, DL_BAD_SIZE);
	WITH(log_sectors, 2049, DL_BAD_PLACE);
	WITH(log_sectors, 2176, DL_OK);
	WITH(log_sectors, DL_LOG_SECTORS_MAX, DL_BAD_PLACE);
	WITH(log_sectors, DL_LOG_SECTORS_MAX + 128, DL_BAD_SIZE);
	WITH(log_sectors, ~0ULL, DL_BAD_SIZE);

	WITH(volume_sectors, 0, DL_BAD_SIZE);
	WITH(volume_sectors, 1, DL_OK);
	WITH(volume_sectors, 8ULL << 40, DL_OK);
	WITH(volume_sectors, (8ULL << 40) + 1, DL_BAD_SIZE);

	WITH(cp_sectors, 0, DL_BAD_SIZE);
	WITH(cp_sectors, 44, DL_BAD_SIZE);
	WITH(cp_sectors, 40, DL_OK);
	WITH(cp_sectors, 56, DL_OK);
	WITH(cp_sectors, 64, DL_BAD_PLACE);
	/* As much as the most chunks need, and one page more. */
	WITH(cp_sectors, 264200, DL_BAD_PLACE);
	WITH(cp_sectors, 264208, DL_BAD_SIZE);
	WITH(cp_sectors, 0xfffffff8, DL_BAD_SIZE);
	WITH(data_start, 0, DL_BAD_PLACE);
	WITH(data_start, 104, DL_BAD_PLACE);
	WITH(data_start, 132, DL_BAD_PLACE);
	WITH(data_start, 2048, DL_BAD_PLACE);
	WITH(data_start, ~0ULL << 7, DL_BAD_PLACE);
	/* 7 chunks, 8 chunks */
	WITH(data_start, 2048 - 7 * 128, DL_BAD_PLACE);
	WITH(data_start, 2048 - 8 * 128, DL_OK);

	WITH(cp_sector, 0, DL_BAD_PLACE);
	WITH(cp_sector, 17, DL_BAD_PLACE);
	WITH(cp_sector, 64, DL_OK);
	WITH(cp_sector, 112, DL_BAD_PLACE);
	WITH(cp_bytes, 0, DL_BAD_SIZE);
	WITH(cp_bytes, 120, DL_BAD_SIZE);
	WITH(cp_bytes, 128, DL_OK);
	WITH(cp_bytes, 132, DL_BAD_SIZE);
	WITH(cp_bytes, 48 * 512, DL_OK);
	WITH(cp_bytes, 48 * 512 + 8, DL_BAD_SIZE);
	WITH(cp_bytes, 0xfffffff8, DL_BAD_SIZE);
	WITH(epoch, 0, DL_BAD_SIZE);

	/* The largest there can be, and one chunk too many. */
	sb = sample();
	sb.chunk_sectors = 1 << 20;
	sb.log_sectors = DL_LOG_SECTORS_MAX;
	sb.data_start = 1 << 20;
	expect(&sb, DL_OK);
	assert_int_equal(dl_super_chunks(&sb), DL_CHUNKS_MAX - 1);
	sb.chunk_sectors = 1 << 19;
	expect(&sb, DL_BAD_PLACE);
}

/* For the message that refuses a log from the future. */
static void test_crypt(void **state)
{
	static u64 block[DL_SUPER_BYTES / 8];
	struct dl_super sb = sample(), back;

	(void)state;
	sb.crypt.cipher = DL_CIPHER_CHACHA;
	sb.crypt.state = DL_CRYPT_KEYED;
	memset(sb.crypt.nonce, 1, sizeof(sb.crypt.nonce));
	memset(sb.crypt.tag, 2, sizeof(sb.crypt.tag));
	memset(sb.crypt.wrapped, 3, sizeof(sb.crypt.wrapped));
	memset(sb.crypt.cp_nonce, 4, sizeof(sb.crypt.cp_nonce));
	memset(sb.crypt.cp_tag, 5, sizeof(sb.crypt.cp_tag));
	/* Without the feature there is none. */
	dl_super_pack(&sb, block);
	assert_status(dl_super_unpack(&back, block), DL_OK);
	assert_int_equal(back.crypt.cipher, 0);
	assert_false(dl_super_sealed(&back));

	sb.incompat |= DL_FEATURE_CRYPT;
	sb.block_bytes = 4096;
	dl_super_pack(&sb, block);
	assert_status(dl_super_unpack(&back, block), DL_OK);
	assert_memory_equal(&back.crypt, &sb.crypt, sizeof(sb.crypt));
	assert_true(dl_super_sealed(&back));

	sb.crypt.state = DL_CRYPT_BLANK;
	expect(&sb, DL_OK);
	assert_false(dl_super_sealed(&sb));
	sb.crypt.state = 2;
	expect(&sb, DL_BAD_FEATURE);
	sb.crypt.state = DL_CRYPT_KEYED;
	sb.crypt.cipher = 0;
	expect(&sb, DL_BAD_FEATURE);
	sb.crypt.cipher = DL_CIPHERS;
	expect(&sb, DL_BAD_FEATURE);
	sb.crypt.cipher = DL_CIPHER_AES_GCM;
	expect(&sb, DL_OK);
	sb.block_bytes = 512;
	expect(&sb, DL_BAD_SIZE);
}

static void test_future(void **state)
{
	static u64 block[DL_SUPER_BYTES / 8];
	struct dl_super sb = sample(), back;

	(void)state;
	sb.incompat = 5;
	sb.ro_compat = 6;
	dl_super_pack(&sb, block);
	assert_status(dl_super_unpack(&back, block), DL_BAD_FEATURE);
	assert_int_equal(back.incompat, 5);
	assert_int_equal(back.ro_compat, 6);
	assert_int_equal(back.compat, 0x11);
	((u8 *)block)[8] = 2;
	assert_status(dl_super_unpack(&back, block), DL_BAD_VERSION);
	assert_int_equal(back.incompat, 5);
}

static void test_layout(void **state)
{
	u64 device;
	u32 block, chunk;

	(void)state;
	for (block = 512; block <= 4096; block *= 2) {
		for (device = DL_LOG_SECTORS_MIN; device <= 1ULL << 44;
		     device += device / 3 + 1) {
			struct dl_super sb;
			u64 most;

			assert_status(dl_super_layout(&sb, device, 4711, block, 0),
				      DL_OK);
			assert_true(sb.log_sectors <= device);
			assert_true(sb.chunk_sectors == DL_CHUNK_SECTORS_MIN ||
				    sb.chunk_sectors == DL_CHUNK_SECTORS_MAX ||
				    min_t(u64, device, DL_LOG_SECTORS_MAX) >
				    (u64)sb.chunk_sectors / 2 * 16384);
			assert_true(sb.chunk_sectors == DL_CHUNK_SECTORS_MAX ||
				    dl_super_chunks(&sb) <= 16384);
			/* Nothing is wasted but alignment. */
			assert_true(min_t(u64, device, DL_LOG_SECTORS_MAX) -
				    sb.log_sectors < sb.chunk_sectors);
			assert_true(sb.data_start - 16 - 2 * (u64)sb.cp_sectors <
				    min_t(u32, sb.chunk_sectors, 2048));
			/* A segment in every chunk, a header, sections. */
			most = (u64)sb.cp_sectors << 9;
			assert_true(most >= 128ULL * dl_super_chunks(&sb) + 4096 +
				    16384);
			assert_true(sb.incompat == 0 && sb.epoch == 0 &&
				    sb.generation == 0 && sb.cp_bytes == 0);

			sb.epoch = 1;
			sb.cp_sector = 16 + sb.cp_sectors;
			sb.cp_bytes = (u32)most;
			expect(&sb, DL_OK);
		}
	}
	for (chunk = 128; chunk; chunk *= 2) {
		struct dl_super sb;
		enum dl_status want = chunk > DL_CHUNK_SECTORS_MAX ? DL_BAD_SIZE :
			chunk > 1 << 16 ? DL_NO_SPACE : DL_OK;

		/* 512 MiB */
		assert_status(dl_super_layout(&sb, 1 << 20, 1, 4096, chunk), want);
	}
}

static void test_layout_refuses(void **state)
{
	struct dl_super sb;

	(void)state;
	assert_status(dl_super_layout(&sb, 2047, 1, 4096, 0), DL_NO_SPACE);
	assert_status(dl_super_layout(&sb, 0, 1, 4096, 0), DL_NO_SPACE);
	assert_status(dl_super_layout(&sb, 2048, 0, 4096, 0), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, (8ULL << 40) + 1, 4096, 0),
		      DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 0, 0), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 8192, 0), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 4095, 0), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 4096, 64), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 4096, 129), DL_BAD_SIZE);
	assert_status(dl_super_layout(&sb, 2048, 1, 4096, 1 << 20), DL_NO_SPACE);
	/* more than DL_CHUNKS_MAX */
	assert_status(dl_super_layout(&sb, 1 << 28, 1, 4096, 128), DL_BAD_SIZE);
}

static void test_segment_fits(void **state)
{
	struct dl_super sb = sample();

	(void)state;
	assert_true(dl_super_segment_fits(&sb, 128, 128));
	assert_true(dl_super_segment_fits(&sb, 128, 1920));
	assert_true(dl_super_segment_fits(&sb, 1920, 128));
	assert_false(dl_super_segment_fits(&sb, 128, 0));
	assert_false(dl_super_segment_fits(&sb, 128, 2048));
	assert_false(dl_super_segment_fits(&sb, 1920, 256));
	assert_false(dl_super_segment_fits(&sb, 2048, 128));
	assert_false(dl_super_segment_fits(&sb, 0, 128));
	assert_false(dl_super_segment_fits(&sb, 136, 128));
	assert_false(dl_super_segment_fits(&sb, 128, 136));
	assert_false(dl_super_segment_fits(&sb, ~0ULL - 127, 128));
	assert_false(dl_super_segment_fits(&sb, 128, 0xffffff80));
}

static void test_pick(void **state)
{
	enum dl_status st[2] = { DL_OK, DL_OK };
	struct dl_super sb[2] = { sample(), sample() };

	(void)state;
	assert_int_equal(dl_super_pick(st, sb), 0);
	sb[1].generation++;
	assert_int_equal(dl_super_pick(st, sb), 1);
	sb[0].generation += 2;
	assert_int_equal(dl_super_pick(st, sb), 0);
	st[0] = DL_BAD_CRC;
	assert_int_equal(dl_super_pick(st, sb), 1);
	st[1] = DL_BAD_MAGIC;
	assert_int_equal(dl_super_pick(st, sb), -1);
	st[0] = DL_OK;
	assert_int_equal(dl_super_pick(st, sb), 0);
}

static void test_blank(void **state)
{
	static u8 block[DL_SUPER_BYTES];
	u32 i;

	(void)state;
	memset(block, 0, sizeof(block));
	assert_true(dl_super_blank(block));
	for (i = 0; i < sizeof(block); i++) {
		block[i] = 1;
		assert_false(dl_super_blank(block));
		block[i] = 0;
	}
	memset(block, 0xff, sizeof(block));
	assert_false(dl_super_blank(block));
}

static void test_status_text(void **state)
{
	int i, k;

	(void)state;
	for (i = 0; i < DL_STATUS_COUNT; i++)
		for (k = 0; k < i; k++)
			assert_string_not_equal(dl_status_text(i),
						dl_status_text(k));
	assert_string_equal(dl_status_text(DL_OK), "fine");
	assert_non_null(dl_status_text(DL_STATUS_COUNT));
	assert_non_null(dl_status_text(-1));
}

/* Room for sections: as laid out, and the same when the log has grown. */
static void test_sections(void **state)
{
	u64 sectors;
	u32 chunk, room, area;

	(void)state;
	for (chunk = 0; chunk <= 1u << 16; chunk = chunk ? chunk * 4 : 128)
		for (sectors = 2048; sectors < 1ULL << 36; sectors += sectors / 3) {
			struct dl_super sb;

			if (dl_super_layout(&sb, sectors, 2048, 512, chunk) != DL_OK)
				continue;
			area = sb.cp_sectors << DL_SECTOR_SHIFT;
			room = dl_super_sections(&sb);
			assert_in_range(room, 16u << 10, 1u << 20);
			/* Beside a segment in every chunk, and a header page. */
			assert_true((u64)room + DL_PAGE_BYTES + dl_super_chunks(&sb) *
				    sizeof(struct dl_disk_segment) <= area);
			sb.log_sectors += 15 * (sb.log_sectors - sb.data_start);
			assert_int_equal(dl_super_sections(&sb), room);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_crypt),
		cmocka_unit_test(test_future),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_layout_refuses),
		cmocka_unit_test(test_segment_fits),
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_blank),
		cmocka_unit_test(test_status_text),
		cmocka_unit_test(test_sections),
	};

	return cmocka_run_group_tests_name("super", tests, NULL, NULL);
}
