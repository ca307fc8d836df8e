/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much room there is, and what follows from having none.
 *
 * While there are snapshots, or chains of deltas may be made, some of the log is
 * reconcile's alone (kept): it must be able to log what they need before it can free
 * anything. When a cycle has
 * settled all there is and cleaning gains nothing, and still only that is left,
 * the log is full of snapshots: writes fail with -ENOSPC until one is deleted, or
 * wait if that is the rule (dl_on_full).
 */
#ifndef DL_SPACE_H
#define DL_SPACE_H

#include "volume.h"

/* So many of the present size are kept, if the log has enough of them. */
#define DL_KEPT_SEGMENTS	4u

/* Does a write wait for room of a kind that only reconcile can make? */
bool dl_volume_starved(struct dl_volume *v);

/* Percent of the log in use, or of the map if that is more. */
unsigned int dl_volume_pressure(struct dl_volume *v);

/* Is there hardly more left than what is kept for reconcile? */
bool dl_volume_tight(struct dl_volume *v);

/* And would be if the origin had all there is: it is the past that fills it. */
bool dl_volume_held_tight(struct dl_volume *v);

/* Is there hardly any room left for versions? */
bool dl_volume_past_tight(struct dl_volume *v);

/* Are writes to wait while the log is full of snapshots? */
bool dl_volume_waits_full(struct dl_volume *v);

/* Is the log full of snapshots, and writes are to fail rather than wait? */
bool dl_volume_fails_full(struct dl_volume *v);

/* Is there nothing left but what is kept? */
bool dl_volume_no_room(struct dl_volume *v);

/* Is there a user's record that the origin lacks, or else a segment to free? Racy. */
bool dl_volume_unsettled(struct dl_volume *v);

/* The log is full of snapshots, or is not any more; tells who waits. */
void dl_volume_set_full(struct dl_volume *v, bool full);

/* Say anew how much is reconcile's: after snapshots came or went. */
void dl_volume_keep_room(struct dl_volume *v);

/* Chunks that writes may have, of how many. */
void dl_volume_room(struct dl_volume *v, u32 *free, u32 *total);

#endif
