/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Turning from the open segment to the one after it: when it is full, when somebody
 * wants to settle what it has, or when it has been open for long.
 *
 * There is always a successor, which every frame of the open segment names; a turn
 * takes the successor's successor from the pool, and cannot be made without.
 *
 * Everything is the log's and under dl_log.lock.
 */
#ifndef DL_TURN_H
#define DL_TURN_H

#include "log.h"

/* Payload sectors that a new frame could have in @seg. Lock held. */
u32 dl_turn_room(const struct dl_log *l, const struct dl_segment *seg);

/**
 * dl_turn() - frames go to the next segment from now on
 * @l: log with an open segment and no open frame
 * @why: for the counters
 *
 * Context: dl_log.lock held. Return: true; false when the pool is empty.
 */
bool dl_turn(struct dl_log *l, enum dl_sealed why);

/* Has the open segment been so for too long? Lock held. */
bool dl_turn_is_overdue(const struct dl_log *l);

/* Seal the open segment then. Context: process. */
void dl_turn_overdue(struct dl_log *l);

#endif
