/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The origin's fingerprint: checksums of a few of its pages as they are at the
 * horizon, to notice that somebody wrote to it behind the log's back.
 *
 * A page that has a record in the log may legitimately differ; it is not
 * compared. Reconcile forgets a sample it overwrites, and it is read again
 * when the next checkpoint is due and nothing in the log concerns it.
 *
 * Locks: @lock, never taken in interrupts, innermost.
 */
#ifndef DL_FINGERPRINT_H
#define DL_FINGERPRINT_H

#include <linux/spinlock.h>

#include "blkio.h"
#include "core/checkpoint.h"

#define DL_SAMPLES	64

struct dl_fingerprint {
	spinlock_t lock;	/* @s */
	u32 nr;
	struct dl_cp_sample s[DL_SAMPLES];
};

/* Choose the pages to sample of a volume of @pages pages; none is valid yet. */
void dl_fingerprint_init(struct dl_fingerprint *fp, u64 pages);

/* Take over the samples of a checkpoint section; unusable ones are ignored. */
void dl_fingerprint_load(struct dl_fingerprint *fp, const void *body,
			 size_t bytes, u64 pages);
void dl_fingerprint_save(struct dl_fingerprint *fp, struct dl_cp_writer *w);

/* The origin's pages [page, page + n) are about to be written. */
void dl_fingerprint_forget(struct dl_fingerprint *fp, u64 page, u64 n);

/**
 * dl_fingerprint_check() - compare the samples with the origin
 * @fp: samples
 * @origin: device
 * @has_record: does the log hold anything for this page
 * @ctx: for it
 * @page: out: the first page that differs
 *
 * Context: process, may sleep.
 * Return: 0, -ESTALE when a page differs, -ENOMEM.
 */
int dl_fingerprint_check(struct dl_fingerprint *fp, struct dl_blkio *origin,
			 bool (*has_record)(void *ctx, u64 page), void *ctx,
			 u64 *page);

/* Read the samples that are not valid and have no record. */
int dl_fingerprint_refresh(struct dl_fingerprint *fp, struct dl_blkio *origin,
			   bool (*has_record)(void *ctx, u64 page), void *ctx);

#endif
