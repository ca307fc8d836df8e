// SPDX-License-Identifier: GPL-2.0
/*
 * Device mapper by its ioctls, see devmap.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/dm-ioctl.h>

#include "../model/util.h"
#include "devmap.h"

#define DATA_BYTES	20480u

static int control = -1;

union request {
	struct dm_ioctl h;
	char bytes[sizeof(struct dm_ioctl) + DATA_BYTES];
};

void devmap_setup(void)
{
	control = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		die("/dev/mapper/control: %s", strerror(errno));
}

static void start(union request *q, const char *name, uint32_t flags)
{
	/* What follows is written by whoever uses it. */
	memset(&q->h, 0, sizeof(q->h));
	q->h.version[0] = DM_VERSION_MAJOR;
	q->h.data_size = sizeof(*q);
	q->h.data_start = sizeof(struct dm_ioctl);
	q->h.flags = flags;
	snprintf(q->h.name, sizeof(q->h.name), "%s", name);
}

static char *data_of(union request *q)
{
	return q->bytes + sizeof(struct dm_ioctl);
}

static int ask(union request *q, unsigned long request)
{
	return ioctl(control, request, q) ? -errno : 0;
}

/* Requests that carry no data. */
static int simple(unsigned long request, const char *name, uint32_t flags)
{
	union request q;

	start(&q, name, flags);
	q.h.data_size = sizeof(struct dm_ioctl);
	return ask(&q, request);
}

int devmap_remove(const char *name)
{
	return simple(DM_DEV_REMOVE, name, 0);
}

int devmap_clear(const char *name)
{
	return simple(DM_TABLE_CLEAR, name, 0);
}

int devmap_suspend(const char *name, unsigned int flags)
{
	uint32_t more = flags & DEVMAP_NOFLUSH ?
		DM_NOFLUSH_FLAG | DM_SKIP_LOCKFS_FLAG : 0;

	return simple(DM_DEV_SUSPEND, name, DM_SUSPEND_FLAG | more);
}

int devmap_resume(const char *name)
{
	return simple(DM_DEV_SUSPEND, name, 0);
}

int devmap_load(const char *name, uint64_t sectors, const char *target,
		const char *params, bool read_only)
{
	struct dm_target_spec spec = { .length = sectors };
	union request q;
	size_t n = strlen(params) + 1;

	if (sizeof(spec) + n > DATA_BYTES)
		return -E2BIG;
	start(&q, name, read_only ? DM_READONLY_FLAG : 0);
	q.h.target_count = 1;
	snprintf(spec.target_type, sizeof(spec.target_type), "%s", target);
	spec.next = (uint32_t)((sizeof(spec) + n + 7) / 8 * 8);
	memcpy(data_of(&q), &spec, sizeof(spec));
	memcpy(data_of(&q) + sizeof(spec), params, n);
	return ask(&q, DM_TABLE_LOAD);
}

int devmap_make(struct devmap *d, const char *name, uint64_t sectors,
		const char *target, const char *params, bool read_only)
{
	union request q;
	int err;

	start(&q, name, 0);
	q.h.data_size = sizeof(struct dm_ioctl);
	err = ask(&q, DM_DEV_CREATE);
	if (err)
		return err;
	d->name = name;
	d->major = (unsigned int)(q.h.dev >> 8 & 0xfff);
	d->minor = (unsigned int)((q.h.dev & 0xff) | (q.h.dev >> 12 & 0xfff00));
	snprintf(d->path, sizeof(d->path), "/dev/dm-%u", d->minor);
	err = devmap_load(name, sectors, target, params, read_only);
	if (!err)
		err = devmap_resume(name);
	if (err && devmap_remove(name))
		die("cannot remove %s", name);
	return err;
}

int devmap_message(const char *name, const char *text, char *reply,
		   size_t size)
{
	struct dm_target_msg msg = { .sector = 0 };
	union request q;
	size_t n = strlen(text) + 1;
	int err;

	reply[0] = 0;
	if (sizeof(msg) + n > DATA_BYTES)
		return -E2BIG;
	start(&q, name, 0);
	memcpy(data_of(&q), &msg, sizeof(msg));
	memcpy(data_of(&q) + sizeof(msg), text, n);
	err = ask(&q, DM_TARGET_MSG);
	if (err)
		return err;
	if (q.h.flags & DM_BUFFER_FULL_FLAG)
		return -EOVERFLOW;
	if (q.h.flags & DM_DATA_OUT_FLAG)
		snprintf(reply, size, "%.*s",
			 (int)(q.h.data_size - q.h.data_start),
			 q.bytes + q.h.data_start);
	return 0;
}

int devmap_status(const char *name, char *out, size_t size)
{
	union request q;
	int err;

	start(&q, name, DM_NOFLUSH_FLAG);
	err = ask(&q, DM_TABLE_STATUS);
	if (err)
		return err;
	if (q.h.flags & DM_BUFFER_FULL_FLAG || !q.h.target_count)
		return -EOVERFLOW;
	snprintf(out, size, "%s",
		 q.bytes + q.h.data_start + sizeof(struct dm_target_spec));
	return 0;
}
