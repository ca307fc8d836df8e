/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Seeded random workloads: what a run will do, laid down as a history before
 * anything happens.
 */
#ifndef DLT_PLAN_H
#define DLT_PLAN_H

#include "history.h"
#include "rng.h"

/* The character of a workload; shares are weights of one another. */
struct mix {
	const char *name;
	uint16_t write, fua, discard, zero, flush, control;
	uint16_t hot_pct;	/* writes that go to a few hot pages */
	uint16_t run_pct;	/* writes that go on where the last one ended */
	uint16_t small_pct;	/* writes of less than a page */
	uint16_t large_pct;	/* writes of up to max_sectors */
	uint16_t pause_pct;	/* ops before which the thread waits a while */
	uint32_t max_sectors;
	uint32_t pause_max_us;
};

extern const struct mix plan_mixes[];
extern const unsigned int plan_nr_mixes;

/* By name, or NULL. */
const struct mix *plan_mix(const char *name);

/**
 * plan_make() - plan a run
 * @h: out: history whose ops have everything but times
 * @seed: of the plan and of the stamps
 * @mix: character
 * @sectors: of the volume
 * @align: sectors; the unit of all places and sizes
 * @first_id: id of the first op
 * @threads: the ops are dealt to these
 * @nr_ops: in all
 * @nr_controls: OP_CONTROL ops say in .sector which of so many; 0: none
 */
void plan_make(struct history *h, uint64_t seed, const struct mix *mix,
	       uint32_t sectors, uint32_t align, uint32_t first_id,
	       uint32_t threads, uint32_t nr_ops, uint32_t nr_controls);

#endif
