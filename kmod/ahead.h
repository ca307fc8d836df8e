/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much a log is to have ahead just now, by its plan and by what is left of it.
 *
 * A plan says what would be good to have. Where space is short, be it because the log
 * is nearly full or because the rest is kept for reconcile, segments are of the usual
 * size and there are no more of them ahead than without a plan: what is in one that is
 * half empty is lost until it is settled.
 *
 * All are asked with dl_log.lock held.
 */
#ifndef DL_AHEAD_H
#define DL_AHEAD_H

#include "log.h"

/* Should there be another free frame? Or cover? */
bool dl_ahead_frame(const struct dl_log *l);
bool dl_ahead_cover(const struct dl_log *l);

/* Chunks of the segment that is to be put in the pool, or 0: none is. */
u32 dl_ahead_segment(const struct dl_log *l);

/* A segment of the pool that is one too many, or NULL. */
struct dl_segment *dl_ahead_surplus(const struct dl_log *l);

/* And one that is larger than usual, now that space is short. */
struct dl_segment *dl_ahead_oversized(const struct dl_log *l);

/* A cover, taken out, that nobody will miss, or NULL. Frames the shrinker takes. */
struct dl_cover *dl_ahead_idle_cover(struct dl_log *l);

#endif
