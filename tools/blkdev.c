// SPDX-License-Identifier: GPL-2.0
/* Block devices and image files: open, sizes, reads and writes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "blkdev.h"
#include "err.h"
#include "sysfs.h"

#define ALIGN		4096u		/* enough for any logical block */
#define BOUNCE_BYTES	(1u << 20)

static int measure(struct dl_blkdev *d, const struct stat *st)
{
	unsigned int phys = 512;
	int logical = 512;

	if (!d->block) {
		d->bytes = (uint64_t)st->st_size;
		d->logical = 512;
		d->physical = 512;
		return 0;
	}
	if (ioctl(d->fd, BLKGETSIZE64, &d->bytes) ||
	    ioctl(d->fd, BLKSSZGET, &logical) ||
	    ioctl(d->fd, BLKPBSZGET, &phys))
		return dl_err(DL_EXIT_FAILED, "%s %s: cannot learn its size: %s",
			      d->role, d->path, strerror(errno));
	d->logical = (uint32_t)logical;
	d->physical = phys;
	return 0;
}

/* Direct I/O where it is needed and where the file system has it. */
static void go_direct(struct dl_blkdev *d)
{
	int fl = fcntl(d->fd, F_GETFL);

	if (!d->block || fl < 0 || fcntl(d->fd, F_SETFL, fl | O_DIRECT))
		return;
	d->bounce = aligned_alloc(ALIGN, BOUNCE_BYTES + 2 * ALIGN);
	if (!d->bounce)
		fcntl(d->fd, F_SETFL, fl);
}

static int refuse_open(const struct dl_blkdev *d, int err)
{
	switch (err) {
	case ENOENT:
	case ENXIO:
	case ENODEV:
	case ENOMEDIUM:
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s: no such device (%s); check the name",
			      d->role, d->path, strerror(err));
	case EROFS:
	case EACCES:
	case EPERM:
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s cannot be opened: %s; %s", d->role, d->path,
			      strerror(err), err == EROFS ?
			      "make it writable (blockdev --setrw)" :
			      "be root, and name a node in /dev");
	default:
		return dl_err(DL_EXIT_FAILED, "%s %s cannot be opened: %s",
			      d->role, d->path, strerror(err));
	}
}

int dl_blkdev_open(struct dl_blkdev *d, const char *role, const char *path,
		   unsigned int flags)
{
	int mode = flags & DL_BLKDEV_WRITE ? O_RDWR : O_RDONLY, ro = 0, rc;
	struct stat st;

	memset(d, 0, sizeof(*d));
	d->fd = -1;
	d->role = role;
	snprintf(d->path, sizeof(d->path), "%s", path);
	if (stat(path, &st))
		return refuse_open(d, errno);
	d->block = S_ISBLK(st.st_mode);
	if (!d->block && !(S_ISREG(st.st_mode) && flags & DL_BLKDEV_FILE))
		return dl_err(DL_EXIT_REFUSED, "%s %s is not a block device%s",
			      role, path, S_ISREG(st.st_mode) ?
			      "; put a loop device over the file (losetup -f --show)" :
			      "; name a disk, partition or logical volume");
	d->fd = open(path, mode | O_CLOEXEC);
	if (d->fd < 0)
		return refuse_open(d, errno);
	d->rdev = d->block ? st.st_rdev : 0;
	rc = measure(d, &st);
	if (!rc && d->block && flags & (DL_BLKDEV_WRITE | DL_BLKDEV_RW) &&
	    !ioctl(d->fd, BLKROGET, &ro) && ro)
		rc = refuse_open(d, EROFS);
	if (rc) {
		dl_blkdev_close(d);
		return rc;
	}
	/* Writers read through the cache, of which nothing old may be left. */
	if (!(flags & DL_BLKDEV_WRITE))
		go_direct(d);
	else if (d->block)
		ioctl(d->fd, BLKFLSBUF, 0);
	return 0;
}

void dl_blkdev_close(struct dl_blkdev *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	free(d->bounce);
	d->bounce = NULL;
}

void dl_blkdev_name(char *buf, size_t size, const char *devno)
{
	char name[128];

	if (dl_sysfs_devname(devno, name, sizeof(name)))
		snprintf(buf, size, "/dev/%s", name);
	else
		snprintf(buf, size, "%s", devno);
}

int dl_blkdev_open_devno(struct dl_blkdev *d, const char *role,
			 const char *devno)
{
	char path[160], want[32];
	struct stat st;

	dl_blkdev_name(path, sizeof(path), devno);
	if (!stat(path, &st) && S_ISBLK(st.st_mode)) {
		snprintf(want, sizeof(want), "%u:%u", major(st.st_rdev),
			 minor(st.st_rdev));
		if (!strcmp(want, devno))
			return dl_blkdev_open(d, role, path, 0);
	}
	memset(d, 0, sizeof(*d));
	d->fd = -1;
	return dl_err(DL_EXIT_FAILED,
		      "%s: there is no node in /dev for device %s", role, devno);
}

static int read_all(int fd, uint64_t offset, char *buf, size_t n)
{
	ssize_t got;

	while (n) {
		got = pread(fd, buf, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EIO;	/* the end of the device */
		buf += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int dl_blkdev_read(struct dl_blkdev *d, uint64_t offset, void *buf, size_t n)
{
	uint64_t from, to;
	size_t chunk;
	int rc;

	if (n > d->bytes || offset > d->bytes - n)
		return -EIO;
	if (!d->bounce)
		return read_all(d->fd, offset, buf, n);
	while (n) {
		/* No more than is asked for: what is beside it may be damaged. */
		from = offset & ~(uint64_t)(d->logical - 1);
		chunk = n < BOUNCE_BYTES ? n : BOUNCE_BYTES;
		to = (offset + chunk + d->logical - 1) &
			~(uint64_t)(d->logical - 1);
		if (to > d->bytes)
			to = d->bytes;
		rc = read_all(d->fd, from, d->bounce, to - from);
		if (rc)
			return rc;
		memcpy(buf, d->bounce + (offset - from), chunk);
		buf = (char *)buf + chunk;
		offset += chunk;
		n -= chunk;
	}
	return 0;
}

int dl_blkdev_write(struct dl_blkdev *d, uint64_t offset, const void *buf,
		    size_t n)
{
	const char *p = buf;
	ssize_t put;

	while (n) {
		put = pwrite(d->fd, p, n, (off_t)offset);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return put ? -errno : -EIO;
		p += put;
		offset += (uint64_t)put;
		n -= (size_t)put;
	}
	return 0;
}

int dl_blkdev_sync(struct dl_blkdev *d)
{
	return fsync(d->fd) ? -errno : 0;
}

int dl_blkdev_settle(struct dl_blkdev *d)
{
	int rc = dl_blkdev_sync(d);

	if (rc)
		return rc;
	if (d->block)
		return ioctl(d->fd, BLKFLSBUF, 0) ? -errno : 0;
	return -posix_fadvise(d->fd, 0, 0, POSIX_FADV_DONTNEED);
}

/* The file or device that a loop device shows, and the part of it. */
struct backing {
	dev_t dev, rdev;
	ino_t ino;
	uint64_t from, to;
};

static bool loop_backing(const struct dl_blkdev *d, struct backing *b)
{
	char file[512], num[32];
	uint64_t limit = 0;
	struct stat st;

	if (!dl_sysfs_read(d->rdev, "loop/backing_file", file, sizeof(file)) ||
	    stat(file, &st))
		return false;
	b->dev = st.st_dev;
	b->ino = st.st_ino;
	b->rdev = S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	b->from = 0;
	if (dl_sysfs_read(d->rdev, "loop/offset", num, sizeof(num)))
		b->from = strtoull(num, NULL, 10);
	if (dl_sysfs_read(d->rdev, "loop/sizelimit", num, sizeof(num)))
		limit = strtoull(num, NULL, 10);
	b->to = limit ? b->from + limit : UINT64_MAX;
	return true;
}

static bool part_of(const struct dl_blkdev *part, const struct dl_blkdev *disk)
{
	dev_t parent;

	return dl_sysfs_parent(part->rdev, &parent) && parent == disk->rdev;
}

int dl_blkdev_apart(const struct dl_blkdev *a, const struct dl_blkdev *b)
{
	struct backing ba, bb;
	bool la, lb;

	if (a->rdev == b->rdev)
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s and %s %s are the same device (%u:%u); name two different ones",
			      a->role, a->path, b->role, b->path,
			      major(a->rdev), minor(a->rdev));
	if (part_of(a, b) || part_of(b, a))
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s is a partition of %s %s; name two devices that do not overlap",
			      part_of(a, b) ? a->role : b->role,
			      part_of(a, b) ? a->path : b->path,
			      part_of(a, b) ? b->role : a->role,
			      part_of(a, b) ? b->path : a->path);
	la = loop_backing(a, &ba);
	lb = loop_backing(b, &bb);
	if ((la && ba.rdev && ba.rdev == b->rdev) ||
	    (lb && bb.rdev && bb.rdev == a->rdev))
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s and %s %s: one is a loop device over the other; name two devices that do not overlap",
			      a->role, a->path, b->role, b->path);
	if (la && lb && ba.dev == bb.dev && ba.ino == bb.ino &&
	    ba.from < bb.to && bb.from < ba.to)
		return dl_err(DL_EXIT_REFUSED,
			      "%s %s and %s %s are loop devices over the same bytes of one file; name two devices that do not overlap",
			      a->role, a->path, b->role, b->path);
	return 0;
}
