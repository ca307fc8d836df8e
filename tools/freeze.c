// SPDX-License-Identifier: GPL-2.0
/*
 * Standing still.
 *
 * Device-mapper freezes the file system on a device that is suspended, if that
 * file system says that it is on this one device. Those that may have several
 * (btrfs) do not say so in kernels of today, and are frozen here beforehand.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "below.h"
#include "dmtask.h"
#include "err.h"
#include "freeze.h"
#include "mounts.h"

#define RESUME_TRIES	5
#define RESUME_WAIT_MS	200

static dev_t devno(const struct dl_dm_volume *v)
{
	return makedev(v->major, v->minor);
}

/*
 * If one volume lay on another, suspending one would wait for the other for
 * good, or the snapshot would.
 */
static int refuse_stacks(const struct dl_dm_volume *vols, unsigned int nr)
{
	unsigned int i, k;

	for (i = 0; i < nr; i++)
		for (k = 0; k < nr; k++)
			if (dl_below(devno(&vols[i]), devno(&vols[k])))
				return dl_err(DL_EXIT_REFUSED,
					      "%s lies on %s, so they cannot be suspended together; make their snapshots one after the other",
					      vols[i].name, vols[k].name);
	return 0;
}

/* A path may lead elsewhere by now, or another mount may cover it. */
static bool same_mount(int fd, const struct dl_mount *m)
{
	struct statx stx;

	return !statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) &&
		stx.stx_mask & STATX_MNT_ID && stx.stx_mnt_id == (uint64_t)m->id;
}

/* Keep hold of what has to be frozen; of the rest write what can be written
 * now, so that the time of standing still is short.
 */
static int prepare_fs(const struct dl_mount *m, void *ctx)
{
	struct dl_freeze *f = ctx;
	int fd = open(m->where, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
		      O_NONBLOCK);

	if (fd < 0)
		return 0;
	if (!same_mount(fd, m)) {
		close(fd);
		return 0;
	}
	syncfs(fd);
	if (!m->anon || f->nr_fs == DL_FREEZE_FS) {
		close(fd);
		return 0;
	}
	f->fs[f->nr_fs].fd = fd;
	f->fs[f->nr_fs].where = strdup(m->where);
	f->fs[f->nr_fs].frozen = false;
	f->nr_fs++;
	return 0;
}

static void prepare(struct dl_freeze *f)
{
	sigset_t all;
	unsigned int i;

	for (i = 0; i < f->nr; i++)
		if (!f->vol[i].v->suspended)
			dl_mounts_each(devno(f->vol[i].v), prepare_fs, f);
	/*
	 * The library asks for udev when it is used first; made now, the cookie
	 * costs no file access later. Without one, nobody waits for udev.
	 */
	if (!dm_udev_create_cookie(&f->cookie))
		f->cookie = 0;
	/* The program may lie on what is suspended: no page of it must be read
	 * again. Where that is not allowed, it is most likely in memory anyway.
	 */
	mlockall(MCL_CURRENT | MCL_FUTURE);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &f->signals);
}

static int suspend(const struct dl_dm_volume *v)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_SUSPEND, v->name);
	int rc;

	if (!t)
		return -ENOMEM;
	rc = dm_task_run(t) ? 0 : dl_dmtask_errno(t);
	dm_task_destroy(t);
	return rc;
}

static int resume_once(struct dl_freeze *f, const struct dl_dm_volume *v)
{
	struct dm_task *t = dl_dmtask(DM_DEVICE_RESUME, v->name);
	uint32_t cookie = f->cookie;
	int rc;

	if (!t)
		return -ENOMEM;
	/*
	 * One cookie for all, and nobody waits for it now: udev may have to wait
	 * for a volume that is still suspended. If it cannot be had, then rather
	 * a resume that nobody tells of.
	 */
	if (!dm_task_set_cookie(t, &cookie, 0))
		dm_udev_set_sync_support(0);
	else if (!f->cookie)
		f->cookie = cookie;
	rc = dm_task_run(t) ? 0 : dl_dmtask_errno(t);
	dm_task_destroy(t);
	return rc;
}

static int resume(struct dl_freeze *f, const struct dl_dm_volume *v)
{
	const struct timespec wait = { .tv_nsec = RESUME_WAIT_MS * 1000000L };
	int i, rc = 0;

	for (i = 0; i < RESUME_TRIES; i++) {
		if (i)
			nanosleep(&wait, NULL);
		rc = resume_once(f, v);
		/* One that is gone cannot be in anybody's way. */
		if (!rc || rc == -ENXIO)
			return 0;
	}
	return rc;
}

/* Freeze and suspend all. Returns a negative errno and what it is about. */
static int stand_still(struct dl_freeze *f, const char **what)
{
	unsigned int i;
	int rc;

	for (i = 0; i < f->nr_fs; i++) {
		f->fs[i].frozen = !ioctl(f->fs[i].fd, FIFREEZE, 0);
		/* Mounted twice, or frozen by others: it stands still anyway. */
		if (f->fs[i].frozen || errno == EBUSY || errno == EOPNOTSUPP)
			continue;
		*what = "the file system on a volume";
		return -errno;
	}
	for (i = 0; i < f->nr; i++) {
		if (f->vol[i].v->suspended)
			continue;
		rc = suspend(f->vol[i].v);
		if (rc) {
			*what = f->vol[i].v->name;
			return rc;
		}
		f->vol[i].down = true;
	}
	return 0;
}

/* Go on, the last first. What cannot be undone is marked as down or frozen. */
static void go_on(struct dl_freeze *f)
{
	unsigned int i;

	for (i = f->nr; i-- > 0;) {
		f->vol[i].err = f->vol[i].down ? resume(f, f->vol[i].v) : 0;
		f->vol[i].down = f->vol[i].err;
	}
	for (i = f->nr_fs; i-- > 0;) {
		f->fs[i].err = f->fs[i].frozen && ioctl(f->fs[i].fd, FITHAW, 0) ?
			-errno : 0;
		f->fs[i].frozen = f->fs[i].err;
	}
}

int dl_freeze_end(struct dl_freeze *f)
{
	unsigned int i;
	int rc = 0;

	go_on(f);
	munlockall();
	/* Only now may anything be said. */
	for (i = 0; i < f->nr; i++)
		if (f->vol[i].down)
			rc = dl_err(DL_EXIT_KERNEL,
				    "%s COULD NOT BE RESUMED: %s; whatever uses it waits until 'dmsetup resume %s' succeeds, the kernel's log may say more (dmesg)",
				    f->vol[i].v->name,
				    strerror(-f->vol[i].err),
				    f->vol[i].v->name);
	for (i = 0; i < f->nr_fs; i++)
		if (f->fs[i].frozen)
			rc = dl_err(DL_EXIT_KERNEL,
				    "the file system on %s COULD NOT BE THAWED: %s; whatever uses it waits until 'fsfreeze --unfreeze' succeeds",
				    f->fs[i].where ? f->fs[i].where : "a volume",
				    strerror(-f->fs[i].err));
	return rc;
}

void dl_freeze_close(struct dl_freeze *f)
{
	sigprocmask(SIG_SETMASK, &f->signals, NULL);
	if (f->cookie)
		dm_udev_wait(f->cookie);
	dm_task_update_nodes();
	while (f->nr_fs) {
		f->nr_fs--;
		close(f->fs[f->nr_fs].fd);
		free(f->fs[f->nr_fs].where);
	}
	memset(f, 0, sizeof(*f));
}

int dl_freeze_begin(struct dl_freeze *f, const struct dl_dm_volume *vols,
		    unsigned int nr)
{
	const char *what = "";
	unsigned int i;
	int rc;

	memset(f, 0, sizeof(*f));
	rc = refuse_stacks(vols, nr);
	if (rc)
		return rc;
	for (i = 0; i < nr; i++)
		f->vol[i].v = &vols[i];
	f->nr = nr;
	prepare(f);
	rc = stand_still(f, &what);
	if (!rc)
		return 0;
	dl_freeze_end(f);
	dl_err(DL_EXIT_KERNEL,
	       "%s cannot be suspended: %s; nothing was done, and what was suspended goes on; %s",
	       what, strerror(-rc), rc == -EBUSY ?
	       "thaw its file system if somebody froze it (fsfreeze --unfreeze)" :
	       "the kernel's log may say more (dmesg)");
	dl_freeze_close(f);
	return DL_EXIT_KERNEL;
}
