/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs: long ranges that read as zero (discarded or zeroed) and are not in
 * the origin yet; or that a rewind made read as the origin again. Disjoint,
 * the newest at each sector, in an rbtree.
 *
 * A run does not touch the map's entries: who looks a sector up compares
 * sequence numbers, the higher one is what the sector holds.
 *
 * Memory: a fixed number of nodes taken at activation; a discard that finds
 * too few waits as for a full log.
 *
 * Locks: @lock, process context only; order map shard -> runs -> log.
 */
#ifndef DL_RUNS_H
#define DL_RUNS_H

#include <linux/rbtree.h>
#include <linux/rwlock.h>

#include "dl_port.h"

struct dl_run {
	struct rb_node node;
	u64 start, end;		/* sectors, [start, end) */
	u64 seq;
	u8 flags;		/* DL_DESC_*, DL_RUN_ORIGIN */
};

/* Reads as what the origin holds instead: a rewind took back what was there. */
#define DL_RUN_ORIGIN	0x80u

struct dl_runs {
	rwlock_t lock;
	struct rb_root root;
	struct dl_run *nodes;
	struct list_head free;
	u32 nr, max;
	u32 reserve;		/* left for what recovery may find anew */
};

int dl_runs_init(struct dl_runs *r, u32 max);
void dl_runs_exit(struct dl_runs *r);

/* True when a lookup can be spared. Racy in the harmless way. */
static inline bool dl_runs_none(const struct dl_runs *r)
{
	return !READ_ONCE(r->nr);
}

/**
 * dl_runs_find() - the run that covers a sector
 * @r: runs
 * @sector: where
 * @max: how far to look, in sectors
 * @len: out: for how many sectors (at most @max) the answer holds
 * @flags: out: its flags; NULL: not wanted
 *
 * Context: process. Return: its sequence, or 0 when none covers @sector.
 */
u64 dl_runs_find(struct dl_runs *r, u64 sector, u64 max, u64 *len, u8 *flags);

/* The first run that ends behind @sector, or NULL. @r->lock held. */
const struct dl_run *dl_runs_seek(const struct dl_runs *r, u64 sector);

/* Can two more nodes be had? One insertion needs no more. @r->lock held. */
bool dl_runs_room(const struct dl_runs *r);

/**
 * dl_runs_insert() - [start, end) reads as zero since @seq
 * @r: runs, write-locked, with room; sequences must come in ascending order
 * @start: first sector
 * @end: behind the last one
 * @seq: sequence of the record
 * @flags: DL_DESC_*, DL_RUN_ORIGIN
 */
void dl_runs_insert(struct dl_runs *r, u64 start, u64 end, u64 seq, u8 flags);

/**
 * dl_runs_first() - the lowest run at or behind a sector, not newer than @seq
 * @r: runs
 * @sector: where to start looking
 * @seq: newest sequence wanted
 * @out: out: a copy
 *
 * Context: process. Return: true when there is one.
 */
bool dl_runs_first(struct dl_runs *r, u64 sector, u64 seq, struct dl_run *out);

/* Forget what is left of run @seq within [start, end): the origin has it. */
void dl_runs_drop(struct dl_runs *r, u64 start, u64 end, u64 seq);

#endif
