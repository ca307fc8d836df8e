/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rewind: the volume becomes what it was at a pinned sequence.
 *
 * A rewind is one record, its mark R, that replaces everything changed since
 * sequence S by what was there at S, without a copy: the map's new entries, of
 * sequence R, say where in the log it is (their payload is a version's, which
 * a hidden pin on S keeps); or that the origin holds it (DL_PVAL_ORIGIN,
 * DL_RUN_ORIGIN). To all others it is a write like any other, so what was
 * before R is past, as for any write, and kept if a pin needs it.
 *
 * On disk there is the mark alone. Recovery, when it comes to it, does the same
 * with what it has found by then. That is the same as there was at the time
 * because reconcile's next goal is R itself, neither less nor more, and nothing
 * is moved in the log before the horizon has passed it. For the same reason only
 * one rewind may be on its way at a time.
 *
 * What refers to the origin is never written there and holds only as long as
 * nothing younger than R is. Once the origin is settled up to R, versions of
 * that kind say nothing that could not be told without them: they go.
 */
#ifndef DL_REWIND_H
#define DL_REWIND_H

#include "volume.h"

/* Is there a rewind that the horizon has not passed? */
static inline bool dl_rewind_pending(const struct dl_volume *v)
{
	return READ_ONCE(v->rewound) > READ_ONCE(v->horizon);
}

/* The goal of the next cycle, while one is pending. */
static inline u64 dl_rewind_goal(const struct dl_volume *v)
{
	return v->rewound;
}

/**
 * dl_rewind_fits() - is there room for it?
 * @v: volume, no I/O going on, reconcile stopped
 * @to: sequence, pinned
 *
 * Context: process, may sleep; and the same for dl_rewind().
 * Return: 0; -ENOSPC when the map, the past or the runs have too little.
 */
int dl_rewind_fits(struct dl_volume *v, u64 to);

/**
 * dl_rewind() - replace everything; nothing is a delta when its mark is logged
 * @v: volume, as above; or being recovered
 * @to: sequence, pinned
 * @seq: sequence of the mark, durable
 *
 * Return: 0; -ENOSPC, which dl_rewind_fits() rules out; recovery fails of it.
 */
int dl_rewind(struct dl_volume *v, u64 to, u64 seq);

/* All segments are known: what refers to none of them is lost. */
void dl_rewind_recovered(struct dl_volume *v);

/* The origin is settled up to the mark: forget versions that refer to it. */
void dl_rewind_forget(struct dl_volume *v);

/* Has the horizon passed it since this was last asked? Then unpins @to. */
bool dl_rewind_done(struct dl_volume *v);

#endif
