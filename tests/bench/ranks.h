/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages drawn by rank: which page has which rank is shuffled, how often a rank is drawn
 * is the caller's weight for it. The arrays are the caller's.
 */
#ifndef DL_BENCH_RANKS_H
#define DL_BENCH_RANKS_H

#include "../model/rng.h"

struct ranks {
	uint32_t nr;		/* pages; not 0 */
	uint32_t *order;	/* pages by rank */
	uint64_t *until;	/* sums of the ranks' weights */
	uint64_t sum;
};

/* Give the page @i, the last one so far, a rank, and rank @i a weight. From 0 on. */
static inline void ranks_add(struct ranks *k, struct rng *r, uint32_t i, uint64_t weight)
{
	uint32_t j = rng_below(r, i + 1);

	k->order[i] = k->order[j];
	k->order[j] = i;
	k->sum += weight;
	k->until[i] = k->sum;
}

static inline uint32_t ranks_draw(const struct ranks *k, struct rng *r)
{
	uint64_t x = rng_next(r) % k->sum;
	uint32_t lo = 0, hi = k->nr - 1;

	while (lo < hi) {
		uint32_t mid = (lo + hi) / 2;

		if (k->until[mid] > x)
			hi = mid;
		else
			lo = mid + 1;
	}
	return k->order[lo];
}

#endif
