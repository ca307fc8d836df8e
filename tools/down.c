// SPDX-License-Identifier: GPL-2.0
/* Taking a volume down. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "down.h"
#include "err.h"
#include "inuse.h"
#include "viewdev.h"

#define TRIES	10
#define WAIT_MS	200

static int busy(const struct dl_dm_volume *v)
{
	struct dl_view view;
	const char *what;
	char where[600];

	if (dl_view_any(v, &view))
		return dl_err(DL_EXIT_BUSY,
			      "%s has a view, /dev/mapper/%s; remove it first (deltalog view --remove %s)",
			      v->name, view.dm.name, view.dm.name);
	if (dl_inuse_where(makedev(v->major, v->minor), where, sizeof(where),
			   &what))
		return dl_err(DL_EXIT_BUSY, "%s is %s; %s", v->name, where,
			      what);
	return dl_err(DL_EXIT_BUSY,
		      "%s is open (%d times); close it first (fuser -v /dev/mapper/%s tells who has it)",
		      v->name, v->open_count, v->name);
}

int dl_down_idle(const struct dl_dm_volume *v)
{
	const struct timespec wait = { .tv_nsec = WAIT_MS * 1000000L };
	struct dl_dm_volume now = *v;
	const char *what;
	char where[600];
	int i;

	/* A mount lasts, but udev or the like look at it just for a moment. */
	for (i = 0; now.open_count && i < TRIES; i++) {
		if (dl_inuse_where(makedev(v->major, v->minor), where,
				   sizeof(where), &what))
			break;
		nanosleep(&wait, NULL);
		if (dl_dm_find(v->name, &now))
			break;
	}
	return now.open_count ? busy(&now) : 0;
}

int dl_down_remove(const struct dl_dm_volume *v)
{
	struct dl_dm_volume now = *v;
	int rc = dl_dm_remove(v->name);

	if (rc == -EBUSY) {
		dl_dm_find(v->name, &now);
		return busy(&now);
	}
	if (rc)
		return dl_err(DL_EXIT_KERNEL, "%s cannot be removed: %s",
			      v->name, strerror(-rc));
	return 0;
}
