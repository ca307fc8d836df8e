// SPDX-License-Identifier: GPL-2.0
/* A view for the time of a run. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "tempview.h"
#include "viewdev.h"

static void choose_name(char *name)
{
	struct dl_dm_volume taken;
	unsigned int i;

	snprintf(name, DL_DM_NAME, "deltalog-restore-%d", (int)getpid());
	/* Whoever had our number before may have left one behind. */
	for (i = 2; !dl_dm_find(name, &taken); i++)
		snprintf(name, DL_DM_NAME, "deltalog-restore-%d-%u",
			 (int)getpid(), i);
}

static void remove_now(const char *name)
{
	int rc = dl_dm_remove(name);

	if (rc)
		dl_warn("the view %s, made for this, cannot be removed: %s; 'deltalog view --remove %s' later",
			name, strerror(-rc), name);
}

int dl_tempview_open(struct dl_tempview *t, const struct dl_dm_volume *volume,
		     const char *snapshot)
{
	char path[DL_DM_NAME + 16];
	int rc;

	t->dev.fd = -1;
	choose_name(t->name);
	rc = dl_view_make(volume, snapshot, t->name);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/dev/mapper/%s", t->name);
	rc = dl_blkdev_open(&t->dev, "view", path, 0);
	if (rc) {
		remove_now(t->name);
		return rc;
	}
	rc = dl_dm_remove_later(t->name);
	if (rc) {
		dl_err(DL_EXIT_KERNEL,
		       "%s: its removal cannot be prepared: %s", path,
		       strerror(-rc));
		dl_tempview_close(t);
		return DL_EXIT_KERNEL;
	}
	return 0;
}

/*
 * What the kernel removes later it removes in the background: the snapshot could
 * not be deleted for a moment more.
 */
void dl_tempview_close(struct dl_tempview *t)
{
	if (t->dev.fd < 0)
		return;
	dl_dm_message(t->name, "@cancel_deferred_remove");
	dl_blkdev_close(&t->dev);
	remove_now(t->name);
}
