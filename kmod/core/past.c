// SPDX-License-Identifier: GPL-2.0
/*
 * The past: versions by page. See past.h for what they mean.
 */
#include "past.h"

static bool same_page(const struct dl_past_ent *e, u64 page)
{
	return e->page_lo == (u32)page && e->page_hi == (u8)(page >> 32);
}

void dl_past_insert(struct dl_past *p, u32 bucket, u32 idx,
		    const struct dl_version *v)
{
	struct dl_past_ent *e = dl_past_ent(p, idx);

	*e = (struct dl_past_ent) {
		.next = p->buckets[bucket],
		.page_lo = (u32)v->page,
		.page_hi = (u8)(v->page >> 32),
		.mask = v->mask,
		.span = (u8)(v->first | (v->sectors - 1) << 3),
		.crc = v->crc,
		.home = v->home,
		.from = v->from,
		.until = v->until,
	};
	if (v->flags) {
		e->span |= DL_PENT_FLAGS;
		e->loc_lo = v->flags;
	} else {
		if (v->codec)
			e->span = (u8)((v->stored - 1) | v->codec << 3 |
				       DL_PENT_PACKED);
		e->loc_lo = (u32)v->loc;
		e->loc_hi = (u8)(v->loc >> 32);
	}
	p->buckets[bucket] = idx;
}

void dl_past_retire(struct dl_past *p, u32 bucket, u32 idx,
		    const struct dl_pent *e, u8 mask, u64 until)
{
	struct dl_past_ent *new = dl_past_ent(p, idx);

	/* What both tables have in common is packed alike. */
	*new = (struct dl_past_ent) {
		.next = p->buckets[bucket],
		.page_lo = e->page_lo,
		.page_hi = e->page_hi,
		.mask = mask,
		.span = e->span,
		.loc_hi = e->loc_hi,
		.loc_lo = e->loc_lo,
		.crc = e->crc,
		.from = dl_pent_seq(e),
		.until = until,
	};
	if (dl_pent_delta(e)) {
		new->span ^= DL_PENT_DELTA | DL_PENT_FLAGS;
		new->loc_lo = DL_PVAL_LOST;
		new->loc_hi = 0;
	}
	p->buckets[bucket] = idx;
}

bool dl_past_remove(struct dl_past *p, u32 bucket, u32 idx)
{
	u32 *link = &p->buckets[bucket];

	while (*link != DL_PAST_NIL) {
		struct dl_past_ent *e = dl_past_ent(p, *link);

		if (*link == idx) {
			*link = e->next;
			e->mask = 0;
			return true;
		}
		link = &e->next;
	}
	return false;
}

bool dl_past_linked(const struct dl_past *p, u32 bucket, u32 idx)
{
	u32 i = p->buckets[bucket];

	while (i != DL_PAST_NIL && i != idx)
		i = dl_past_ent(p, i)->next;
	return i != DL_PAST_NIL;
}

void dl_past_get(const struct dl_past *p, u32 idx, struct dl_version *v)
{
	const struct dl_past_ent *e = dl_past_ent(p, idx);

	*v = (struct dl_version) {
		.from = e->from,
		.until = e->until,
		.page = dl_past_page(e),
		.loc = dl_past_loc(e),
		.crc = e->crc,
		.home = e->home,
		.first = e->span & 7,
		.sectors = (e->span >> 3 & 7) + 1,
		.mask = e->mask,
	};
	if ((e->span & DL_PENT_KIND) == DL_PENT_PACKED) {
		v->codec = v->sectors - 1;
		v->stored = v->first + 1;
		v->first = 0;
		v->sectors = DL_PAGE_SECTORS;
	} else if (e->span & DL_PENT_FLAGS) {
		v->flags = (u8)v->loc;
		v->loc = 0;
	}
}

void dl_past_move(struct dl_past *p, u32 idx, u64 loc, u32 home)
{
	struct dl_past_ent *e = dl_past_ent(p, idx);

	e->home = home;
	if (!dl_span_in_log(e->span))
		return;
	e->loc_lo = (u32)loc;
	e->loc_hi = (u8)(loc >> 32);
}

u32 dl_past_same(const struct dl_past *p, u32 bucket,
		 const struct dl_version *v)
{
	u32 i;

	for (i = p->buckets[bucket]; i != DL_PAST_NIL; i = dl_past_ent(p, i)->next) {
		const struct dl_past_ent *e = dl_past_ent(p, i);

		if (e->from == v->from && e->until == v->until &&
		    e->mask == v->mask && same_page(e, v->page))
			break;
	}
	return i;
}

u32 dl_past_pick(const struct dl_past *p, u32 bucket, u64 page, u8 sector,
		 u64 at)
{
	u32 i, best = DL_PAST_NIL;

	for (i = p->buckets[bucket]; i != DL_PAST_NIL; i = dl_past_ent(p, i)->next) {
		const struct dl_past_ent *e = dl_past_ent(p, i);

		if (e->until > at && (e->mask >> sector & 1) &&
		    same_page(e, page) &&
		    (!best || e->until < dl_past_ent(p, best)->until))
			best = i;
	}
	return best;
}

bool dl_past_sole(const struct dl_past *p, u32 bucket, u64 page, u64 at,
		  u32 *idx)
{
	u32 i;

	*idx = DL_PAST_NIL;
	for (i = p->buckets[bucket]; i != DL_PAST_NIL; i = dl_past_ent(p, i)->next) {
		const struct dl_past_ent *e = dl_past_ent(p, i);

		if (e->until <= at || !same_page(e, page))
			continue;
		if (*idx != DL_PAST_NIL)
			return false;
		*idx = i;
	}
	return true;
}

void dl_past_next_from(const struct dl_past *p, u32 bucket, u64 page,
		       u8 sector, u64 after, u64 *next)
{
	u32 i;

	for (i = p->buckets[bucket]; i != DL_PAST_NIL; i = dl_past_ent(p, i)->next) {
		const struct dl_past_ent *e = dl_past_ent(p, i);

		if (e->from > after && e->from < *next &&
		    (e->mask >> sector & 1) && same_page(e, page))
			*next = e->from;
	}
}

u64 dl_past_last_until(const struct dl_past *p, u32 bucket, u64 page,
		       u8 sector, u64 most)
{
	u64 last = 0;
	u32 i;

	for (i = p->buckets[bucket]; i != DL_PAST_NIL; i = dl_past_ent(p, i)->next) {
		const struct dl_past_ent *e = dl_past_ent(p, i);

		if (e->until <= most && e->until > last &&
		    (e->mask >> sector & 1) && same_page(e, page))
			last = e->until;
	}
	return last;
}

void dl_past_pack(const struct dl_version *v, struct dl_disk_past *d)
{
	*d = (struct dl_disk_past) {
		.from = cpu_to_le64(v->from),
		.until = cpu_to_le64(v->until),
		.addr = cpu_to_le64(v->page),
		.loc = cpu_to_le64(v->loc),
		.crc = cpu_to_le32(v->crc),
		.first = (u8)(v->first | v->codec << 3),
		.sectors = (u8)(v->sectors | v->stored << 4),
		.flags = v->flags,
		.mask = v->mask,
	};
}

/* What dl_past_pack() does not make. */
static bool badly_stored(const struct dl_version *v)
{
	if (!v->codec)
		return v->stored;
	return v->codec >= DL_CODECS || v->flags || v->first ||
		v->sectors != DL_PAGE_SECTORS || !v->stored ||
		v->stored >= DL_PAGE_SECTORS;
}

enum dl_status dl_past_unpack(struct dl_version *v,
			      const struct dl_disk_past *d, bool *run)
{
	const u64 sectors_max = (DL_PAGE_MAX + 1) << DL_PAGE_SECTOR_SHIFT;
	u8 known = DL_PVAL_ZERO | DL_PVAL_LOST | DL_PVAL_DISCARD |
		   DL_PVAL_NOUNMAP;

	*v = (struct dl_version) {
		.from = le64_to_cpu(d->from),
		.until = le64_to_cpu(d->until),
		.page = le64_to_cpu(d->addr),
		.loc = le64_to_cpu(d->loc),
		.crc = le32_to_cpu(d->crc),
		.first = d->first & 7,
		.sectors = d->sectors & 15,
		.codec = d->first >> 3,
		.stored = d->sectors >> 4,
		.flags = d->flags & ~DL_PAST_RUN,
		.mask = d->mask,
	};
	*run = d->flags & DL_PAST_RUN;
	if (v->from >= v->until || v->flags & ~known || badly_stored(v))
		return DL_BAD_RECORD;
	if (*run)
		return v->page < sectors_max && v->loc &&
			v->loc <= sectors_max - v->page ? DL_OK : DL_BAD_RECORD;
	if (v->page > DL_PAGE_MAX || v->loc >= DL_LOG_SECTORS_MAX ||
	    !v->sectors ||
	    v->sectors > DL_PAGE_SECTORS - v->first || !v->mask ||
	    v->mask & ~dl_pmap_span_mask(v->first, v->sectors))
		return DL_BAD_RECORD;
	return DL_OK;
}
