/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a log is going to be full within a time T, and when.
 *
 * It can be full in two ways. Writers may be ahead of what reconcile frees: then
 * they wait for it, and all is well afterwards. Or what snapshots and the window hold
 * grows until reconcile has nothing to free: then writes fail, or wait until somebody
 * deletes something. Both are judged, by what was seen (flow.h, burst.h) and by
 * whatever forecasts there are; the higher chance counts.
 *
 * An announcement is made when the chance has come to a third and taken back when
 * it is below an eighth: false alarms cost a look, silence costs writes.
 *
 * Ownership and locks: the caller's.
 */
#ifndef DL_CORE_FULLNESS_H
#define DL_CORE_FULLNESS_H

#include "burst.h"
#include "flow.h"
#include "series.h"

#define DL_FULLNESS_ANNOUNCE	(DL_CHANCE_ONE / 3)
#define DL_FULLNESS_WITHDRAW	(DL_CHANCE_ONE / 8)
#define DL_FULLNESS_AHEAD	4u
#define DL_FULLNESS_NEVER	U64_MAX

/* What is foreseen for the time up to then. Without confidence it says nothing. */
struct dl_fullness_ahead {
	u32 ms;
	struct dl_forecast log;		/* bytes that go to the log */
	struct dl_forecast held;	/* bytes more that snapshots hold */
};

struct dl_fullness_in {
	u64 room;		/* bytes that writes may have */
	u64 settles;		/* bytes that reconcile can add to them, in time */
	u64 drain;		/* bytes of these a second, while it runs; 0: not known */
	u32 within_ms;		/* T */
	const struct dl_flow *log;	/* bytes to the log, blocks of T */
	const struct dl_flow *held;	/* bytes more that snapshots hold, likewise */
	const struct dl_bursts *bursts;
	u32 nr;
	struct dl_fullness_ahead ahead[DL_FULLNESS_AHEAD];	/* ascending by ms */
};

struct dl_fullness {
	u32 behind;		/* chance that writers will have to wait for reconcile */
	u32 held;		/* chance that there is nothing to wait for */
	u32 chance;		/* the higher one */
	u64 within_ms;		/* expected time until then, or DL_FULLNESS_NEVER */
};

/**
 * dl_fullness_look() - chances and time
 * @in: what is known
 * @out: out
 *
 * The chances never fall with less room, or with a longer T and the same forecasts:
 * those for at most T count as they are, the longest is stretched to T.
 */
void dl_fullness_look(const struct dl_fullness_in *in, struct dl_fullness *out);

/* Is it to be announced, if it @is now? */
bool dl_fullness_announced(bool is, u32 chance);

#endif
