/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Foresight: what a volume's writes have been, tick by tick, what they are going to
 * be, and who is told.
 *
 * A work item looks every DL_CASCADE_TICK_MS at counters that the I/O path keeps
 * anyway, and hands what has changed to forecasters (core/cascade.h). It rests when
 * nothing was written for a while; the next write wakes it. Nothing on the way of a
 * write waits for it, and without it everything is as the static defaults have it.
 *
 * Locks: @lock guards the forecasters, is a mutex, and nothing is taken under it but
 * dl_workload.lock and dl_log.lock. Memory: one structure for a volume, of fixed size.
 */
#ifndef DL_FORESEE_H
#define DL_FORESEE_H

#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "core/burst.h"
#include "core/cascade.h"
#include "core/checkpoint.h"
#include "learn.h"

struct dl_volume;

/* What is foreseen; kept in checkpoints by these numbers. */
enum dl_quantity {
	DL_QUANTITY_WRITES,	/* requests */
	DL_QUANTITY_BYTES,	/* that they write */
	DL_QUANTITY_NEW,	/* of these, to pages that the log does not have */
	DL_QUANTITY_LOG,	/* bytes that go to the log */
	DL_QUANTITY_SIZE,	/* mean bytes of a request */
	DL_QUANTITIES
};

struct dl_foresee {
	struct dl_volume *v;
	struct delayed_work tick;
	bool awake;			/* queued, or about to be; racy */
	bool stop;
	struct mutex lock;		/* all of the rest */
	u64 ticked;			/* the last tick */
	u32 quiet;			/* ticks in a row with nothing written */
	u64 was[DL_QUANTITIES];		/* counters, at the last tick */
	u32 since_learned, learn_in;	/* ticks */
	struct dl_learn learn;
	struct dl_bursts bursts;	/* faster than the static pool is filled */
	void *packed;			/* room for one forecaster as it is on disk */
	struct dl_cascade of[DL_QUANTITIES];
};

/**
 * dl_foresee_init() - have forecasters
 * @v: volume
 *
 * Context: process, may sleep. Return: 0 or -ENOMEM; dl_foresee_exit() either way.
 */
int dl_foresee_init(struct dl_volume *v);
void dl_foresee_exit(struct dl_volume *v);
u64 dl_foresee_bytes(const struct dl_volume *v);

/* Tick, as soon as something is written. Context: process. */
void dl_foresee_start(struct dl_volume *v);
/* And no more; waits for the one that runs. Context: process, may sleep. */
void dl_foresee_stop(struct dl_volume *v);

/* Something is written while it rests; see dl_foresee_note(). */
void dl_foresee_wake(struct dl_foresee *f);

/* A write comes. Any context. */
static inline void dl_foresee_note(struct dl_foresee *f)
{
	if (unlikely(!READ_ONCE(f->awake)))
		dl_foresee_wake(f);
}

/**
 * dl_foresee_ahead() - what is to come
 * @v: volume
 * @what: of what
 * @ms: within how long, from one tick to half an hour
 * @out: out
 *
 * Context: process, may sleep.
 */
void dl_foresee_ahead(struct dl_volume *v, enum dl_quantity what, u32 ms,
		      struct dl_forecast *out);

/* Bytes of a checkpoint that it may take. */
size_t dl_foresee_saved(void);

/* One quantity, or the share of a client, at one pace. */
struct dl_foresight {
	u32 what;		/* enum dl_quantity; DL_QUANTITIES: a client's share */
	u16 client;		/* whose */
	u32 ticks;		/* of an interval */
	struct dl_forecast next;	/* the interval that runs */
	bool known;		/* is @foreseen? */
	u64 last, foreseen;	/* the one before, and what had been foreseen for it */
	struct dl_series_score score;
};

/**
 * dl_foresee_next() - what is foreseen of everything, one by one
 * @v: volume
 * @at: in and out: 0 to begin
 * @out: out
 *
 * Clients may come and go between two calls; each that stays is told once.
 *
 * Context: process, may sleep. Return: false: there is no more.
 */
bool dl_foresee_next(struct dl_volume *v, u64 *at, struct dl_foresight *out);

/**
 * dl_foresee_burst() - what may come to the log before its pool is filled again
 * @v: volume
 * @n: out: @n->burst, @n->bursts, and the clients of it
 * @clients: room for DL_LEARN_CLIENTS
 *
 * Context: process, may sleep.
 */
void dl_foresee_burst(struct dl_volume *v, struct dl_plan_needs *n,
		      struct dl_plan_client *clients);

/* Into a checkpoint, if it has room for it. Does not sleep for memory. */
void dl_foresee_save(struct dl_volume *v, struct dl_cp_writer *w);
/* From there: what is not sound, or of another age, is passed over. */
void dl_foresee_load(struct dl_volume *v, const void *body, size_t bytes);

#endif
