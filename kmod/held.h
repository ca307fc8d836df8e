/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How much of the log the past takes: in all, and what a snapshot alone holds,
 * which is what deleting it would make free.
 *
 * Counted are the payloads of versions. A segment is given back when nothing of
 * it is held any more, so what comes free at once may be less, or more. What only
 * the origin has, and has to be logged before it is overwritten, takes no space
 * until then. What a rewind brought back, if it is replaced before that is settled,
 * has two versions with one payload, and counts twice.
 *
 * Ownership: the arrays belong to the caller, of whom there may be several.
 */
#ifndef DL_HELD_H
#define DL_HELD_H

#include "volume.h"

struct dl_held {
	u64 total;		/* bytes, by pins and the window together */
	u64 window;		/* as of when the pins were looked at */
	u32 nr;			/* pins, ascending by sequence */
	u64 *seq;
	struct dl_held_pin {
		u64 id;
		u64 bytes;	/* that it alone holds */
		bool named;	/* a snapshot; else a rewind's or a view's own */
	} *pin;
};

/**
 * dl_held_count() - look who holds what
 * @v: volume
 * @h: out; after 0 dl_held_free() is due
 *
 * One pass over all versions, beside whoever makes or drops some: these may
 * count or not.
 *
 * Context: process, may sleep; no lock held.
 * Return: 0; -ENOMEM; -EINTR on a signal.
 */
int dl_held_count(struct dl_volume *v, struct dl_held *h);
void dl_held_free(struct dl_held *h);

#endif
