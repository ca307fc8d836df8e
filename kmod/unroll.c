// SPDX-License-Identifier: GPL-2.0
/*
 * Chains of deltas in recovery. See unroll.h.
 */
#include "msg.h"
#include "retire.h"
#include "unroll.h"

static struct dl_shard *shard_of(struct dl_volume *v, u64 page, u32 *bucket)
{
	*bucket = dl_pmap_bucket(&v->map.pm, page);
	return dl_map_shard(&v->map, *bucket);
}

/* Read @bytes from byte @skip of sector @sector on: where they are, or NULL. */
static const void *load(struct dl_unroll *u, u64 sector, u32 skip, u32 bytes,
			u32 crc, u64 page, bool along)
{
	struct dl_volume *v = u->v;
	u32 bs = v->log.block_sectors;
	u64 start = round_down(sector, bs), end;

	skip += (sector - start) << DL_SECTOR_SHIFT;
	end = start + DIV_ROUND_UP(skip + bytes, DL_SECTOR_BYTES);
	if (u->read(u->ctx, start, round_up(end - start, bs), u->buf, along)) {
		if (u->nr_unread < DL_UNREAD)
			u->unread[u->nr_unread] = (struct dl_unread) {
				.page = page, .sector = sector,
			};
		u->nr_unread++;
		return NULL;
	}
	if (dl_crc32c(u->buf + skip, bytes) == crc)
		return u->buf + skip;
	atomic64_inc(&v->crc_errors);
	dl_err_limit("%s: log %pg: checksum mismatch at sector %llu, %u bytes (page %llu)",
		     v->name, v->logio.bdev, sector, bytes, page);
	return NULL;
}

/* A chain on what @page's only entry @idx holds: its number, or 0. */
static u32 begin(struct dl_unroll *u, u64 page, u32 idx, int *err)
{
	struct dl_volume *v = u->v;
	struct dl_pval val;
	const void *data;
	u32 nr;

	if (!idx)
		return 0;
	dl_pmap_get(&v->map.pm, idx, &val);
	if (val.flags || val.sectors < DL_PAGE_SECTORS || val.mask != 0xff ||
	    dl_volume_hidden(v, page, 0xff, val.seq, U64_MAX))
		return 0;
	data = load(u, val.loc, 0, dl_pval_stored(&val) << DL_SECTOR_SHIFT,
		    val.crc, page, false);
	if (!data)
		return 0;
	nr = dl_chain_need(&v->map.chains, page, val.seq);
	if (!nr) {
		*err = -ENOMEM;
		return 0;
	}
	if (!val.codec) {
		memcpy(dl_chain(&v->map.chains, nr)->mem, data, DL_PAGE_BYTES);
	} else if (dl_codec_unpack(val.codec, data, val.stored,
				   dl_chain(&v->map.chains, nr)->mem)) {
		dl_chain_drop(&v->map.chains, nr);
		nr = 0;
	}
	return nr;
}

/* What the entry is now becomes past, if it must. Shard locked. */
static int retire(struct dl_volume *v, u32 bucket, u64 page, u32 idx, u64 seq)
{
	struct dl_retire past = { };

	if (!idx || !dl_history_wanted(v))
		return 0;
	if (dl_retire_begin(v, bucket, page, idx, 0xff, seq, &past))
		return -ENOSPC;
	dl_retire_end(v, bucket, &past, seq);
	return 0;
}

/* All of the page is lost from record @seq on. */
static int lose(struct dl_unroll *u, u32 bucket, u64 page, u64 seq)
{
	struct dl_volume *v = u->v;
	struct dl_map *m = &v->map;
	struct dl_shard *sh = dl_map_shard(m, bucket);
	struct dl_pval val = {
		.seq = seq, .sectors = DL_PAGE_SECTORS, .flags = DL_PVAL_LOST,
	};
	int ret = -ENOSPC;
	bool again;
	u32 idx;

	u->broken++;
	spin_lock(&sh->lock);
	idx = dl_pmap_find(&m->pm, bucket, page, 0xff);
	again = idx && dl_pent_lost(dl_pmap_ent(&m->pm, idx));
	idx = dl_map_alloc(m, sh);
	if (idx)
		ret = retire(v, bucket, page,
			     dl_pmap_find(&m->pm, bucket, page, 0xff), seq);
	if (idx && ret)
		dl_map_free(m, sh, idx);
	else if (idx)
		dl_map_insert(m, sh, bucket, idx, page, &val);
	spin_unlock(&sh->lock);
	if (!ret && !again)
		atomic_inc(&v->nr_lost);
	return ret;
}

int dl_unroll_delta(struct dl_unroll *u, const struct dl_rec *rec)
{
	struct dl_volume *v = u->v;
	struct dl_map *m = &v->map;
	u64 page = rec->d.addr;
	struct dl_shard *sh;
	struct dl_chain *ch;
	const void *delta;
	u32 bucket, idx, nr;
	bool first;
	int ret = 0;

	sh = shard_of(v, page, &bucket);
	spin_lock(&sh->lock);
	idx = dl_pmap_find(&m->pm, bucket, page, 0xff);
	first = !idx || !dl_pent_delta(dl_pmap_ent(&m->pm, idx));
	spin_unlock(&sh->lock);
	/* Nobody else is there yet: what was found stays. */
	nr = first ? begin(u, page, idx, &ret) :
		dl_pmap_ent(&m->pm, idx)->loc_lo;
	if (ret)
		return ret;
	delta = !nr ? NULL :
		load(u, rec->loc, dl_desc_at(&rec->d) & (DL_SECTOR_BYTES - 1),
		     rec->d.stored, rec->d.crc, page, true);
	/* There may not have been a chain yet. */
	ch = nr ? dl_chain(&m->chains, nr) : NULL;
	if (!delta || dl_delta_apply(ch->mem, delta, rec->d.stored) != DL_OK) {
		if (nr && first)
			dl_chain_drop(&m->chains, nr);
		return lose(u, bucket, page, rec->seq);
	}

	spin_lock(&sh->lock);
	/* What a snapshot needs of a chain was logged whole before this. */
	if (first)
		ret = retire(v, bucket, page, idx, rec->seq);
	if (first && !ret) {
		ch->entry = idx;
		dl_pmap_chain(&m->pm, idx, nr);
	}
	if (!ret) {
		ch->nr += ch->nr < U16_MAX;
		dl_pmap_again(&m->pm, idx, rec->seq);
	}
	spin_unlock(&sh->lock);
	if (ret)
		dl_chain_drop(&m->chains, nr);
	return ret;
}

/* The entry of @page among those of @mask that is a delta, or lost if @lost. */
static u32 find_chain(struct dl_pmap *pm, u32 bucket, u64 page, u8 mask,
		      bool lost)
{
	u32 idx;

	while ((idx = dl_pmap_find(pm, bucket, page, mask))) {
		const struct dl_pent *e = dl_pmap_ent(pm, idx);

		if (dl_pent_delta(e) || (lost && dl_pent_lost(e)))
			break;
		mask &= ~e->mask;
	}
	return idx;
}

void dl_unroll_same(struct dl_unroll *u, const struct dl_rec *rec)
{
	struct dl_map *m = &u->v->map;
	struct dl_shard *sh;
	u32 bucket, idx;

	sh = shard_of(u->v, rec->d.addr, &bucket);
	spin_lock(&sh->lock);
	idx = find_chain(&m->pm, bucket, rec->d.addr, 0xff, true);
	/* Or it came to the origin in time, and says nothing that is not there. */
	if (idx) {
		const struct dl_pval val = {
			.loc = rec->loc, .crc = rec->d.crc,
			.sectors = DL_PAGE_SECTORS, .codec = rec->d.codec,
			.stored = rec->d.stored,
		};

		dl_map_end_chain(m, idx);
		dl_pmap_settle(&m->pm, idx, &val);
	}
	spin_unlock(&sh->lock);
}

void dl_unroll_replace(struct dl_volume *v, u64 page, u8 mask)
{
	struct dl_map *m = &v->map;
	struct dl_shard *sh;
	u32 bucket, idx;
	u64 seq = 0;

	if (!m->chains.nr || mask == 0xff)
		return;
	sh = shard_of(v, page, &bucket);
	spin_lock(&sh->lock);
	idx = find_chain(&m->pm, bucket, page, mask, false);
	if (idx)
		seq = dl_pent_seq(dl_pmap_ent(&m->pm, idx));
	spin_unlock(&sh->lock);
	/* No log of ours: it was whole by then. The rest of it is not known. */
	if (idx && dl_map_lose(m, page, idx, seq))
		atomic_inc(&v->nr_lost);
}

/* Of a page that was not read, and has not been made good since. */
static const struct dl_unread *unread(const struct dl_unroll *u, u64 page)
{
	u32 i;

	/* More than can be told apart: it may be one of them. */
	if (u->nr_unread > DL_UNREAD)
		return u->unread;
	for (i = 0; i < u->nr_unread; i++)
		if (u->unread[i].page == page)
			return &u->unread[i];
	return NULL;
}

int dl_unroll_end(struct dl_unroll *u)
{
	struct dl_volume *v = u->v;
	const struct dl_pmap *pm = &v->map.pm;
	const struct dl_unread *un;
	int ret = 0;
	u32 i;

	for (i = 1; u->broken && i < dl_pmap_nr(pm); i++) {
		const struct dl_pent *e = dl_pmap_ent(pm, i);

		if (!(i & 0xffff))
			cond_resched();
		if (!e->mask || !dl_pent_lost(e) || dl_pent_seq(e) <= v->horizon)
			continue;
		un = v->opts.accept_cut ? NULL : unread(u, dl_pent_page(e));
		if (un) {
			dl_err_limit("%s: log %pg: sector %llu cannot be read, which page %llu needs: repair the device, or give up what is there with the option accept_cut",
				     v->name, v->logio.bdev, un->sector,
				     dl_pent_page(e));
			ret = -EIO;
			continue;
		}
		dl_err_limit("%s: log %pg: page %llu is lost: of the deltas up to sequence %llu that make it one is damaged, or what they begin on: overwrite or discard it",
			     v->name, v->logio.bdev, dl_pent_page(e),
			     dl_pent_seq(e));
	}
	return ret;
}
