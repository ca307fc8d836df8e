/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From what is foreseen to what the log has ready.
 */
#ifndef DL_PREPARE_H
#define DL_PREPARE_H

#include "core/plan.h"

struct dl_volume;

/* How long it may take until the pool is full again: from one look to the next. */
#define DL_PREPARE_TICKS	1u

/**
 * dl_prepare() - plan anew
 * @v: volume
 * @n: what is foreseen: @fill for the tunable segment_ms, @burst for DL_PREPARE_TICKS;
 *	@least is filled in. NULL: nothing
 *
 * To be called every DL_CASCADE_TICK_MS, and when a tunable changes.
 *
 * Context: process, may sleep.
 */
void dl_prepare(struct dl_volume *v, struct dl_plan_needs *n);

#endif
