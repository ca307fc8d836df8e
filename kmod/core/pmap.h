/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The page map: which records of the log a page's sectors are to be read from.
 * A hash table of compact records, and nothing but the data structure.
 *
 * Ownership: both arrays are the caller's, and so is the free list. That of the
 * entries may grow, that of the buckets does not. An entry
 * is either free (the caller's, mask 0) or in exactly one chain (the map's).
 * The map allocates nothing: dl_pmap_insert() is given a free entry, and hands
 * back those that it no longer needs, chained through their @next.
 *
 * Locking: none here. A caller of any function holds a lock that covers the
 * bucket of the page, exclusively for insert and remove. dl_pmap_empty() alone
 * may run without. Nothing is shared between two buckets, so the low bits of
 * the bucket number may choose the lock.
 *
 * Invariants:
 *  - index 0 is never an entry, it ends every chain (DL_PMAP_NIL);
 *  - masks of the entries of one page are disjoint: a sector of a page is
 *    visible through one entry at most, the one with the highest sequence;
 *  - an entry in a chain has a non-zero mask, a free one has none.
 *
 * Cost: 28 bytes for an entry, 4 for a bucket; with one bucket for an entry,
 * 32 bytes for every record that is visible at all (a page written whole, at
 * whatever rate: one).
 */
#ifndef DL_CORE_PMAP_H
#define DL_CORE_PMAP_H

#include "format.h"
#include "pieces.h"

#define DL_PMAP_NIL	0u

/* dl_pval.flags; DATA is none of ZERO, LOST, ORIGIN and DELTA */
#define DL_PVAL_ZERO	0x01u		/* the sectors read as zero */
#define DL_PVAL_LOST	0x02u		/* the sectors are unreadable */
#define DL_PVAL_DISCARD	0x04u		/* zero because discarded */
#define DL_PVAL_NOUNMAP	0x08u		/* zero, keep the blocks allocated */
#define DL_PVAL_ORIGIN	0x10u		/* what the origin holds; never on disk */
#define DL_PVAL_DELTA	0x20u		/* what deltas have made of it is in memory, at
					 * chain @loc; never on disk
					 */

/* One record as the map sees it, unpacked. */
struct dl_pval {
	u64 seq;
	u64 loc;	/* DATA: absolute log sector of the payload, 40 bits;
			 * DELTA: number of a chain, 32
			 */
	u32 crc;	/* DATA: of the payload as stored */
	u8  first;	/* first sector of the record in the page, 0..7 */
	u8  sectors;	/* 1..8 */
	u8  codec;	/* DATA: DL_CODEC_*; other than NONE: of a whole page */
	u8  stored;	/* with a codec: sectors of the payload, 1..7 */
	u8  flags;	/* DL_PVAL_* */
	u8  mask;	/* get: sectors still visible; insert: what it is
			 * about, if that is not all of it; else 0
			 */
};

/*
 * What a lookup compares comes first, in 12 bytes. A record that has no
 * payload has no location either: its flags live there.
 */
struct dl_pent {
	u32 next;	/* in the bucket's chain, or in a list of free entries */
	u32 page_lo;
	u8  page_hi;
	u8  mask;	/* sectors of the page visible through this entry */
	/* first | (sectors - 1) << 3 | DL_PENT_*; PACKED: stored - 1 | codec << 3 */
	u8  span;
	u8  loc_hi;
	u32 loc_lo;
	u32 crc;
	u32 seq_lo;
	u32 seq_hi;
};

static_assert(sizeof(struct dl_pent) == 28, "size of dl_pent");

#define DL_PENT_FLAGS	0x40u		/* loc_lo holds dl_pval.flags */
#define DL_PENT_DELTA	0x80u		/* loc_lo is the number of a chain */
#define DL_PENT_PACKED	0xc0u		/* stored with a codec */
#define DL_PENT_KIND	0xc0u		/* one of these, or plain: 0 */

#define DL_PENT_PAGE	((DL_PAGE_SECTORS - 1) << 3)	/* span: a whole page */

/* Is the entry's content in memory, as what deltas have made of it? */
static inline bool dl_pent_delta(const struct dl_pent *e)
{
	return (e->span & DL_PENT_KIND) == DL_PENT_DELTA;
}

/* Is what has @span in the log, stored plainly or not? */
static inline bool dl_span_in_log(u8 span)
{
	return !(span & DL_PENT_KIND) || (span & DL_PENT_KIND) == DL_PENT_PACKED;
}

/* And how many sectors it takes there. */
static inline u8 dl_span_stored(u8 span)
{
	return ((span & DL_PENT_KIND) == DL_PENT_PACKED ? span & 7 :
		span >> 3 & 7) + 1;
}

/* The span of the same sectors, if they have flags in the place of a payload. */
static inline u8 dl_span_flagged(u8 span)
{
	return (u8)(((span & DL_PENT_KIND) == DL_PENT_PACKED ? DL_PENT_PAGE :
		     span & ~DL_PENT_KIND) | DL_PENT_FLAGS);
}

/* Sectors of the log that the payload of @v takes. */
static inline u8 dl_pval_stored(const struct dl_pval *v)
{
	return v->codec ? v->stored : v->sectors;
}

struct dl_pmap {
	struct dl_pieces ents;	/* of struct dl_pent, the unused one at 0 included */
	u32 *buckets;
	u32 bucket_mask;
};

static inline struct dl_pent *dl_pmap_ent(const struct dl_pmap *m, u32 idx)
{
	return dl_pieces_elem(&m->ents, idx, sizeof(struct dl_pent));
}

/* For who looks at all entries: they are those from 1 up to below this. */
static inline u32 dl_pmap_nr(const struct dl_pmap *m)
{
	return dl_pieces_nr(&m->ents);
}

/* The bits of a page's hash that choose its place in a line of 16 buckets. */
#define DL_PMAP_LINE	15u

/**
 * dl_pmap_bucket() - bucket of a page
 * @m: map
 * @page: page number
 *
 * Sixteen neighbours share one cache line of buckets, in an order that differs
 * from line to line: a large read of unmapped pages touches one line for 64
 * KiB, and pages at a regular distance still spread over all buckets.
 */
static inline u32 dl_pmap_bucket(const struct dl_pmap *m, u64 page)
{
	/* 2^64 over the golden ratio. */
	u64 h = (page >> 4) * 0x9e3779b97f4a7c15ULL;

	return ((u32)(h >> 32) ^ ((u32)page & DL_PMAP_LINE)) & m->bucket_mask;
}

/**
 * dl_pmap_empty() - true when no page of a bucket has an entry
 * @m: map
 * @bucket: from dl_pmap_bucket()
 *
 * Context: any, no lock. An insert that is not ordered before may be missed:
 * right for a read that races with the write it does not see. Never true while
 * an entry is replaced by another.
 */
static inline bool dl_pmap_empty(const struct dl_pmap *m, u32 bucket)
{
	return READ_ONCE(m->buckets[bucket]) == DL_PMAP_NIL;
}

/**
 * dl_pmap_find() - an entry through which some of a page's sectors are visible
 * @m: map
 * @bucket: of the page
 * @page: page number
 * @mask: sectors wanted
 *
 * Take what the entry's mask covers off @mask and ask again for the rest.
 *
 * Context: the bucket's lock, shared. Return: index, or DL_PMAP_NIL.
 */
static inline u32 dl_pmap_find(const struct dl_pmap *m, u32 bucket, u64 page,
			       u8 mask)
{
	const u32 page_lo = (u32)page;
	const u8 page_hi = (u8)(page >> 32);
	u32 idx = m->buckets[bucket];

	while (idx != DL_PMAP_NIL) {
		const struct dl_pent *e = dl_pmap_ent(m, idx);

		if (e->page_lo == page_lo && e->page_hi == page_hi &&
		    (e->mask & mask))
			break;
		idx = e->next;
	}
	return idx;
}

/* Page of an entry. */
static inline u64 dl_pent_page(const struct dl_pent *e)
{
	return (u64)e->page_hi << 32 | e->page_lo;
}

/* Sequence of an entry. */
static inline u64 dl_pent_seq(const struct dl_pent *e)
{
	return (u64)e->seq_hi << 32 | e->seq_lo;
}

/* Sectors of a page that a span covers, as a mask. */
static inline u8 dl_pmap_span_mask(u8 first, u8 sectors)
{
	return (u8)(((1u << sectors) - 1) << first);
}

/**
 * dl_pmap_insert() - add a record
 * @m: map
 * @bucket: of the page
 * @idx: a free entry
 * @page: page number, at most DL_PAGE_MAX
 * @v: record; its span within the page, its loc below 2^40
 * @freed: out: head of a list of entries that are free now, through @next;
 *	DL_PMAP_NIL when there are none
 *
 * Older entries of the page lose the sectors that @v covers, and are unlinked
 * when none is left. Where an entry of the same or a higher sequence is there
 * already (records may be inserted in any order) @v loses them instead; if
 * that leaves nothing of it, @idx itself is on the list. Any order is right
 * only as long as nothing is removed: a map does not remember what it gave up.
 *
 * Context: the bucket's lock, exclusive. Return: length of the list.
 */
u32 dl_pmap_insert(struct dl_pmap *m, u32 bucket, u32 idx, u64 page,
		   const struct dl_pval *v, u32 *freed);

/**
 * dl_pmap_extend() - an entry's record has become longer
 * @m: map
 * @bucket: of its page
 * @idx: an entry in that chain, of a plain record, all of it visible
 * @more: sectors, directly behind those it had; it is the newest that has any
 * @crc: of all of its payload now
 * @freed: out: as dl_pmap_insert() has it
 *
 * Older entries lose those sectors. Context: the bucket's lock, exclusive.
 */
void dl_pmap_extend(struct dl_pmap *m, u32 bucket, u32 idx, u8 more, u32 crc,
		    u32 *freed);

/**
 * dl_pmap_remove() - take an entry out, if it is still the one that was meant
 * @m: map
 * @bucket: of the entry's page
 * @idx: entry
 * @seq: its sequence
 *
 * Context: the bucket's lock, exclusive.
 * Return: true: it is out and the caller's; false: @idx is not in that chain
 * or is another record by now, nothing was done.
 */
bool dl_pmap_remove(struct dl_pmap *m, u32 bucket, u32 idx, u64 seq);

/**
 * dl_pmap_settle() - an entry's content is in the log now, all of the page
 * @m: map
 * @idx: an entry in a chain, about a whole page
 * @v: where and how it is stored, and its checksum
 *
 * What is visible of it stays as it is, and so does its sequence. Context: the
 * bucket's lock, exclusive.
 */
void dl_pmap_settle(struct dl_pmap *m, u32 idx, const struct dl_pval *v);

/* And the other way: it is to be found in chain @nr. Context: as above. */
void dl_pmap_chain(struct dl_pmap *m, u32 idx, u32 nr);

/* The same entry is record @seq now. Context: as above. */
void dl_pmap_again(struct dl_pmap *m, u32 idx, u64 seq);

/**
 * dl_pmap_get() - unpack an entry
 * @m: map
 * @idx: an entry in a chain
 * @v: out
 *
 * Sector s of the page, for s in v->mask, is DATA at v->loc + (s - v->first), if
 * there is no codec.
 *
 * Context: the bucket's lock, shared.
 */
void dl_pmap_get(const struct dl_pmap *m, u32 idx, struct dl_pval *v);

#endif
