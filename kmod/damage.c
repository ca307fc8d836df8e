// SPDX-License-Identifier: GPL-2.0
/*
 * Whom damage of the log concerns. See damage.h.
 */
#include "damage.h"
#include "snapshot.h"
#include "subpage.h"
#include "volume.h"

static bool holds(u64 loc, u8 sectors, u64 sector)
{
	return sector >= loc && sector < loc + sectors;
}

/*
 * Does the present, or a version, refer to what is at @sector? Shard locked. @chain:
 * out: the entry whose content is in memory, but by deltas in the log; or 0.
 */
static enum dl_scrub_fate needed(struct dl_volume *v, u32 bucket, u64 page,
				 u64 sector, u32 *chain)
{
	struct dl_pmap *pm = &v->map.pm;
	const struct dl_past *t = &v->past.t;
	struct dl_version ver;
	struct dl_pval val;
	enum dl_scrub_fate fate = DL_SCRUB_SPARE;
	u8 mask = 0xff;
	u32 idx, i;

	*chain = 0;
	while (mask && (idx = dl_pmap_find(pm, bucket, page, mask))) {
		dl_pmap_get(pm, idx, &val);
		mask &= ~val.mask;
		if (val.flags & DL_PVAL_DELTA)
			*chain = idx;
		/* What zeros hide, or the origin has by now, nobody reads. */
		else if (!val.flags && val.seq > v->horizon &&
			 holds(val.loc, dl_pval_stored(&val), sector) &&
			 val.mask & ~dl_volume_hidden(v, page, val.mask,
						      val.seq, U64_MAX))
			fate = DL_SCRUB_PRESENT;
	}
	if (fate == DL_SCRUB_PRESENT)
		return fate;
	for (i = v->past.on ? t->buckets[bucket] : 0; i;
	     i = dl_past_ent(t, i)->next) {
		if (dl_past_page(dl_past_ent(t, i)) != page)
			continue;
		dl_past_get(t, i, &ver);
		if (!ver.flags && holds(ver.loc, dl_version_stored(&ver), sector))
			return DL_SCRUB_PAST;
	}
	return fate;
}

/*
 * A page that deltas have made is in memory. Logged whole it needs none of them,
 * nor what they began on; be it that this one was none of them, it does no harm.
 */
enum dl_scrub_fate dl_damage_fate(struct dl_volume *v, u64 page, u64 sector)
{
	u32 bucket = dl_pmap_bucket(&v->map.pm, page), chain;
	struct dl_shard *sh = dl_map_shard(&v->map, bucket);
	enum dl_scrub_fate fate;

	spin_lock(&sh->lock);
	fate = needed(v, bucket, page, sector, &chain);
	spin_unlock(&sh->lock);
	if (!chain)
		return fate;
	/* Nothing is logged once a suspend has said that the log is at rest. */
	mutex_lock(&v->snapshot_lock);
	if (dl_volume_mode(v) == DL_MODE_RW && v->resumed &&
	    !READ_ONCE(v->detaching) && !dl_subpage_whole(v, page, chain) &&
	    fate == DL_SCRUB_SPARE)
		fate = DL_SCRUB_MENDED;
	mutex_unlock(&v->snapshot_lock);
	return fate;
}
