// SPDX-License-Identifier: GPL-2.0
/* What is mounted where; mounting and unmounting. */
#include <errno.h>
#include <libmount/libmount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "err.h"
#include "mounts.h"

/* The kernel's table, without what other programs keep beside it. */
static struct libmnt_table *table(void)
{
	return mnt_new_table_from_file("/proc/self/mountinfo");
}

/* False for what has no block device below it. */
static bool fill(struct dl_mount *m, struct libmnt_fs *fs)
{
	const char *source = mnt_fs_get_srcpath(fs);
	const char *where = mnt_fs_get_target(fs);
	const char *type = mnt_fs_get_fstype(fs);
	struct stat st;

	m->dev = mnt_fs_get_devno(fs);
	m->anon = !major(m->dev);
	m->id = mnt_fs_get_id(fs);
	/* File systems of several devices have none of their numbers. */
	if (m->anon)
		m->dev = source && source[0] == '/' && !stat(source, &st) &&
			S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	if (!where || strlen(where) >= sizeof(m->where))
		return false;
	snprintf(m->where, sizeof(m->where), "%s", where);
	snprintf(m->type, sizeof(m->type), "%s", type ? type : "");
	return m->dev;
}

int dl_mounts_each(dev_t dev,
		   int (*fn)(const struct dl_mount *m, void *ctx), void *ctx)
{
	struct libmnt_iter *iter = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_table *tb = table();
	struct libmnt_fs *fs;
	struct dl_mount m;
	int rc = 0;

	while (tb && iter && !rc && !mnt_table_next_fs(tb, iter, &fs))
		if (fill(&m, fs) && m.dev == dev)
			rc = fn(&m, ctx);
	mnt_free_iter(iter);
	mnt_unref_table(tb);
	return rc;
}

static int first(const struct dl_mount *m, void *ctx)
{
	*(struct dl_mount *)ctx = *m;
	return 1;
}

bool dl_mounts_find(dev_t dev, struct dl_mount *m)
{
	return dl_mounts_each(dev, first, m) == 1;
}

bool dl_mounts_at(const char *where, struct dl_mount *m)
{
	struct libmnt_table *tb = table();
	struct libmnt_fs *fs = NULL;
	bool found;

	if (tb)
		fs = mnt_table_find_target(tb, where, MNT_ITER_BACKWARD);
	found = fs && fill(m, fs);
	mnt_unref_table(tb);
	return found;
}

/* Source, target and type are all given: fstab has nothing to add. */
static struct libmnt_context *context(const char *where)
{
	struct libmnt_context *c = mnt_new_context();

	if (c && !mnt_context_set_optsmode(c, MNT_OMODE_NOTAB) &&
	    !mnt_context_set_target(c, where))
		return c;
	mnt_free_context(c);
	return NULL;
}

int dl_mounts_mount(const char *source, const char *where, const char *type,
		    const char *options)
{
	struct libmnt_context *c = context(where);
	char all[128], why[512] = "";
	int rc;

	snprintf(all, sizeof(all), "ro%s", options);
	if (!c || mnt_context_set_source(c, source) ||
	    mnt_context_set_fstype(c, type) ||
	    mnt_context_set_options(c, all)) {
		mnt_free_context(c);
		return dl_err_nomem();
	}
	rc = mnt_context_mount(c);
	rc = mnt_context_get_excode(c, rc, why, sizeof(why));
	mnt_free_context(c);
	if (!rc)
		return 0;
	return dl_err(DL_EXIT_FAILED,
		      "%s cannot be mounted on %s (-t %s -o %s): %s; the kernel's log may say more (dmesg)",
		      source, where, type, all, why[0] ? why : "it failed");
}

int dl_mounts_umount(const char *where)
{
	struct libmnt_context *c = context(where);
	char why[512] = "";
	int rc, err = 0;

	if (!c)
		return dl_err_nomem();
	rc = mnt_context_umount(c);
	if (mnt_context_syscall_called(c))
		err = mnt_context_get_syscall_errno(c);
	rc = mnt_context_get_excode(c, rc, why, sizeof(why));
	mnt_free_context(c);
	if (!rc)
		return 0;
	if (err == EBUSY)
		return dl_err(DL_EXIT_BUSY,
			      "%s is in use; end what uses it first (fuser -vm %s tells who does)",
			      where, where);
	return dl_err(DL_EXIT_FAILED, "%s cannot be unmounted: %s", where,
		      why[0] ? why : "it failed");
}
