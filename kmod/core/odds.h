/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Is it worth to wait for a page to be written again? The odds of that, from the
 * rate that the change-frequency monitor has (heat.h), and how high they have to
 * be, from how often what was said came true.
 *
 * Odds are of 65536, and never above 65535. Who waits pays one log write each time,
 * and is given a write of the slow disk back when the page is written again in time.
 *
 * The bar goes down by a part of the way to DL_ODDS_LEAST while at least three in four
 * were right, and up by a part of the way to certainty when less than two in three
 * were, or when more pages came over it than may wait. So odds need not be right, as
 * long as higher ones are better: rates of what began a short while ago are too low.
 * When less than half were right, fewer may wait at all: half as many each time, until
 * two in three are.
 *
 * Ownership and locks: the caller's; no pointers. Invariants: DL_ODDS_LEAST <= @bar <=
 * 65535; DL_SHARE_MOST <= @share <= DL_SHARE_LEAST; @right <= @seen < DL_ODDS_ROUND.
 */
#ifndef DL_CORE_ODDS_H
#define DL_CORE_ODDS_H

#include "format.h"

#define DL_ODDS_ONE	65536u
#define DL_ODDS_LEAST	16384u		/* the lowest that the bar may be */
#define DL_ODDS_ROUND	32u		/* outcomes between two looks at them */
#define DL_SHARE_MOST	3u		/* one record in 2^3 of those settled */
#define DL_SHARE_LEAST	12u

struct dl_bar {
	u32 bar;		/* odds that are enough */
	u8  share;		/* shift: how many of the records may wait */
	u8  seen, right;	/* outcomes of this round */
};

/**
 * dl_odds() - of a page to be written within a time
 * @rate: writes an hour
 * @ms: the time
 *
 * As of independent writes: 1 - exp(-rate * time), a little less rather than more.
 */
u32 dl_odds(u32 rate, u32 ms);

void dl_bar_init(struct dl_bar *b);

/* A page that waited was, or was not, written again in time. */
void dl_bar_outcome(struct dl_bar *b, bool right);

/* More pages came over the bar than were allowed to wait. */
void dl_bar_crowded(struct dl_bar *b);

/* How many pages may wait when @records records are settled: at least one, to learn. */
static inline u64 dl_bar_room(const struct dl_bar *b, u64 records)
{
	return max_t(u64, records >> b->share, 1);
}

#endif
