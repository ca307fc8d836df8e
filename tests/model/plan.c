// SPDX-License-Identifier: GPL-2.0
/*
 * Seeded random workloads, see plan.h.
 */
#include <string.h>

#include "plan.h"

#define HOT_PAGES	24u

const struct mix plan_mixes[] = {
	{ /* a database: small, hot, synchronous */
		.name = "database", .write = 30, .fua = 20, .flush = 14,
		.discard = 1, .zero = 1, .control = 2, .hot_pct = 70,
		.run_pct = 10, .small_pct = 35, .large_pct = 1,
		.pause_pct = 3, .max_sectors = 64, .pause_max_us = 3000,
	}, { /* a copy: large, one after the other, a flush now and then */
		.name = "stream", .write = 60, .fua = 1, .flush = 2,
		.discard = 1, .zero = 2, .control = 1, .hot_pct = 2,
		.run_pct = 85, .small_pct = 2, .large_pct = 40,
		.pause_pct = 2, .max_sectors = 2048, .pause_max_us = 2000,
	}, { /* a file system */
		.name = "files", .write = 50, .fua = 6, .flush = 8,
		.discard = 6, .zero = 3, .control = 2, .hot_pct = 25,
		.run_pct = 35, .small_pct = 10, .large_pct = 8,
		.pause_pct = 4, .max_sectors = 512, .pause_max_us = 20000,
	}, { /* everything at once, nothing aligned */
		.name = "chaos", .write = 35, .fua = 10, .flush = 8,
		.discard = 10, .zero = 10, .control = 6, .hot_pct = 35,
		.run_pct = 15, .small_pct = 45, .large_pct = 6,
		.pause_pct = 8, .max_sectors = 1024, .pause_max_us = 30000,
	}, { /* few flushes, few places: much is rewritten in memory */
		.name = "rewrite", .write = 70, .fua = 1, .flush = 1,
		.discard = 2, .zero = 2, .control = 1, .hot_pct = 92,
		.run_pct = 2, .small_pct = 50, .large_pct = 1,
		.pause_pct = 6, .max_sectors = 128, .pause_max_us = 60000,
	}, { /* more than the log holds, as fast as it goes */
		.name = "flood", .write = 90, .fua = 2, .flush = 2,
		.discard = 0, .zero = 1, .control = 1, .hot_pct = 5,
		.run_pct = 20, .small_pct = 5, .large_pct = 50,
		.pause_pct = 0, .max_sectors = 1024, .pause_max_us = 0,
	},
};

const unsigned int plan_nr_mixes = sizeof(plan_mixes) / sizeof(plan_mixes[0]);

const struct mix *plan_mix(const char *name)
{
	unsigned int i;

	for (i = 0; i < plan_nr_mixes; i++)
		if (!strcmp(plan_mixes[i].name, name))
			return &plan_mixes[i];
	return NULL;
}

struct planner {
	struct rng rng;
	const struct mix *mix;
	uint32_t sectors, align;
	uint32_t hot[HOT_PAGES];	/* pages */
	uint32_t next[256];		/* by thread: where its run goes on */
};

static enum op_type pick_type(struct planner *p, uint32_t nr_controls)
{
	const struct mix *m = p->mix;
	uint32_t control = nr_controls ? m->control : 0;
	uint32_t n = rng_below(&p->rng, m->write + m->fua + m->discard +
			       m->zero + m->flush + control);

	if (n < m->write)
		return OP_WRITE;
	n -= m->write;
	if (n < m->fua)
		return OP_FUA;
	n -= m->fua;
	if (n < m->discard)
		return OP_DISCARD;
	n -= m->discard;
	if (n < m->zero)
		return OP_ZERO;
	n -= m->zero;
	return n < m->flush ? OP_FLUSH : OP_CONTROL;
}

static uint32_t pick_sectors(struct planner *p, enum op_type type)
{
	const struct mix *m = p->mix;
	uint32_t kind = rng_below(&p->rng, 100);
	uint32_t max = m->max_sectors, n;

	if (type == OP_DISCARD || type == OP_ZERO)
		max *= 2;
	if (max > p->sectors)
		max = p->sectors;
	if (kind < m->small_pct)
		n = 1 + rng_below(&p->rng, PAGE_SECTORS - 1);
	else if (kind < m->small_pct + m->large_pct)
		n = 1 + rng_below(&p->rng, max);
	else if (rng_chance(&p->rng, 60))
		n = PAGE_SECTORS;
	else
		n = 1 + rng_below(&p->rng, max < 64 ? max : 64);
	/* Most large requests are of whole pages. */
	if (n > PAGE_SECTORS && rng_chance(&p->rng, 70))
		n -= n % PAGE_SECTORS;
	n = (n + p->align - 1) / p->align * p->align;
	return n > max ? max - max % p->align : n;
}

static uint32_t pick_sector(struct planner *p, uint32_t thread, uint32_t n)
{
	uint32_t kind = rng_below(&p->rng, 100), at, last = p->sectors - n;

	if (kind < p->mix->hot_pct) {
		at = p->hot[rng_below(&p->rng, HOT_PAGES)] * PAGE_SECTORS;
		if (n < PAGE_SECTORS)
			at += rng_below(&p->rng, PAGE_SECTORS);
	} else if (kind < p->mix->hot_pct + p->mix->run_pct) {
		at = p->next[thread];
	} else if (rng_chance(&p->rng, 4)) {
		at = last;
	} else {
		at = rng_below(&p->rng, last + 1);
		if (n >= PAGE_SECTORS && rng_chance(&p->rng, 75))
			at -= at % PAGE_SECTORS;
	}
	if (at > last)
		at = rng_chance(&p->rng, 50) ? 0 : last;
	return at - at % p->align;
}

void plan_make(struct history *h, uint64_t seed, const struct mix *mix,
	       uint32_t sectors, uint32_t align, uint32_t first_id,
	       uint32_t threads, uint32_t nr_ops, uint32_t nr_controls)
{
	struct planner p = { .mix = mix, .align = align,
			     .sectors = sectors - sectors % align };
	uint32_t i;

	rng_seed(&p.rng, seed, 1);
	for (i = 0; i < HOT_PAGES; i++)
		p.hot[i] = rng_below(&p.rng, sectors / PAGE_SECTORS);
	for (i = 0; i < 256; i++)
		p.next[i] = rng_below(&p.rng, p.sectors);

	history_init(h, seed, sectors, first_id, nr_ops);
	h->nr_threads = threads;
	for (i = 0; i < nr_ops; i++) {
		struct op *op = &h->ops[i];

		op->thread = (uint8_t)rng_below(&p.rng, threads);
		op->type = (uint8_t)pick_type(&p, nr_controls);
		if (op_writes(op)) {
			op->sectors = pick_sectors(&p, op->type);
			op->sector = pick_sector(&p, op->thread, op->sectors);
			p.next[op->thread] = op->sector + op->sectors;
		} else if (op->type == OP_CONTROL) {
			op->sector = rng_below(&p.rng, nr_controls);
		}
		if (rng_chance(&p.rng, mix->pause_pct))
			op->pause_us = rng_below(&p.rng, mix->pause_max_us + 1);
	}
}
