// SPDX-License-Identifier: GPL-2.0
/*
 * The sections of a checkpoint. See sections.h.
 */
#include "foresee.h"
#include "grain.h"
#include "grainpast.h"
#include "msg.h"
#include "policy.h"
#include "recovery.h"
#include "scrub.h"
#include "sections.h"
#include "snapshot.h"

/* ---- sectors whose content is lost ---- */

static int load_lost(struct dl_volume *v, const void *body, size_t bytes)
{
	const struct dl_disk_lost *lost = body;
	u32 i, from, to;

	for (i = 0; i < bytes / sizeof(*lost); i++) {
		for (from = 0; from < DL_PAGE_SECTORS; from = to) {
			bool set = lost[i].mask >> from & 1;
			struct dl_rec rec = {
				.d.type = DL_REC_LOST,
				.d.addr = le64_to_cpu(lost[i].page),
				.d.first = from,
				/* Since when is not known: as good as ever. */
				.seq = 1,
			};

			for (to = from + 1; to < DL_PAGE_SECTORS &&
			     (lost[i].mask >> to & 1) == set; to++)
				;
			if (!set)
				continue;
			rec.d.sectors = to - from;
			if (rec.d.addr > DL_PAGE_MAX ||
			    dl_recovery_insert(v, &rec)) {
				dl_err("%s: log %pg: checkpoint: its list of lost pages cannot be taken over",
				       v->name, v->logio.bdev);
				return -EUCLEAN;
			}
			atomic_inc(&v->nr_lost);
		}
	}
	return 0;
}

/* The lost sectors of entry @i, seen under its lock; 0 when it has none. */
static u8 lost_sectors(struct dl_volume *v, u32 i, u64 *page, u64 *seq)
{
	struct dl_pmap *pm = &v->map.pm;
	const struct dl_pent *e = dl_pmap_ent(pm, i);
	struct dl_shard *sh;
	u32 bucket;
	u8 mask = 0;

	if (!READ_ONCE(e->mask) || !dl_pent_lost(e))
		return 0;
	*page = dl_pent_page(e);
	bucket = dl_pmap_bucket(pm, *page);
	sh = dl_map_shard(&v->map, bucket);
	spin_lock(&sh->lock);
	if (dl_map_linked(&v->map, bucket, i) && dl_pent_page(e) == *page &&
	    dl_pent_lost(e)) {
		*seq = dl_pent_seq(e);
		/* What was zeroed since, for good with this horizon, is not. */
		mask = e->mask & ~dl_volume_hidden(v, *page, e->mask,
						   *seq, v->ck.horizon);
	}
	spin_unlock(&sh->lock);
	return mask;
}

static void save_lost(struct dl_volume *v, struct dl_cp_writer *w)
{
	u32 before = atomic_read(&v->nr_lost), n = 0, i;

	if (!before)
		return;
	dl_cp_section(w, DL_SECTION_LOST, DL_SECTION_MUST);
	for (i = 1; i < dl_pmap_nr(&v->map.pm); i++) {
		struct dl_disk_lost lost = { };
		u64 page, seq;

		if (!(i & 0xffff))
			cond_resched();
		lost.mask = lost_sectors(v, i, &page, &seq);
		if (!lost.mask)
			continue;
		/* Replaying its record will find it so again. */
		if (seq > v->ck.horizon) {
			n++;
			continue;
		}
		lost.page = cpu_to_le64(page);
		dl_cp_put_bytes(w, &lost, sizeof(lost));
		n++;
	}
	/* Jobs may have counted more meanwhile: theirs stay counted. */
	atomic_sub((int)(before - min(n, before)), &v->nr_lost);
}

/* ---- all of them ---- */

void dl_sections_save(void *volume, struct dl_cp_writer *w)
{
	struct dl_volume *v = volume;

	save_lost(v, w);
	dl_pins_save(&v->pins, w);
	dl_window_save(&v->window, &v->pins, w);
	dl_grain_save(&v->grain, w);
	dl_scrub_save(v, w);
	dl_foresee_save(v, w);
	/* What there may be room for when all else has its place. */
	dl_grainpast_save(&v->grainpast, w);
	dl_outlook_save(v, w);
}

static int load(struct dl_volume *v, u32 type, const void *body, size_t bytes,
		u64 pages)
{
	switch (type) {
	case DL_SECTION_SAMPLES:
		dl_fingerprint_load(&v->fp, body, bytes, pages);
		return 0;
	case DL_SECTION_LOST:
		return load_lost(v, body, bytes);
	case DL_SECTION_PINS:
		return dl_snapshot_load(v, body, bytes);
	case DL_SECTION_WINDOW:
		return dl_snapshot_load_window(v, body, bytes);
	case DL_SECTION_POLICY:
		return dl_policy_load(v, body, bytes);
	case DL_SECTION_GRAIN:
		dl_grain_load(&v->grain, &v->map, body, bytes);
		return 0;
	case DL_SECTION_SCRUB:
		dl_scrub_load(v, body, bytes);
		return 0;
	case DL_SECTION_FORESIGHT:
		dl_foresee_load(v, body, bytes);
		return 0;
	case DL_SECTION_OUTLOOK:
		dl_outlook_load(v, body, bytes);
		return 0;
	case DL_SECTION_IMPRINTS:
		dl_snapshot_load_maps(v, body, bytes);
		return 0;
	default:
		return 0;
	}
}

int dl_sections_load(struct dl_volume *v, struct dl_cp_reader *r, u64 pages,
		     const void **segments, size_t *segment_bytes)
{
	enum dl_status st;
	const void *body;
	size_t bytes;
	u32 type;
	int ret;

	while ((st = dl_cp_next(r, &type, &body, &bytes)) == DL_OK) {
		if (type == DL_SECTION_SEGMENTS) {
			*segments = body;
			*segment_bytes = bytes;
			continue;
		}
		ret = load(v, type, body, bytes, pages);
		if (ret)
			return ret;
	}
	if (st == DL_NOT_FOUND)
		return 0;
	dl_err("%s: log %pg: checkpoint: %s", v->name, v->logio.bdev,
	       dl_status_text(st));
	return st == DL_BAD_FEATURE ? -EOPNOTSUPP : -EUCLEAN;
}
