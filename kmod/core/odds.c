// SPDX-License-Identifier: GPL-2.0
/*
 * The odds of a page to be written again. See odds.h.
 */
#include "odds.h"

#define MS_PER_HOUR	3600000u
#define LOG2_E		94548u		/* log2(e) * 65536 */

/* 2^(-i / 16) * 65536, rounded up: what is between is taken as on the chord above. */
static const u32 halves[17] = {
	65536, 62758, 60097, 57549, 55109, 52773, 50536, 48393, 46341,
	44377, 42495, 40694, 38968, 37316, 35734, 34219, 32768,
};

/* 2^-y in 1/65536, never too little, for a @y of as many. */
static u32 half_power(u64 y)
{
	u32 i = (y >> 12) & 15, part = y & 4095, v;

	if (y >> 16 > 16)
		return 1;
	v = halves[i] - ((halves[i] - halves[i + 1]) * part >> 12);
	return max_t(u32, (v >> (y >> 16)) + ((y >> 16) > 0), 1);
}

u32 dl_odds(u32 rate, u32 ms)
{
	/* Below 2^48 expected writes in 1/65536: the product of LOG2_E fits. */
	u64 x = ((u64)rate * ms / MS_PER_HOUR << 16) +
		((u64)rate * ms % MS_PER_HOUR << 16) / MS_PER_HOUR;

	if (x >> 20)
		return DL_ODDS_ONE - 1;
	return DL_ODDS_ONE - half_power(x * LOG2_E >> 16);
}

void dl_bar_init(struct dl_bar *b)
{
	memset(b, 0, sizeof(*b));
	b->bar = DL_ODDS_ONE / 5 * 2;
	b->share = DL_SHARE_MOST;
}

static void raise(struct dl_bar *b, u32 part)
{
	b->bar += (DL_ODDS_ONE - 1 - b->bar) / part;
}

void dl_bar_outcome(struct dl_bar *b, bool right)
{
	b->seen++;
	b->right += right;
	if (b->seen < DL_ODDS_ROUND)
		return;
	if (b->right < DL_ODDS_ROUND * 2 / 3)
		raise(b, 4);
	else if (b->share > DL_SHARE_MOST)
		b->share--;
	if (b->right < DL_ODDS_ROUND / 2 && b->share < DL_SHARE_LEAST)
		b->share++;
	if (b->right >= DL_ODDS_ROUND * 3 / 4)
		b->bar -= (b->bar - DL_ODDS_LEAST) / 8;
	b->seen = 0;
	b->right = 0;
}

void dl_bar_crowded(struct dl_bar *b)
{
	raise(b, 16);
}
