// SPDX-License-Identifier: GPL-2.0
/*
 * What the walk reads: frames, payloads and summaries, each checked for itself
 * and against where it was found. What follows from a failure is for walk.c.
 */
#include "walk_int.h"

void dl_walk_note(struct dl_walk *w, enum dl_note_kind kind, enum dl_status why,
		  const char *what, u64 segment_id, u64 sector, u64 commit,
		  u64 page)
{
	const struct dl_note n = {
		.kind = kind,
		.why = why,
		.what = what,
		.sector = sector,
		.segment_id = segment_id,
		.commit = commit,
		.page = page,
	};

	if (w->ops->note)
		w->ops->note(w->ctx, &n);
}

enum dl_status dl_walk_load_head(struct dl_walk *w, u64 sector,
				 struct dl_frame_head *h)
{
	const u32 block_bytes = w->sb->block_bytes;

	if (dl_walk_read(w, sector, block_bytes >> DL_SECTOR_SHIFT, w->head_buf))
		return DL_IO_ERROR;
	return dl_frame_unpack(h, w->head_buf, block_bytes);
}

/* Descriptors that are encrypted, from here on as they were. */
static enum dl_status open_slots(struct dl_walk *w, struct dl_seg_walk *s,
				 const struct dl_frame_head *h)
{
	enum dl_status st;

	if (!(h->flags & DL_FRAME_SEALED) == !dl_super_sealed(w->sb)) {
		if (!(h->flags & DL_FRAME_SEALED))
			return DL_OK;
		st = w->ops->open ? w->ops->open(w->ctx, h, s->seg->start + s->pos,
						 w->head_buf) : DL_NO_KEY;
	} else {
		/* Somebody put it there who has not got the key. */
		st = DL_BAD_TAG;
	}
	s->absurd = st != DL_OK;
	return st;
}

/* What lies in two blocks could not be decrypted with one. */
static bool in_one_block(const struct dl_desc *d)
{
	return !dl_rec_has_payload(d->type) ||
		(dl_desc_at(d) & (DL_PAGE_BYTES - 1)) + dl_desc_bytes(d) <=
		DL_PAGE_BYTES;
}

enum dl_status dl_walk_load_frame(struct dl_walk *w, struct dl_seg_walk *s,
				  struct dl_frame_head *h)
{
	const struct dl_disk_frame *raw = w->head_buf;
	const struct dl_disk_desc *descs = dl_walk_descs(w);
	const u64 sector = s->seg->start + s->pos;
	enum dl_status st;
	struct dl_desc d;
	u32 tail, i;

	s->what = "frame header";
	s->here = false;
	s->trace = false;
	s->absurd = false;
	if (s->bs > s->seg->sectors - s->pos)
		return DL_NOT_FOUND;
	st = dl_walk_load_head(w, sector, h);
	if (st != DL_OK) {
		s->trace = (st == DL_BAD_CRC || st == DL_BAD_SIZE) &&
			le64_to_cpu(raw->epoch) == s->seg->epoch;
		return st;
	}
	if (h->epoch != s->seg->epoch || h->segment_id != s->seg->id)
		return DL_BAD_IDENTITY;
	if (h->commit != s->commit)
		return DL_BAD_ORDER;

	s->here = true;
	s->absurd = true;
	if (h->total_sectors > s->seg->sectors - s->pos)
		return DL_BAD_SIZE;
	if (h->first_seq < s->min_seq)
		return DL_BAD_ORDER;
	s->absurd = false;

	s->what = "frame descriptors";
	tail = dl_frame_tail_sectors(w->sb->block_bytes, dl_frame_head_slots(h));
	if (tail && dl_walk_read(w, sector + h->total_sectors - tail, tail,
				 w->head_buf + w->sb->block_bytes))
		return DL_IO_ERROR;
	st = dl_frame_check_descs(h, descs);
	if (st == DL_OK)
		st = open_slots(w, s, h);
	if (st != DL_OK)
		return st;

	s->what = "record";
	for (i = 0; i < h->nr_descs; i++) {
		st = dl_desc_unpack(&d, &descs[i], h->payload_sectors);
		if (st == DL_OK && h->flags & DL_FRAME_SEALED &&
		    !in_one_block(&d))
			st = DL_BAD_RECORD;
		if (st != DL_OK) {
			s->absurd = true;
			return st;
		}
	}
	return DL_OK;
}

/* Marks and indexes are the log's own. */
static const char *payload_of(const struct dl_desc *d)
{
	return d->type == DL_REC_MARK ? "mark" :
		d->type == DL_REC_INDEX ? "index of snapshots" : "payload";
}

/*
 * Of an encrypted log: decrypt the block that @sector of a payload is in, once, if
 * the payload is in data_buf from @at on @whole, else each time: it was read anew.
 * @opened: by block: 0, or 1 and how that went.
 */
static enum dl_status open_block(struct dl_walk *w, u64 base, u32 at, u32 sector,
				 bool whole, u8 *opened)
{
	u32 block = sector / DL_PAGE_SECTORS;
	u32 begin = block * DL_PAGE_SECTORS;

	if (!dl_super_sealed(w->sb))
		return DL_OK;
	if (!whole || !opened[block])
		opened[block] = (u8)(1 + w->ops->plain(w->ctx, base + begin,
						       w->data_buf +
						       ((begin - at) <<
							DL_SECTOR_SHIFT)));
	return (enum dl_status)(opened[block] - 1);
}

u32 dl_walk_check_payload(struct dl_walk *w, struct dl_seg_walk *s,
			  const struct dl_frame_head *h,
			  const struct dl_disk_desc *descs, bool report)
{
	u8 opened[DL_FRAME_MAX_SECTORS / DL_PAGE_SECTORS] = { 0 };
	const u64 base = s->seg->start + s->pos + s->bs;
	u32 n = dl_frame_pad(w->sb->block_bytes, h->payload_sectors);
	u32 i, nr = 0;
	bool whole;

	if (!n)
		return 0;
	/*
	 * What cannot be read in one piece is read record by record: one bad
	 * sector is not to condemn the whole frame.
	 */
	whole = !dl_walk_read(w, base, n, w->data_buf);
	for (i = 0; i < h->nr_descs; i++) {
		enum dl_status st = DL_OK;
		const void *p = w->data_buf;
		struct dl_desc d;
		u32 at = 0;

		if (dl_desc_unpack(&d, &descs[i], h->payload_sectors) != DL_OK ||
		    !dl_rec_has_payload(d.type))
			continue;
		if (!whole) {
			at = dl_desc_sector(&d) & ~(s->bs - 1);
			n = dl_frame_pad(w->sb->block_bytes,
					 dl_desc_sector(&d) - at +
					 dl_desc_span(&d));
			if (dl_walk_read(w, base + at, n, w->data_buf))
				st = DL_IO_ERROR;
		}
		if (st == DL_OK)
			st = open_block(w, base, at, dl_desc_sector(&d), whole,
					opened);
		p += dl_desc_at(&d) - (at << DL_SECTOR_SHIFT);
		if (st == DL_OK && dl_crc32c(p, dl_desc_bytes(&d)) != d.crc)
			st = DL_BAD_CRC;
		if (st == DL_OK)
			continue;
		if (!nr++)
			s->why = st;
		if (report)
			dl_walk_note(w, DL_NOTE_DAMAGE, st, payload_of(&d),
				     s->seg->id, base + dl_desc_sector(&d),
				     h->commit, d.addr);
	}
	return nr;
}

enum dl_status dl_walk_load_summary(struct dl_walk *w,
				    const struct dl_cp_segment *seg,
				    struct dl_summary_head *sh, bool *tail)
{
	const u32 bs = w->sb->block_bytes >> DL_SECTOR_SHIFT;
	const u64 end = seg->start + seg->sectors;
	enum dl_status st;
	u32 n;

	*tail = false;
	if (dl_walk_read(w, end - bs, bs, w->head_buf))
		return DL_IO_ERROR;
	st = dl_summary_tail_unpack(w->head_buf, w->sb->block_bytes, seg->id,
				    seg->epoch, seg->sectors, &n);
	if (st != DL_OK)
		return st;
	*tail = true;
	if (!w->summary_buf || (u64)n << DL_SECTOR_SHIFT > w->summary_bytes)
		return DL_NO_SPACE;
	if (dl_walk_read(w, end - n, n, w->summary_buf))
		return DL_IO_ERROR;
	st = dl_summary_open(sh, w->summary_buf, n, seg->id, seg->epoch,
			     seg->sectors);
	if (st != DL_OK)
		return st;
	/* Or it was made by somebody who has not got the key. */
	if (!(sh->flags & DL_SUMMARY_SEALED) != !dl_super_sealed(w->sb))
		return DL_BAD_TAG;
	if (!dl_super_sealed(w->sb))
		return DL_OK;
	return w->ops->summary ?
		w->ops->summary(w->ctx, seg, sh, end - n, w->summary_buf) :
		DL_NO_KEY;
}

u32 dl_walk_extent(const struct dl_disk_desc *descs, u32 nr, u32 limit)
{
	struct dl_desc d;
	u32 i, n = 0;

	for (i = 0; i < nr; i++)
		if (dl_desc_unpack(&d, &descs[i], limit) == DL_OK &&
		    dl_rec_has_payload(d.type))
			n = max_t(u32, n, dl_desc_sector(&d) + dl_desc_span(&d));
	return n;
}

/*
 * All of a summary is checked before any of it is used: a walk that stopped in
 * its middle could not go back to the frames.
 */
enum dl_status dl_walk_check_summary(struct dl_walk *w,
				     const struct dl_seg_walk *s,
				     const struct dl_summary_head *sh)
{
	const u32 block_bytes = w->sb->block_bytes;
	u64 commit = s->commit, seq = s->min_seq;
	const struct dl_disk_desc *descs;
	struct dl_summary_reader r;
	struct dl_summary_frame f;
	enum dl_status st;
	struct dl_desc d;
	u32 used = 0, i;

	if (sh->first_commit != commit ||
	    (dl_seg_sealed(s) && sh->last_commit != s->seg->last_commit))
		return DL_BAD_IDENTITY;
	if (sh->end & (s->bs - 1))
		return DL_BAD_SIZE;

	dl_summary_rewind(&r, sh, w->summary_buf);
	while ((st = dl_summary_next(&r, &f, &descs)) == DL_OK) {
		u32 room;

		if (f.commit != commit || f.first_seq < seq ||
		    f.first_seq > U64_MAX - f.nr_descs)
			return DL_BAD_ORDER;
		if (f.nr_descs > DL_FRAME_MAX_DESCS ||
		    f.payload_start & (s->bs - 1) ||
		    f.payload_start > sh->end || f.payload_start < used ||
		    f.payload_start - used < s->bs)
			return DL_BAD_SIZE;
		room = min_t(u32, sh->end - f.payload_start,
			     DL_FRAME_MAX_SECTORS);
		for (i = 0; i < f.nr_descs; i++) {
			st = dl_desc_unpack(&d, &descs[i], room);
			if (st != DL_OK)
				return st;
		}
		used = f.payload_start +
			dl_frame_pad(block_bytes,
				     dl_walk_extent(descs, f.nr_descs, room));
		seq = f.first_seq + f.nr_descs;
		commit++;
	}
	/* dl_summary_open() has seen to the number of frames. */
	return st == DL_NOT_FOUND ? DL_OK : st;
}
