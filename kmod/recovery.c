// SPDX-License-Identifier: GPL-2.0
/*
 * Recovery over the core's walk. See recovery.h.
 *
 * The work is bounded by the segments that are in use: a summary each for the
 * sealed ones, the frames of the few that were open.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "core/walk.h"
#include "io.h"
#include "msg.h"
#include "policy.h"
#include "recovery.h"
#include "retire.h"
#include "rewind.h"
#include "sections.h"
#include "snapshot.h"
#include "unroll.h"

#define READ_TRIES	3
#define WINDOW_SECTORS	2048u	/* read ahead while walking frames */

struct recovery {
	struct dl_volume *v;
	struct dl_walk walk;
	struct dl_unroll deltas;
	void *window;
	u64 win_start;
	u32 win_sectors;
	u64 next;		/* behind what was read last */
	u64 inserted;
	u64 end;		/* sector behind the last frame */
	bool unreadable_end;	/* the log ends where it cannot be read */
	int err;
};

/* A path that was lost for a moment must not cut the log short. */
static int patient_read(struct dl_volume *v, u64 sector, u32 sectors, void *buf)
{
	int i, ret = -EIO;

	for (i = 0; ret && i < READ_TRIES; i++)
		ret = dl_blkio_read(&v->logio, sector, sectors, buf);
	if (ret)
		atomic64_inc(&v->read_errors);
	return ret;
}

/* What is read in the log's order, in pieces: through the window. */
static int read_along(void *ctx, u64 sector, u32 sectors, void *buf, bool along)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;
	u64 end = v->ck.sb.log_sectors;

	if (sector >= end || sectors > end - sector)
		return -EIO;
	if (sector < rec->win_start ||
	    sector + sectors > rec->win_start + rec->win_sectors) {
		if (!along)
			return patient_read(v, sector, sectors, buf);
		rec->win_sectors = min_t(u64, WINDOW_SECTORS, end - sector);
		rec->win_start = sector;
		if (dl_blkio_read(&v->logio, sector, rec->win_sectors,
				  rec->window)) {
			rec->win_sectors = 0;
			return patient_read(v, sector, sectors, buf);
		}
	}
	memcpy(buf, rec->window + ((sector - rec->win_start) <<
				   DL_SECTOR_SHIFT),
	       (size_t)sectors << DL_SECTOR_SHIFT);
	return 0;
}

/* For what chains are made of: what is to be read is payload. */
static int read_payload(void *ctx, u64 sector, u32 sectors, void *buf, bool along)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;
	int ret = read_along(ctx, sector, sectors, buf, along);
	u32 i;

	for (i = 0; !ret && v->crypt.on && i < sectors; i += DL_PAGE_SECTORS)
		ret = dl_crypt_plain(&v->crypt, sector + i,
				     buf + (i << DL_SECTOR_SHIFT));
	if (ret != -EBADMSG)
		return ret;
	/* It is no content, whatever it was: let the checksum say so. */
	memset(buf, 0xff, sectors << DL_SECTOR_SHIFT);
	return 0;
}

static enum dl_status rec_open(void *ctx, const struct dl_frame_head *h,
			       u64 sector, void *head)
{
	struct recovery *rec = ctx;

	rec->err = dl_crypt_epoch(&rec->v->crypt, h->epoch);
	return rec->err ? DL_NO_SPACE :
		dl_crypt_open(&rec->v->crypt, h, sector, head, true);
}

static enum dl_status rec_summary(void *ctx, const struct dl_cp_segment *seg,
				  const struct dl_summary_head *sh, u64 sector,
				  void *buf)
{
	struct recovery *rec = ctx;

	rec->err = dl_crypt_epoch(&rec->v->crypt, sh->epoch);
	return rec->err ? DL_NO_SPACE :
		dl_crypt_open_summary(&rec->v->crypt, sh, seg->start,
				      seg->sectors, sector, buf, true);
}

static enum dl_status rec_plain(void *ctx, u64 sector, void *block)
{
	struct recovery *rec = ctx;
	int ret = dl_crypt_plain(&rec->v->crypt, sector, block);

	return !ret ? DL_OK : ret == -EBADMSG ? DL_BAD_TAG : DL_IO_ERROR;
}

static int rec_read(void *ctx, u64 sector, u32 sectors, void *buf)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;
	u64 end = v->ck.sb.log_sectors;
	bool onward = sector == rec->next;
	int ret;

	if (sector >= end || sectors > end - sector)
		return -EIO;
	rec->next = sector + sectors;
	if (sector >= rec->win_start &&
	    sector + sectors <= rec->win_start + rec->win_sectors)
		goto copy;
	/* Read ahead only where frame follows frame. */
	if (!onward || sectors > WINDOW_SECTORS / 2)
		return patient_read(v, sector, sectors, buf);
	rec->win_sectors = 0;
	ret = dl_blkio_read(&v->logio, sector,
			    min_t(u64, WINDOW_SECTORS, end - sector),
			    rec->window);
	/* One bad block must not hide its neighbours. */
	if (ret)
		return patient_read(v, sector, sectors, buf);
	rec->win_start = sector;
	rec->win_sectors = min_t(u64, WINDOW_SECTORS, end - sector);
copy:
	memcpy(buf, rec->window + ((sector - rec->win_start) <<
				   DL_SECTOR_SHIFT),
	       (size_t)sectors << DL_SECTOR_SHIFT);
	return 0;
}

int dl_recovery_insert(struct dl_volume *v, const struct dl_rec *rec)
{
	struct dl_map *m = &v->map;
	u32 bucket = dl_pmap_bucket(&m->pm, rec->d.addr);
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pval val = {
		.seq = rec->seq, .loc = rec->loc, .crc = rec->d.crc,
		.first = rec->d.first, .sectors = rec->d.sectors,
		.codec = rec->d.codec,
		.stored = rec->d.codec ? rec->d.stored : 0,
	};
	u8 mask = dl_pmap_span_mask(val.first, val.sectors);
	struct dl_retire past = { };
	u32 idx;

	if (rec->d.type == DL_REC_ZERO)
		val.flags = DL_PVAL_ZERO |
			(rec->d.flags & DL_DESC_DISCARD ? DL_PVAL_DISCARD : 0) |
			(rec->d.flags & DL_DESC_NOUNMAP ? DL_PVAL_NOUNMAP : 0);
	else if (rec->d.type == DL_REC_LOST)
		val.flags = DL_PVAL_LOST;
	dl_unroll_replace(v, rec->d.addr, mask);
	spin_lock(&sh->lock);
	idx = dl_map_alloc(m, sh);
	if (idx && dl_history_wanted(v) &&
	    dl_retire_begin(v, bucket, rec->d.addr,
			    dl_pmap_find(&m->pm, bucket, rec->d.addr, mask),
			    mask, rec->seq, &past)) {
		dl_map_free(m, sh, idx);
		idx = 0;
	}
	if (idx) {
		dl_retire_end(v, bucket, &past, rec->seq);
		dl_map_insert(m, sh, bucket, idx, rec->d.addr, &val);
	}
	spin_unlock(&sh->lock);
	return idx ? 0 : -ENOSPC;
}

static int insert_run(struct dl_volume *v, const struct dl_rec *rec)
{
	u64 end = rec->d.addr + rec->d.payload;
	u64 newest = dl_history_newest(v);
	int ret = -ENOSPC;

	write_lock(&v->runs.lock);
	if (dl_runs_room(&v->runs) &&
	    (!newest || !dl_history_run(v, rec->d.addr, end, newest, 0))) {
		if (newest)
			dl_history_run(v, rec->d.addr, end, newest, rec->seq);
		dl_runs_insert(&v->runs, rec->d.addr, end, rec->seq,
			       rec->d.flags);
		ret = 0;
	}
	write_unlock(&v->runs.lock);
	return ret;
}

static int rec_record(void *ctx, const struct dl_rec *r)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;
	u64 size = v->ck.sb.volume_sectors, end;
	bool run = r->d.type == DL_REC_ZERO_RUN;
	int ret = 0;

	if (r->d.type == DL_REC_INDEX || r->d.type == DL_REC_MARK) {
		ret = r->d.type == DL_REC_MARK ? dl_snapshot_replay(v, r) :
			dl_snapshot_index(v, r);
		rec->err = ret;
		return ret;
	}
	if (r->seq <= v->horizon || r->d.type == DL_REC_NONE ||
	    r->d.type == DL_REC_BASE)
		return 0;
	end = run ? r->d.addr + r->d.payload :
		(r->d.addr << DL_PAGE_SECTOR_SHIFT) + r->d.first + r->d.sectors;
	if (end > size) {
		dl_err("%s: log %pg: record %llu lies behind the end of the volume",
		       v->name, v->logio.bdev, r->seq);
		rec->err = -EUCLEAN;
		return rec->err;
	}
	if (r->d.type == DL_REC_DELTA)
		ret = dl_unroll_delta(&rec->deltas, r);
	else if (r->d.type == DL_REC_DATA && r->d.flags & DL_DESC_SAME)
		dl_unroll_same(&rec->deltas, r);
	else
		ret = run ? insert_run(v, r) : dl_recovery_insert(v, r);
	if (ret == -ENOMEM) {
		dl_err("%s: out of memory for the pages that deltas are based on",
		       v->name);
		rec->err = ret;
	} else if (ret == -EIO) {
		rec->err = ret;
	} else if (ret) {
		dl_err("%s: more records in the log than max_records allows (%u): raise it",
		       v->name, v->map.max);
		rec->err = ret;
	}
	if (!(++rec->inserted & 0xfff))
		cond_resched();
	return ret;
}

static int rec_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;
	u64 most = U64_MAX - 2 - h->nr_descs;

	if (v->pins.window != DL_WINDOW_OFF && h->nr_descs && h->first_seq &&
	    h->first_seq <= most)
		dl_window_moment(&v->window, h->first_seq + h->nr_descs - 1,
				 h->time_ns);
	return 0;
}

static void rec_note(void *ctx, const struct dl_note *n)
{
	struct recovery *rec = ctx;
	struct dl_volume *v = rec->v;

	switch (n->kind) {
	case DL_NOTE_INFO:
		dl_info("%s: log %pg: %s at sector %llu: %s: the log ends before it (commit %llu)",
			v->name, v->logio.bdev, n->what, n->sector,
			dl_status_text(n->why), n->commit);
		break;
	case DL_NOTE_REPAIRED:
		dl_warn("%s: log %pg: %s at sector %llu: %s: made good from elsewhere",
			v->name, v->logio.bdev, n->what, n->sector,
			dl_status_text(n->why));
		break;
	case DL_NOTE_DAMAGE:
		if (n->why == DL_IO_ERROR && n->page == U64_MAX &&
		    !v->opts.accept_cut) {
			rec->unreadable_end = true;
			dl_err("%s: log %pg: %s at sector %llu cannot be read: the log may go on behind it: repair the device, or end the log there with the option accept_cut",
			       v->name, v->logio.bdev, n->what, n->sector);
			break;
		}
		atomic64_inc(&v->crc_errors);
		dl_err_limit("%s: log %pg: %s at sector %llu: %s (page %llu): reading it will fail",
			     v->name, v->logio.bdev, n->what, n->sector,
			     dl_status_text(n->why), n->page);
		break;
	case DL_NOTE_FATAL:
		dl_err("%s: log %pg: %s at sector %llu, segment %llu, commit %llu: %s: refusing; 'deltalog check' shows the extent",
		       v->name, v->logio.bdev, n->what, n->sector,
		       n->segment_id, n->commit, dl_status_text(n->why));
		break;
	}
}

static const struct dl_walk_ops walk_ops = {
	.read = rec_read,
	.frame = rec_frame,
	.record = rec_record,
	.note = rec_note,
	.open = rec_open,
	.summary = rec_summary,
	.plain = rec_plain,
};

/* One segment; *@more tells whether the log goes on behind it. */
static int walk_one(struct recovery *rec, const struct dl_cp_segment *seg,
		    struct dl_walk_segment_info *info, bool *more)
{
	struct dl_volume *v = rec->v;
	enum dl_status st;
	int ret;

	st = dl_walk_segment(&rec->walk, seg, info, more);
	if (st != DL_OK)
		return rec->err ?: st == DL_IO_ERROR ? -EIO : -EUCLEAN;
	if (info->seg.last_commit < info->seg.first_commit)
		return 0;
	rec->end = info->seg.start + info->seg.end;
	ret = dl_segments_adopt(&v->log.segs, &info->seg);
	if (ret == -EUCLEAN)
		dl_err("%s: log %pg: segment %llu at sector %llu overlaps another",
		       v->name, v->logio.bdev, seg->id, seg->start);
	return ret;
}

static int walk_all(struct recovery *rec, const void *body, size_t bytes)
{
	struct dl_volume *v = rec->v;
	struct dl_walk_segment_info info = { };
	struct dl_cp_segment seg;
	u32 n = bytes / sizeof(struct dl_disk_segment), i;
	enum dl_status st;
	bool more = n;
	int ret = 0;

	for (i = 0; !ret && more && i < n; i++) {
		st = dl_cp_get_segment(&seg, body, bytes, i, &v->ck.sb);
		if (st != DL_OK) {
			dl_err("%s: log %pg: checkpoint: segment entry %u: %s",
			       v->name, v->logio.bdev, i, dl_status_text(st));
			return -EUCLEAN;
		}
		ret = walk_one(rec, &seg, &info, &more);
	}
	while (!ret && more) {
		st = dl_walk_successor(&rec->walk, &info, &seg);
		if (st == DL_NOT_FOUND)
			break;
		if (st != DL_OK) {
			dl_err("%s: log %pg: segment %llu names a successor outside the log",
			       v->name, v->logio.bdev, info.seg.id);
			return -EUCLEAN;
		}
		ret = walk_one(rec, &seg, &info, &more);
	}
	return ret;
}

static int check_origin(struct dl_volume *v)
{
	u64 page = 0;
	int ret;

	ret = dl_fingerprint_check(&v->fp, &v->origin, dl_volume_has_record, v,
				   &page);
	if (ret == -ESTALE)
		dl_err("%s: origin %pg was changed behind the log's back (page %llu differs), or is another device: check it; the option accept_origin activates all the same",
		       v->name, v->origin.bdev, page);
	return ret;
}

static int take_over(struct recovery *rec)
{
	struct dl_volume *v = rec->v;
	struct dl_log *l = &v->log;

	l->next_commit = rec->walk.last_commit + 1;
	l->next_seq = max(rec->walk.last_seq, v->horizon) + 1;
	/* A checkpoint may know of a mark that never became durable itself. */
	l->next_seq = max(l->next_seq, dl_pins_next_seq(&v->pins));
	/* Or of a moment: its sequence must not become another's. */
	l->next_seq = max(l->next_seq,
			  dl_window_last(&v->window, &v->pins) + 1);
	/* Sequences that were given out but never became durable are over. */
	if (list_empty(&l->segs.live)) {
		v->horizon = l->next_seq - 1;
		v->settled = v->horizon;
	}
	l->written = l->next_commit - 1;
	l->durable = l->written;
	l->retired_seq = l->next_seq - 1;
	l->forgotten = l->written;
	l->durable_seq = l->retired_seq;
	l->segs.next_id = max(l->segs.next_id, v->ck.head.next_segment_id);
	if (!(v->ck.sb.flags & DL_SUPER_CLEAN))
		dl_info("%s: log %pg: recovered %llu records in %llu frames, sequence %llu to %llu; it ends at sector %llu, commit %llu",
			v->name, v->logio.bdev, rec->inserted,
			rec->walk.nr_frames, v->horizon + 1,
			l->next_seq - 1, rec->end, l->next_commit - 1);
	if (v->opts.accept_origin) {
		dl_fingerprint_forget(&v->fp, 0, U64_MAX);
		return 0;
	}
	return check_origin(v);
}

int dl_recover(struct dl_volume *v, struct dl_cp_reader *r, u64 sectors)
{
	u64 pages = DIV_ROUND_UP(sectors, DL_PAGE_SECTORS);
	const void *segments = NULL;
	size_t segment_bytes = 0;
	struct recovery *rec;
	int ret = -ENOMEM;

	v->horizon = v->ck.head.horizon_seq;
	v->ck.horizon = v->horizon;
	v->ck.loaded_epoch = v->ck.sb.epoch;
	v->settled = v->horizon;
	v->ck.more = dl_sections_save;
	v->ck.ctx = v;
	dl_fingerprint_init(&v->fp, pages);
	rec = kzalloc(sizeof(*rec), GFP_KERNEL);
	if (!rec)
		return -ENOMEM;
	rec->v = v;
	rec->walk = (struct dl_walk) {
		.ops = &walk_ops, .ctx = rec, .sb = &v->ck.sb,
		.cp = &v->ck.head,
		.summary_bytes = 4 << 20,
	};
	rec->window = kvmalloc(WINDOW_SECTORS << DL_SECTOR_SHIFT, GFP_KERNEL);
	rec->walk.head_buf = kvmalloc(DL_WALK_HEAD_BYTES, GFP_KERNEL);
	rec->walk.data_buf = kvmalloc(DL_WALK_DATA_BYTES, GFP_KERNEL);
	rec->walk.summary_buf = kvmalloc(rec->walk.summary_bytes, GFP_KERNEL);
	rec->deltas = (struct dl_unroll) {
		.v = v, .read = read_payload, .ctx = rec,
		.buf = kmalloc(DL_UNROLL_BYTES, GFP_KERNEL),
	};
	if (!rec->deltas.buf || !rec->window || !rec->walk.head_buf || !rec->walk.data_buf ||
	    !rec->walk.summary_buf)
		goto out;

	ret = dl_sections_load(v, r, pages, &segments, &segment_bytes);
	if (!ret) {
		dl_walk_begin(&rec->walk);
		ret = walk_all(rec, segments, segment_bytes);
		if (!ret && rec->unreadable_end)
			ret = -EIO;
	}
	if (!ret)
		ret = dl_unroll_end(&rec->deltas);
	if (!ret) {
		dl_rewind_recovered(v);
		dl_history_recovered(v);
		dl_grainpast_prune(&v->grainpast, &v->pins);
		ret = take_over(rec);
	}
out:
	kvfree(rec->walk.summary_buf);
	kvfree(rec->walk.data_buf);
	kvfree(rec->walk.head_buf);
	kvfree(rec->window);
	kfree(rec->deltas.buf);
	kfree(rec);
	return ret;
}
