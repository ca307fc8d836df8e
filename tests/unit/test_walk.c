// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over synthetic logs: crashes at every point, in any order of
 * completion, torn anywhere; and every byte of a log damaged in turn.
 */
#include "logbuild.h"
#include "unit.h"

#define VERIFY	(DL_WALK_FRAMES | DL_WALK_PAYLOADS)

static u8 image[LB_LOG_BYTES];

static void check_model(const struct lb_result *r)
{
	if (r->wrong)
		fail_msg("%s (after %u frames)", r->wrong, r->frames);
}

static u32 bad_notes(const struct lb_result *r)
{
	return r->notes[DL_NOTE_REPAIRED] + r->notes[DL_NOTE_DAMAGE] +
		r->notes[DL_NOTE_FATAL];
}

/* Accepted: frames[0..n-1] and no sign of damage. */
static void expect_end(struct lb *b, u32 flags, size_t summary, u32 n)
{
	struct lb_result r;

	lb_walk(b, image, flags, summary, &r);
	check_model(&r);
	assert_status(r.st, DL_OK);
	assert_int_equal(r.frames, n);
	assert_int_equal(bad_notes(&r), 0);
	assert_int_equal(r.unreadable, 0);
	if (n) {
		assert_int_equal(r.last_commit, b->frames[n - 1].h.commit);
		assert_int_equal(r.last_seq, b->frames[n - 1].h.first_seq +
				 b->frames[n - 1].h.nr_descs - 1);
	}
}

/* In every way a log can be walked. */
static void expect_end_anyhow(struct lb *b, u32 n)
{
	expect_end(b, 0, LB_SUMMARY_MAX, n);
	expect_end(b, VERIFY, LB_SUMMARY_MAX, n);
	expect_end(b, 0, 0, n);
	expect_end(b, VERIFY, 0, n);
}

/* Frames that say that all but the @lag before them are durable. */
static u32 frames(struct lb *b, u32 n, u32 lag, u32 max_descs)
{
	u32 i;

	for (i = 0; i < n; i++) {
		if (b->commit > lag && b->commit - 1 - lag > b->durable)
			b->durable = b->commit - 1 - lag;
		if (!lb_frame_random(b, 1 + lb_random(b) % max_descs))
			break;
	}
	return i;
}

/*
 * A log over the remains of an earlier life: A sealed with a summary, B open
 * and C next when the checkpoint is made; then B fills and is sealed with a
 * summary, C without, and D is open.
 */
static struct lb *long_log(u32 block, u64 seed, u32 lag, bool new_epoch)
{
	struct lb *b = lb_new(block, seed);
	u32 most = block == 512 ? 20 : 6;
	int i;

	for (i = 0; i < 5; i++) {
		lb_open(b, DL_CHUNK_SECTORS_MIN);
		while (frames(b, 1, 1, most))
			;
		lb_seal(b, i & 1);
	}
	lb_recycle(b, new_epoch);

	lb_open(b, DL_CHUNK_SECTORS_MIN);
	assert_int_equal(frames(b, 3, lag, most), 3);
	lb_seal(b, true);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	assert_int_equal(frames(b, 2, lag, most), 2);
	lb_checkpoint(b);
	frames(b, 3, lag, most);
	lb_seal(b, true);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	frames(b, 3, lag, most);
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	frames(b, 4, lag, most);
	return b;
}

/* Index of the first write that the checkpoint did not know. */
static u32 checkpoint_write(const struct lb *b)
{
	u32 i;

	for (i = 0; i < b->nr_writes; i++)
		if (b->writes[i].frame >= 0 &&
		    b->frames[b->writes[i].frame].h.commit >= b->cp.next_commit)
			break;
	return i;
}

static void reset_image(const struct lb *b, u32 nr_writes)
{
	u32 i;

	memcpy(image, b->base, LB_LOG_BYTES);
	for (i = 0; i < nr_writes; i++)
		lb_apply(b, image, &b->writes[i], 0, b->writes[i].sectors);
}

/* Number of frames among the first @n writes. */
static u32 frames_in(const struct lb *b, u32 n)
{
	u32 i, nr = 0;

	for (i = 0; i < n; i++)
		nr += b->writes[i].frame >= 0;
	return nr;
}

static void test_whole(void **state)
{
	u32 block;
	u64 seed;

	(void)state;
	for (block = 512; block <= 4096; block *= 2) {
		for (seed = 1; seed <= 10; seed++) {
			struct lb *b = long_log(block, seed, seed % 4, seed & 1);
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

/* Crash after every write: all that was written before is found. */
static void test_prefix(void **state)
{
	u64 seed;
	u32 n;

	(void)state;
	for (seed = 1; seed <= 12; seed++) {
		struct lb *b = long_log(seed & 1 ? 512 : 4096, seed, seed % 5,
					seed & 2);

		for (n = checkpoint_write(b); n <= b->nr_writes; n++) {
			reset_image(b, n);
			expect_end_anyhow(b, frames_in(b, n));
		}
		lb_free(b);
	}
}

/*
 * Some of the writes in flight arrive and some do not: what is found ends at
 * the first that did not, and nothing is called damage.
 */
static void test_holes(void **state)
{
	const u32 window = 5;
	u32 tried = 0;
	u64 seed;

	(void)state;
	for (seed = 1; seed <= 6; seed++) {
		struct lb *b = long_log(seed & 1 ? 512 : 4096, seed + 100, 4,
					seed & 2);
		u32 n, mask;

		for (n = checkpoint_write(b); n <= b->nr_writes; n++) {
			u32 low = max_t(u32, checkpoint_write(b), n < window ?
					0 : n - window);

			for (mask = 0; mask < 1u << (n - low); mask++) {
				u64 durable = b->cp.durable_commit;
				u32 i, want = frames_in(b, low);
				bool possible = true, gap = false;

				reset_image(b, low);
				for (i = low; i < n; i++) {
					const struct lb_write *wr = &b->writes[i];

					if (!(mask >> (i - low) & 1)) {
						gap |= wr->frame >= 0;
						continue;
					}
					lb_apply(b, image, wr, 0, wr->sectors);
					if (wr->frame < 0)
						/* all before it were durable */
						durable = max_t(u64, durable,
							b->segs[wr->seg].last_commit);
					else
						durable = max_t(u64, durable,
							b->frames[wr->frame].h.durable_commit);
					want += !gap && wr->frame >= 0;
				}
				for (i = low; i < n; i++)
					if (!(mask >> (i - low) & 1) &&
					    b->writes[i].frame >= 0 &&
					    b->frames[b->writes[i].frame].h.commit <= durable)
						possible = false;
				if (!possible)
					continue;
				tried++;
				expect_end(b, 0, LB_SUMMARY_MAX, want);
				expect_end(b, VERIFY, 0, want);
			}
		}
		lb_free(b);
	}
	assert_true(tried > 500);
}

/* What the last write is missing does not matter when it is padding. */
static bool same_without(const struct lb *b, const struct lb_write *wr, u32 from,
			 u32 sectors)
{
	size_t i, at = (wr->sector + from) * DL_SECTOR_BYTES;

	for (i = at; i < at + (size_t)sectors * DL_SECTOR_BYTES; i++)
		if (b->kind[i] != LB_UNUSED && image[i] != b->log[i])
			return false;
	return true;
}

/* The last write is torn at every sector, from either end or in its middle. */
static void test_torn(void **state)
{
	u64 seed;
	u32 n, cut;

	(void)state;
	for (seed = 1; seed <= 8; seed++) {
		struct lb *b = long_log(seed & 1 ? 512 : 4096, seed + 200,
					seed % 4, seed & 2);

		for (n = checkpoint_write(b); n < b->nr_writes; n++) {
			const struct lb_write *wr = &b->writes[n];
			u32 all = frames_in(b, n + 1);

			for (cut = 0; cut < wr->sectors; cut++) {
				u32 rest = wr->sectors - cut, want;

				/* the first @cut sectors only */
				reset_image(b, n);
				lb_apply(b, image, wr, 0, cut);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, cut, rest);
				expect_end(b, 0, LB_SUMMARY_MAX, want);
				expect_end(b, VERIFY, 0, want);

				/* the last ones only */
				reset_image(b, n);
				lb_apply(b, image, wr, cut, rest);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, 0, cut);
				expect_end(b, 0, LB_SUMMARY_MAX, want);

				/* all but one */
				reset_image(b, n + 1);
				memcpy(image + (wr->sector + cut) * DL_SECTOR_BYTES,
				       b->base + (wr->sector + cut) *
				       DL_SECTOR_BYTES, DL_SECTOR_BYTES);
				want = wr->frame < 0 ? all :
					all - !same_without(b, wr, cut, 1);
				expect_end(b, 0, LB_SUMMARY_MAX, want);
			}
		}
		lb_free(b);
	}
}

static const struct lb_rec *record_at(const struct lb *b, u64 sector)
{
	u32 i;

	for (i = 0; i < b->nr_recs; i++)
		if (b->recs[i].loc && sector >= b->recs[i].loc &&
		    sector < b->recs[i].loc + b->recs[i].d.sectors)
			return &b->recs[i];
	return NULL;
}

static bool by_summary(const struct lb *b, u32 seg, size_t summary)
{
	return summary && b->segs[seg].flags & DL_SEG_SUMMARY;
}

/*
 * The one outcome that is right for a damaged byte, from what the byte is and
 * who can tell that it was durable.
 */
static void check_damage(struct lb *b, size_t at, u32 flags, size_t summary)
{
	const u64 sector = at / DL_SECTOR_BYTES;
	const u32 own = b->owner[sector], all = b->nr_frames;
	const struct lb_frame *f = &b->frames[own];
	const struct lb_rec *rec;
	struct lb_result r;
	bool verify = flags, lost = false, cut = false;
	u32 repaired = 0, damage = 0, unreadable = 0;

	lb_walk(b, image, flags, summary, &r);
	check_model(&r);
	switch ((enum lb_kind)b->kind[at]) {
	case LB_UNUSED:
		break;
	case LB_HEAD:
		if (by_summary(b, f->seg, summary))
			repaired = verify;
		else if (lb_proven(b, own, NULL))
			lost = true;
		else
			cut = true;
		break;
	case LB_PAYLOAD:
		if (by_summary(b, f->seg, summary) || lb_proven(b, own, NULL)) {
			unreadable = 1;
			/* Unless asked to, it verifies as little as it can. */
			damage = verify || r.notes[DL_NOTE_DAMAGE];
			assert_true(damage <= 1);
		} else {
			cut = true;
		}
		break;
	case LB_SUMMARY:
	case LB_TAIL:
		/* Without a buffer nobody looks at more than the tail. */
		repaired = own < b->nr_table &&
			b->table[own].flags & DL_SEG_SUMMARY &&
			(summary || b->kind[at] == LB_TAIL);
		break;
	}
	assert_status(r.st, lost ? DL_LOST : DL_OK);
	assert_int_equal(r.frames, lost || cut ? own : all);
	assert_int_equal(r.notes[DL_NOTE_FATAL], lost);
	assert_int_equal(r.notes[DL_NOTE_REPAIRED], repaired);
	assert_int_equal(r.notes[DL_NOTE_DAMAGE], damage);
	assert_int_equal(r.unreadable, unreadable);
	assert_int_equal(r.damaged, damage);
	if (damage) {
		rec = record_at(b, sector);
		assert_non_null(rec);
		assert_int_equal(r.note[DL_NOTE_DAMAGE].sector, rec->loc);
		assert_int_equal(r.note[DL_NOTE_DAMAGE].page, rec->d.addr);
		assert_int_equal(r.note[DL_NOTE_DAMAGE].commit, f->h.commit);
	}
	if (lost) {
		assert_int_equal(r.note[DL_NOTE_FATAL].sector, f->sector);
		assert_int_equal(r.note[DL_NOTE_FATAL].commit, f->h.commit);
		assert_int_equal(r.note[DL_NOTE_FATAL].segment_id,
				 f->h.segment_id);
	}
}

/* Every byte of a log, one at a time. */
static void test_every_byte(void **state)
{
	u32 seen[LB_TAIL + 1] = { 0 };
	u64 seed;

	(void)state;
	for (seed = 1; seed <= 2; seed++) {
		struct lb *b = long_log(seed & 1 ? 512 : 4096, seed + 300, seed,
					seed & 1);
		size_t from = b->sb.data_start * DL_SECTOR_BYTES;
		size_t to = from + 5 * DL_CHUNK_SECTORS_MIN * DL_SECTOR_BYTES;
		size_t at;

		memcpy(image, b->log, LB_LOG_BYTES);
		for (at = from; at < to; at++) {
			u8 flip = 1 << (lb_random(b) & 7);

			/* Of what nobody uses, and of payloads, a sample. */
			if (b->kind[at] == LB_UNUSED && at % 61)
				continue;
			if (b->kind[at] == LB_PAYLOAD && at % 7)
				continue;
			seen[b->kind[at]]++;
			image[at] ^= flip;
			check_damage(b, at, 0, LB_SUMMARY_MAX);
			check_damage(b, at, VERIFY, LB_SUMMARY_MAX);
			image[at] ^= flip;
			image[at] ^= 0xff;
			check_damage(b, at, VERIFY, 0);
			image[at] ^= 0xff;
		}
		assert_memory_equal(image, b->log, LB_LOG_BYTES);
		lb_free(b);
	}
	for (seed = 0; seed <= LB_TAIL; seed++)
		assert_true(seen[seed] > 50);
}

/* A block that cannot be read is like one that is damaged, but never quiet. */
static void test_unreadable(void **state)
{
	struct lb *b = long_log(4096, 400, 1, true);
	u32 block;

	(void)state;
	memcpy(image, b->log, LB_LOG_BYTES);
	b->bad_sectors = DL_PAGE_SECTORS;
	for (block = 0; block < 4 * DL_CHUNK_SECTORS_MIN; block += 8) {
		struct lb_result r;
		size_t i, at;
		u32 used = 0;

		b->bad_sector = b->sb.data_start + block;
		at = b->bad_sector * DL_SECTOR_BYTES;
		for (i = at; i < at + DL_PAGE_BYTES; i++)
			used |= 1u << b->kind[i];
		lb_walk(b, image, VERIFY, LB_SUMMARY_MAX, &r);
		check_model(&r);
		if (used & ~(1u << LB_UNUSED)) {
			u32 own = b->owner[b->bad_sector];
			bool flagged = own == 0;

			if (used & (1u << LB_SUMMARY | 1u << LB_TAIL)) {
				assert_status(r.st, DL_OK);
				assert_int_equal(r.frames, b->nr_frames);
				assert_int_equal(r.notes[DL_NOTE_REPAIRED],
						 flagged);
			} else {
				assert_true(bad_notes(&r) > 0);
				if (r.st == DL_OK && r.frames < b->nr_frames) {
					assert_false(lb_proven(b, own, NULL));
					assert_int_equal(r.frames, own);
				}
			}
			/* One block holds no more than eight records. */
			assert_true(r.damaged <= 8);
		} else if (b->bad_sector < b->frames[b->nr_frames - 1].sector) {
			assert_status(r.st, DL_OK);
			assert_int_equal(r.frames, b->nr_frames);
		} else {
			/* Unused, unless it is where the next frame would be. */
			assert_int_equal(r.frames, b->nr_frames);
		}
	}
	lb_free(b);
}

/* Damage of all kinds at once: nothing false is ever accepted. */
static void test_wild(void **state)
{
	u64 seed;

	(void)state;
	for (seed = 1; seed <= 20; seed++) {
		struct lb *b = long_log(512 << (seed & 3), seed + 500, seed % 3,
					seed & 1);
		u32 span = 5 * DL_CHUNK_SECTORS_MIN;
		int round, k;

		for (round = 0; round < 100; round++) {
			struct lb_result r;

			memcpy(image, b->log, LB_LOG_BYTES);
			for (k = lb_random(b) % 8; k >= 0; k--) {
				u64 x = lb_random(b), y = lb_random(b);
				u8 *p = image + (b->sb.data_start + x % span) *
					DL_SECTOR_BYTES;
				const u8 *q = (y & 1 ? b->log : b->base) +
					(b->sb.data_start + (y >> 1) % span) *
					DL_SECTOR_BYTES;

				switch (x >> 60 & 3) {
				case 0:
					p[y % DL_SECTOR_BYTES] ^= 1 + (y >> 20) % 255;
					break;
				case 1:
					memset(p, y >> 56, DL_SECTOR_BYTES);
					break;
				default:
					memcpy(p, q, DL_SECTOR_BYTES);
				}
			}
			lb_walk(b, image, round & 1 ? VERIFY : 0,
				round & 2 ? LB_SUMMARY_MAX : 0, &r);
			check_model(&r);
			assert_true(r.st == DL_OK || r.st == DL_LOST);
			assert_int_equal(r.notes[DL_NOTE_FATAL],
					 r.st == DL_LOST);
		}
		lb_free(b);
	}
}

/* Pure noise, and noise in the checkpoint's table as well. */
static void test_noise(void **state)
{
	struct lb *b = long_log(512, 600, 1, true);
	int round;
	u32 i;

	(void)state;
	b->no_model = true;
	for (round = 0; round < 300; round++) {
		struct lb_result r;

		memcpy(image, b->log, LB_LOG_BYTES);
		if (round & 1)
			for (i = b->sb.data_start * DL_SECTOR_BYTES;
			     i < LB_LOG_BYTES; i++)
				image[i] = (u8)lb_random(b);
		lb_checkpoint(b);
		for (i = 0; i < b->nr_table; i++) {
			struct dl_cp_segment *s = &b->table[i];
			u64 x = lb_random(b);

			s->first_commit = x & 1 ? s->first_commit : x >> 1;
			s->last_commit = x & 2 ? s->last_commit : ~x;
			s->first_seq = x & 4 ? s->first_seq : ~x;
			s->state = x & 8 ? s->state : 1 + x % 3;
			s->epoch = x & 16 ? s->epoch : x | 1;
			s->flags = x & 32 ? s->flags : x & 1;
			/* What dl_cp_get_segment() would have refused. */
			if (s->state == DL_SEG_SEALED &&
			    (!s->first_commit || s->last_commit == U64_MAX ||
			     s->last_commit < s->first_commit - 1))
				s->state = DL_SEG_OPEN;
		}
		b->cp.next_commit = round & 4 ? lb_random(b) : 0;
		b->cp.next_seq = round & 4 ? lb_random(b) : 0;
		b->cp.durable_commit = round & 8 ? lb_random(b) : 0;
		lb_walk(b, image, lb_random(b) & 3, LB_SUMMARY_MAX, &r);
		check_model(&r);
	}
	lb_free(b);
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
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.segs[0].seg.state, DL_SEG_NEXT);
	assert_int_equal(r.segs[0].seg.first_commit, 1);
	assert_int_equal(r.segs[0].seg.last_commit, 0);

	/* Sealed empty: the log goes on behind it. */
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	b->segs[0].last_commit = b->segs[0].first_commit - 1;
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	frames(b, 3, 1, 4);
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
		frames(b, 1 + i % 4, i % 3, 9);
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

/* First header of a segment gone, its summary there: nothing is lost. */
static void test_first_header(void **state)
{
	struct lb *b = lb_new(512, 710);
	struct lb_result r;

	(void)state;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	frames(b, 3, 1, 4);
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	frames(b, 3, 1, 4);
	lb_seal(b, true);
	memcpy(image, b->log, LB_LOG_BYTES);
	image[b->segs[1].start * DL_SECTOR_BYTES + 20] ^= 1;
	expect_end(b, 0, LB_SUMMARY_MAX, 6);
	lb_walk(b, image, 0, 0, &r);
	assert_status(r.st, DL_LOST);
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
	frames(b, 3, 2, 2);
	last = b->nr_frames - 1;
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	frames(b, 1, 2, 2);
	memcpy(image, b->log, LB_LOG_BYTES);
	memset(image + b->frames[last].sector * DL_SECTOR_BYTES, 0, 128);

	/* The one later frame was sent before it was durable. */
	expect_end(b, 0, LB_SUMMARY_MAX, last);

	frames(b, 1, 2, 2);
	lb_apply(b, image, &b->writes[b->nr_writes - 1], 0,
		 b->writes[b->nr_writes - 1].sectors);
	expect_end(b, 0, LB_SUMMARY_MAX, last);

	frames(b, 1, 2, 2);
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
	frames(b, 5, 9, 2);
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

	/* Nothing there: nothing to tell. */
	memset(image + b->frames[4].sector * DL_SECTOR_BYTES, 0, 4096);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_int_equal(r.frames, 4);
	assert_int_equal(r.notes[DL_NOTE_INFO], 0);
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
		frames(b, 2, 9, 3);
		if (what == 0) {
			b->seq--;
			frames(b, 1, 9, 3);
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
		frames(b, 3, 1, 4);
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
	frames(b, 3, 1, 4);
	lb_seal(b, false);
	lb_flush(b);
	lb_checkpoint(b);
	b->nr_table = 1;
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	frames(b, 3, 1, 4);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, 6);
	b->sb.epoch++;
	expect_end_anyhow(b, 3);
	lb_free(b);
}

/* A table that contradicts itself ends the walk; nothing is skipped. */
static void test_bad_table(void **state)
{
	struct lb *b = long_log(512, 770, 0, true);
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

	/* Says sealed where frames are missing. */
	lb_checkpoint(b);
	b->table[1].flags = 0;
	b->table[1].last_commit++;
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	check_model(&r);
	assert_status(r.st, DL_LOST);
	lb_free(b);
}

/* After a clean shutdown nobody searches the free space for proof. */
static void test_clean(void **state)
{
	struct lb *b = lb_new(4096, 780);
	struct lb_result r;

	(void)state;
	lb_open(b, 8 * DL_CHUNK_SECTORS_MIN);
	frames(b, 3, 1, 2);
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
	struct lb *b = long_log(512, 790, 0, true);
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

/* Recovery reads summaries and headers, not the log. */
static void test_cheap(void **state)
{
	struct lb_spec page = { .type = DL_REC_DATA, .sectors = 8 };
	struct lb *b = lb_new(4096, 800);
	struct lb_result r;
	u32 i, total = 0;

	(void)state;
	lb_open(b, 8 * DL_CHUNK_SECTORS_MIN);
	lb_checkpoint(b);
	for (i = 0; i < 4; i++) {
		page.addr = i;
		lb_flush(b);
		assert_true(lb_frame(b, &page, 1));
	}
	lb_seal(b, false);
	lb_open(b, DL_CHUNK_SECTORS_MIN);
	for (i = 0; i < 50; i++) {
		struct lb_spec spec[8];
		u32 k;

		for (k = 0; k < 8; k++) {
			spec[k] = page;
			spec[k].addr = i * 8 + k;
		}
		lb_flush(b);
		if (!lb_frame(b, spec, 8))
			break;
		total += 9 * DL_PAGE_SECTORS;
	}
	assert_true(i > 10);
	lb_seal(b, true);
	memcpy(image, b->log, LB_LOG_BYTES);
	expect_end_anyhow(b, b->nr_frames);
	lb_walk(b, image, 0, LB_SUMMARY_MAX, &r);
	assert_true(r.read_sectors < total / 2);
	lb_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_first_header),
		cmocka_unit_test(test_proof_in_successor),
		cmocka_unit_test(test_gap_is_told),
		cmocka_unit_test(test_absurd),
		cmocka_unit_test(test_bad_successor),
		cmocka_unit_test(test_life_over),
		cmocka_unit_test(test_bad_table),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_cheap),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
