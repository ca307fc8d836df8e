// SPDX-License-Identifier: GPL-2.0
/*
 * The page map: insert, remove, unpack. Lookup is in the header.
 */
#include "pmap.h"

/* Of a record that has a payload in the log. */
static u8 stored_span(const struct dl_pval *v)
{
	if (v->codec)
		return (u8)((v->stored - 1) | v->codec << 3 | DL_PENT_PACKED);
	return (u8)(v->first | (v->sectors - 1) << 3);
}

static void fill(struct dl_pent *e, u64 page, const struct dl_pval *v)
{
	u64 loc = v->loc;

	e->page_lo = (u32)page;
	e->page_hi = (u8)(page >> 32);
	e->span = stored_span(v);
	if (v->flags & DL_PVAL_DELTA) {
		e->span |= DL_PENT_DELTA;
	} else if (v->flags) {
		e->span |= DL_PENT_FLAGS;
		loc = v->flags;
	}
	e->loc_lo = (u32)loc;
	e->loc_hi = (u8)(loc >> 32);
	e->crc = v->crc;
	e->seq_lo = (u32)v->seq;
	e->seq_hi = (u32)(v->seq >> 32);
}

u32 dl_pmap_insert(struct dl_pmap *m, u32 bucket, u32 idx, u64 page,
		   const struct dl_pval *v, u32 *freed)
{
	u8 mask = dl_pmap_span_mask(v->first, v->sectors) &
		  (v->mask ?: 0xff);
	struct dl_pent *new = dl_pmap_ent(m, idx);
	u32 *link = &new->next;
	u32 nr = 0;

	*freed = DL_PMAP_NIL;
	fill(new, page, v);

	/*
	 * In first, the others out after: dl_pmap_empty() asks without a lock,
	 * and a page that has an entry all along must not look unmapped while
	 * one replaces the other.
	 */
	new->next = m->buckets[bucket];
	WRITE_ONCE(m->buckets[bucket], idx);

	/*
	 * Masks of a page are disjoint, so what a younger entry takes from the
	 * new one no older entry has: the order of the two does not matter.
	 */
	while (*link != DL_PMAP_NIL) {
		const u32 i = *link;
		struct dl_pent *e = dl_pmap_ent(m, i);

		if (e->page_lo == new->page_lo && e->page_hi == new->page_hi) {
			if (dl_pent_seq(e) >= v->seq)
				mask &= (u8)~e->mask;
			else
				e->mask &= (u8)~mask;
			if (!e->mask) {
				*link = e->next;
				e->next = *freed;
				*freed = i;
				nr++;
				continue;
			}
		}
		link = &e->next;
	}

	new->mask = mask;
	if (!mask) {
		/* What took everything is behind it in the chain. */
		WRITE_ONCE(m->buckets[bucket], new->next);
		new->next = *freed;
		*freed = idx;
		nr++;
	}
	return nr;
}

void dl_pmap_extend(struct dl_pmap *m, u32 bucket, u32 idx, u8 more, u32 crc,
		    u32 *freed)
{
	struct dl_pent *own = dl_pmap_ent(m, idx);
	u8 first = own->span & 7, sectors = (own->span >> 3 & 7) + 1;
	u8 mask = dl_pmap_span_mask(first + sectors, more);
	u32 *link = &m->buckets[bucket];

	*freed = DL_PMAP_NIL;
	own->span = (u8)(first | (sectors + more - 1) << 3);
	own->crc = crc;
	while (*link != DL_PMAP_NIL) {
		const u32 i = *link;
		struct dl_pent *e = dl_pmap_ent(m, i);

		if (i != idx && e->page_lo == own->page_lo &&
		    e->page_hi == own->page_hi) {
			e->mask &= (u8)~mask;
			if (!e->mask) {
				WRITE_ONCE(*link, e->next);
				e->next = *freed;
				*freed = i;
				continue;
			}
		}
		link = &e->next;
	}
	own->mask |= mask;
}

void dl_pmap_settle(struct dl_pmap *m, u32 idx, const struct dl_pval *v)
{
	struct dl_pent *e = dl_pmap_ent(m, idx);

	e->span = stored_span(v);
	e->loc_lo = (u32)v->loc;
	e->loc_hi = (u8)(v->loc >> 32);
	e->crc = v->crc;
}

void dl_pmap_chain(struct dl_pmap *m, u32 idx, u32 nr)
{
	struct dl_pent *e = dl_pmap_ent(m, idx);

	e->span = DL_PENT_PAGE | DL_PENT_DELTA;
	e->loc_lo = nr;
	e->loc_hi = 0;
}

void dl_pmap_again(struct dl_pmap *m, u32 idx, u64 seq)
{
	struct dl_pent *e = dl_pmap_ent(m, idx);

	e->seq_lo = (u32)seq;
	e->seq_hi = (u32)(seq >> 32);
}

bool dl_pmap_remove(struct dl_pmap *m, u32 bucket, u32 idx, u64 seq)
{
	u32 *link = &m->buckets[bucket];

	while (*link != DL_PMAP_NIL) {
		struct dl_pent *e = dl_pmap_ent(m, *link);

		if (*link == idx) {
			if (dl_pent_seq(e) != seq)
				return false;
			WRITE_ONCE(*link, e->next);
			e->mask = 0;
			return true;
		}
		link = &e->next;
	}
	return false;
}

void dl_pmap_get(const struct dl_pmap *m, u32 idx, struct dl_pval *v)
{
	const struct dl_pent *e = dl_pmap_ent(m, idx);

	v->seq = dl_pent_seq(e);
	v->loc = (u64)e->loc_hi << 32 | e->loc_lo;
	v->crc = e->crc;
	v->first = e->span & 7;
	v->sectors = (e->span >> 3 & 7) + 1;
	v->codec = DL_CODEC_NONE;
	v->stored = 0;
	v->mask = e->mask;
	v->flags = 0;
	if (!(e->span & DL_PENT_KIND))
		return;
	switch (e->span & DL_PENT_KIND) {
	case DL_PENT_PACKED:
		v->codec = v->sectors - 1;
		v->stored = v->first + 1;
		v->first = 0;
		v->sectors = DL_PAGE_SECTORS;
		break;
	case DL_PENT_DELTA:
		v->flags = DL_PVAL_DELTA;
		break;
	default:
		v->flags = (u8)v->loc;
		v->loc = 0;
	}
}
