// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog snapshot mount, umount: a snapshot's file system, read-only.
 *
 * A view cannot be written to, so no journal can be replayed on it. If the file
 * system was frozen when the snapshot was made, there is none to replay.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "btrfs.h"
#include "down.h"
#include "err.h"
#include "json.h"
#include "moment.h"
#include "mounts.h"
#include "probe.h"
#include "snaps.h"
#include "verbs.h"
#include "viewdev.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* What goes with "ro"; file systems that are not here need nothing. */
static const struct {
	const char *type, *options;
} special[] = {
	{ "ext3", ",noload" },
	{ "ext4", ",noload" },
	/* The volume, which has the same UUID, may be mounted. */
	{ "xfs", ",norecovery,nouuid" },
	{ "btrfs", ",rescue=nologreplay" },
};

static const char *options_for(const char *type)
{
	size_t i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!strcmp(type, special[i].type))
			return special[i].options;
	return "";
}

/* @where: PATH_MAX bytes: the directory without links on its path. */
static int take_dir(char *where, const char *dir)
{
	struct stat st;

	if (!realpath(dir, where) || stat(where, &st))
		return dl_err(DL_EXIT_REFUSED, "%s: %s; %s", dir,
			      strerror(errno), errno == ENOENT ?
			      "make the directory first" : "check the path");
	if (!S_ISDIR(st.st_mode))
		return dl_err(DL_EXIT_REFUSED,
			      "%s is no directory; name one to mount on", dir);
	return 0;
}

static void node(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, "/dev/mapper/%s", name);
}

/*
 * btrfs knows file systems by their UUID, which the snapshot's has from the
 * volume's: of those that are the same to it, one can be mounted.
 */
static int judge_btrfs(const struct dl_dm_volume *vol,
		       const struct dl_view *view, const char *path,
		       const struct dl_content *c)
{
	dev_t dev = makedev(vol->major, vol->minor);
	uint64_t devices = dl_btrfs_devices(path);
	char volume[DL_DM_NAME + 16];
	struct dl_mount m;

	/* The same view in a second place is no other file system. */
	if (dl_mounts_find(makedev(view->dm.major, view->dm.minor), &m))
		return 0;
	if (devices > 1)
		return dl_err(DL_EXIT_REFUSED,
			      "%s is one of %llu devices of a btrfs; a snapshot of one alone cannot be mounted",
			      path, (unsigned long long)devices);
	if (dl_mounts_find(dev, &m))
		return dl_err(DL_EXIT_BUSY,
			      "%s is mounted on %s, and its btrfs has the same UUID as the snapshot's: btrfs cannot mount both; unmount the volume first",
			      vol->name, m.where);
	if (dl_btrfs_mounted(c->uuid))
		return dl_err(DL_EXIT_BUSY,
			      "a btrfs with UUID %s is mounted, most likely from another view of %s: btrfs cannot mount both; unmount that one first",
			      c->uuid, vol->name);
	node(volume, sizeof(volume), vol->name);
	dl_btrfs_forget(volume);
	return 0;
}

static int mount_view(const struct dl_dm_volume *vol, const char *snapshot,
		      const struct dl_view *view, const char *where,
		      struct dl_content *c)
{
	char path[DL_DM_NAME + 16];
	int rc;

	node(path, sizeof(path), view->dm.name);
	rc = dl_probe_content(path, c);
	if (rc)
		return rc;
	if (!c->type[0])
		return dl_err(DL_EXIT_REFUSED,
			      "snapshot %s of %s holds no file system that is known; 'deltalog view %s %s' makes a device of it, to be mounted by hand (-t TYPE -o ro)",
			      snapshot, vol->name, vol->name, snapshot);
	if (strcmp(c->usage, "file system"))
		return dl_err(DL_EXIT_REFUSED,
			      "snapshot %s of %s holds no file system but: %s, %s; 'deltalog view %s %s' makes a device of it for the tools of that kind",
			      snapshot, vol->name, c->usage, c->type,
			      vol->name, snapshot);
	if (!strcmp(c->type, "btrfs")) {
		rc = judge_btrfs(vol, view, path, c);
		if (rc)
			return rc;
	}
	return dl_mounts_mount(path, where, c->type, options_for(c->type));
}

static void tell_mounted(const struct dl_view *view, const char *snapshot,
			 const char *where, const struct dl_content *c)
{
	char path[DL_DM_NAME + 16];
	struct json_object *o;

	node(path, sizeof(path), view->dm.name);
	if (!dl_json_wanted()) {
		printf("snapshot %s of %s mounted on %s (%s, %s)\n",
		       snapshot, view->volume, where, path, c->type);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "mounted");
	dl_json_str(o, "volume", view->volume);
	dl_json_str(o, "snapshot", snapshot);
	dl_json_str(o, "view", view->dm.name);
	dl_json_str(o, "device", path);
	dl_json_str(o, "type", c->type);
	dl_json_str(o, "mounted_on", where);
	dl_json_print(o);
}

static int run_mount(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	char where[PATH_MAX], name[DL_DM_NAME];
	struct dl_dm_volume vol;
	struct dl_content c;
	struct dl_snap snap;
	struct dl_view view;
	bool made = false;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (!dl_moment_or_name_ok(args[1]))
		return DL_EXIT_USAGE;
	rc = take_dir(where, args[2]);
	rc = rc ?: dl_dm_get(args[0], &vol);
	rc = rc ?: dl_moment_or_snap(vol.name, args[1], &snap);
	if (rc)
		return rc;
	if (!dl_view_of(&vol, &snap, &view)) {
		rc = dl_view_name(name, vol.name, args[1]);
		rc = rc ?: dl_view_make(&vol, args[1], name);
		made = !rc;
		rc = rc ?: dl_view_get(name, &view);
		if (rc)
			return rc;
	}
	rc = mount_view(&vol, snap.name, &view, where, &c);
	if (!rc)
		tell_mounted(&view, snap.name, where, &c);
	else if (made)
		dl_view_remove(&view);
	return rc;
}

const struct dl_verb dl_verb_snapshot_mount = {
	.name = "snapshot mount",
	.args = "NAME SNAPSHOT DIR",
	.min_args = 3,
	.max_args = 3,
	.brief = "mount the file system in a snapshot, read-only",
	.about =
"Takes a view of the snapshot, or makes one, called NAME@SNAPSHOT.",
	.run = run_mount,
};

/* ---- umount */

/* What the mount on @dir is a view of. */
static int find_view(const char *dir, char *where, struct dl_mount *m,
		     struct dl_view *view)
{
	int rc;

	if (!realpath(dir, where))
		return dl_err(DL_EXIT_REFUSED, "%s: %s; check the path", dir,
			      strerror(errno));
	rc = dl_dm_ready();
	if (rc)
		return rc;
	if (!dl_mounts_at(where, m) || !dl_view_by_dev(m->dev, view))
		return dl_err(DL_EXIT_REFUSED,
			      "no snapshot is mounted on %s; 'deltalog view --list' shows where there are any",
			      where);
	return 0;
}

/* @left: out: where else it is mounted, or "". */
static int put_view(const struct dl_view *view, const struct dl_mount *was,
		    struct dl_mount *left)
{
	char path[DL_DM_NAME + 16];

	if (dl_mounts_find(makedev(view->dm.major, view->dm.minor), left))
		return 0;
	left->where[0] = '\0';
	if (!strcmp(was->type, "btrfs")) {
		node(path, sizeof(path), view->dm.name);
		dl_btrfs_forget(path);
	}
	return dl_view_remove(view);
}

static void tell_unmounted(const struct dl_view *view, const char *where,
			   const struct dl_mount *left)
{
	struct json_object *o;

	if (!dl_json_wanted()) {
		printf("%s unmounted\n", where);
		if (left->where[0])
			printf("  view %s is mounted on %s too, and stays\n",
			       view->dm.name, left->where);
		else
			printf("  view %s removed\n", view->dm.name);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "unmounted");
	dl_json_str(o, "volume", view->volume);
	dl_json_str(o, "snapshot", view->snapshot);
	dl_json_str(o, "view", view->dm.name);
	dl_json_str(o, "unmounted_from", where);
	dl_json_bool(o, "view_removed", !left->where[0]);
	dl_json_print(o);
}

static int run_umount(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	char where[PATH_MAX], name[DL_DM_NAME];
	struct dl_mount m, left;
	struct dl_view view;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: find_view(args[0], where, &m, &view);
	rc = rc ?: dl_mounts_umount(where);
	if (rc)
		return rc;
	/* The count of openings is of the time before. */
	memcpy(name, view.dm.name, sizeof(name));
	rc = dl_view_get(name, &view);
	rc = rc ?: put_view(&view, &m, &left);
	if (!rc)
		tell_unmounted(&view, where, &left);
	return rc;
}

const struct dl_verb dl_verb_snapshot_umount = {
	.name = "snapshot umount",
	.args = "DIR",
	.min_args = 1,
	.max_args = 1,
	.brief = "unmount a snapshot and remove its view",
	.run = run_umount,
};
