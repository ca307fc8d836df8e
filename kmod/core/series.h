/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A forecaster of one series of numbers, a number for each interval of time.
 *
 * Several cheap models run side by side on the logarithm of the numbers (base 2,
 * of 1 + x, so that a series may span 64 binary orders and no model can overflow):
 * the last value, exponential smoothing at several rates, damped trend (Gardner and
 * McKenzie 1985), the mean, seasonal means, and an autoregressive filter adapted by
 * normalised least mean squares (Widrow and Hoff; Haykin, Adaptive Filter Theory).
 * Each is scored by its rolling absolute error; the forecast is their mean weighted
 * by a high power of the reciprocal of that, so that the best ones count. The
 * interval is from running quantiles of the forecast's own errors, moved by a small
 * step whenever they were wrong (adaptive conformal inference, Gibbs and Candès 2021).
 *
 * Fixed point with 16 bits behind the point, saturating; a constant number of
 * operations for a number, no allocation, no division by what may be zero. What
 * comes in may be anything.
 *
 * Ownership and locks: the caller's. All is in the structure, which has no pointers;
 * zeros are not a valid state: dl_series_init() first.
 */
#ifndef DL_CORE_SERIES_H
#define DL_CORE_SERIES_H

#include "format_foresight.h"
#include "status.h"

#define DL_SERIES_SEASON_MAX	60u	/* intervals */
#define DL_SERIES_WARM		16u	/* numbers before a confidence is given */

/* A forecast. */
struct dl_forecast {
	u64 value;
	u64 low, high;		/* nine in ten are to be in between, both included */
	u8 confidence;		/* 0: none; 255: as good as known */
};

/* How good it was, so far or lately. Errors are of log2(1 + x), times 65536. */
struct dl_series_score {
	u64 n;			/* numbers seen */
	u32 error;		/* rolling mean of the forecast's absolute error */
	u32 naive;		/* the same of "as last time" */
	u32 held;		/* rolling share of outcomes in the interval, of 65536 */
};

#define DL_SERIES_SMOOTH	5u	/* exponential smoothing: so many rates */
#define DL_SERIES_FILTERS	3u	/* autoregressive: so many step sizes */
#define DL_SERIES_INPUTS	6u	/* of these */
#define DL_SERIES_MODELS	(5u + DL_SERIES_SMOOTH + DL_SERIES_FILTERS)
/* Errors have this many bits more, so that a small part of one is not nothing. */
#define DL_SERIES_ERROR_SHIFT	6u
/* The season's numbers have this many less: 10 behind the point, in 16. */
#define DL_SERIES_SEASON_SHIFT	6u

/*
 * All numbers are log2(1 + x) with 16 bits behind the point if nothing else is
 * said. Private, but for dl_series_pack() and whoever needs its size.
 */
struct dl_series {
	u64 n;			/* numbers seen */
	u16 season;		/* 0: none */
	u16 phase;		/* of the next number: 0 to @season - 1, or 0 */
	s32 last[3];		/* the newest first */
	s32 least, most;	/* range seen: nothing outside is foreseen */
	s32 smooth[DL_SERIES_SMOOTH];
	s32 level, trend;	/* damped trend */
	s32 mean;
	u32 error[DL_SERIES_MODELS];	/* rolling, absolute, DL_SERIES_ERROR_SHIFT */
	u32 own, naive;		/* likewise of the forecast, of "as last time" */
	u32 held;		/* share of DL_FIXED_ONE */
	s32 under, over;	/* quantiles of outcome less forecast */
	s32 weight[DL_SERIES_FILTERS][DL_SERIES_INPUTS];	/* 24 bits */
	/* A season: its means, and itself. DL_SERIES_SEASON_SHIFT */
	u16 usual[DL_SERIES_SEASON_MAX];
	u16 lap[DL_SERIES_SEASON_MAX];

	/* What follows from the above. */
	u32 usual_sum;
	s32 input[DL_SERIES_INPUTS];
	s32 filtered[DL_SERIES_FILTERS];	/* their forecasts, whatever the range */
	s32 foreseen[DL_SERIES_MODELS];
	s32 value;		/* the forecast */

	/* What is not kept: what @value was before last[0] came; < 0: none was. */
	s32 was;
};

/**
 * dl_series_init() - begin a series
 * @s: out
 * @season: intervals after which things repeat, 2 to DL_SERIES_SEASON_MAX; anything
 *	else: none
 */
void dl_series_init(struct dl_series *s, u32 season);

/**
 * dl_series_add() - the next number is known
 * @s: series
 * @value: it
 *
 * Scores what was foreseen, learns, foresees the next.
 */
void dl_series_add(struct dl_series *s, u64 value);

/**
 * dl_series_next() - what the next number is going to be
 * @s: series
 * @f: out; of a series without numbers nothing is known: anything, confidence 0
 */
void dl_series_next(const struct dl_series *s, struct dl_forecast *f);

/**
 * dl_series_last() - the last number, and what had been foreseen for it
 * @s: series
 * @last: out: to about five digits; 0 without numbers
 * @foreseen: out; 0 if nothing is known of that
 *
 * Return: whether anything had been foreseen: not of a series' first number, nor of the
 * last before the state was unpacked.
 */
bool dl_series_last(const struct dl_series *s, u64 *last, u64 *foreseen);

/**
 * dl_series_score() - how good it was
 * @s: series
 * @sc: out
 */
void dl_series_score(const struct dl_series *s, struct dl_series_score *sc);

/**
 * dl_series_pack() - the state as a checkpoint keeps it
 * @s: series
 * @d: out
 */
void dl_series_pack(const struct dl_series *s, struct dl_disk_series *d);

/**
 * dl_series_skip() - intervals have gone by of which nothing is known
 * @s: series
 * @n: how many
 *
 * They count for nothing but the time of the season: the next number is that much later
 * in it. A first season that is not over yet goes on where it was.
 */
void dl_series_skip(struct dl_series *s, u64 n);

/**
 * dl_series_unpack() - take over a state
 * @s: out; undefined if this fails
 * @d: as read
 * @season: what its season has to be
 *
 * What is accepted goes on as the one that was packed would have.
 * Return: DL_OK; DL_BAD_RECORD: some of it cannot be.
 */
enum dl_status dl_series_unpack(struct dl_series *s,
				const struct dl_disk_series *d, u32 season);

#endif
