// SPDX-License-Identifier: GPL-2.0
/*
 * Walking a log, one segment at a time.
 *
 * What decides everything here is whether the frame that should come next was
 * ever durable. If so, its absence is damage; if not, it is where a crash cut
 * the log. Sources of proof, cheapest first: the checkpoint, headers of the
 * frames that follow in a row, the tail of a summary, and at last any header of
 * the same epoch that lies further on. A header proves by being there: its 128
 * bytes are one sector, and what it says was true when it was made, wherever
 * it is found, be it in a copy of the log that somebody stored on the volume.
 *
 * Buffers: head_buf has the frame in hand and survives a look ahead, which
 * uses data_buf alone.
 */
#include "walk_int.h"

/*
 * How far a look ahead goes beyond the segment. A frame says what was durable
 * when it was sent, so the proof for a frame is at most as many frames away as
 * there can be in flight.
 */
#define AHEAD_SEGMENTS	2u
#define AHEAD_SECTORS	32768u			/* 16 MiB of each */

/* In dl_cp_segment.flags, in core only: made by dl_walk_successor(). */
#define SEG_CHAINED	0x8000u

static enum dl_status stop(struct dl_walk *w, int err)
{
	w->err = err;
	return DL_IO_ERROR;
}

/* The walk cannot go on: the frame that comes next is not to be had. */
static enum dl_status lost(struct dl_walk *w, const struct dl_seg_walk *s,
			   enum dl_status why, const char *what,
			   u64 segment_id, u64 sector)
{
	dl_walk_note(w, DL_NOTE_FATAL, why, what, segment_id, sector,
		     s->commit, U64_MAX);
	return DL_LOST;
}

/* The frame at s->pos belongs to the volume: hand it over. */
static enum dl_status accept(struct dl_walk *w, struct dl_seg_walk *s,
			     const struct dl_frame_head *h,
			     const struct dl_disk_desc *descs)
{
	struct dl_walk_segment_info *info = s->info;
	const u64 sector = s->seg->start + s->pos;
	struct dl_rec rec;
	int err;
	u32 i;

	if (info->seg.last_commit < info->seg.first_commit)
		info->seg.first_seq = h->first_seq;
	s->commit = h->commit + 1;
	s->min_seq = h->first_seq + h->nr_descs;
	w->last_commit = h->commit;
	w->last_seq = s->min_seq ? s->min_seq - 1 : 0;
	w->nr_frames++;
	info->seg.last_commit = w->last_commit;
	info->seg.last_seq = w->last_seq;
	info->next_id = h->next_id;
	info->next_start = h->next_start;
	info->next_sectors = h->next_sectors;

	if (w->ops->frame) {
		err = w->ops->frame(w->ctx, h, sector);
		if (err)
			return stop(w, err);
	}
	for (i = 0; i < h->nr_descs; i++) {
		if (dl_desc_unpack(&rec.d, &descs[i], h->payload_sectors) !=
		    DL_OK || rec.d.type == DL_REC_NONE)
			continue;
		rec.seq = h->first_seq + i;
		rec.loc = dl_rec_has_payload(rec.d.type) ?
			sector + s->bs + dl_desc_sector(&rec.d) : 0;
		rec.segment_id = s->seg->id;
		rec.commit = h->commit;
		w->nr_records++;
		if (!w->ops->record)
			continue;
		err = w->ops->record(w->ctx, &rec);
		if (err)
			return stop(w, err);
	}
	return DL_OK;
}

/* The segment that @info names, if it can be one. */
static bool successor(const struct dl_walk *w,
		      const struct dl_walk_segment_info *info,
		      struct dl_cp_segment *seg)
{
	if (info->next_id <= info->seg.id ||
	    !dl_super_segment_fits(w->sb, info->next_start, info->next_sectors))
		return false;
	memset(seg, 0, sizeof(*seg));
	seg->id = info->next_id;
	seg->start = info->next_start;
	seg->sectors = info->next_sectors;
	seg->tier = info->seg.tier;
	seg->state = DL_SEG_OPEN;
	seg->flags = SEG_CHAINED;
	seg->epoch = info->seg.epoch;
	seg->first_commit = info->seg.last_commit + 1;
	seg->first_seq = info->seg.last_seq + 1;
	return true;
}

/* ---- proof ------------------------------------------------------------- */

struct ahead {
	u64 epoch;
	u64 commit;		/* was this one durable? */
	u64 proof;		/* highest commit known durable so far */
	u64 next_id, next_start;
	u32 next_sectors;
	u64 later;		/* where the first frame of a later commit is */
};

static void look_at(struct ahead *a, u64 sector, const void *block,
		    u32 block_bytes)
{
	struct dl_frame_head h;

	if (dl_frame_unpack(&h, block, block_bytes) != DL_OK ||
	    h.epoch != a->epoch || h.commit < a->commit)
		return;
	if (h.next_id > a->next_id) {
		a->next_id = h.next_id;
		a->next_start = h.next_start;
		a->next_sectors = h.next_sectors;
	}
	if (h.commit > a->commit && !a->later)
		a->later = sector;
	a->proof = max_t(u64, a->proof, h.durable_commit);
}

/* Look at every block of a range until there is no more to be learned. */
static bool look_through(struct dl_walk *w, struct ahead *a, u64 start,
			 u32 sectors)
{
	const u32 bs = w->sb->block_bytes >> DL_SECTOR_SHIFT;
	u32 at, n, i;

	for (at = 0; at < sectors; at += n) {
		bool whole;

		n = min_t(u32, sectors - at, DL_FRAME_MAX_SECTORS);
		whole = !dl_walk_read(w, start + at, n, w->data_buf);
		for (i = 0; i < n; i += bs) {
			const void *block = w->data_buf;

			if (whole)
				block += (size_t)i << DL_SECTOR_SHIFT;
			else if (dl_walk_read(w, start + at + i, bs, w->data_buf))
				continue;
			look_at(a, start + at + i, block, w->sb->block_bytes);
			if (a->proof >= a->commit && a->later)
				return true;
		}
	}
	return false;
}

/*
 * Was the expected frame durable, and where should it be? Asked only where it
 * was not found whole, so once for a log, at its end, unless there is damage.
 */
static bool look_ahead(struct dl_walk *w, struct dl_seg_walk *s)
{
	const struct dl_cp_segment *seg = s->seg;
	struct ahead a = {
		.epoch = seg->epoch,
		.commit = s->commit,
		.proof = s->durable,
		.next_id = s->info->next_id,
		.next_start = s->info->next_start,
		.next_sectors = s->info->next_sectors,
	};
	u64 id = seg->id, here = seg->start + s->pos;
	bool done;
	u32 i;

	s->missing = here;
	s->missing_id = id;
	done = look_through(w, &a, here, seg->sectors - s->pos);
	for (i = 0; i < AHEAD_SEGMENTS && !done; i++) {
		const u64 start = a.next_start;
		const bool first = !i && !s->here && !a.later;

		if (a.next_id <= id ||
		    !dl_super_segment_fits(w->sb, start, a.next_sectors))
			break;
		id = a.next_id;
		done = look_through(w, &a, start,
				    min_t(u32, a.next_sectors, AHEAD_SECTORS));
		/* It was the first there, unless that place is another's. */
		if (first && a.later && a.later != start) {
			s->missing = start;
			s->missing_id = id;
		}
	}
	s->later = a.later;
	s->durable = a.proof;
	return a.proof >= a.commit;
}

/*
 * Hop from header to header: the last one tells of how many frames nobody has
 * to verify the payloads. That is a block for each frame instead of all of it.
 */
static void look_along(struct dl_walk *w, struct dl_seg_walk *s)
{
	u64 commit = s->commit;
	u32 pos = s->pos;
	struct dl_frame_head h;

	while (s->bs <= s->seg->sectors - pos &&
	       dl_walk_load_head(w, s->seg->start + pos, &h) == DL_OK &&
	       h.epoch == s->seg->epoch && h.segment_id == s->seg->id &&
	       h.commit == commit &&
	       h.total_sectors <= s->seg->sectors - pos) {
		s->durable = max_t(u64, s->durable, h.durable_commit);
		pos += h.total_sectors;
		commit++;
	}
}

/* ---- by summary -------------------------------------------------------- */

/* With DL_WALK_FRAMES: is the frame itself what the summary says it is? */
static void compare_frame(struct dl_walk *w, struct dl_seg_walk *s,
			  const struct dl_frame_head *want,
			  const struct dl_disk_desc *descs)
{
	struct dl_frame_head h;
	enum dl_status st = dl_walk_load_frame(w, s, &h);
	enum dl_note_kind kind = DL_NOTE_DAMAGE;
	const char *what = s->what;

	if (st != DL_OK && !s->absurd) {
		/* The summary has all that is needed of it. */
		kind = DL_NOTE_REPAIRED;
	} else if (st == DL_OK) {
		if (h.first_seq == want->first_seq &&
		    h.time_ns == want->time_ns &&
		    h.nr_descs == want->nr_descs &&
		    !memcmp(dl_walk_descs(w), descs,
			    h.nr_descs * sizeof(*descs)))
			return;
		st = DL_BAD_RECORD;
		what = "frame unlike its summary";
	}
	dl_walk_note(w, kind, st, what, s->seg->id, s->seg->start + s->pos,
		     want->commit, U64_MAX);
}

static enum dl_status walk_summary(struct dl_walk *w, struct dl_seg_walk *s,
				   const struct dl_summary_head *sh)
{
	struct dl_frame_head h = {
		.epoch = sh->epoch,
		.segment_id = sh->segment_id,
		.next_id = sh->next_id,
		.next_start = sh->next_start,
		.next_sectors = sh->next_sectors,
	};
	const struct dl_disk_desc *descs;
	struct dl_summary_reader r;
	struct dl_summary_frame f;
	enum dl_status st;

	s->info->by_summary = true;
	dl_summary_rewind(&r, sh, w->summary_buf);
	while (dl_summary_next(&r, &f, &descs) == DL_OK) {
		h.commit = f.commit;
		h.first_seq = f.first_seq;
		h.time_ns = f.time_ns;
		h.nr_descs = f.nr_descs;
		h.payload_sectors = dl_walk_extent(descs, f.nr_descs,
						   DL_FRAME_MAX_SECTORS);
		s->pos = f.payload_start - s->bs;
		if (w->flags & DL_WALK_FRAMES)
			compare_frame(w, s, &h, descs);
		if (w->flags & DL_WALK_PAYLOADS)
			w->nr_damaged += dl_walk_check_payload(w, s, &h, descs,
							       true);
		st = accept(w, s, &h, descs);
		if (st != DL_OK)
			return st;
	}
	s->info->seg.end = sh->end;
	s->info->seg.flags |= DL_SEG_SUMMARY;
	memcpy(s->info->seg.digest, sh->digest, sizeof(sh->digest));
	return DL_OK;
}

/* ---- by frames --------------------------------------------------------- */

/* Does the successor begin with the commit that comes next? */
static bool goes_on(struct dl_walk *w, const struct dl_seg_walk *s)
{
	struct dl_summary_head sh;
	struct dl_cp_segment next;
	struct dl_frame_head h;
	bool tail;

	if (!successor(w, s->info, &next))
		return false;
	if (dl_walk_load_head(w, next.start, &h) == DL_OK &&
	    h.epoch == next.epoch && h.segment_id == next.id)
		return h.commit == s->commit;
	/* Its first header may be damaged, and made good by a summary. */
	return dl_walk_load_summary(w, &next, &sh, &tail) == DL_OK &&
		sh.first_commit == s->commit;
}

/* The expected frame is not there, and nothing says that it ever was. */
static void note_end(struct dl_walk *w, const struct dl_seg_walk *s,
		     enum dl_status st)
{
	enum dl_note_kind kind = DL_NOTE_INFO;
	const char *what = s->what;

	if (st == DL_IO_ERROR) {
		/* No crash makes a sector unreadable: say it louder. */
		kind = DL_NOTE_DAMAGE;
	} else if (!s->here && !s->trace) {
		if (!s->later)
			return;
		what = "frame before later ones";
		st = DL_NOT_FOUND;
	}
	dl_walk_note(w, kind, st, what, s->seg->id, s->seg->start + s->pos,
		     s->commit, U64_MAX);
}

/* A frame whose header and descriptors are right: are its payloads? */
static enum dl_status judge_payload(struct dl_walk *w, struct dl_seg_walk *s,
				    const struct dl_frame_head *h)
{
	bool durable = s->vouched || s->commit <= s->durable;
	const struct dl_disk_desc *descs = dl_walk_descs(w);
	enum dl_status st;
	u32 bad;

	if (durable && !(w->flags & DL_WALK_PAYLOADS))
		return DL_OK;
	bad = dl_walk_check_payload(w, s, h, descs, durable);
	if (bad && !durable) {
		s->what = "payload";
		st = s->why;
		if (!look_ahead(w, s))
			return st;
		bad = dl_walk_check_payload(w, s, h, descs, true);
	}
	w->nr_damaged += bad;
	return DL_OK;
}

/* Is the log known to end before this commit? */
static bool past_clean_end(const struct dl_walk *w, const struct dl_seg_walk *s)
{
	return w->sb->flags & DL_SUPER_CLEAN &&
		s->commit >= w->cp->next_commit;
}

static enum dl_status walk_frames(struct dl_walk *w, struct dl_seg_walk *s,
				  bool *more)
{
	struct dl_frame_head h;
	enum dl_status st;

	if (dl_seg_sealed(s)) {
		s->durable = s->seg->last_commit;
	} else {
		s->durable = w->cp->durable_commit;
		look_along(w, s);
	}
	for (;;) {
		if (dl_seg_sealed(s) && s->commit > s->seg->last_commit)
			break;
		st = dl_walk_load_frame(w, s, &h);
		if (st == DL_OK)
			st = judge_payload(w, s, &h);
		if (st == DL_OK) {
			st = accept(w, s, &h, dl_walk_descs(w));
			if (st != DL_OK)
				return st;
			s->pos += h.total_sectors;
			s->info->seg.end = s->pos;
			continue;
		}
		if (dl_seg_sealed(s) || s->absurd)
			return lost(w, s, st, s->what, s->seg->id,
				    s->seg->start + s->pos);
		if (!s->here && goes_on(w, s))
			break;
		if (!s->here && !s->trace && past_clean_end(w, s))
			return DL_OK;
		if (look_ahead(w, s))
			return lost(w, s, st, s->what, s->missing_id,
				    s->missing);
		note_end(w, s, st);
		return DL_OK;
	}
	*more = true;
	return DL_OK;
}

/* ---- segments ---------------------------------------------------------- */

void dl_walk_begin(struct dl_walk *w)
{
	w->last_commit = w->cp->next_commit ? w->cp->next_commit - 1 : 0;
	w->last_seq = w->cp->next_seq ? w->cp->next_seq - 1 : 0;
	w->nr_frames = 0;
	w->nr_records = 0;
	w->nr_damaged = 0;
	w->err = 0;
	w->epoch = 0;
	w->expect = 0;
}

/* Commit of a segment's first frame, whether or not there is one. */
static u64 first_commit(const struct dl_walk *w, const struct dl_cp_segment *seg)
{
	/*
	 * What a checkpoint says of a segment not begun is a guess: its
	 * predecessor may have gone on for a while.
	 */
	if (!seg->first_commit ||
	    (seg->state == DL_SEG_NEXT && seg->epoch == w->epoch))
		return w->last_commit + 1;
	return seg->first_commit;
}

static enum dl_status walk_any(struct dl_walk *w, struct dl_seg_walk *s,
			       bool *more)
{
	const struct dl_cp_segment *seg = s->seg;
	struct dl_summary_head sh;
	enum dl_status st;
	bool tail;

	if (dl_seg_sealed(s) && s->commit > seg->last_commit) {
		*more = true;
		return DL_OK;
	}
	/* Commits rise, and within a life none is left out. */
	if ((w->nr_frames && s->commit <= w->last_commit) ||
	    (w->expect && w->epoch == seg->epoch && w->expect != s->commit))
		return lost(w, s, DL_BAD_ORDER, "segment table", seg->id,
			    seg->start);

	st = dl_walk_load_summary(w, seg, &sh, &tail);
	if (st == DL_OK)
		st = dl_walk_check_summary(w, s, &sh);
	if (st == DL_OK) {
		*more = true;
		return walk_summary(w, s, &sh);
	}
	if (st != DL_NO_SPACE && (tail || seg->flags & DL_SEG_SUMMARY)) {
		/* Unless known to be durable, a crash explains it. */
		dl_walk_note(w, seg->flags & DL_SEG_SUMMARY ?
			     DL_NOTE_REPAIRED : DL_NOTE_INFO, st, "summary",
			     seg->id, seg->start + seg->sectors - s->bs, 0,
			     U64_MAX);
		s->info->seg.flags &= (u16)~DL_SEG_SUMMARY;
	}
	s->vouched = tail;
	return walk_frames(w, s, more);
}

enum dl_status dl_walk_segment(struct dl_walk *w,
			       const struct dl_cp_segment *seg,
			       struct dl_walk_segment_info *info, bool *more)
{
	struct dl_seg_walk s = {
		.seg = seg,
		.info = info,
		.bs = w->sb->block_bytes >> DL_SECTOR_SHIFT,
		.commit = first_commit(w, seg),
		.min_seq = w->nr_frames ? w->last_seq + 1 : 0,
	};
	enum dl_status st;
	int err;

	*more = false;
	memset(info, 0, sizeof(*info));
	info->seg = *seg;
	info->seg.flags &= DL_SEG_SUMMARY;
	info->from_chain = seg->flags & SEG_CHAINED;
	info->seg.first_commit = s.commit;
	info->seg.last_commit = s.commit - 1;
	info->seg.first_seq = max_t(u64, s.min_seq, seg->first_seq);
	info->seg.last_seq = info->seg.first_seq ? info->seg.first_seq - 1 : 0;
	info->seg.end = 0;

	st = walk_any(w, &s, more);
	if (*more && st == DL_OK)
		info->seg.state = DL_SEG_SEALED;
	else if (seg->state == DL_SEG_NEXT &&
		 info->seg.last_commit >= info->seg.first_commit)
		info->seg.state = DL_SEG_OPEN;
	w->epoch = seg->epoch;
	w->expect = *more && !dl_seg_sealed(&s) ? s.commit : 0;
	if (st != DL_OK) {
		*more = false;
		return st;
	}
	if (w->ops->segment) {
		err = w->ops->segment(w->ctx, info);
		if (err)
			return stop(w, err);
	}
	return DL_OK;
}

enum dl_status dl_walk_successor(const struct dl_walk *w,
				 const struct dl_walk_segment_info *info,
				 struct dl_cp_segment *seg)
{
	if (!info->next_id || !info->next_start)
		return DL_NOT_FOUND;
	/* Sealed by the checkpoint in an earlier life: that life is over. */
	if (!w->expect && info->seg.epoch != w->sb->epoch)
		return DL_NOT_FOUND;
	return successor(w, info, seg) ? DL_OK : DL_BAD_PLACE;
}
