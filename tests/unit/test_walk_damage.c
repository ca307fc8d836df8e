// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over damage: every byte of a log in turn, unreadable blocks, and
 * all kinds at once.
 */
#include "walk_util.h"

/* The record whose payload has byte @at of the log. */
static const struct lb_rec *record_at(const struct lb *b, size_t at)
{
	u32 i;

	for (i = 0; i < b->nr_recs; i++) {
		const struct lb_rec *rec = &b->recs[i];
		size_t from = rec->loc * DL_SECTOR_BYTES +
			dl_desc_at(&rec->d) % DL_SECTOR_BYTES;

		if (rec->loc && at >= from &&
		    at < from + dl_desc_bytes(&rec->d))
			return rec;
	}
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
		rec = record_at(b, at);
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
		struct lb *b = lb_long(seed & 1 ? 512 : 4096, seed + 300, seed,
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

static u32 records_in(const struct lb *b, u64 sector, u32 sectors)
{
	u32 i, nr = 0;

	for (i = 0; i < b->nr_recs; i++)
		nr += b->recs[i].loc && b->recs[i].loc < sector + sectors &&
			sector < b->recs[i].loc + b->recs[i].d.sectors;
	return nr;
}

/* A block that cannot be read is like one that is damaged, but never quiet. */
static void test_unreadable(void **state)
{
	struct lb *b = lb_long(4096, 400, 1, true);
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
			/* Nothing but what lies in that block. */
			if (r.st == DL_OK && r.frames == b->nr_frames)
				assert_int_equal(r.damaged,
						 records_in(b, b->bad_sector,
							    b->bad_sectors));
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
		struct lb *b = lb_long(512 << (seed & 3), seed + 500, seed % 3,
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
	struct lb *b = lb_long(512, 600, 1, true);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_wild),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests_name("walk, damage", tests, NULL, NULL);
}
