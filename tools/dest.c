// SPDX-License-Identifier: GPL-2.0
/* What a snapshot is copied to. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "below.h"
#include "dest.h"
#include "err.h"
#include "human.h"
#include "inuse.h"
#include "logdev.h"
#include "opener.h"
#include "probe.h"
#include "viewdev.h"

/* ---- devices */

/* What is written to it must not come back as the volume's content. */
static int judge_place(const char *path, dev_t dev,
		       const struct dl_dm_volume *v)
{
	dev_t volume = makedev(v->major, v->minor);
	struct dl_view view;

	if (dl_view_by_dev(dev, &view))
		return dl_err(DL_EXIT_REFUSED,
			      "%s is a view, which cannot be written to; name another device",
			      path);
	if (dev == volume)
		return dl_err(DL_EXIT_REFUSED,
			      "%s is the volume itself; leave --to out to write ranges back into it, or use 'deltalog rewind'",
			      path);
	if (dl_below(volume, dev))
		return dl_err(DL_EXIT_REFUSED,
			      "%s is what %s lies on, and writing to it would ruin the volume; name another device",
			      path, v->name);
	if (dl_below(dev, volume))
		return dl_err(DL_EXIT_REFUSED,
			      "%s lies on %s itself; name another device", path,
			      v->name);
	return 0;
}

static int apart_from(const struct dl_blkdev *d, const char *role,
		      const char *devno)
{
	struct dl_blkdev other;
	int rc = dl_blkdev_open_devno(&other, role, devno);

	if (rc)
		return rc;
	rc = dl_blkdev_apart(d, &other);
	dl_blkdev_close(&other);
	return rc;
}

static int judge_size(const struct dl_blkdev *d, uint64_t end)
{
	char have[40], need[40];

	if (d->bytes >= end)
		return 0;
	return dl_err(DL_EXIT_REFUSED,
		      "device %s is too small: it has %s (%llu sectors), and %s (%llu) are needed",
		      d->path, dl_human_bytes(have, sizeof(have), d->bytes),
		      (unsigned long long)(d->bytes / 512),
		      dl_human_bytes(need, sizeof(need), end),
		      (unsigned long long)(end / 512));
}

static int judge_content(struct dl_dest *d, const struct dl_dest_want *want,
			 struct dl_probe *p)
{
	const char *doing = want->whole ? "overwriting" : "writing into";
	const struct dl_signature *s = p->sig;
	struct dl_logdev l;
	unsigned int i;
	int rc;

	dl_logdev_load(&l, &d->dev);
	if (dl_logdev_any(&l) && !dl_logdev_detached(&l)) {
		if (!want->force)
			return dl_err(DL_EXIT_REFUSED,
				      "device %s holds the log of a volume, which would be lost; name another device, or use --force",
				      d->dev.path);
		dl_warn("device %s: --force: %s the log of a volume",
			d->dev.path, doing);
	}
	rc = dl_probe_device(&d->dev, p);
	if (rc || !p->nr)
		return rc;
	if (!want->force)
		return dl_err(DL_EXIT_REFUSED,
			      "device %s holds something: %s, %s, at byte %llu; name another device, or wipe it (wipefs) or overwrite it with --force",
			      d->dev.path, s->usage, s->type,
			      (unsigned long long)s->offset);
	for (i = 0; i < p->nr; i++, s++)
		dl_warn("device %s: --force: %s %s, %s, at byte %llu",
			d->dev.path, doing, s->usage, s->type,
			(unsigned long long)s->offset);
	return 0;
}

/*
 * What else was recognised must not be found beside the snapshot, nor in its
 * stead if copying ends early.
 */
static int wipe(struct dl_dest *d, const struct dl_probe *p)
{
	static const char zeros[4096];
	unsigned int i;
	int rc = 0;

	for (i = 0; i < p->nr && !rc; i++)
		if (p->sig[i].len <= sizeof(zeros))
			rc = dl_blkdev_write(&d->dev, p->sig[i].offset, zeros,
					     p->sig[i].len);
	rc = rc ?: dl_blkdev_sync(&d->dev);
	if (!rc)
		return 0;
	return dl_err(DL_EXIT_FAILED, "device %s cannot be written: %s",
		      d->dev.path, strerror(-rc));
}

static int open_device(struct dl_dest *d, const char *path, dev_t dev,
		       const struct dl_dest_want *want)
{
	struct dl_probe p = { .nr = 0 };
	int rc = judge_place(path, dev, want->volume);

	rc = rc ?: dl_blkdev_open(&d->dev, "device", path, DL_BLKDEV_WRITE);
	rc = rc ?: apart_from(&d->dev, "origin", want->volume->origin);
	rc = rc ?: apart_from(&d->dev, "log", want->volume->log);
	rc = rc ?: dl_inuse_claim(&d->dev, &d->claim);
	rc = rc ?: judge_size(&d->dev, want->end);
	rc = rc ?: judge_content(d, want, &p);
	if (!rc && want->whole)
		rc = wipe(d, &p);
	return rc;
}

/* ---- files */

/* A device's name with a slip in it would become a file in memory. */
static int judge_folder(const char *path)
{
	char dir[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (slash)
		snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	else
		snprintf(dir, sizeof(dir), ".");
	if (!realpath(dir, real))
		return dl_err(DL_EXIT_REFUSED, "%s cannot be made: %s: %s",
			      path, dir, strerror(errno));
	if ((!strcmp(real, "/dev") || !strncmp(real, "/dev/", 5)) &&
	    strcmp(real, "/dev/shm") && strncmp(real, "/dev/shm/", 9))
		return dl_err(DL_EXIT_REFUSED,
			      "%s: no such device, and no place for a file; check the name",
			      path);
	return 0;
}

static int judge_old_file(const char *path, const struct stat *st, bool force)
{
	char loop[64];

	if (dl_opener_loop_file(st, loop, sizeof(loop)))
		return dl_err(DL_EXIT_BUSY,
			      "%s is in use as %s; detach that loop device first (losetup -d %s), or name that device",
			      path, loop, loop);
	if (force)
		return 0;
	return dl_err(DL_EXIT_REFUSED,
		      "%s exists already; name another file, or replace it with --force",
		      path);
}

static int make_temp(struct dl_dest *d, uint64_t bytes)
{
	int fd, err = 0;

	if (snprintf(d->temp, sizeof(d->temp), "%s.XXXXXX", d->file) >=
	    (int)sizeof(d->temp)) {
		d->temp[0] = '\0';
		return dl_err(DL_EXIT_REFUSED, "%s: the path is too long",
			      d->file);
	}
	fd = mkstemp(d->temp);
	if (fd < 0) {
		err = errno;
		d->temp[0] = '\0';
	} else {
		if (ftruncate(fd, (off_t)bytes))
			err = errno;
		close(fd);
	}
	if (!err)
		return 0;
	return dl_err(DL_EXIT_FAILED, "%s cannot be made: %s", d->file,
		      strerror(err));
}

/* @st: what is there, NULL for nothing. */
static int open_file(struct dl_dest *d, const char *path,
		     const struct stat *st, const struct dl_dest_want *want)
{
	int rc = st ? judge_old_file(path, st, want->force) :
		judge_folder(path);

	if (rc)
		return rc;
	/* It is the file that is replaced, not a link that leads to it. */
	if (!st || !realpath(path, d->file))
		snprintf(d->file, sizeof(d->file), "%s", path);
	rc = make_temp(d, want->bytes);
	rc = rc ?: dl_blkdev_open(&d->dev, "file", d->temp,
				  DL_BLKDEV_WRITE | DL_BLKDEV_FILE);
	snprintf(d->dev.path, sizeof(d->dev.path), "%s", path);
	return rc;
}

int dl_dest_open(struct dl_dest *d, const char *path,
		 const struct dl_dest_want *want)
{
	struct stat st;
	bool there;

	memset(d, 0, sizeof(*d));
	d->dev.fd = -1;
	d->claim = -1;
	if (strlen(path) >= sizeof(d->file))
		return dl_err(DL_EXIT_REFUSED, "the path of --to is too long");
	there = !stat(path, &st);
	if (!there && errno != ENOENT)
		return dl_err(DL_EXIT_REFUSED, "%s: %s; check the path", path,
			      strerror(errno));
	if (there && S_ISBLK(st.st_mode))
		return open_device(d, path, st.st_rdev, want);
	if (there && !S_ISREG(st.st_mode))
		return dl_err(DL_EXIT_REFUSED,
			      "%s is neither a block device nor a regular file; name one of these",
			      path);
	return open_file(d, path, there ? &st : NULL, want);
}

int dl_dest_finish(struct dl_dest *d)
{
	char dir[PATH_MAX];
	char *slash;
	int fd;

	if (!d->temp[0])
		return 0;
	if (rename(d->temp, d->file))
		return dl_err(DL_EXIT_FAILED, "%s cannot get its name: %s",
			      d->file, strerror(errno));
	d->temp[0] = '\0';
	/* The name shall be there after a power cut, too. */
	snprintf(dir, sizeof(dir), "%s", d->file);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	fd = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	return 0;
}

void dl_dest_close(struct dl_dest *d)
{
	if (d->temp[0])
		unlink(d->temp);
	d->temp[0] = '\0';
	if (d->claim >= 0)
		close(d->claim);
	d->claim = -1;
	dl_blkdev_close(&d->dev);
}
