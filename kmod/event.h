/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events: that something happened to a volume which somebody should know of.
 * Counted from activation on; told to who waits for one (control.c), as
 * device-mapper events and as uevents, the latter two by a work item.
 *
 * Locks: @lock, innermost, interrupts off. Nothing is told under it.
 */
#ifndef DL_EVENT_H
#define DL_EVENT_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct dl_volume;

/* In the order of the bits DL_CTL_EVENT_*. */
enum dl_event {
	DL_EVENT_MODE,
	DL_EVENT_PRESSURE,
	DL_EVENT_FULL,
	DL_EVENT_ROOM,
	DL_EVENT_FORECAST,
	DL_EVENT_COUNT
};

struct dl_events {
	spinlock_t lock;		/* all of this but @pressed */
	u64 nr;				/* raised so far */
	u64 last[DL_EVENT_COUNT];	/* number of the last one of a kind */
	unsigned long untold;		/* kinds, for the work */
	bool gone;			/* the volume goes */
	bool pressed;			/* housekeeping's */
	wait_queue_head_t wait;
	struct work_struct work;
};

void dl_event_init(struct dl_volume *v);

/* No more comes: who waits is sent home. */
void dl_event_end(struct dl_volume *v);

/* Something happened. Context: any. */
void dl_event_raise(struct dl_volume *v, enum dl_event what);

/* So much of log or map is in use, in percent. By housekeeping alone. */
void dl_event_pressure(struct dl_volume *v, unsigned int percent);

/* How many there were. */
u64 dl_event_nr(struct dl_volume *v);

/**
 * dl_event_wait() - wait for the next one
 * @v: volume, held by dl_volume_enter()
 * @nr: in: those known; out: those there were
 * @timeout: jiffies, MAX_SCHEDULE_TIMEOUT for ever
 * @happened: out: kinds since *@nr, a bit each; 0 when the time was up
 *
 * Context: process, may sleep. Return: 0, -EINTR, -ENODEV: the volume goes.
 */
int dl_event_wait(struct dl_volume *v, u64 *nr, long timeout, u64 *happened);

#endif
