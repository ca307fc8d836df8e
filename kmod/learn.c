// SPDX-License-Identifier: GPL-2.0
/*
 * Learning from the write history. See learn.h.
 */
#include <linux/bio.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "core/fusion.h"
#include "learn.h"
#include "volume.h"

#define SETS		256u	/* of four regions of 1 MiB */
#define SAMPLES		1024u	/* learned from at a time, at most */
#define OFTEN		4u	/* ticks between two times */
#define SELDOM		20u	/* the same while there is more than that is learned from */
#define JUDGE		20u	/* ticks between two judgements: a second */
/*
 * Room is kept behind parts of pages only. How whole ones follow each other is told to
 * who asks, and so many at a time are enough for that: each costs about 1000
 * instructions.
 */
#define WHOLE		32u

int dl_learn_init(struct dl_learn *n, struct dl_volume *v)
{
	n->v = v;
	n->sets = kvcalloc(SETS, sizeof(*n->sets), GFP_KERNEL);
	if (!n->sets)
		return -ENOMEM;
	dl_adjacency_init(&n->adjacency, n->sets, SETS);
	return 0;
}

void dl_learn_exit(struct dl_learn *n)
{
	kvfree(n->sets);
	n->sets = NULL;
}

u64 dl_learn_bytes(void)
{
	return SETS * sizeof(struct dl_adj_set);
}

/* ---- clients ---- */

/* The slot of @client; if it has none, that of who wrote least, or NULL. */
static struct dl_learn_client *client_slot(struct dl_learn *n, u16 client, u32 sectors)
{
	struct dl_learn_client *c, *least = NULL;
	u32 i;

	for (i = 0; i < DL_LEARN_CLIENTS; i++) {
		c = &n->client[i];
		if (c->used && c->client == client)
			return c;
		if (!least || (least->used && (!c->used ||
					       c->lately + c->now <
					       least->lately + least->now)))
			least = c;
	}
	if (least->used && least->lately + least->now > sectors)
		return NULL;
	*least = (struct dl_learn_client) { .client = client, .used = true };
	dl_cascade_init(&least->share, true, n->tick);
	return least;
}

static void end_clients(struct dl_learn *n)
{
	struct dl_learn_client *c;
	u32 i;

	for (i = 0; i < DL_LEARN_CLIENTS; i++) {
		c = &n->client[i];
		if (!c->used)
			continue;
		dl_cascade_add(&c->share, n->tick, c->now << 16, n->sectors);
		c->lately = c->lately / 2 + c->now;
		c->now = 0;
		c->used = c->lately;
	}
}

u32 dl_learn_clients(const struct dl_learn *n, u64 bytes,
		     struct dl_plan_client *out)
{
	struct dl_forecast f;
	u32 i, nr = 0;

	for (i = 0; i < DL_LEARN_CLIENTS; i++) {
		if (!n->client[i].used)
			continue;
		dl_cascade_ahead(&n->client[i].share, 1, &f);
		if (f.confidence < DL_PLAN_CONFIDENCE)
			continue;
		out[nr].share = min_t(u64, f.value, 65536);
		out[nr].high = dl_plan_part(bytes, min_t(u64, f.high, 65536));
		nr++;
	}
	return nr;
}

/* ---- the order of writes ---- */

static u8 cut(u32 n)
{
	return min_t(u32, n, U8_MAX);
}

static void sample(void *ctx, const struct dl_sample *s)
{
	struct dl_learn *n = ctx;
	struct dl_learn_client *c;
	struct dl_adj_next begun, runs;
	bool whole;
	u8 p[2];

	if (s->op != DL_SAMPLE_OP(REQ_OP_WRITE) || !s->sectors)
		return;
	n->sectors += s->sectors;
	c = client_slot(n, s->client, s->sectors);
	if (c)
		c->now += s->sectors;
	whole = !((s->sector | s->sectors) & (DL_PAGE_SECTORS - 1));
	if (whole && n->whole++ >= WHOLE) {
		if (n->whole == WHOLE + 1)
			dl_adjacency_forget(&n->adjacency);
		return;
	}
	dl_adjacency_learn(&n->adjacency, s->sector, s->sectors, s->client);
	if (whole)
		return;
	dl_adjacency_successor(&n->adjacency, s->sector, false, &begun);
	dl_adjacency_successor(&n->adjacency, s->sector, true, &runs);
	p[0] = begun.next;
	p[1] = runs.next;
	dl_fusion_teach(&n->v->fusion, s->sector >> DL_FUSION_REGION_SHIFT, p,
			cut(runs.sectors));
}

/* What is new. Return: samples that there were. */
static u64 go_through(struct dl_learn *n)
{
	struct dl_workload *w = &n->v->workload;
	u64 newest, missed, came;

	/* That numbers all there are, and tells none. */
	if (dl_workload_fold(w, &n->cursor, 0, &missed, sample, n) < 0)
		return 0;
	newest = READ_ONCE(w->next_nr);
	came = newest - n->seen;
	n->seen = newest;
	if (newest > n->cursor + SAMPLES) {
		n->cursor = newest - SAMPLES;
		missed = 1;
	}
	if (missed)
		dl_adjacency_forget(&n->adjacency);
	n->sectors = 0;
	n->whole = 0;
	if (dl_workload_fold(w, &n->cursor, SAMPLES, &missed, sample, n) > 0)
		end_clients(n);
	return came;
}

u32 dl_learn(struct dl_learn *n, u64 tick)
{
	u64 came = 0, ticks = tick - n->tick;

	n->tick = tick;
	if (READ_ONCE(n->v->opts.foresight))
		came = go_through(n);
	if (tick - n->judged >= JUDGE) {
		n->judged = tick;
		dl_fusion_judge(&n->v->fusion);
	}
	return came * OFTEN > 2 * SAMPLES * ticks ? SELDOM : OFTEN;
}
