/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a schedule is like: how often what is done, and where it writes.
 */
#ifndef DLT_MIX_H
#define DLT_MIX_H

#include "../model/rng.h"
#include "op.h"

#define HOT_PAGES	16u
#define WRITE_MAX	512u	/* sectors: 256 KiB */

struct mix {
	const char *name;
	uint8_t weight[NR_ACTS];	/* beyond what all have */
	uint8_t hot_pct;	/* in few pages, over and over */
	uint8_t run_pct;	/* where the one before ended */
	uint8_t small_pct;	/* less than a page */
	uint8_t large_pct;	/* up to WRITE_MAX */
	bool small_log;
	bool window;		/* always; else for some schedules */
	bool rules;		/* the same: snapshots by rule, if there is one */
};

extern const struct mix mixes[];
extern const unsigned int nr_mixes;

/* NULL if there is none of that name. */
const struct mix *mix_find(const char *name);

uint32_t mix_weight(const struct mix *mix, enum act act);

/* Where a schedule writes. */
struct aim {
	const struct mix *mix;
	uint32_t sectors;
	uint32_t hot[HOT_PAGES];
	uint32_t next;
};

void aim_init(struct aim *a, const struct mix *mix, uint32_t sectors,
	      struct rng *r);
/* Draw a range for @op. */
void aim_at(struct aim *a, struct op *op, struct rng *r);

#endif
