/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Chains as recovery finds them: each delta is done to what its page had come to
 * by then, in memory. What it needs of the log it reads in the log's order, but for
 * the records that chains begin on, which lie anywhere.
 *
 * A chain whose beginning is at or below the horizon is not complete. Its pages
 * count as lost until the record that logs them whole turns up: it was durable
 * before the horizon was. What remains is damage.
 */
#ifndef DL_UNROLL_H
#define DL_UNROLL_H

#include "core/walk.h"
#include "volume.h"

#define DL_UNREAD	16u

struct dl_unroll {
	struct dl_volume *v;
	/* read from the log; @along: what follows will be wanted, too */
	int (*read)(void *ctx, u64 sector, u32 sectors, void *buf, bool along);
	void *ctx;
	void *buf;		/* DL_UNROLL_BYTES */
	u32 broken;		/* chains that were, or are, not complete */
	u32 nr_unread;		/* of these what was not read; the first of them: */
	struct dl_unread {
		u64 page, sector;
	} unread[DL_UNREAD];
};

#define DL_UNROLL_BYTES	(2 * DL_PAGE_BYTES)

/**
 * dl_unroll_delta() - take over a DELTA
 * @u: unroll
 * @rec: record above the horizon
 *
 * What cannot be read of it is lost, unless a later record has all of the page.
 * Context: recovery. Return: 0; -ENOMEM; -ENOSPC: no room in the map or the past.
 */
int dl_unroll_delta(struct dl_unroll *u, const struct dl_rec *rec);

/* The same for DATA that is DL_DESC_SAME. */
void dl_unroll_same(struct dl_unroll *u, const struct dl_rec *rec);

/* Another record of @mask, some of @page's sectors, is about to be taken over. */
void dl_unroll_replace(struct dl_volume *v, u64 page, u8 mask);

/*
 * All records are there: say what is damage. Return: 0, or -EIO: some of it was not
 * read, and a device that does not answer may answer later.
 */
int dl_unroll_end(struct dl_unroll *u);

#endif
