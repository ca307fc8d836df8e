/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One quantity at several paces: forecasters (series.h) of its totals a tick of
 * 50 ms, and in ten ticks, a hundred, 1,200 and 36,000: 0.5 s, 5 s, 1 min, 30 min.
 *
 * A counter is summed up (bytes, writes). A gauge is averaged, weighted (the mean
 * size of a write, a share): an interval without weight says nothing and is left
 * out.
 *
 * Time is a number of ticks that the caller counts. Intervals nobody spoke of had a
 * total of zero: up to DL_CASCADE_GAP of a level are made good, of a longer silence
 * only that much. If time runs backward, nothing is closed until it has caught up.
 *
 * Ownership and locks: the caller's; no pointers.
 */
#ifndef DL_CORE_CASCADE_H
#define DL_CORE_CASCADE_H

#include "series.h"

#define DL_CASCADE_LEVELS	5u
#define DL_CASCADE_GAP		64u	/* intervals of silence that are counted */
#define DL_CASCADE_TICK_MS	50u

/* Pace of a level. */
struct dl_cascade_pace {
	u16 ticks;		/* of an interval */
	u16 season;		/* intervals */
};

extern const struct dl_cascade_pace dl_cascade_paces[DL_CASCADE_LEVELS];

struct dl_cascade_level {
	u64 end;		/* tick at which the open interval ends */
	u64 amount, weight;	/* so far in it */
	struct dl_series series;
};

struct dl_cascade {
	u64 tick;		/* the latest */
	bool gauge;
	struct dl_cascade_level level[DL_CASCADE_LEVELS];
};

/**
 * dl_cascade_init() - begin
 * @c: out
 * @gauge: else a counter
 * @tick: now; intervals end at multiples of their length
 */
void dl_cascade_init(struct dl_cascade *c, bool gauge, u64 tick);

/**
 * dl_cascade_add() - something happened in a tick
 * @c: cascade
 * @tick: now; intervals that ended before it are closed
 * @amount: of a counter: how much; of a gauge: value times @weight
 * @weight: of a gauge
 *
 * Amounts may be zero: then only time goes on. A tick with one level's interval at
 * its end costs one dl_series_add(), the worst one, after a silence, DL_CASCADE_GAP
 * for each level.
 */
void dl_cascade_add(struct dl_cascade *c, u64 tick, u64 amount, u64 weight);

/**
 * dl_cascade_ahead() - what is to come within a time
 * @c: cascade
 * @ticks: from now on, 1 to 36,000; taken as the nearer end if outside
 * @f: out: of a counter its total within that time, of a gauge its mean
 *
 * By the slowest level whose interval is not longer than that and that has seen
 * enough, in proportion. If none has, by the fastest, with confidence 0.
 */
void dl_cascade_ahead(const struct dl_cascade *c, u32 ticks,
		      struct dl_forecast *f);

/* Bytes of a packed state. */
u32 dl_cascade_bytes(void);

/**
 * dl_cascade_pack() - the state as a checkpoint keeps it
 * @c: cascade
 * @to: out: dl_cascade_bytes(), little-endian; on a boundary of 8 bytes
 *
 * The tick is not in it, only how far each level's interval has come.
 */
void dl_cascade_pack(const struct dl_cascade *c, void *to);

/**
 * dl_cascade_unpack() - take over a state
 * @c: initialised: counter or gauge, and now; as it was if this fails
 * @from: dl_cascade_bytes(), as read; on a boundary of 8 bytes
 *
 * Time goes on from the tick that @c has: ticks may have begun anew, and what was
 * between is not counted as silence.
 *
 * Return: DL_OK; a status if any of it cannot be: it is to be discarded.
 */
enum dl_status dl_cascade_unpack(struct dl_cascade *c, const void *from);

/**
 * dl_cascade_skip() - time has gone by of which nothing is known
 * @c: cascade
 * @ticks: how much, beside what its own tick says
 *
 * It counts for nothing but the season: an open interval that ends in it is forgotten,
 * and that in which the time ends begins with nothing.
 */
void dl_cascade_skip(struct dl_cascade *c, u64 ticks);

#endif
