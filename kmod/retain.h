/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Retention: what is kept of the past beside the snapshots that were asked for.
 * In a window of time every sequence is; of what is older, snapshots that are made
 * and dropped by rule (core/retention.h).
 *
 * Where a window begins is a lower bound and moves up: when it has come to reach
 * back further than it is to, and when the log is short of room and may be made
 * to forget (dl_on_full). Nothing is dropped before a checkpoint says so.
 *
 * Ownership: reconcile's work item moves it, a message sets it, or has it moved at
 * once. Locks: window.h.
 */
#ifndef DL_RETAIN_H
#define DL_RETAIN_H

#include "volume.h"

/**
 * dl_retain_set() - have other rules
 * @v: volume, running or suspended
 * @r: rules
 *
 * A window begins now, and its end forgets all of it. When this returns the rules
 * are durable.
 *
 * Context: process, may sleep.
 * Return: 0; -EINVAL; -EROFS, -EBUSY, -ENOMEM, -EIO. The reason is logged.
 */
int dl_retain_set(struct dl_volume *v, const struct dl_retention *r);

/**
 * dl_retain_tend() - move the window on, make and drop snapshots by rule
 * @v: volume
 * @now: there is no room: move it for however little, make nothing new
 *
 * Context: reconcile's work item.
 * Return: 1 when something has gone and a sweep will tell how much; 0; the error
 * of a failed log.
 */
int dl_retain_tend(struct dl_volume *v, bool now);

/**
 * dl_retain_apply() - do what the rules say now, all of it
 * @v: volume, running or suspended
 *
 * The window moves for however little, snapshots by rule are made and dropped. When
 * this returns that is durable; the space comes back in the background.
 *
 * Context: process, may sleep.
 * Return: 0; -EROFS, -EBUSY, -EIO. The reason is logged.
 */
int dl_retain_apply(struct dl_volume *v);

/**
 * dl_retain_shorten() - forget the oldest part of the window, or else the oldest
 * snapshot made by rule, if the rules allow it
 * @v: volume
 * @most: where the window may begin at most: so that who asks again and again
 *	comes to an end while writes go on
 *
 * Return: as dl_retain_tend().
 */
int dl_retain_shorten(struct dl_volume *v, u64 most);

/* Jiffies until dl_retain_tend() may have something to do. */
unsigned long dl_retain_due(struct dl_volume *v);

#endif
