/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reconcile cycle: everything up to dl_reconcile.goal goes to the origin, in
 * jobs, and then leaves the log. reconcile.h has the order of the steps and why
 * it is that one; reconcile.c says when there is a cycle, and up to where.
 *
 * Ownership: all of it runs in reconcile's one work item.
 */
#ifndef DL_CYCLE_H
#define DL_CYCLE_H

#include "reconcile.h"

/**
 * dl_cycle() - bring the origin up to @rc->goal
 * @rc: reconcile; the goal is the sequence of a record in a sealed, durable
 *	segment
 *
 * What failed is in the kernel log and in @rc->io_error. A cycle that failed may
 * be repeated.
 *
 * Context: the work item, no I/O from allocations.
 * Return: 0; -EBUSY when it was told to stop; -ENOSPC without room for what
 * snapshots need; -EIO.
 */
int dl_cycle(struct dl_reconcile *rc);

/* Free the segments that a durable checkpoint lists no more. */
void dl_cycle_release(struct dl_reconcile *rc);

/* The memory of all jobs but one. They are idle. */
void dl_cycle_free_jobs(struct dl_reconcile *rc);

#endif
