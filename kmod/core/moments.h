/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Moments: which sequence the log had come to at which time. A sorted array of
 * bounded size; when it is full some go, and the older they are the wider the
 * gaps that are left. A gap in which nothing was written has no moment to lose.
 *
 * Sequences ascend. Times are a wall clock's, which may be set back: then they
 * do not, and a time stands for the last moment that is not later.
 *
 * Ownership and locking: the caller's.
 */
#ifndef DL_CORE_MOMENTS_H
#define DL_CORE_MOMENTS_H

#include "format.h"

/* But for the last two, moments are no closer than this. */
#define DL_MOMENT_GAP_NS	10000000u

struct dl_moment {
	u64 seq;
	u64 time_ns;
};

struct dl_moments {
	struct dl_moment *at;
	u32 nr, max;		/* max: at least 8 */
};

/**
 * dl_moments_add() - the log has come to @seq
 * @m: moments
 * @seq: sequence; one that is not above the last is ignored
 * @time_ns: when
 *
 * Cost: constant, but for one in @m->max / 8 calls, which thins out.
 */
void dl_moments_add(struct dl_moments *m, u64 seq, u64 time_ns);

/* Index of the last moment whose sequence is at most @seq, or -1. */
s64 dl_moments_seq(const struct dl_moments *m, u64 seq);

/* Index of the last moment whose time is at most @time_ns, or -1. */
s64 dl_moments_time(const struct dl_moments *m, u64 time_ns);

/**
 * dl_moments_expired() - index of the last moment that is older than it may be
 * @m: moments
 * @than: time
 * @now: time; moments after it are of another clock and count for nothing
 *
 * All after it may be younger, also those that a clock made seem older.
 * Return: the index, or -1.
 */
s64 dl_moments_expired(const struct dl_moments *m, u64 than, u64 now);

/* Forget the moments below sequence @seq. */
void dl_moments_drop(struct dl_moments *m, u64 seq);

#endif
