// SPDX-License-Identifier: GPL-2.0
/*
 * The rules of the walk, one by one. Crashes, damage and summaries have programs
 * of their own.
 */
#include "walk_util.h"

static void test_whole(void **state)
{
	u32 block;
	u64 seed;

	(void)state;
	for (block = 512; block <= 4096; block *= 2) {
		for (seed = 1; seed <= 10; seed++) {
			struct lb *b = lb_long(block, seed, seed % 4, seed & 1);
			struct lb_result r;
			u32 i;

			memcpy(image, b->log, LB_LOG_BYTES);
			expect_end_anyhow(b, b->nr_frames);

			lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
			assert_int_equal(r.nr_segs, 4);
			for (i = 0; i < 4; i++) {
				const struct dl_walk_segment_info *s = &r.segs[i];

				assert_int_equal(s->seg.id, b->segs[i].id);
				assert_int_equal(s->by_summary, i < 2);
				assert_int_equal(s->from_chain, i > 2);
				assert_int_equal(s->seg.first_commit,
						 b->segs[i].first_commit);
				assert_int_equal(s->seg.last_commit,
						 b->segs[i].last_commit);
				assert_int_equal(s->seg.first_seq,
						 b->segs[i].first_seq);
				assert_int_equal(s->seg.last_seq,
						 b->segs[i].last_seq);
				assert_int_equal(s->seg.end, b->segs[i].end);
				assert_int_equal(s->seg.state, i < 3 ?
						 DL_SEG_SEALED : DL_SEG_OPEN);
				assert_int_equal(s->seg.flags, i < 2 ?
						 DL_SEG_SUMMARY : 0);
				assert_int_equal(s->next_id, b->segs[i + 1].id);
			}
			lb_free(b);
		}
	}
}

static void test_empty(void **state)
{
	struct lb *b = lb_new(4096, 1);
	struct lb_result r;

	(void)state;
	memcpy(image, b->log, LB_LOG_BYTES);

	/* No segment at all: the checkpoint says where to go on. */
	b->cp.next_commit = 78;
	b->cp.next_seq = 1235;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_status(r.st, DL_OK);
	assert_int_equal(r.last_commit, 77);
	assert_int_equal(r.last_seq, 1234);
	b->cp.next_commit = 0;
	b->cp.next_seq = 0;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.last_commit, 0);
	assert_int_equal(r.last_seq, 0);

	/* One that nothing was written to. */
	lb_checkpoint(b);
	assert_int_equal(b->nr_table, 1);
	assert_int_equal(b->table[0].state, DL_SEG_NEXT);
	expect_end_anyhow(b, 0);
	b->table[0].end = 64;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.segs[0].seg.state, DL_SEG_NEXT);
	assert_int_equal(r.segs[0].seg.end, 0);
	assert_int_equal(r.segs[0].seg.first_commit, 1);
	assert_int_equal(r.segs[0].seg.last_commit, 0);

	/* Sealed empty: the log goes on behind it. */
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	b->segs[0].last_commit = b->segs[0].first_commit - 1;
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	lb_frames(b, 3, 1, 4);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 3);
	lb_free(b);
}

/* A checkpoint from before anything else: all is found by the chain. */
static void test_chain(void **state)
{
	struct lb *b = lb_new(512, 700);
	struct lb_result r;
	u32 i;

	(void)state;
	lb_checkpoint(b);
	for (i = 0; i < 12; i++) {
		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_frames(b, 1 + i % 4, i % 3, 9);
		lb_seal(b, i % 3 == 0);
	}
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, b->nr_frames);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.nr_segs, 12);
	assert_false(r.segs[0].from_chain);
	assert_true(r.segs[1].from_chain);
	assert_false(r.more);
	lb_free(b);
}

/* The only frame of a segment is gone; the proof is in the successor. */
static void test_proof_in_successor(void **state)
{
	struct lb *b = lb_new(4096, 720);
	struct lb_result r;
	u32 last;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	lb_frames(b, 3, 2, 2);
	last = b->nr_frames - 1;
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 1, 2, 2);
	memcpy(image, b->log, LB_LOG_BYTES);
	memset(image + b->frames[last].sector * DL_SECTOR_BYTES, 0, 128);

	/* The one later frame was sent before it was durable. */
	expect_end(b, 0, LB_SUMMARY_MAX, last);

	lb_frames(b, 1, 2, 2);
	lb_apply(b, image, &b->writes[b->nr_writes - 1], 0,
		 b->writes[b->nr_writes - 1].sectors);
	expect_end(b, 0, LB_SUMMARY_MAX, last);

	lb_frames(b, 1, 2, 2);
	lb_apply(b, image, &b->writes[b->nr_writes - 1], 0,
		 b->writes[b->nr_writes - 1].sectors);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	check_model(&r);
	assert_status(r.st, DL_LOST);
	assert_int_equal(r.frames, last);
	lb_free(b);
}

/* A gap with frames behind it: an end, and said so. */
static void test_gap_is_told(void **state)
{
	struct lb *b = lb_new(4096, 730);
	struct lb_result r;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	lb_frames(b, 5, 9, 2);
	memcpy(image, b->log, LB_LOG_BYTES);
	memset(image + b->frames[2].sector * DL_SECTOR_BYTES, 0, 4096);
	expect_end_anyhow(b, 2);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.notes[DL_NOTE_INFO], 1);
	assert_int_equal(r.note[DL_NOTE_INFO].sector, b->frames[2].sector);

	/* Torn: that is told as well. */
	memcpy(image, b->log, LB_LOG_BYTES);
	image[b->frames[4].sector * DL_SECTOR_BYTES + 130] ^= 1;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.frames, 4);
	assert_int_equal(r.notes[DL_NOTE_INFO], 1);
	assert_status(r.note[DL_NOTE_INFO].why, DL_BAD_CRC);

	/* A header that was this life's is told, one of another is not. */
	memcpy(image, b->log, LB_LOG_BYTES);
	image[b->frames[4].sector * DL_SECTOR_BYTES + 50] ^= 1;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.frames, 4);
	assert_int_equal(r.notes[DL_NOTE_INFO], 1);
	image[b->frames[4].sector * DL_SECTOR_BYTES +
	      offsetof(struct dl_disk_frame, epoch)] ^= 1;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.frames, 4);
	assert_int_equal(r.notes[DL_NOTE_INFO], 0);

	/* Nothing there: nothing to tell. */
	memset(image + b->frames[4].sector * DL_SECTOR_BYTES, 0, 4096);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.frames, 4);
	assert_int_equal(r.notes[DL_NOTE_INFO], 0);
	lb_free(b);
}

/* What the checkpoint knows to be durable cannot be missing. */
static void test_proof_in_checkpoint(void **state)
{
	struct lb_result r;
	int flushed;

	(void)state;
	for (flushed = 0; flushed < 2; flushed++) {
		struct lb *b = lb_new(4096, 735);

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_frames(b, 3, 9, 2);
		if (flushed)
			lb_flush(b);
		lb_checkpoint(b);
		memcpy(image, b->log, LB_LOG_BYTES);
		expect_end_anyhow(b, 3);
		memset(image + b->frames[2].sector * DL_SECTOR_BYTES, 0, 4096);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		check_model(&r);
		assert_status(r.st, flushed ? DL_LOST : DL_OK);
		assert_int_equal(r.frames, 2);
		lb_free(b);
	}
}

/* A number left out is the end, whatever is in the next one's place. */
static void test_gapless(void **state)
{
	struct lb *b = lb_new(4096, 736);

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	lb_frames(b, 2, 9, 2);
	b->commit++;
	lb_frames(b, 2, 9, 2);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 2);
	lb_free(b);
}

/* Frames whose checksums are right and whose contents cannot be. */
static void test_absurd(void **state)
{
	struct lb_spec odd = { .type = 77, .sectors = 1 };
	struct lb_result r;
	int what;

	(void)state;
	for (what = 0; what < 3; what++) {
		struct lb *b = lb_new(512, 740);

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_checkpoint(b);
		lb_frames(b, 2, 9, 3);
		if (what == 0) {
			b->seq--;
			lb_frames(b, 1, 9, 3);
		} else if (what == 1) {
			assert_true(lb_frame(b, &odd, 1));
		} else {
			struct dl_frame_head *h = &b->frames[1].h;
			u8 *p = b->log + b->frames[1].sector * DL_SECTOR_BYTES;

			h->payload_sectors = 200;
			dl_frame_pack(h, 512, (struct dl_disk_frame *)p,
				      (struct dl_disk_desc *)(p + 128));
		}
		memcpy(image, b->log, LB_LOG_BYTES);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		assert_status(r.st, DL_LOST);
		assert_int_equal(r.frames, what == 2 ? 1 : 2);
		assert_status(r.note[DL_NOTE_FATAL].why,
			      what == 0 ? DL_BAD_ORDER :
			      what == 1 ? DL_BAD_FEATURE : DL_BAD_SIZE);
		lb_free(b);
	}
}

/* A log in the clear takes no frame that is not, and the other way round. */
static void test_sealed(void **state)
{
	struct lb_result r;
	int what;

	(void)state;
	for (what = 0; what < 2; what++) {
		struct lb *b = lb_new(4096, 745);
		struct dl_frame_head *h;
		u8 *p;

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_checkpoint(b);
		lb_frames(b, 2, 9, 3);
		h = &b->frames[1].h;
		p = b->log + b->frames[1].sector * DL_SECTOR_BYTES;
		if (what != 0) {
			/* As it might be, but for the tag. */
			h->flags |= DL_FRAME_SEALED;
			h->nr_descs = 0;
			h->payload_sectors = 0;
			dl_frame_pack(h, 4096, (struct dl_disk_frame *)p,
				      (struct dl_disk_desc *)(p + 128));
		}
		if (what == 0) {
			b->sb.incompat |= DL_FEATURE_CRYPT;
			b->sb.crypt.state = DL_CRYPT_KEYED;
			b->sb.crypt.cipher = DL_CIPHER_AES_GCM;
		}
		memcpy(image, b->log, LB_LOG_BYTES);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		assert_status(r.st, DL_LOST);
		assert_int_equal(r.frames, what == 1 ? 1 : 0);
		assert_status(r.note[DL_NOTE_FATAL].why, DL_BAD_TAG);
		lb_free(b);
	}
}

/* A successor that goes back, or out of the log, is refused. */
static void test_bad_successor(void **state)
{
	struct lb_result r;
	int what;

	(void)state;
	for (what = 0; what < 3; what++) {
		struct lb *b = lb_new(512, 750);
		struct dl_cp_segment *next;

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		next = &b->segs[b->nr_segs];
		if (what == 0)
			next->id = b->segs[0].id;
		else if (what == 1)
			next->start = LB_LOG_SECTORS;
		else
			next->start += 8;
		lb_frames(b, 3, 1, 4);
		lb_flush(b);
		b->segs[0].state = DL_SEG_SEALED;
		lb_checkpoint(b);
		b->nr_table = 1;
		memcpy(image, b->log, LB_LOG_BYTES);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		check_model(&r);
		assert_status(r.st, DL_BAD_PLACE);
		assert_int_equal(r.frames, 3);

		/* As the end of an open segment it just is not looked at. */
		b->table[0].state = DL_SEG_OPEN;
		expect_end_anyhow(b, 3);
		lb_free(b);
	}
}

/* What was sealed in an earlier life names nobody any more. */
static void test_life_over(void **state)
{
	struct lb *b = lb_new(512, 760);

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 3, 1, 4);
	lb_seal(b, false);
	lb_flush(b);
	lb_checkpoint(b);
	b->nr_table = 1;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 3, 1, 4);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 6);
	b->sb.epoch++;
	expect_end_anyhow(b, 3);
	lb_free(b);
}

/* A table that contradicts itself ends the walk; nothing is skipped. */
static void test_bad_table(void **state)
{
	struct lb *b = lb_long(512, 770, 0, true);
	struct dl_cp_segment t;
	struct lb_result r;

	(void)state;
	memcpy(image, b->log, LB_LOG_BYTES);
	t = b->table[0];
	b->table[0] = b->table[1];
	b->table[1] = t;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_status(r.st, DL_LOST);
	assert_status(r.note[DL_NOTE_FATAL].why, DL_BAD_ORDER);

	/* The same with nothing but sealed ones. */
	b->segs[1].last_commit = b->segs[2].first_commit - 1;
	b->table[0] = b->segs[1];
	b->table[1] = b->segs[0];
	b->nr_table = 2;
	b->no_model = true;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	check_model(&r);
	assert_status(r.st, DL_LOST);
	assert_int_equal(r.nr_segs, 1);
	assert_int_equal(r.last_commit, b->segs[1].last_commit);
	b->no_model = false;

	/* Says sealed where frames are missing. */
	lb_checkpoint(b);
	b->table[1].flags = 0;
	b->table[1].last_commit++;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	check_model(&r);
	assert_status(r.st, DL_LOST);
	lb_free(b);
}

/*
 * From one life to the next commits and sequences rise, each of them: a table
 * where one of the two does not is not to be trusted with the order.
 */
static void test_lives_in_order(void **state)
{
	struct lb_result r;
	int what;

	(void)state;
	for (what = 0; what < 3; what++) {
		struct lb *b = lb_new(4096, 775);

		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_frames(b, 3, 0, 4);
		lb_seal(b, what);
		b->epoch++;
		b->segs[1].epoch = b->epoch;
		b->durable = 0;
		if (what == 1)
			b->commit = 2;
		if (what == 2)
			b->seq = 2;
		lb_open(b, DL_CHUNK_SECTORS_MIN);
		lb_frames(b, 3, 0, 4);
		lb_seal(b, true);
		lb_checkpoint(b);
		memcpy(image, b->log, LB_LOG_BYTES);
		lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
		check_model(&r);
		assert_status(r.st, what ? DL_LOST : DL_OK);
		assert_int_equal(r.frames, what ? 3 : 6);
		lb_free(b);
	}
}

/* After a clean shutdown nobody searches the free space for proof. */
static void test_clean(void **state)
{
	struct lb *b = lb_new(4096, 780);
	struct lb_result r;

	(void)state;
	lb_open(b, 8 * DL_CHUNK_SECTORS_MIN);
	lb_frames(b, 3, 1, 2);
	lb_seal(b, true);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_flush(b);
	lb_checkpoint(b);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 3);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_true(r.read_sectors > 8 * DL_CHUNK_SECTORS_MIN);
	b->sb.flags |= DL_SUPER_CLEAN;
	expect_end_anyhow(b, 3);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_true(r.read_sectors < 100);
	lb_free(b);
}

struct stop {
	int countdown, err;
	int in_segment, in_frame, in_record;
};

static const u8 *stop_log;

static int stop_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	(void)ctx;
	memcpy(buf, stop_log + sector * DL_SECTOR_BYTES,
	       (size_t)sectors * DL_SECTOR_BYTES);
	return 0;
}

static int stop_segment(void *ctx, const struct dl_walk_segment_info *info)
{
	struct stop *s = ctx;

	(void)info;
	return s->in_segment && !s->countdown-- ? -ENOMEM : 0;
}

static int stop_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct stop *s = ctx;

	(void)h;
	(void)sector;
	return s->in_frame && !s->countdown-- ? -ENOMEM : 0;
}

static int stop_record(void *ctx, const struct dl_rec *rec)
{
	struct stop *s = ctx;

	(void)rec;
	return s->in_record && !s->countdown-- ? -ENOMEM : 0;
}

/* Each callback can stop the walk, by summary and by frames. */
static void test_stop(void **state)
{
	static const struct dl_walk_ops ops = {
		.read = stop_read,
		.segment = stop_segment,
		.frame = stop_frame,
		.record = stop_record,
	};
	struct lb *b = lb_long(512, 790, 0, true);
	int which, summary;

	(void)state;
	stop_log = b->log;
	for (which = 0; which < 3; which++) {
		for (summary = 0; summary < 2; summary++) {
			struct stop s = {
				.countdown = which ? 1 : 0,
				.in_segment = which == 0,
				.in_frame = which == 1,
				.in_record = which == 2,
			};
			struct dl_walk_segment_info info;
			struct dl_walk w = {
				.ops = &ops,
				.ctx = &s,
				.sb = &b->sb,
				.cp = &b->cp,
				.head_buf = b->head_buf,
				.data_buf = b->data_buf,
				.summary_buf = summary ? b->summary_buf : NULL,
				.summary_bytes = LB_SUMMARY_MAX,
			};
			bool more;

			dl_walk_begin(&w);
			assert_status(dl_walk_segment(&w, &b->table[0], &info,
						      &more), DL_IO_ERROR);
			assert_int_equal(w.err, -ENOMEM);
			assert_int_equal(info.by_summary, summary);
			if (which == 1)
				assert_int_equal(w.nr_frames, 2);
			if (which == 2)
				assert_int_equal(w.nr_records, 2);
		}
	}
	lb_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_proof_in_successor),
		cmocka_unit_test(test_gap_is_told),
		cmocka_unit_test(test_proof_in_checkpoint),
		cmocka_unit_test(test_gapless),
		cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_sealed),
		cmocka_unit_test(test_bad_successor),
		cmocka_unit_test(test_life_over),
		cmocka_unit_test(test_bad_table),
		cmocka_unit_test(test_lives_in_order),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_stop),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
