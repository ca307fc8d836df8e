// SPDX-License-Identifier: GPL-2.0
/*
 * The base cache. See base.h.
 */
#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "base.h"

/* The lowest bits are the shard's number, the others tell its pages apart. */
static struct dl_base_set *set_of(const struct dl_base *b, u32 bucket)
{
	u32 shard = (bucket >> 4) & b->m->shard_mask;
	u32 rest = (bucket & DL_PMAP_LINE) ^ (bucket >> 4 >> b->shift);

	return &b->sets[(shard | rest << b->shift) & b->set_mask];
}

static bool holds(const struct dl_base_way *w, u64 page)
{
	return w->mem && w->page_lo == (u32)page && w->page_hi == (u8)(page >> 32);
}

const void *dl_base_find(struct dl_base *b, u32 bucket, u64 page, u64 seq)
{
	struct dl_base_set *s = set_of(b, bucket);
	u32 i;

	for (i = 0; i < DL_BASE_WAYS; i++) {
		if (!holds(&s->way[i], page))
			continue;
		s->way[i].used = 1;
		return s->way[i].seq == seq ? s->way[i].mem : NULL;
	}
	return NULL;
}

/* The way of @page, or one for it: empty, or the next that nobody asked for. */
static struct dl_base_way *choose(struct dl_base_set *s, u64 page)
{
	struct dl_base_way *empty = NULL;
	u32 i;

	for (i = 0; i < DL_BASE_WAYS; i++) {
		if (holds(&s->way[i], page))
			return &s->way[i];
		if (!s->way[i].mem)
			empty = &s->way[i];
	}
	if (empty)
		return empty;
	for (;;) {
		struct dl_base_way *w = &s->way[s->hand++ % DL_BASE_WAYS];

		if (!w->used)
			return w;
		w->used = 0;
	}
}

static void *take(struct dl_base *b)
{
	void *mem = NULL;

	if (atomic_inc_return(&b->nr) <= b->max)
		mem = (void *)__get_free_page(GFP_NOWAIT | __GFP_NOWARN);
	if (!mem)
		atomic_dec(&b->nr);
	return mem;
}

void dl_base_keep(struct dl_base *b, u32 bucket, u64 page, u64 seq,
		  const void *content)
{
	struct dl_base_way *w = choose(set_of(b, bucket), page);

	if (!w->mem)
		w->mem = take(b);
	if (!w->mem)
		return;
	w->page_lo = (u32)page;
	w->page_hi = (u8)(page >> 32);
	w->seq = seq;
	w->used = 1;
	memcpy(w->mem, content, DL_PAGE_BYTES);
}

void dl_base_again(struct dl_base *b, u32 bucket, u64 page, u64 was, u64 seq)
{
	struct dl_base_set *s = set_of(b, bucket);
	u32 i;

	for (i = 0; i < DL_BASE_WAYS; i++)
		if (holds(&s->way[i], page) && s->way[i].seq == was)
			s->way[i].seq = seq;
}

/* ---- memory ---- */

static unsigned long shrink_count(struct shrinker *sh, struct shrink_control *sc)
{
	struct dl_base *b = dl_shrinker_ctx(sh);

	return atomic_read(&b->nr) ?: SHRINK_EMPTY;
}

/* Give back what nobody asked for since the last time; of all sets in turn. */
static u32 shrink_set(struct dl_base *b, u32 i)
{
	struct dl_base_set *s = &b->sets[i];
	struct dl_shard *shard = &b->m->shards[i & b->m->shard_mask];
	u32 n = 0, k;

	spin_lock(&shard->lock);
	for (k = 0; k < DL_BASE_WAYS; k++) {
		struct dl_base_way *w = &s->way[k];

		if (w->mem && !w->used) {
			free_page((unsigned long)w->mem);
			w->mem = NULL;
			n++;
		}
		w->used = 0;
	}
	spin_unlock(&shard->lock);
	atomic_sub(n, &b->nr);
	return n;
}

static unsigned long shrink_scan(struct shrinker *sh, struct shrink_control *sc)
{
	struct dl_base *b = dl_shrinker_ctx(sh);
	unsigned long freed = 0;
	u32 i;

	for (i = 0; i <= b->set_mask && freed < sc->nr_to_scan; i++)
		freed += shrink_set(b, b->next++ & b->set_mask);
	return freed ?: SHRINK_STOP;
}

int dl_base_init(struct dl_base *b, struct dl_map *m, u32 kib, const char *name)
{
	u64 most = min_t(u64, kib / 4, totalram_pages() / 32);
	char text[48];
	u32 sets;

	b->m = m;
	b->max = most;
	b->shift = ilog2(m->shard_mask + 1);
	sets = roundup_pow_of_two(max_t(u32, most / DL_BASE_WAYS,
					m->shard_mask + 1));
	b->set_mask = sets - 1;
	b->sets = kvcalloc(sets, sizeof(*b->sets), GFP_KERNEL);
	if (!b->sets)
		return -ENOMEM;
	snprintf(text, sizeof(text), "dm-deltalog-base:%s", name);
	return dl_shrinker_add(&b->shrinker, shrink_count, shrink_scan, b, text);
}

void dl_base_exit(struct dl_base *b)
{
	u32 i, k;

	dl_shrinker_del(&b->shrinker);
	for (i = 0; b->sets && i <= b->set_mask; i++)
		for (k = 0; k < DL_BASE_WAYS; k++)
			free_page((unsigned long)b->sets[i].way[k].mem);
	kvfree(b->sets);
	b->sets = NULL;
}

u64 dl_base_bytes(const struct dl_base *b)
{
	return ((u64)b->set_mask + 1) * sizeof(*b->sets) +
		(u64)atomic_read(&b->nr) * PAGE_SIZE;
}
