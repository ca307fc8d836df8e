// SPDX-License-Identifier: GPL-2.0
/* Views of snapshots: finding, making and removing them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "down.h"
#include "err.h"
#include "inuse.h"
#include "kmsg.h"
#include "opt.h"
#include "sysfs.h"
#include "viewdev.h"

/* @v->dm is known; false if it is no view, or its table cannot be understood. */
static bool fill(struct dl_view *v)
{
	char line[DL_DM_STATUS], *last;
	unsigned int maj, min;

	v->volume[0] = '\0';
	v->seq = 0;
	if (strcmp(v->dm.type, DL_DM_VIEW) ||
	    sscanf(v->dm.params, "%31s %63s", v->devno, v->snapshot) != 2 ||
	    sscanf(v->devno, "%u:%u", &maj, &min) != 2)
		return false;
	if (!dl_sysfs_read(makedev(maj, min), "dm/name", v->volume,
			   sizeof(v->volume)))
		snprintf(v->volume, sizeof(v->volume), "%s", v->devno);
	/* A volume's name may have blanks in it, so the line is read from the
	 * end.
	 */
	if (!dl_dm_status_of(DL_DM_VIEW, v->dm.name, line, sizeof(line))) {
		last = strrchr(line, ' ');
		if (last)
			v->seq = strtoull(last + 1, NULL, 10);
	}
	return true;
}

struct each {
	int (*fn)(const struct dl_view *v, void *ctx);
	void *ctx;
};

static int each(const struct dl_dm_volume *dm, void *ctx)
{
	struct dl_view v = { .dm = *dm };
	struct each *e = ctx;

	return fill(&v) ? e->fn(&v, e->ctx) : 0;
}

int dl_view_each(int (*fn)(const struct dl_view *v, void *ctx), void *ctx)
{
	struct each e = { fn, ctx };

	return dl_dm_each_of(DL_DM_VIEW, each, &e);
}

int dl_view_get(const char *name, struct dl_view *v)
{
	int rc = dl_dm_ready();

	if (rc)
		return rc;
	rc = dl_dm_find(name, &v->dm);
	if (rc && rc != -ENOENT)
		return dl_err(DL_EXIT_KERNEL, "%s: cannot be looked up: %s",
			      name, strerror(-rc));
	if (rc || !fill(v))
		return dl_err(DL_EXIT_NAME,
			      "there is no view '%s'; 'deltalog view --list' shows those there are",
			      name);
	return 0;
}

bool dl_view_by_dev(dev_t dev, struct dl_view *v)
{
	char name[DL_DM_NAME];

	return dl_sysfs_read(dev, "dm/name", name, sizeof(name)) &&
		!dl_dm_find(name, &v->dm) && fill(v);
}

struct wanted {
	char devno[32];
	const struct dl_snap *snap;	/* NULL: any */
	struct dl_view *view;
	bool found;
};

static int match(const struct dl_view *v, void *ctx)
{
	struct wanted *w = ctx;

	if (strcmp(v->devno, w->devno) || (w->snap && v->seq != w->snap->seq))
		return 0;
	*w->view = *v;
	w->found = true;
	return 1;
}

bool dl_view_of(const struct dl_dm_volume *volume, const struct dl_snap *snap,
		struct dl_view *v)
{
	struct wanted w = { .snap = snap, .view = v };

	snprintf(w.devno, sizeof(w.devno), "%u:%u", volume->major,
		 volume->minor);
	dl_view_each(match, &w);
	return w.found;
}

bool dl_view_any(const struct dl_dm_volume *volume, struct dl_view *v)
{
	return dl_view_of(volume, NULL, v);
}

int dl_view_name(char *buf, const char *volume, const char *snapshot)
{
	int n = snprintf(buf, DL_DM_NAME, "%s%s%s", volume,
			 *snapshot == '@' ? "" : "@", snapshot);

	if (n < 0 || n >= DL_DM_NAME)
		return dl_err(DL_EXIT_USAGE,
			      "'%s@%s' is too long for a device's name; 'deltalog view %s %s --as NAME' gives a shorter one",
			      volume, snapshot, volume, snapshot);
	return dl_opt_name_ok(buf) ? 0 : DL_EXIT_USAGE;
}

int dl_view_make(const struct dl_dm_volume *volume, const char *snapshot,
		 const char *name)
{
	struct dl_dm_volume old;
	char params[128], why[512];
	int kmsg, rc;

	rc = dl_dm_find(name, &old);
	if (!rc)
		return dl_err(DL_EXIT_NAME,
			      "a device-mapper device called '%s' exists already%s; 'deltalog view %s %s --as NAME' takes another name",
			      name, strcmp(old.type, DL_DM_VIEW) ? "" :
			      " (a view)", volume->name, snapshot);
	if (rc != -ENOENT)
		return dl_err(DL_EXIT_KERNEL, "%s: cannot be looked up: %s",
			      name, strerror(-rc));
	snprintf(params, sizeof(params), "%u:%u %s", volume->major,
		 volume->minor, snapshot);
	kmsg = dl_kmsg_mark();
	rc = dl_dm_create_view(name, volume->sectors, params);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: no view of snapshot %s: %s%s", volume->name,
			      snapshot, why[0] ? why : strerror(-rc),
			      why[0] ? "" : "; the kernel's log may say more (dmesg)");
	return 0;
}

int dl_view_remove(const struct dl_view *v)
{
	const char *what;
	char where[600];
	int rc = dl_down_idle(&v->dm);

	if (rc == DL_EXIT_BUSY &&
	    dl_inuse_where(makedev(v->dm.major, v->dm.minor), where,
			   sizeof(where), &what) &&
	    !strncmp(where, "mounted", 7))
		dl_warn("'deltalog snapshot umount' unmounts a snapshot and removes its view");
	return rc ?: dl_down_remove(&v->dm);
}
