// SPDX-License-Identifier: GPL-2.0
/* Walking a whole log with the core. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "err.h"
#include "progress.h"
#include "scan.h"

/* A summary is short beside its segment; one that is longer is done without. */
#define SUMMARY_MAX	(64u << 20)

static int on_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	struct dl_scan *s = ctx;

	s->bytes_read += (u64)sectors << DL_SECTOR_SHIFT;
	if (s->progress)
		dl_progress_update(s->bytes_read, s->bytes_total);
	return dl_logdev_read(s->log, sector, sectors, buf);
}

static int on_segment(void *ctx, const struct dl_walk_segment_info *info)
{
	struct dl_scan *s = ctx;

	return s->segment ? s->segment(s->ctx, info) : 0;
}

static int on_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct dl_scan *s = ctx;

	return s->frame ? s->frame(s->ctx, h, sector) : 0;
}

static int on_record(void *ctx, const struct dl_rec *rec)
{
	struct dl_scan *s = ctx;

	return s->record ? s->record(s->ctx, rec) : 0;
}

static void on_note(void *ctx, const struct dl_note *note)
{
	struct dl_scan *s = ctx;

	if (s->note)
		s->note(s->ctx, note);
}

static const struct dl_walk_ops ops = {
	.read = on_read,
	.segment = on_segment,
	.frame = on_frame,
	.record = on_record,
	.note = on_note,
};

static u64 chunk_of(const struct dl_super *sb, u64 sector)
{
	return (sector - sb->data_start) / sb->chunk_sectors;
}

/* Take the segment's chunks; false when one is taken already. */
static bool claim(struct dl_scan *s, u8 *chunks, const struct dl_cp_segment *seg)
{
	u64 i = chunk_of(s->sb, seg->start);
	u64 end = chunk_of(s->sb, seg->start + seg->sectors);

	for (; i < end; i++) {
		if (chunks[i])
			return false;
		chunks[i] = 1;
	}
	return true;
}

static enum dl_status misplaced(struct dl_scan *s, const char *what, u64 id,
				u64 sector)
{
	struct dl_note n = {
		.kind = DL_NOTE_FATAL,
		.why = DL_BAD_PLACE,
		.what = what,
		.sector = sector,
		.segment_id = id,
		.page = U64_MAX,
	};

	on_note(s, &n);
	return DL_BAD_PLACE;
}

static enum dl_status overlap(struct dl_scan *s, const struct dl_cp_segment *seg)
{
	return misplaced(s, "segment that overlaps another", seg->id,
			 seg->start);
}

/* The segments of the checkpoint; @more and @info as of the last one walked. */
static enum dl_status walk_table(struct dl_scan *s,
				 struct dl_walk_segment_info *info, bool *more)
{
	const struct dl_cp_segment *seg = s->cp->segs;
	enum dl_status st = DL_OK, first = DL_OK;
	u32 i;

	*more = s->cp->nr_segs;
	for (i = 0; i < s->cp->nr_segs && *more; i++, seg++) {
		/* Where one that is not begun starts is not known any more. */
		if (first != DL_OK && seg->state == DL_SEG_NEXT)
			break;
		st = dl_walk_segment(&s->walk, seg, info, more);
		if (st == DL_LOST && s->go_on) {
			first = st;
			*more = true;
		} else if (st != DL_OK) {
			return st;
		}
		s->nr_segments++;
	}
	if (first != DL_OK)
		*more = false;
	return first;
}

static enum dl_status walk_all(struct dl_scan *s, u8 *chunks)
{
	struct dl_walk_segment_info info;
	struct dl_cp_segment seg;
	enum dl_status st;
	bool more;
	u32 i;

	for (i = 0; i < s->cp->nr_segs; i++)
		if (!claim(s, chunks, &s->cp->segs[i]))
			return overlap(s, &s->cp->segs[i]);
	st = walk_table(s, &info, &more);
	while (st == DL_OK && more) {
		st = dl_walk_successor(&s->walk, &info, &seg);
		if (st == DL_NOT_FOUND)
			return DL_OK;
		if (st != DL_OK)
			return misplaced(s, "successor", info.next_id,
					 info.next_start);
		if (!claim(s, chunks, &seg))
			return overlap(s, &seg);
		s->bytes_total += (u64)seg.sectors << DL_SECTOR_SHIFT;
		st = dl_walk_segment(&s->walk, &seg, &info, &more);
		if (st == DL_OK)
			s->nr_segments++;
	}
	return st;
}

int dl_scan_run(struct dl_scan *s)
{
	struct dl_walk *w = &s->walk;
	u8 *chunks;
	int rc = 0;
	u32 i;

	w->ops = &ops;
	w->ctx = s;
	w->sb = s->sb;
	w->cp = &s->cp->head;
	w->flags = s->flags;
	w->summary_bytes = SUMMARY_MAX;
	w->head_buf = malloc(DL_WALK_HEAD_BYTES);
	w->data_buf = malloc(DL_WALK_DATA_BYTES);
	w->summary_buf = malloc(w->summary_bytes);
	chunks = calloc(dl_super_chunks(s->sb), 1);
	for (i = 0; i < s->cp->nr_segs; i++)
		s->bytes_total += (u64)(s->cp->segs[i].end ?:
					s->cp->segs[i].sectors) << DL_SECTOR_SHIFT;
	if (!w->head_buf || !w->data_buf || !w->summary_buf || !chunks) {
		rc = dl_err_nomem();
	} else {
		if (s->progress)
			dl_progress_begin(s->progress, "B");
		dl_walk_begin(w);
		s->st = walk_all(s, chunks);
		if (s->st == DL_IO_ERROR && w->err)
			rc = w->err;
		if (s->progress)
			dl_progress_end();
	}
	free(chunks);
	free(w->head_buf);
	free(w->data_buf);
	free(w->summary_buf);
	w->head_buf = NULL;
	w->data_buf = NULL;
	w->summary_buf = NULL;
	return rc;
}

struct loss {
	u64 horizon, records, sectors;
};

static int count_loss(void *ctx, const struct dl_rec *rec)
{
	struct loss *l = ctx;

	if (rec->seq <= l->horizon || !dl_rec_present(rec))
		return 0;
	l->records++;
	if (rec->d.type == DL_REC_DATA)
		l->sectors += rec->d.sectors;
	return 0;
}

bool dl_scan_loss(struct dl_logdev *l, int slot, const struct dl_logcp *cp,
		  u64 *records, u64 *bytes)
{
	struct loss loss = { .horizon = cp->head.horizon_seq };
	struct dl_scan s = {
		.log = l,
		.sb = &l->slot[slot],
		.cp = cp,
		.progress = "reading the log",
		.ctx = &loss,
		.record = count_loss,
	};
	int rc = dl_scan_run(&s);

	*records = loss.records;
	*bytes = loss.sectors << DL_SECTOR_SHIFT;
	return !rc && s.st == DL_OK && !s.walk.nr_damaged;
}
