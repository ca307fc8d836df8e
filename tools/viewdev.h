/* SPDX-License-Identifier: GPL-2.0 */
/* Views: read-only devices that show a volume as a snapshot of it has it. */
#ifndef DL_TOOL_VIEWDEV_H
#define DL_TOOL_VIEWDEV_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dm.h"
#include "snaps.h"

struct dl_view {
	struct dl_dm_volume dm;		/* its device */
	char volume[DL_DM_NAME];	/* name, or "major:minor" */
	char devno[32];			/* "major:minor" of the volume */
	char snapshot[DL_SNAP_NAME];	/* as it was called at first */
	uint64_t seq;
};

/**
 * dl_view_each() - call @fn for every view, in order of names
 * @fn: non-zero stops and is returned
 * @ctx: for @fn
 */
int dl_view_each(int (*fn)(const struct dl_view *v, void *ctx), void *ctx);

/**
 * dl_view_get() - look up a view that must be there
 * @name: its name
 * @v: out
 *
 * Return: 0, or DL_EXIT_NAME or another exit code with the reason said.
 */
int dl_view_get(const char *name, struct dl_view *v);

/* Whether @dev is a view. @v: out: which. */
bool dl_view_by_dev(dev_t dev, struct dl_view *v);

/* Whether a volume has a view. @v: out: the first there is. */
bool dl_view_any(const struct dl_dm_volume *volume, struct dl_view *v);

/**
 * dl_view_of() - look for a view of a snapshot
 * @volume: the volume
 * @snap: the snapshot
 * @v: out: the first there is
 *
 * Told by the sequence number, which no other snapshot has: a view goes on to
 * have the name that its snapshot had in the beginning, which may be another's.
 * Return: whether there is one.
 */
bool dl_view_of(const struct dl_dm_volume *volume, const struct dl_snap *snap,
		struct dl_view *v);

/**
 * dl_view_name() - the name that a view gets unless one is given
 * @buf: out: DL_DM_NAME bytes
 * @volume: name of the volume
 * @snapshot: of the snapshot
 *
 * Return: 0, or DL_EXIT_USAGE with the reason said when it can be no name.
 */
int dl_view_name(char *buf, const char *volume, const char *snapshot);

/**
 * dl_view_make() - make a view
 * @volume: the volume
 * @snapshot: a snapshot that it has
 * @name: what the view is to be called, a good name
 *
 * Return: 0 or an exit code with the reason said; then there is none.
 */
int dl_view_make(const struct dl_dm_volume *volume, const char *snapshot,
		 const char *name);

/* Remove it. Return: 0, DL_EXIT_BUSY or another exit code with the reason. */
int dl_view_remove(const struct dl_view *v);

#endif
