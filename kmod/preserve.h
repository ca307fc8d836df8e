/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Preserve before overwrite: what a snapshot needs of the origin is logged and
 * durable before reconcile writes there; so is an index of all versions that
 * recovery could not find out about by itself.
 *
 * Readers of the past that are sent to the origin enter first and leave when
 * it has answered. Who is about to overwrite the origin makes the versions
 * known, then waits for those who entered before: who enters later finds them.
 *
 * All of this is done by reconcile's cycle and its jobs.
 */
#ifndef DL_PRESERVE_H
#define DL_PRESERVE_H

#include "history.h"

/* An index record being filled; who is told where it went. */
struct dl_index {
	struct dl_volume *v;
	struct page *page;
	u32 n;
	u32 *home[DL_PAST_PER_PAGE];
};

#define DL_MOVES	512u	/* versions moved between two commits */

/* What a cycle works with; memory is had with the first snapshot. */
struct dl_mover {
	struct dl_index index;
	u32 run_home[DL_PAST_RUNS];
	u32 n;
	struct {
		u32 idx, home;
		u64 loc;
	} m[DL_MOVES];
};

/* Before asking where something is in the past; the phase is for leaving. */
u8 dl_past_enter(struct dl_volume *v);
/* Any context. */
void dl_past_leave(struct dl_volume *v, u8 phase);

/**
 * dl_preserve() - log what the origin holds
 * @v: volume
 * @ix: the caller's to work with
 * @keep: stretches of sectors
 * @nr: their number, at least 1
 * @page: pages, by slot
 * @mem: their content, by slot
 *
 * When this returns they are durable and known, and nobody who was not told so
 * is still reading them from the origin.
 *
 * Context: process, may sleep.
 * Return: 0; -ENOSPC when there is no room for them; -EBUSY when reconcile is
 * to stop; the error of a failed log.
 */
int dl_preserve(struct dl_volume *v, struct dl_index *ix, struct dl_keep *keep,
		u32 nr, const u64 *page, struct page **mem);

/**
 * dl_preserve_wait() - wait until it may be worth to reserve once more
 * @v: volume
 * @stopped_too: also when reconcile is to stop
 * @tries: 0 at first, counted here
 *
 * Context: process, may sleep. Return: 0; -ENOSPC; -EBUSY: reconcile is to stop.
 */
int dl_preserve_wait(struct dl_volume *v, bool stopped_too, int *tries);

/**
 * dl_preserve_mark() - log a mark
 * @v: volume
 * @m: the mark; it is done to @v->pins, too
 * @packed: the same as it is on disk, in a page that is zero behind it
 * @seq: out: its sequence
 *
 * Return: as dl_preserve(). Not durable yet.
 */
int dl_preserve_mark(struct dl_volume *v, const struct dl_mark *m,
		     const void *packed, u64 *seq);

/**
 * dl_preserve_index() - index versions that began at or before a sequence
 * @v: volume
 * @goal: the horizon to be
 *
 * Return: as dl_preserve(). Not durable yet.
 */
int dl_preserve_index(struct dl_volume *v, u64 goal);

/**
 * dl_preserve_clean() - move what is alive out of a segment that holds little
 * @v: volume
 *
 * Return: 1 when a segment is free to go with the next checkpoint; 0 when there
 * is none worth it; or as dl_preserve().
 */
int dl_preserve_clean(struct dl_volume *v);

#endif
