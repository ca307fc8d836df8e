// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's volume, see kernel.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <linux/fs.h>

#include "../model/stamp.h"
#include "../model/util.h"
#include "../../kmod/uapi/deltalog.h"
#include "disk.h"
#include "kernel.h"

#define VOLUME_NAME	"dlt-time"
#define BEGIN_SECONDS	1800000000

struct kernel_volume {
	struct volume v;
	struct disk disk;
	struct devmap dev;
	uint32_t sectors;
	uint32_t nr_views;	/* ever made, for their names */
	int fd;			/* -1: not active */
};

struct view {
	struct devmap dev;
	char name[32];
	int fd;
};

static struct kernel_volume *of(struct volume *v)
{
	return (struct kernel_volume *)v;
}

static void open_volume(struct kernel_volume *k)
{
	k->fd = open(k->dev.path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (k->fd < 0)
		die("%s: %s", k->dev.path, strerror(errno));
}

static void table_params(const struct kernel_volume *k, const char *options,
			 char *out, size_t size)
{
	snprintf(out, size, "%s %s %s", k->disk.slice[PART_ORIGIN].path,
		 k->disk.slice[PART_LOG].path, options);
}

static void begin(struct volume *v, uint32_t origin, uint32_t log,
		  const char *content)
{
	static const struct timespec then = { .tv_sec = BEGIN_SECONDS };
	struct kernel_volume *k = of(v);

	/* When snapshots are due by rule is counted from 1970. */
	if (clock_settime(CLOCK_REALTIME, &then))
		die("the clock cannot be set: %s", strerror(errno));
	disk_size(&k->disk, PART_ORIGIN, origin);
	disk_size(&k->disk, PART_LOG, log);
	memcpy(disk_content(&k->disk, PART_ORIGIN), content,
	       (size_t)origin * SECTOR_BYTES);
	memset(disk_content(&k->disk, PART_LOG), 0, BLANK_BYTES);
	k->sectors = origin;
}

static int activate(struct volume *v, const char *options)
{
	struct kernel_volume *k = of(v);
	char params[512];
	int err;

	table_params(k, options, params, sizeof(params));
	err = devmap_make(&k->dev, VOLUME_NAME, k->sectors, "deltalog", params,
			  false);
	if (!err)
		open_volume(k);
	return err;
}

static int deactivate(struct volume *v)
{
	struct kernel_volume *k = of(v);
	int err;

	close(k->fd);
	err = devmap_remove(VOLUME_NAME);
	if (err)
		open_volume(k);
	else
		k->fd = -1;
	return err;
}

static int suspend(struct volume *v)
{
	(void)v;
	return devmap_suspend(VOLUME_NAME, 0);
}

static int resume(struct volume *v)
{
	(void)v;
	return devmap_resume(VOLUME_NAME);
}

static int reload(struct volume *v, const char *options, bool take)
{
	struct kernel_volume *k = of(v);
	char params[512];
	int err;

	table_params(k, options, params, sizeof(params));
	err = devmap_load(VOLUME_NAME, k->sectors, "deltalog", params, false);
	if (err)
		return err;
	if (!take)
		return devmap_clear(VOLUME_NAME);
	err = devmap_suspend(VOLUME_NAME, 0);
	return err ? err : devmap_resume(VOLUME_NAME);
}

static int outcome(ssize_t done, size_t bytes)
{
	if (done < 0)
		return -errno;
	return (size_t)done == bytes ? 0 : -EIO;
}

static int write_sectors(struct volume *v, uint32_t first, uint32_t n,
			 const void *buf, bool dsync)
{
	struct iovec iov = { .iov_base = (void *)buf,
			     .iov_len = (size_t)n * SECTOR_BYTES };

	return outcome(pwritev2(of(v)->fd, &iov, 1,
				(off_t)first * SECTOR_BYTES,
				dsync ? RWF_DSYNC : 0), iov.iov_len);
}

static int zero(struct volume *v, uint32_t first, uint32_t n, bool discard)
{
	uint64_t range[2] = { (uint64_t)first * SECTOR_BYTES,
			      (uint64_t)n * SECTOR_BYTES };

	return ioctl(of(v)->fd, discard ? BLKDISCARD : BLKZEROOUT, range) ?
		-errno : 0;
}

static int flush(struct volume *v)
{
	return fdatasync(of(v)->fd) ? -errno : 0;
}

static int read_sectors(struct volume *v, uint32_t first, uint32_t n,
			void *buf)
{
	size_t bytes = (size_t)n * SECTOR_BYTES;

	return outcome(pread(of(v)->fd, buf, bytes,
			     (off_t)first * SECTOR_BYTES), bytes);
}

static int message(struct volume *v, const char *text, char *reply)
{
	(void)v;
	return devmap_message(VOLUME_NAME, text, reply, MESSAGE_MAX);
}

static int status(struct volume *v, char *out)
{
	(void)v;
	return devmap_status(VOLUME_NAME, out, MESSAGE_MAX);
}

static int view_open(struct volume *v, const struct view_spec *spec,
		     struct view **out)
{
	struct kernel_volume *k = of(v);
	struct view *view = xcalloc(1, sizeof(*view));
	char params[160], number[32];
	int err;

	snprintf(number, sizeof(number), "%u:%u", k->dev.major, k->dev.minor);
	snprintf(params, sizeof(params), "%s %s",
		 spec->by_path ? k->dev.path : number, spec->snapshot);
	snprintf(view->name, sizeof(view->name), "dlt-view-%u", k->nr_views++);
	err = devmap_make(&view->dev, view->name, spec->sectors,
			  "deltalog-view", params, !spec->writable);
	if (err) {
		free(view);
		return err;
	}
	view->fd = open(view->dev.path, O_RDONLY | O_CLOEXEC |
			(spec->direct ? O_DIRECT : 0));
	if (view->fd < 0)
		die("%s: %s", view->dev.path, strerror(errno));
	*out = view;
	return 0;
}

static int view_read(struct view *view, uint64_t at, size_t bytes, void *buf)
{
	return outcome(pread(view->fd, buf, bytes, (off_t)at), bytes);
}

static int view_close(struct view *view)
{
	int err;

	close(view->fd);
	err = devmap_remove(view->name);
	free(view);
	return err;
}

static int diff(struct volume *v, const char *from, const char *to,
		uint32_t piece, char *changed)
{
	struct kernel_volume *k = of(v);
	struct dl_ctl_extent *x = xcalloc(piece, sizeof(*x));
	struct dl_ctl_diff d = {
		.major = k->dev.major, .minor = k->dev.minor,
		.buffer = (uintptr_t)x,
	};
	int fd = open("/dev/" DL_CTL_NODE, O_RDONLY | O_CLOEXEC), err = 0;
	uint64_t end = 0;
	uint32_t i;

	if (fd < 0)
		die("/dev/" DL_CTL_NODE ": %s", strerror(errno));
	snprintf(d.from, sizeof(d.from), "%s", from);
	snprintf(d.to, sizeof(d.to), "%s", to);
	do {
		d.count = piece;
		if (ioctl(fd, DL_CTL_DIFF, &d))
			err = -errno;
		for (i = 0; !err && i < d.count; i++) {
			/* In order, none empty, within the volume. */
			if (x[i].start < end || !x[i].sectors ||
			    x[i].start + x[i].sectors > k->sectors) {
				err = -EBADMSG;
				break;
			}
			end = x[i].start + x[i].sectors;
			memset(changed + x[i].start, 1, x[i].sectors);
		}
		/* It has to get on, or it would never end. */
		if (!err && d.cursor && d.cursor < end)
			err = -EBADMSG;
	} while (!err && d.cursor);
	close(fd);
	free(x);
	return err;
}

static void cut(struct volume *v, enum part which)
{
	disk_cut(&of(v)->disk, which);
}

static void mend(struct volume *v)
{
	disk_mend(&of(v)->disk);
}

static const char *origin(struct volume *v)
{
	return disk_content(&of(v)->disk, PART_ORIGIN);
}

static void rest(struct volume *v, uint32_t us)
{
	(void)v;
	usleep(us);
}

static const char *says(struct volume *v)
{
	static char text[1 << 18];
	int n = klogctl(3, text, sizeof(text) - 1), lines = 0;
	char *p;

	(void)v;
	if (n < 0)
		n = 0;
	text[n] = 0;
	for (p = text + n; p > text && lines < 13; p--)
		lines += p[-1] == '\n';
	return p == text ? p : p + 1;
}

static const struct volume_ops kernel_ops = {
	.begin = begin, .activate = activate, .deactivate = deactivate,
	.suspend = suspend, .resume = resume, .reload = reload,
	.write = write_sectors, .zero = zero, .flush = flush,
	.read = read_sectors, .message = message, .status = status,
	.view_open = view_open, .view_read = view_read,
	.view_close = view_close, .diff = diff, .cut = cut, .mend = mend, .origin = origin,
	.rest = rest, .says = says,
};

struct volume *kernel_volume_new(void)
{
	struct kernel_volume *k = xcalloc(1, sizeof(*k));

	k->v.ops = &kernel_ops;
	k->fd = -1;
	devmap_setup();
	disk_init(&k->disk);
	return &k->v;
}

void kernel_volume_free(struct volume *v)
{
	disk_exit(&of(v)->disk);
	free(v);
}
