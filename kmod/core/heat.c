// SPDX-License-Identifier: GPL-2.0
/*
 * The change-frequency monitor. See heat.h.
 *
 * A rate R that was right at the last write becomes, with a gap of x half-lives
 * and a share d(x) of the past that is left,
 *
 *	R d(x) + (1 - d(x)) / gap
 *
 * where d(x) is 2^-x, and 2^-(x^2) from x = 1 on, where R is 8 / gap at most.
 * Times and shares are fixed point with 32 bits behind the point.
 */
#include "heat.h"

#define NEXT_NONE	0xffu	/* a region that was not written before */

/* Sequentiality: where it starts, becomes true and ceases to be. */
#define RUN_START	128u
#define RUN_TRUE	176u
#define RUN_FALSE	80u

#define ONE		(1ULL << 32)
#define RATE_SHIFT	24u
#define RATE_MAX	((u64)U32_MAX << RATE_SHIFT)
/* Of half-lives of silence: nothing is left of what was before. */
#define FORGOTTEN	5u
/* So many writes do not stay away for a half-life by chance. */
#define EXPECTED	8u

/*
 * A page's count that may have been cut off, as it was at the mark: half of what
 * 16 bits hold, less what fades in one tick of the shortest half-life.
 */
#define PAGE_FULL	30000u
/*
 * What a page that is written ten times a second counts as, in hundredths and
 * for a window of one second: rate * half-life / ln 2.
 */
#define PAGE_COUNT	721u

/*
 * Coefficients: of (1 - 2^-x) / x for 0 <= x <= 1, exact at both ends and wrong
 * by less than 0.1 % between them; of 1 / (1 + x), by less than 0.3 %.
 */
#define LN2		2977044472u
#define EXP_C		185327839u
#define EXP_B		(LN2 + EXP_C - (1u << 31))
#define RECIP_A		4080218931u
#define RECIP_B		2899102925u
#define RECIP_C		966367642u

/* @a times a fraction. */
static inline u64 mul(u64 a, u32 b)
{
	return mul_u64_u32_shr(a, b, 32);
}

static inline u32 mul32(u32 a, u32 b)
{
	return (u32)(((u64)a * b) >> 32);
}

/* (1 - 2^-x) / x */
static inline u32 fade_slope(u32 x)
{
	return LN2 - mul32(x, EXP_B - mul32(x, EXP_C));
}

/* 2^-x, as a fraction, which 1 is not. */
static inline u32 exp2_neg(u32 x)
{
	return U32_MAX - mul32(x, fade_slope(x));
}

void dl_heat_scale_set(struct dl_heat_scale *s, u32 window_secs)
{
	u32 window = window_secs ? window_secs : 1;

	if (window > DL_HEAT_WINDOW_MAX)
		window = DL_HEAT_WINDOW_MAX;
	s->half = window * (DL_HEAT_TICKS / 2);
	s->inv = U32_MAX / s->half;
	s->unit = (7200ULL << RATE_SHIFT) / window;
	s->write = mul(s->unit, LN2);
	s->page_shift = 6;
	while (s->page_shift &&
	       (PAGE_FULL >> s->page_shift) < window * PAGE_COUNT / 100)
		s->page_shift--;
}

/* Ticks since @then; none if that is in the future by a little. */
static inline u32 ticks_since(u32 then, u32 now)
{
	u32 gap = now - then;

	return gap > U32_MAX - DL_HEAT_SKEW ? 0 : gap;
}

/*
 * Write after a gap of one half-life or more: where so many were expected what
 * was before is over, and was too much to wait until it fades.
 */
static u64 after_silence(u64 rate, const struct dl_heat_scale *s, u64 x)
{
	const u32 shift = (u32)fls64(x) - 33;
	const u32 part = (u32)(x >> shift);
	u64 square, per_gap;
	u32 recip, left = 0;

	if (x < FORGOTTEN * ONE) {
		square = (x >> 16) * (x >> 16);
		left = exp2_neg((u32)square) >> (square >> 32);
	}
	recip = part ? U32_MAX - mul32(part, RECIP_A -
				       mul32(part, RECIP_B -
					     mul32(part, RECIP_C))) : U32_MAX;
	per_gap = mul(s->unit, recip) >> shift;
	if (rate > EXPECTED * per_gap)
		rate = EXPECTED * per_gap;
	return mul(rate, left) + mul(per_gap, U32_MAX - left);
}

/* What the rate is if the next write comes after @gap ticks. */
static inline u64 rate_after(u64 rate, const struct dl_heat_scale *s, u32 gap)
{
	const u64 x = (u64)gap * s->inv;
	u32 slope;

	if (!gap)
		return rate + s->write;
	if (x >= ONE)
		return after_silence(rate, s, x);
	slope = fade_slope((u32)x);
	return rate + mul(s->unit, slope) - mul(mul(rate, (u32)x), slope);
}

/* It is no higher than if there were a write now. */
static inline u64 rate_now(const struct dl_heat *h,
			   const struct dl_heat_scale *s, u32 now)
{
	const u32 gap = ticks_since(h->at, now);
	u64 then;

	if (!gap)
		return h->rate;
	then = rate_after(h->rate, s, gap);
	return then < h->rate ? then : h->rate;
}

u32 dl_heat_rate(const struct dl_heat *h, const struct dl_heat_scale *s,
		 u32 now)
{
	return (u32)(rate_now(h, s, now) >> RATE_SHIFT);
}

u32 dl_heat_page_rate(const struct dl_heat *h, const struct dl_heat_scale *s,
		      unsigned int page, u32 now)
{
	const u32 region = (u32)(rate_now(h, s, now) >> RATE_SHIFT);
	const u64 x = (u64)ticks_since(h->mark, now) * s->inv;
	const u32 half = 1u << 15;
	u64 count, rate;

	/* Mostly a region that was written once. */
	if (!region || x >= 16 * ONE)
		return 0;
	count = (u64)h->page[page & (DL_HEAT_PAGES - 1)] * exp2_neg((u32)x) >>
		(x >> 32);
	if (count >= PAGE_FULL * ONE)
		return region;
	count >>= 16 + s->page_shift;
	if (count <= half)
		return 0;
	rate = mul(s->write, (u32)count - half) >> (RATE_SHIFT - 16);
	return rate < region ? (u32)rate : region;
}

static inline bool holds(const struct dl_heat *h, u64 region)
{
	return h->region_lo == (u32)region &&
	       h->region_hi == (u8)(region >> 32) && (h->flags & DL_HEAT_USED);
}

struct dl_heat *dl_heat_find(struct dl_heat_set *set, u64 region)
{
	u32 i;

	for (i = 0; i < DL_HEAT_WAYS; i++)
		if (holds(&set->way[i], region))
			return &set->way[i];
	return NULL;
}

/*
 * A region that was written once may be as hot as a second write now would make
 * it, and must not go before there was time for that.
 */
static struct dl_heat *coldest(struct dl_heat_set *set,
			       const struct dl_heat_scale *s, u32 now)
{
	struct dl_heat *found = NULL;
	u64 least = U64_MAX, rate;
	u32 i;

	for (i = 0; i < DL_HEAT_WAYS; i++) {
		struct dl_heat *h = &set->way[i];

		if (!(h->flags & DL_HEAT_USED))
			return h;
		rate = h->rate ? rate_now(h, s, now) :
		       rate_after(0, s, ticks_since(h->at, now));
		if (rate < least) {
			least = rate;
			found = h;
		}
	}
	return found;
}

static struct dl_heat *settle(struct dl_heat_set *set,
			      const struct dl_heat_scale *s, u64 region,
			      u32 now)
{
	struct dl_heat *h = coldest(set, s, now);

	*h = (struct dl_heat) {
		.region_lo = (u32)region,
		.region_hi = (u8)(region >> 32),
		.flags = DL_HEAT_USED,
		.at = now,
		.mark = now,
		.since = now,
		.next = NEXT_NONE,
		.run = RUN_START,
	};
	return h;
}

/* @halvings half-lives are over: in whole counts, to the nearest. */
static void fade_pages(struct dl_heat *h, u64 halvings)
{
	u32 i;

	if (halvings >= 16) {
		memset(h->page, 0, sizeof(h->page));
		return;
	}
	for (i = 0; i < DL_HEAT_PAGES; i++)
		h->page[i] = (u16)((h->page[i] + (1u << halvings >> 1)) >>
				   halvings);
}

static inline void count_pages(struct dl_heat *h,
			       const struct dl_heat_scale *s, u32 first,
			       u32 end)
{
	const u64 x = (u64)(h->at - h->mark) * s->inv;
	const u32 round = 30 - s->page_shift;
	u16 *page = &h->page[first], *last = &h->page[end - 1];
	u32 one, count;

	if (x >= ONE) {
		fade_pages(h, x >> 32);
		h->mark += (u32)(x >> 32) * s->half;
	}
	/* 2^x is 2 * 2^-(1 - x). */
	one = (u32)(((exp2_neg(~(u32)x) >> round) + 1) >> 1);
	do {
		count = *page + one;
		*page = count > 0xffff ? 0xffff : (u16)count;
	} while (page++ < last);
}

/* A pass from the region's first page to its last may be followed by another. */
static inline void judge_order(struct dl_heat *h, u32 first, u32 end)
{
	u32 run = h->run;

	if (end - first >= DL_HEAT_PAGES / 2)
		run += (255 - run + 1) >> 1;
	else if (first == (h->next & (DL_HEAT_PAGES - 1)) && h->next != NEXT_NONE)
		run += (255 - run + 7) >> 3;
	else if (first || h->next != NEXT_NONE)
		run -= (run + 7) >> 3;
	h->run = (u8)run;
	h->next = (u8)end;
	if (run >= RUN_TRUE)
		h->flags |= DL_HEAT_SEQUENTIAL;
	else if (run < RUN_FALSE)
		h->flags &= (u8)~DL_HEAT_SEQUENTIAL;
}

struct dl_heat *dl_heat_touch(struct dl_heat_set *set,
			      const struct dl_heat_scale *s, u64 page,
			      u32 pages, u32 now)
{
	const u64 region = page >> DL_HEAT_REGION_SHIFT;
	const u32 first = (u32)page & (DL_HEAT_PAGES - 1);
	const u32 end = pages < DL_HEAT_PAGES - first ? first + pages :
			DL_HEAT_PAGES;
	struct dl_heat *h = dl_heat_find(set, region);
	u32 gap;
	u64 rate;

	if (h) {
		gap = ticks_since(h->at, now);
		rate = rate_after(h->rate, s, gap);
		h->rate = rate < RATE_MAX ? rate : RATE_MAX;
		/* So many that the ticks since the mark might wrap around. */
		if (gap > U32_MAX - s->half) {
			memset(h->page, 0, sizeof(h->page));
			h->mark = now;
		}
		h->at += gap;
	} else {
		h = settle(set, s, region, now);
	}
	count_pages(h, s, first, end);
	judge_order(h, first, end);
	return h;
}

void dl_heat_delta(struct dl_heat *h, u32 bytes)
{
	const u32 size = (bytes < 0x1fff ? bytes : 0x1fff) << 3;

	if (!h->delta)
		h->delta = (u16)size;
	else if (size > h->delta)
		h->delta += (u16)((size - h->delta + 7) >> 3);
	else
		h->delta -= (u16)((h->delta - size) >> 3);
}

/* ---- checkpoints ---- */

void dl_heat_pack(const struct dl_heat *h, struct dl_disk_grain *d)
{
	u64 rate = h->rate >> RATE_SHIFT;

	*d = (struct dl_disk_grain) {
		.region = cpu_to_le32(h->region_lo),
		.region_hi = h->region_hi,
		.level = h->level,
		.flags = h->flags & DL_HEAT_SEQUENTIAL ? DL_GRAIN_SEQUENTIAL : 0,
		.rate = cpu_to_le32((u32)min_t(u64, rate, U32_MAX)),
		.delta = cpu_to_le16(h->delta),
	};
}

u64 dl_heat_disk_region(const struct dl_disk_grain *d)
{
	return (u64)d->region_hi << 32 | le32_to_cpu(d->region);
}

void dl_heat_unpack(struct dl_heat_set *set, const struct dl_disk_grain *d,
		    u32 now)
{
	bool sequential = d->flags & DL_GRAIN_SEQUENTIAL;
	u32 i;

	if (dl_heat_find(set, dl_heat_disk_region(d)))
		return;
	for (i = 0; i < DL_HEAT_WAYS; i++) {
		struct dl_heat *h = &set->way[i];

		if (h->flags & DL_HEAT_USED)
			continue;
		*h = (struct dl_heat) {
			.rate = (u64)le32_to_cpu(d->rate) << RATE_SHIFT,
			.region_lo = le32_to_cpu(d->region),
			.region_hi = d->region_hi,
			.flags = DL_HEAT_USED,
			.delta = le16_to_cpu(d->delta),
			.at = now, .mark = now, .since = now,
			.next = NEXT_NONE,
			.run = sequential ? 255 : 0,
			.level = d->level < DL_LEVEL_COUNT ? d->level :
				DL_LEVEL_UNSAID,
		};
		if (sequential)
			h->flags |= DL_HEAT_SEQUENTIAL;
		return;
	}
}
