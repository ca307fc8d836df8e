/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains: pages whose newest record is a delta. What a chain of deltas has made
 * of a page is kept here, so that neither a read nor the next delta has to put
 * it together, and no device is asked for what was there before.
 *
 * A chain begins on a record of the whole page that is in the log above the
 * horizon (@base), so recovery needs nothing but the log to build it again. It
 * ends when the page is written whole, or has come to the origin.
 *
 * Ownership: a chain belongs to the map's entry that has its number, from
 * dl_chain_take() to dl_chain_drop(); what it holds is guarded by the shard of
 * its page. Free numbers are a list under @lock. Order: shard -> lock.
 *
 * Memory: 4 KiB and struct dl_chain for each page that has one, at most @max of
 * them; more only if recovery finds more. What a chain is built from may come
 * from the kept tail of the log (recent.h).
 */
#ifndef DL_CHAIN_H
#define DL_CHAIN_H

#include <linux/spinlock.h>

#include "core/delta.h"
#include "core/pieces.h"

struct dl_chain {
	void *mem;	/* the page, as of the entry's sequence; NULL: free */
	u64 page;
	u64 base;	/* sequence of the record it began on */
	u32 entry;	/* the map's */
	u32 next;	/* free: in the list of free numbers */
	u32 bytes;	/* of its deltas */
	u16 nr;		/* deltas */
};

/* What a write to a page is put together in; one for each shard. */
struct dl_scratch {
	u8 page[DL_PAGE_BYTES] __aligned(8);
	u8 delta[DL_DELTA_MAX];
};

struct dl_chains {
	spinlock_t lock;	/* the free list, @nr */
	struct dl_pieces at;	/* of struct dl_chain, number 0 unused */
	u32 free;
	u32 nr;			/* in use */
	u32 max;		/* as many as there may be */
	struct dl_scratch *scratch;	/* by shard; NULL: no deltas are written */
	u64 floor;		/* no chain begins or goes on below it; READ_ONCE */
};

void dl_chains_init(struct dl_chains *c);
void dl_chains_exit(struct dl_chains *c);

/**
 * dl_chains_on() - have what writing deltas takes
 * @c: chains
 * @shards: of the map
 * @max: chains at most
 *
 * Context: process, may sleep; nobody else does the same.
 * Return: 0; -ENOMEM, then nothing has changed.
 */
int dl_chains_on(struct dl_chains *c, u32 shards, u32 max);

/* Is there room for one more at least, if not for sure? Racy. */
static inline bool dl_chains_room(const struct dl_chains *c)
{
	return READ_ONCE(c->nr) < READ_ONCE(c->max);
}

static inline struct dl_chain *dl_chain(const struct dl_chains *c, u32 nr)
{
	return dl_pieces_elem(&c->at, nr, sizeof(struct dl_chain));
}

/* For who looks at all of them: they are those from 1 up to below this. */
static inline u32 dl_chains_nr(const struct dl_chains *c)
{
	return c->at.at ? dl_pieces_nr(&c->at) : 0;
}

/**
 * dl_chain_take() - a chain, its memory not filled in yet
 * @c: chains
 * @page: of which page
 * @entry: of the map
 * @base: sequence of the record it begins on
 *
 * Context: any, does not sleep; the page's shard locked.
 * Return: its number, or 0 when there is no room or memory just now.
 */
u32 dl_chain_take(struct dl_chains *c, u64 page, u32 entry, u64 base);

/* The same for recovery, which must have it: may sleep, no shard locked. */
u32 dl_chain_need(struct dl_chains *c, u64 page, u64 base);

/* It ends. Context: the shard locked. */
void dl_chain_drop(struct dl_chains *c, u32 nr);

/* Memory in bytes. */
u64 dl_chains_bytes(const struct dl_chains *c, u32 shards);

#endif
