// SPDX-License-Identifier: GPL-2.0
/*
 * Chains: numbers and memory. See chain.h.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "chain.h"
#include "pieces.h"

void dl_chains_init(struct dl_chains *c)
{
	spin_lock_init(&c->lock);
}

void dl_chains_exit(struct dl_chains *c)
{
	u32 i;

	for (i = 1; i < dl_chains_nr(c); i++)
		free_page((unsigned long)dl_chain(c, i)->mem);
	dl_pieces_exit(&c->at, sizeof(struct dl_chain));
	kvfree(c->scratch);
	c->scratch = NULL;
}

/* Numbers for @more chains. Context: process, may sleep. */
static int add(struct dl_chains *c, u32 more)
{
	u32 first = dl_chains_nr(c), i;
	int ret;

	if (first) {
		ret = dl_pieces_reserve(&c->at, more, sizeof(struct dl_chain));
	} else {
		ret = dl_pieces_init(&c->at, more + 1, sizeof(struct dl_chain));
		if (ret)
			dl_pieces_exit(&c->at, sizeof(struct dl_chain));
	}
	if (ret)
		return ret;
	if (first)
		dl_pieces_grow(&c->at, more);
	else
		first = 1;
	spin_lock(&c->lock);
	for (i = first; i < first + more; i++) {
		dl_chain(c, i)->next = c->free;
		c->free = i;
	}
	spin_unlock(&c->lock);
	return 0;
}

int dl_chains_on(struct dl_chains *c, u32 shards, u32 max)
{
	u32 have = dl_chains_nr(c);
	struct dl_scratch *s;
	int ret = 0;

	have -= !!have;
	if (have < max)
		ret = add(c, max - have);
	if (ret)
		return ret;
	WRITE_ONCE(c->max, max);
	if (c->scratch)
		return 0;
	s = kvcalloc(shards, sizeof(*s), GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	/* Who sees it sees the rest. */
	smp_store_release(&c->scratch, s);
	return 0;
}

static u32 take(struct dl_chains *c, bool any)
{
	u32 nr = 0;

	spin_lock(&c->lock);
	if (c->free && (any || c->nr < c->max)) {
		nr = c->free;
		c->free = dl_chain(c, nr)->next;
		WRITE_ONCE(c->nr, c->nr + 1);
	}
	spin_unlock(&c->lock);
	return nr;
}

static void give(struct dl_chains *c, u32 nr)
{
	spin_lock(&c->lock);
	dl_chain(c, nr)->next = c->free;
	c->free = nr;
	WRITE_ONCE(c->nr, c->nr - 1);
	spin_unlock(&c->lock);
}

static u32 begin(struct dl_chains *c, u32 nr, u64 page, u32 entry, u64 base,
		 gfp_t gfp)
{
	struct dl_chain *ch;
	void *mem;

	if (!nr)
		return 0;
	mem = (void *)__get_free_page(gfp);
	if (!mem) {
		give(c, nr);
		return 0;
	}
	ch = dl_chain(c, nr);
	ch->page = page;
	ch->base = base;
	ch->entry = entry;
	ch->bytes = 0;
	ch->nr = 0;
	WRITE_ONCE(ch->mem, mem);
	return nr;
}

u32 dl_chain_take(struct dl_chains *c, u64 page, u32 entry, u64 base)
{
	return begin(c, take(c, false), page, entry, base,
		     GFP_NOWAIT | __GFP_NOWARN);
}

u32 dl_chain_need(struct dl_chains *c, u64 page, u64 base)
{
	if (!c->free && add(c, DL_PIECE))
		return 0;
	return begin(c, take(c, true), page, 0, base, GFP_KERNEL);
}

void dl_chain_drop(struct dl_chains *c, u32 nr)
{
	struct dl_chain *ch = dl_chain(c, nr);
	void *mem = ch->mem;

	WRITE_ONCE(ch->mem, NULL);
	free_page((unsigned long)mem);
	give(c, nr);
}

u64 dl_chains_bytes(const struct dl_chains *c, u32 shards)
{
	u64 bytes = (u64)READ_ONCE(c->nr) * PAGE_SIZE;

	if (c->at.at)
		bytes += dl_pieces_bytes(&c->at, sizeof(struct dl_chain));
	if (READ_ONCE(c->scratch))
		bytes += (u64)shards * sizeof(struct dl_scratch);
	return bytes;
}
