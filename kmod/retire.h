/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What becomes of a record that is replaced while a snapshot needs it: a version
 * (core/past.h), if a pin lies between the two and the origin does not have it
 * (dl_volume.settled).
 *
 * Locks: the shard of the page, for runs dl_runs.lock.
 */
#ifndef DL_RETIRE_H
#define DL_RETIRE_H

#include "history.h"

/* Records about to be replaced, as versions to be. */
struct dl_retire {
	u32 list;		/* free versions for them */
	u32 nr;
	struct {
		u32 idx;	/* the map's entry */
		u64 until;	/* 0: the record that replaces it */
		u8 mask;
	} part[DL_PAGE_SECTORS];
};

/**
 * dl_retire_begin() - find what replacing sectors of a page makes past
 * @v: volume
 * @bucket: of the page
 * @page: page number
 * @idx: what dl_pmap_find() says of @mask
 * @mask: sectors about to be replaced
 * @seq: of the record that replaces them; U64_MAX if it has none yet
 * @r: out: for dl_retire_end() or dl_retire_cancel()
 *
 * Context: the shard locked, and until the end.
 * Return: 0, or -EAGAIN when no version is free.
 */
int dl_retire_begin(struct dl_volume *v, u32 bucket, u64 page, u32 idx,
		    u8 mask, u64 seq, struct dl_retire *r);
/* They are replaced by record @seq: before that one enters the map. */
void dl_retire_end(struct dl_volume *v, u32 bucket, struct dl_retire *r,
		   u64 seq);
void dl_retire_cancel(struct dl_volume *v, struct dl_retire *r);

/**
 * dl_history_run() - a run of zeros replaces older runs
 * @v: volume
 * @start: first sector
 * @end: behind the last
 * @newest: as dl_history_newest() said, the same in both calls
 * @seq: of the new run, or 0 to see whether there is room
 *
 * Context: v->runs.lock held for writing. Return: 0 or -EAGAIN (with @seq 0).
 */
int dl_history_run(struct dl_volume *v, u64 start, u64 end, u64 newest,
		   u64 seq);

/**
 * dl_history_hide() - what newer runs hide of an entry leaves the map
 * @v: volume
 * @page: page
 * @idx: the entry; nothing is done when it is another's by now
 *
 * Context: process, no shard locked.
 * Return: 0; -ENOSPC when a version was needed and none is free; 1: it is a delta
 * that has to be logged whole first.
 */
int dl_history_hide(struct dl_volume *v, u64 page, u32 idx);

#endif
