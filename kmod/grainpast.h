/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The granularity map as it was when a snapshot was made: an imprint (core/imprint.h)
 * for each of a volume's snapshots, by the snapshot's number, which stays when it is
 * renamed. They are no more than what can be done without: where memory or room in
 * the checkpoint is wanting the older ones lose what is cool, and go before any
 * snapshot does.
 *
 * A snapshot by mark has its imprint in the mark's page too, the hottest that fits,
 * for as long as no checkpoint has it.
 *
 * Memory: one run of @room bytes, from the first imprint on. Locks: @lock; nothing
 * is waited for inside it.
 */
#ifndef DL_GRAINPAST_H
#define DL_GRAINPAST_H

#include <linux/mutex.h>

#include "core/checkpoint.h"
#include "core/imprint.h"
#include "grain.h"
#include "map.h"
#include "pins.h"

struct dl_grainpast {
	struct mutex lock;	/* of @im */
	struct dl_imprints im;
};

/* @room: bytes that a checkpoint has for them. */
void dl_grainpast_init(struct dl_grainpast *gp, u32 room);
void dl_grainpast_exit(struct dl_grainpast *gp);

static inline u32 dl_grainpast_bytes(const struct dl_grainpast *gp)
{
	return READ_ONCE(gp->im.buf) ? gp->im.room : 0;
}

/**
 * dl_grainpast_take() - the map as it is now becomes a snapshot's
 * @gp: imprints
 * @g: grain
 * @m: map
 * @id: number of the snapshot
 *
 * Context: process, may sleep, and waits for no I/O to the volume.
 * Return: 0; -ENOMEM or -ENOSPC: there is none of it.
 */
int dl_grainpast_take(struct dl_grainpast *gp, struct dl_grain *g,
		      struct dl_map *m, u64 id);

/* That of snapshot @id goes, if there is one. Context: process, may sleep. */
void dl_grainpast_drop(struct dl_grainpast *gp, u64 id);

/* Write that of @id to a mark's @room bytes at @body, as much as fits; or nothing. */
void dl_grainpast_mark(struct dl_grainpast *gp, u64 id, void *body, size_t room);

/* Regions that the map had when snapshot @id was made; -ENODATA: it has none. */
int dl_grainpast_known(struct dl_grainpast *gp, u64 id, u32 *known);

/**
 * dl_grainpast_next() - the next region of a snapshot's
 * @gp: imprints
 * @id: the snapshot
 * @cursor: in and out: 0 at first
 * @out: out: without a page's rate; no rule is told
 *
 * The hottest first. Context: process, may sleep. Return: false: no more.
 */
bool dl_grainpast_next(struct dl_grainpast *gp, u64 id, u32 *cursor,
		       struct dl_grain_region *out);

void dl_grainpast_save(struct dl_grainpast *gp, struct dl_cp_writer *w);

/*
 * Recovery: those of a checkpoint's section, or the one of snapshot @id behind its
 * mark. -EUCLEAN: what is not sound is left out.
 */
int dl_grainpast_load(struct dl_grainpast *gp, const void *body, size_t bytes);
int dl_grainpast_replay(struct dl_grainpast *gp, u64 id, const void *body,
			size_t bytes);

/* Recovery has found all snapshots there are: the others' go. */
void dl_grainpast_prune(struct dl_grainpast *gp, struct dl_pins *p);

#endif
