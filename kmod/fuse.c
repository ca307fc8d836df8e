// SPDX-License-Identifier: GPL-2.0
/*
 * Filling placeholders. See fuse.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "fuse.h"
#include "io.h"
#include "retire.h"
#include "trace.h"

#define SLOTS	1024u

int dl_fuse_init(struct dl_volume *v)
{
	v->fusion.slots = kvcalloc(SLOTS, sizeof(*v->fusion.slots), GFP_KERNEL);
	v->fusion.mask = SLOTS - 1;
	return v->fusion.slots ? 0 : -ENOMEM;
}

void dl_fuse_exit(struct dl_volume *v)
{
	kvfree(v->fusion.slots);
	v->fusion.slots = NULL;
}

u64 dl_fuse_bytes(const struct dl_volume *v)
{
	return SLOTS * sizeof(*v->fusion.slots);
}

/* Is all that is known of sectors @mask older than record @seq, and no delta? */
static bool all_older(struct dl_volume *v, const struct dl_subwrite *w, u8 mask,
		      u64 seq)
{
	struct dl_pmap *pm = &v->map.pm;
	u32 i = w->old;

	while (i) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (dl_pent_seq(e) > seq || dl_pent_delta(e))
			return false;
		mask &= ~e->mask;
		i = mask ? dl_pmap_find(pm, w->bucket, w->page, mask) : 0;
	}
	return true;
}

/*
 * Tells the open frame from others: its first sequence, or what that will be. Racy: it
 * may have been closed since.
 */
static u32 frame(struct dl_volume *v)
{
	u64 seq = READ_ONCE(v->log.open_first_seq);

	return (u32)(seq == U64_MAX ? READ_ONCE(v->log.next_seq) : seq);
}

bool dl_fuse_fill(struct dl_volume *v, const struct dl_subwrite *w,
		  struct dl_batch *b)
{
	struct dl_map *m = &v->map;
	u8 mask = dl_pmap_span_mask(w->first, w->sectors);
	struct dl_retire past;
	struct dl_pval val;
	struct dl_slot s;
	u32 idx, crc;

	if (!w->first || READ_ONCE(v->log.open_first_seq) == U64_MAX ||
	    READ_ONCE(v->pins.newest) == U64_MAX)
		return false;
	idx = dl_pmap_find(&m->pm, w->bucket, w->page, 1U << (w->first - 1));
	if (!idx || dl_pent_seq(dl_pmap_ent(&m->pm, idx)) <
	    READ_ONCE(v->log.open_first_seq))
		return false;
	dl_pmap_get(&m->pm, idx, &val);
	if (val.flags || val.codec || val.first + val.sectors != w->first ||
	    val.mask != dl_pmap_span_mask(val.first, val.sectors) ||
	    !all_older(v, w, mask, val.seq))
		return false;
	past.nr = 0;
	if (w->old && dl_history_wanted(v) &&
	    dl_retire_begin(v, w->bucket, w->page, w->old, mask, val.seq, &past))
		return false;
	if (!dl_log_pin_more(&v->log, val.seq, val.loc, w->sectors, &s)) {
		dl_retire_cancel(v, &past);
		return false;
	}
	dl_retire_end(v, w->bucket, &past, val.seq);
	dl_copy_in(s.mem + (val.sectors << DL_SECTOR_SHIFT), w->bio, w->iter,
		   w->sectors << DL_SECTOR_SHIFT);
	crc = dl_crc32c(s.mem, (val.sectors + w->sectors) << DL_SECTOR_SHIFT);
	s.desc->crc = cpu_to_le32(crc);
	s.desc->flags |= DL_DESC_FUSED;
	dl_map_extend(m, w->sh, w->bucket, idx, w->sectors, crc);
	trace_deltalog_record(v->md, s.seq, s.desc);
	dl_log_put(&s, b);
	dl_fusion_filled(&v->fusion, frame(v), (w->page << DL_PAGE_SECTOR_SHIFT) + w->first,
			 w->sectors);
	dl_stat_add(v, DL_STAT_FUSED, 1);
	dl_stat_add(v, DL_STAT_FUSED_SECTORS, w->sectors);
	return true;
}

u32 dl_fuse_room(struct dl_volume *v, u64 sector, u32 sectors, u8 *confidence)
{
	if (READ_ONCE(v->pins.newest) == U64_MAX)
		return 0;
	return dl_fusion_room(&v->fusion, READ_ONCE(v->opts.fusion), frame(v),
			      sector, sectors, confidence);
}

void dl_fuse_kept(struct dl_volume *v, u64 sector, u32 room)
{
	dl_fusion_kept(&v->fusion, sector, room);
	dl_stat_add(v, DL_STAT_PLACEHOLDERS, 1);
	dl_stat_add(v, DL_STAT_KEPT_SECTORS, room);
}
