/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Recent frames: those that are written and durable stay in memory for a while,
 * so that who reads what was just written, reconcile above all, need not ask the
 * log device.
 *
 * A frame comes here instead of going free, in commit order, and leaves from the
 * other end when memory is short, when there are too many, or when another is
 * to be opened; what holds only deltas, or reconcile's own records,
 * does not come at all. One
 * whose segment is released is not found any more: its place
 * on the device is another's.
 *
 * All under dl_log.lock, which may be taken with interrupts off.
 */
#ifndef DL_RECENT_H
#define DL_RECENT_H

#include <linux/types.h>

#include "compat/shrinker.h"

struct dl_frame;
struct dl_log;
struct dl_segment;

#define DL_RECENT_RING	2048u	/* frames at most, a power of two */

struct dl_recent {
	struct dl_frame **ring;
	u32 first, nr;		/* the oldest; how many */
	u32 max;		/* how many there may be */
	struct dl_shrinker shrinker;
};

/* Context: process, may sleep. Return: 0 or -ENOMEM; dl_recent_exit() either way. */
int dl_recent_init(struct dl_log *l, u32 kib, const char *name);
/* Nothing is read any more. */
void dl_recent_exit(struct dl_log *l);

/* Keep so much, but no more than a sixteenth of all memory. Lock not held. */
void dl_recent_limit(struct dl_log *l, u32 kib);

/* @f is written, as is everything before it. Lock held. */
void dl_recent_put(struct dl_log *l, struct dl_frame *f);

/* Should another frame be allocated, so that more can be kept? Lock held. */
bool dl_recent_wants(const struct dl_log *l);

/* Make one of them free, if there is any. Lock held. */
void dl_recent_recycle(struct dl_log *l);

/* The one that has the payload at @loc, or NULL. Lock held. */
struct dl_frame *dl_recent_find(struct dl_log *l, u64 loc);

/* @seg is about to be released. Lock held. */
void dl_recent_forget(struct dl_log *l, const struct dl_segment *seg);

#endif
