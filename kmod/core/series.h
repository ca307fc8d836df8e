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

#include "format.h"

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

struct dl_series;

/**
 * dl_series_init() - begin a series
 * @s: out
 * @season: intervals after which things repeat, 2 to DL_SERIES_SEASON_MAX; 0: none
 */
void dl_series_init(struct dl_series *s, u32 season);

/* The next number is known: score what was foreseen, learn, foresee the next. */
void dl_series_add(struct dl_series *s, u64 value);

/* What the next number is going to be. */
void dl_series_next(const struct dl_series *s, struct dl_forecast *f);

void dl_series_score(const struct dl_series *s, struct dl_series_score *sc);

#endif
