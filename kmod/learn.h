/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the write history teaches: which writes have neighbours that follow
 * (core/adjacency.h), and so behind which records room is kept (core/fusion.h); and
 * which clients write how much of it all.
 *
 * The history is gone through a few times a second, the youngest of it, no more than so
 * many samples at a time: what is missed is missed. Clients are those that wrote most lately.
 *
 * Locks: dl_foresee.lock guards all of it; dl_workload's is taken under that.
 */
#ifndef DL_LEARN_H
#define DL_LEARN_H

#include "core/adjacency.h"
#include "core/cascade.h"
#include "core/plan.h"

struct dl_volume;

#define DL_LEARN_CLIENTS	8u

struct dl_learn_client {
	u16 client;		/* lowest bits of the cgroup's number */
	bool used;
	u64 lately;		/* sectors, halved each time */
	u64 now;		/* sectors, this time */
	struct dl_cascade share;	/* of all that is written, of 65536 */
};

struct dl_learn {
	struct dl_volume *v;
	u64 cursor;		/* in the history */
	struct dl_adjacency adjacency;
	struct dl_adj_set *sets;
	u64 sectors;		/* seen this time */
	u64 tick;
	u64 judged;		/* tick */
	u64 seen;		/* samples there were, last time */
	u32 whole;		/* pages, this time */
	struct dl_learn_client client[DL_LEARN_CLIENTS];
};

/* Context: process, may sleep. Return: 0 or -ENOMEM; dl_learn_exit() either way. */
int dl_learn_init(struct dl_learn *n, struct dl_volume *v);
void dl_learn_exit(struct dl_learn *n);
u64 dl_learn_bytes(void);

/**
 * dl_learn_clients() - what clients may write of what comes
 * @n: what was learned
 * @bytes: that come
 * @out: out: DL_LEARN_CLIENTS
 *
 * Return: how many; clients of whom nothing is known are none.
 */
u32 dl_learn_clients(const struct dl_learn *n, u64 bytes,
		     struct dl_plan_client *out);

/*
 * Go through what is new, at @tick; with foresight off of fusion alone what became of
 * it. Context: process, may sleep. Return: ticks until the next time.
 */
u32 dl_learn(struct dl_learn *n, u64 tick);

#endif
