/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view that is there as long as this program reads it. The kernel removes it
 * when it is closed last, so that it goes however the program ends.
 */
#ifndef DL_TOOL_TEMPVIEW_H
#define DL_TOOL_TEMPVIEW_H

#include "blkdev.h"
#include "dm.h"

struct dl_tempview {
	char name[DL_DM_NAME];
	struct dl_blkdev dev;	/* to read it; fd -1: there is none */
};

/**
 * dl_tempview_open() - make a view and open it
 * @t: out
 * @volume: the volume
 * @snapshot: a snapshot that it has
 *
 * Return: 0, or an exit code with the reason said; then there is none.
 */
int dl_tempview_open(struct dl_tempview *t, const struct dl_dm_volume *volume,
		     const char *snapshot);

/* Close and remove it; no harm if there is none. When it returns it is gone. */
void dl_tempview_close(struct dl_tempview *t);

#endif
