/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A job of reconcile: up to 1 MiB of the origin, put together from records
 * and written with as few bios as there are gaps.
 *
 * Ownership: filled by the cycle, then the job's until @busy is false again.
 */
#ifndef DL_JOB_H
#define DL_JOB_H

#include <linux/workqueue.h>

#include "preserve.h"
#include "reconcile.h"
#include "volume.h"

#define DL_JOB_ITEMS	1024	/* at least a page's eight for the least job */

/* A record to be written to the origin, as it was when planned. */
struct dl_item {
	u64 seq;
	u64 loc;
	u32 idx;
	u32 crc;
	u16 slot;		/* page of the job */
	u8 first, sectors;	/* of the record */
	u8 codec, stored;
	u8 mask;		/* sectors to write */
	u8 flags;		/* DL_PVAL_* */
	s8 err;			/* why it could not be read */
};

struct dl_job {
	struct work_struct work;
	struct dl_volume *v;
	bool busy;
	u32 nr_items, nr_pages;
	struct dl_item items[DL_JOB_ITEMS];
	u32 nr_keep;
	struct dl_keep keep[DL_JOB_ITEMS];	/* of the origin, first */
	struct dl_index index;
	u64 page[DL_JOB_PAGES];	/* ascending */
	u8 mask[DL_JOB_PAGES];	/* sectors of it to write */
	struct page *mem[DL_JOB_PAGES];
};

struct dl_job *dl_job_alloc(struct dl_volume *v, gfp_t gfp);
void dl_job_free(struct dl_job *job);

/**
 * dl_job_add() - plan to write what entry @idx holds
 * @job: job being filled
 * @idx: entry
 * @page: its page when it was collected
 * @goal: horizon aimed at
 * @full: out: the job has no room for this page, send it off first
 *
 * An entry that is gone, newer than @goal, lost, or hidden by a run is passed
 * over.
 */
void dl_job_add(struct dl_job *job, u32 idx, u64 page, u64 goal, bool *full);

/**
 * dl_job_add_keep() - plan to keep what snapshots need of a page
 * @job: job being filled
 * @page: page about to be overwritten in the origin
 * @mask: sectors of it
 * @zeroed: see dl_history_need()
 * @when: only what was replaced first by the record of that sequence; 0: all
 *
 * Return: false when the job has no room for it.
 */
bool dl_job_add_keep(struct dl_job *job, u64 page, u8 mask, u64 zeroed,
		     u64 when);

/* Preserve, read, verify, write. The map keeps its entries until the origin is flushed. */
void dl_job_work(struct work_struct *work);

#endif
