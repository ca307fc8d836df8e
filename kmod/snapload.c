// SPDX-License-Identifier: GPL-2.0
/*
 * What recovery finds of snapshots: the checkpoint's sections, marks, index
 * records. See snapshot.h.
 */
#include <linux/mempool.h>
#include <linux/mm.h>

#include "io.h"
#include "msg.h"
#include "rewind.h"
#include "snapshot.h"

#define READ_TRIES	3

int dl_snapshot_load(struct dl_volume *v, const void *body, size_t bytes)
{
	int ret = dl_pins_load(&v->pins, body, bytes);

	if (ret) {
		dl_err("%s: log %pg: checkpoint: its list of snapshots cannot be taken over",
		       v->name, v->logio.bdev);
		return ret;
	}
	return v->pins.nr ? dl_snapshot_memory(v) : 0;
}

int dl_snapshot_load_window(struct dl_volume *v, const void *body, size_t bytes)
{
	if (!dl_window_load(&v->window, &v->pins, body, bytes))
		return v->pins.window == DL_WINDOW_OFF ? 0 : dl_snapshot_memory(v);
	dl_err("%s: log %pg: checkpoint: its window cannot be taken over",
	       v->name, v->logio.bdev);
	return -EUCLEAN;
}

/* No snapshot is refused for want of its map. */
static void no_map(struct dl_volume *v, int err)
{
	dl_warn("%s: log %pg: a granularity map kept with a snapshot is left out: %s",
		v->name, v->logio.bdev, err == -EUCLEAN ? "it is damaged" :
		err == -ENOMEM ? "out of memory" : "there is no room");
}

void dl_snapshot_load_maps(struct dl_volume *v, const void *body, size_t bytes)
{
	int err = dl_grainpast_load(&v->grainpast, body, bytes);

	if (err)
		no_map(v, err);
}

/* A path that was lost for a moment must not cost a snapshot. */
static int patient_read(struct dl_volume *v, const struct dl_rec *r, void *buf)
{
	int i, ret = -EIO;

	for (i = 0; i < READ_TRIES && ret == -EIO; i++)
		ret = dl_read_record(v, r->loc, DL_PAGE_SECTORS, r->d.crc,
				     r->d.addr, buf);
	return ret == -EIO && v->opts.accept_cut ? -EBADMSG : ret;
}

/* What a mark has behind it. */
static void replay_map(struct dl_volume *v, u64 id, const void *page)
{
	int err = dl_grainpast_replay(&v->grainpast, id,
				      page + sizeof(struct dl_disk_mark),
				      DL_PAGE_BYTES - sizeof(struct dl_disk_mark));

	if (err)
		no_map(v, err);
}

int dl_snapshot_replay(struct dl_volume *v, const struct dl_rec *r)
{
	bool rewind = r->d.level == DL_MARK_REWIND && r->seq > v->horizon;
	struct dl_mark m;
	struct page *page;
	int ret;

	/* The checkpoint knows of the pins, but not of what the map is to be. */
	if (r->seq <= v->pins.marks_seq && !rewind)
		return 0;
	page = mempool_alloc(v->pages, GFP_KERNEL);
	ret = patient_read(v, r, page_address(page));
	if (!ret && dl_mark_unpack(&m, page_address(page), r->d.level,
				   r->d.addr, r->seq) != DL_OK)
		ret = -EBADMSG;
	if (!ret && m.kind != DL_MARK_RENAME && r->seq > v->pins.marks_seq)
		replay_map(v, m.id, page_address(page));
	mempool_free(page, v->pages);
	if (ret && (ret == -EIO || rewind)) {
		dl_err("%s: log %pg: mark %llu at sector %llu%s: repair the device",
		       v->name, v->logio.bdev, r->seq, r->loc,
		       rewind ? ", of a rewind, is damaged: what the volume holds cannot be told" :
		       " cannot be read");
		return ret == -EIO ? ret : -EUCLEAN;
	}
	if (ret) {
		/* What matters most is in the descriptor, which is sound. */
		m = (struct dl_mark) {
			.kind = r->d.level, .id = r->d.addr,
			.sectors = v->ck.sb.volume_sectors,
		};
		snprintf(m.name, sizeof(m.name), "damaged-%llu", r->d.addr);
		dl_warn("%s: log %pg: mark %llu is damaged: if it made or renamed a snapshot, that is called %s now",
			v->name, v->logio.bdev, r->seq, m.name);
	}
	ret = dl_snapshot_memory(v);
	if (!ret)
		ret = dl_pins_mark(&v->pins, r->seq, &m);
	if (!ret && rewind && dl_pins_damaged(&v->pins, m.target)) {
		dl_err("%s: log %pg: part of the index that the rewind at sequence %llu needs is damaged: what the volume holds cannot be told: repair the device",
		       v->name, v->logio.bdev, r->seq);
		ret = -EUCLEAN;
	}
	if (!ret && rewind)
		ret = dl_rewind(v, m.target, r->seq);
	return ret;
}

/* Is what @val says of the log possible at all? */
static bool sound(struct dl_volume *v, const struct dl_version *val)
{
	const struct dl_super *sb = &v->ck.sb;

	if (val->flags)
		return val->flags & (DL_PVAL_ZERO | DL_PVAL_LOST);
	return val->loc >= sb->data_start &&
	       val->loc + dl_version_stored(val) <= sb->log_sectors;
}

static int take_index(struct dl_volume *v, const struct dl_rec *r,
		      const struct dl_disk_past *d)
{
	struct dl_version val;
	int ret = 0;
	bool run;
	u64 i;

	for (i = 0; !ret && i < r->d.addr; i++) {
		if (dl_past_unpack(&val, &d[i], &run) != DL_OK ||
		    (!run && !sound(v, &val)))
			return -EUCLEAN;
		val.home = dl_segment_chunk(&v->log.segs, r->loc) + 1;
		ret = run ? dl_history_found_run(v, &val) :
			dl_history_found(v, &val);
	}
	return ret;
}

int dl_snapshot_index(struct dl_volume *v, const struct dl_rec *r)
{
	struct page *page;
	int ret;

	if (!v->past.on)
		return 0;
	page = mempool_alloc(v->pages, GFP_KERNEL);
	ret = patient_read(v, r, page_address(page));
	if (!ret)
		ret = take_index(v, r, page_address(page));
	mempool_free(page, v->pages);
	if (ret == -ENOSPC || ret == -EIO)
		return ret;
	if (ret && dl_pins_damage(&v->pins, r->seq))
		dl_err("%s: log %pg: index of snapshots at sector %llu is damaged: those made before it cannot be viewed any more; delete them",
		       v->name, v->logio.bdev, r->loc);
	return 0;
}
