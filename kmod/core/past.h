/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The past: versions of sectors that a snapshot still needs, though something
 * newer took their place. A hash table of pages beside the page map, and
 * nothing but the data structure.
 *
 * A version says: from sequence @from on, until record @until replaced it, these
 * sectors held that. What a sector held at sequence S is told by the version
 * of it with the lowest @until above S:
 *
 *   there is one, and its @from is at most S    that version
 *   there is one, and its @from is above S      the origin: what it holds was
 *                                               never replaced before @from
 *   there is none                               the map's record, if its sequence
 *                                               is at most S; else the origin
 *
 * This is right for every S that a snapshot is pinned to, as long as no version
 * a pin lies in is removed and the origin is not overwritten before what it
 * held has become a version. Such a one begins where the version before it ends, or
 * at 0 when there is none: which of the two a pin gets, and so which it holds, is
 * the same as if the true beginning were known.
 *
 * Ownership: the arrays are the caller's, and so are free entries. Locking: none
 * here; what holds a page's bucket of the map holds its bucket here, because
 * the bucket numbers are the same.
 *
 * Cost: 40 bytes a version, 4 a bucket.
 */
#ifndef DL_CORE_PAST_H
#define DL_CORE_PAST_H

#include "pmap.h"
#include "status.h"

#define DL_PAST_NIL	0u

struct dl_past_ent {
	u32 next;	/* in the bucket's chain, or in a list of free entries */
	u32 page_lo;
	u8  page_hi;
	u8  mask;	/* sectors this is about; 0: free */
	u8  span;	/* as dl_pent.span, but never DELTA */
	u8  loc_hi;
	u32 loc_lo;
	u32 crc;
	u32 home;	/* where its index entry is: chunk + 1; 0: in none */
	u64 from;
	u64 until;
};

static_assert(sizeof(struct dl_past_ent) == 40, "size of dl_past_ent");

/* A version unpacked. */
struct dl_version {
	u64 from, until;
	u64 page;
	u64 loc;	/* absolute log sector; meaningless with flags */
	u32 crc;
	u32 home;
	u8  first, sectors;
	u8  codec, stored;	/* as in dl_pval */
	u8  flags;	/* DL_PVAL_ZERO or DL_PVAL_LOST; DATA: none */
	u8  mask;
};

/* Sectors of the log that its payload takes. */
static inline u8 dl_version_stored(const struct dl_version *v)
{
	return v->codec ? v->stored : v->sectors;
}

struct dl_past {
	struct dl_pieces ents;	/* of struct dl_past_ent, the unused one at 0 included */
	u32 *buckets;
};

static inline struct dl_past_ent *dl_past_ent(const struct dl_past *p, u32 idx)
{
	return dl_pieces_elem(&p->ents, idx, sizeof(struct dl_past_ent));
}

/* For who looks at all entries: they are those from 1 up to below this. */
static inline u32 dl_past_nr(const struct dl_past *p)
{
	return dl_pieces_nr(&p->ents);
}

static inline u64 dl_past_page(const struct dl_past_ent *e)
{
	return (u64)e->page_hi << 32 | e->page_lo;
}

/* Is what the version held lost? */
static inline bool dl_past_lost(const struct dl_past_ent *e)
{
	return (e->span & DL_PENT_KIND) == DL_PENT_FLAGS &&
		e->loc_lo & DL_PVAL_LOST;
}

/* Where a version's payload is. Only of one without flags. */
static inline u64 dl_past_loc(const struct dl_past_ent *e)
{
	return (u64)e->loc_hi << 32 | e->loc_lo;
}

/**
 * dl_past_insert() - add a version
 * @p: the past
 * @bucket: of its page, in the map
 * @idx: a free entry
 * @v: version; its mask is not empty and lies within its span
 *
 * The caller sees to it that no other version of the sectors overlaps it in
 * sequence, see dl_past_same().
 * Context: the bucket's lock, exclusive.
 */
void dl_past_insert(struct dl_past *p, u32 bucket, u32 idx,
		    const struct dl_version *v);

/**
 * dl_past_retire() - add what some sectors of a map's entry become
 * @p: the past
 * @bucket: of its page, in the map
 * @idx: a free entry
 * @e: the map's entry, in no index record
 * @mask: sectors of its mask that are replaced
 * @until: sequence of what replaces them
 *
 * As dl_past_insert() of the entry unpacked, without unpacking it: every first
 * write to a page since a snapshot comes here. Of a delta, which has no payload
 * of its own, it would be lost: who replaces one sees to it that it is none.
 * Context: the bucket's lock, exclusive.
 */
void dl_past_retire(struct dl_past *p, u32 bucket, u32 idx,
		    const struct dl_pent *e, u8 mask, u64 until);

/* Take entry @idx out of @bucket: true when it was there. Exclusive. */
bool dl_past_remove(struct dl_past *p, u32 bucket, u32 idx);

/* Is @idx in @bucket? Shared. */
bool dl_past_linked(const struct dl_past *p, u32 bucket, u32 idx);

void dl_past_get(const struct dl_past *p, u32 idx, struct dl_version *v);
/* Say anew where the payload and the index entry of @idx are. Exclusive. */
void dl_past_move(struct dl_past *p, u32 idx, u64 loc, u32 home);

/* The entry that says the same of the same sectors, or DL_PAST_NIL. Shared. */
u32 dl_past_same(const struct dl_past *p, u32 bucket,
		 const struct dl_version *v);

/**
 * dl_past_pick() - the version with the lowest @until above a sequence
 * @p: the past
 * @bucket: of the page
 * @page: page number
 * @sector: of the page, 0..7
 * @at: sequence
 *
 * Return: its index or DL_PAST_NIL; see above for what that means. Shared.
 */
u32 dl_past_pick(const struct dl_past *p, u32 bucket, u64 page, u8 sector,
		 u64 at);

/**
 * dl_past_sole() - is there one version at most with an @until above a sequence?
 * @p: the past
 * @bucket: of the page
 * @page: page number
 * @at: sequence
 * @idx: out: that version or DL_PAST_NIL
 *
 * Then it is what dl_past_pick() says of all sectors in its mask, and of the
 * others that says DL_PAST_NIL.
 * Context: the bucket's lock, shared. Return: false when there are more.
 */
bool dl_past_sole(const struct dl_past *p, u32 bucket, u64 page, u64 at,
		  u32 *idx);

/**
 * dl_past_next_from() - the next version of a sector that began after @after
 * @p: the past
 * @bucket: of the page
 * @page: page number
 * @sector: of the page, 0..7
 * @after: sequence
 * @next: in and out: lowered to the lowest such @from
 *
 * Context: the bucket's lock, shared.
 */
void dl_past_next_from(const struct dl_past *p, u32 bucket, u64 page,
		       u8 sector, u64 after, u64 *next);

/* The highest @until of the sector's versions that is at most @most, or 0. */
u64 dl_past_last_until(const struct dl_past *p, u32 bucket, u64 page,
		       u8 sector, u64 most);

/* To and from an index record. */
void dl_past_pack(const struct dl_version *v, struct dl_disk_past *d);

/**
 * dl_past_unpack() - decode and check an entry of an index record
 * @v: out; home is 0
 * @d: as read
 * @run: out: it is about a run of sectors: @v->page is its first sector,
 *	@v->loc its length
 *
 * Checks: from below until; page (or run) within what a volume can have; span
 * and mask within the page, mask within the span; flags known; loc below 2^40.
 * Return: DL_OK or DL_BAD_RECORD.
 */
enum dl_status dl_past_unpack(struct dl_version *v,
			      const struct dl_disk_past *d, bool *run);

#endif
