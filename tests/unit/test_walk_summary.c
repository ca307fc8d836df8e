// SPDX-License-Identifier: GPL-2.0
/*
 * The walk and summaries: gone by when they are right, done without when not.
 */
#include "walk_util.h"

/* First header of a segment gone, its summary there: nothing is lost. */
static void test_first_header(void **state)
{
	struct lb *b = lb_new(512, 710);
	struct lb_result r;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	lb_frames(b, 3, 1, 4);
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 3, 1, 4);
	lb_seal(b, true);
	memcpy(image, b->log, LB_LOG_BYTES);
	image[b->segs[1].start * DL_SECTOR_BYTES + 20] ^= 1;
	expect_end(b, 0, LB_SUMMARY_MAX, 6);
	lb_walk(b, image, 0, 0, &r);
	assert_status(r.st, DL_LOST);
	lb_free(b);
}

/* A summary too long for the buffer is done without, and is no damage. */
static void test_long_summary(void **state)
{
	struct lb *b = lb_new(4096, 737);
	struct lb_result r;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 2, 9, 2);
	lb_seal(b, true);
	lb_checkpoint(b);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 2);
	expect_end(b, VERIFY, 4095, 2);
	lb_walk(b, image, 0, 4095, &r);
	assert_false(r.segs[0].by_summary);
	lb_walk(b, image, 0, 4096, &r);
	assert_true(r.segs[0].by_summary);
	lb_free(b);
}

/* Set @n bytes of the summary that is @wr, and make its CRC right again. */
static void forge_summary(const struct lb_write *wr, size_t at, u64 value,
			  size_t n)
{
	u8 *p = image + wr->sector * DL_SECTOR_BYTES;
	struct dl_disk_summary *d = (void *)p;

	value = cpu_to_le64(value);
	memcpy(p + at, &value, n);
	d->crc = 0;
	d->crc = cpu_to_le32(dl_crc32c(p, sizeof(*d) +
				       le32_to_cpu(d->body_bytes)));
}

/*
 * A summary whose checksum is right and whose contents cannot be is not gone
 * by, not even up to where it goes wrong.
 */
static void test_bad_summary(void **state)
{
	const size_t first = sizeof(struct dl_disk_summary);
	const size_t desc = first + sizeof(struct dl_disk_summary_frame);
	const size_t second = desc + sizeof(struct dl_disk_desc);
	const struct {
		size_t at;
		u64 value;
		size_t n;
	} forged[] = {
		/* overlaps the frame before, or itself */
		{ second + offsetof(struct dl_disk_summary_frame, payload_start),
		  16, 4 },
		{ second + offsetof(struct dl_disk_summary_frame, payload_start),
		  8, 4 },
		{ first + offsetof(struct dl_disk_summary_frame, payload_start),
		  0, 4 },
		/* not on a block, behind the end */
		{ second + offsetof(struct dl_disk_summary_frame, payload_start),
		  25, 4 },
		{ second + offsetof(struct dl_disk_summary_frame, payload_start),
		  40, 4 },
		{ second + offsetof(struct dl_disk_summary_frame, payload_start),
		  0xfffffff8, 4 },
		/* out of sequence */
		{ second + offsetof(struct dl_disk_summary_frame, first_seq),
		  1, 8 },
		{ second + offsetof(struct dl_disk_summary_frame, first_seq),
		  U64_MAX, 8 },
		{ second + offsetof(struct dl_disk_summary_frame, commit), 1, 8 },
		{ second + offsetof(struct dl_disk_summary_frame, commit), 3, 8 },
		/* of another number of records, or an unknown type */
		{ second + offsetof(struct dl_disk_summary_frame, nr_descs),
		  0, 4 },
		{ desc, 99, 1 },
		{ offsetof(struct dl_disk_summary, first_commit),
		  2ULL, 8 },
		{ offsetof(struct dl_disk_summary, end), 33, 4 },
	};
	struct lb_spec page = { .type = DL_REC_DATA, .sectors = 8 };
	struct lb *b = lb_new(4096, 738);
	struct lb_result r;
	u32 i;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	assert_true(lb_frame(b, &page, 1));
	assert_true(lb_frame(b, &page, 1));
	lb_seal(b, true);
	lb_checkpoint(b);
	for (i = 0; i < ARRAY_SIZE(forged); i++) {
		memcpy(image, b->log, LB_LOG_BYTES);
		forge_summary(&b->writes[2], forged[i].at, forged[i].value,
			      forged[i].n);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		check_model(&r);
		assert_status(r.st, DL_OK);
		assert_int_equal(r.frames, 2);
		assert_int_equal(r.notes[DL_NOTE_REPAIRED], 1);
		assert_false(r.segs[0].by_summary);
		assert_int_equal(r.segs[0].seg.flags, 0);
	}
	lb_free(b);
}

/* Frame and summary, both intact, that tell different stories. */
static void test_unlike(void **state)
{
	struct lb *b = lb_new(4096, 739);
	struct dl_disk_desc *desc;
	struct dl_disk_frame *f;
	struct dl_frame_head h;
	struct lb_result r;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 2, 9, 2);
	lb_seal(b, true);
	lb_checkpoint(b);
	memcpy(image, b->log, LB_LOG_BYTES);
	f = (void *)(image + b->frames[1].sector * DL_SECTOR_BYTES);
	desc = (void *)(f + 1);
	desc->client = cpu_to_le16(77);
	h = b->frames[1].h;
	dl_frame_pack(&h, 4096, f, desc);
	expect_end(b, 0, LB_SUMMARY_MAX, 2);
	lb_walk(b, image, DL_WALK_FRAMES, LB_SUMMARY_MAX, &r);
	check_model(&r);
	assert_status(r.st, DL_OK);
	assert_int_equal(r.frames, 2);
	assert_int_equal(r.notes[DL_NOTE_DAMAGE], 1);
	assert_int_equal(r.note[DL_NOTE_DAMAGE].sector, b->frames[1].sector);
	lb_free(b);
}

/*
 * A summary was begun, so all frames were durable: that the summary itself is
 * of no use, and that nothing follows, does not make damage a torn write.
 */
static void test_vouched(void **state)
{
	struct lb_spec page = { .type = DL_REC_DATA, .sectors = 8 };
	struct lb *b = lb_new(512, 795);
	struct lb_result r;
	u8 *payload;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	assert_true(lb_frame(b, &page, 1));
	assert_true(lb_frame(b, &page, 1));
	lb_seal(b, true);
	memcpy(image, b->log, LB_LOG_BYTES);
	payload = image + b->recs[1].loc * DL_SECTOR_BYTES;
	payload[5] ^= 1;
	lb_walk(b, image, VERIFY, 0, &r);
	check_model(&r);
	assert_status(r.st, DL_OK);
	assert_int_equal(r.frames, 2);
	assert_int_equal(r.damaged, 1);
	assert_int_equal(r.notes[DL_NOTE_DAMAGE], 1);

	/* Without the tail there is no proof, and it is an end. */
	image[(b->segs[0].start + b->segs[0].sectors) * DL_SECTOR_BYTES - 8] ^= 1;
	lb_walk(b, image, VERIFY, 0, &r);
	assert_int_equal(r.frames, 1);
	assert_int_equal(bad_notes(&r), 0);
	lb_free(b);
}

/* Recovery reads summaries and headers, not the log. */
static void test_cheap(void **state)
{
	struct lb_spec spec[8];
	struct lb_result r;
	int summary;
	u32 i, k;

	(void)state;
	for (summary = 0; summary < 2; summary++) {
		struct lb *b = lb_new(4096, 800);

		lb_open(b, 8 * DL_CHUNK_SECTORS_MIN);
		lb_checkpoint(b);
		lb_seal(b, false);
		b->segs[0].last_commit = 0;
		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_checkpoint(b);
		for (i = 0; i < 50; i++) {
			for (k = 0; k < 8; k++)
				spec[k] = (struct lb_spec) {
					.type = DL_REC_DATA, .sectors = 8,
					.addr = i * 8 + k,
				};
			lb_flush(b);
			if (!lb_frame(b, spec, 8))
				break;
		}
		assert_true(i > 10);
		lb_seal(b, summary);
		memcpy(image, b->log, LB_LOG_BYTES);
		expect_end_anyhow(b, b->nr_frames);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		/*
		 * With a summary that and a look into the successor; without,
		 * two blocks of each frame, and all of the last one.
		 */
		assert_true(r.read_sectors < (summary ? 300 : 600));
		lb_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_header),
		cmocka_unit_test(test_long_summary),
		cmocka_unit_test(test_bad_summary),
		cmocka_unit_test(test_unlike),
		cmocka_unit_test(test_vouched),
		cmocka_unit_test(test_cheap),
	};

	return cmocka_run_group_tests_name("walk, summaries", tests, NULL, NULL);
}
