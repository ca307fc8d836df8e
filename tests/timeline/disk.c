// SPDX-License-Identifier: GPL-2.0
/*
 * The disks under a volume, see disk.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/loop.h>

#include "../model/stamp.h"
#include "../model/util.h"
#include "disk.h"

#define TOTAL_BYTES	((size_t)(ORIGIN_MAX + LOG_MAX) * SECTOR_BYTES)

static const char *const slice_names[NR_PARTS] = { "dlt-origin", "dlt-log" };
static const uint32_t slice_start[NR_PARTS] = { 0, ORIGIN_MAX };

static void loop_make(struct disk *d)
{
	struct loop_config config = { .fd = (uint32_t)d->mem_fd,
				      .block_size = SECTOR_BYTES };
	int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC), n;

	if (ctl < 0)
		die("/dev/loop-control: %s", strerror(errno));
	n = ioctl(ctl, LOOP_CTL_GET_FREE);
	close(ctl);
	if (n < 0)
		die("no free loop device: %s", strerror(errno));
	snprintf(d->loop, sizeof(d->loop), "/dev/loop%d", n);
	d->loop_fd = open(d->loop, O_RDWR | O_CLOEXEC);
	if (d->loop_fd < 0 || ioctl(d->loop_fd, LOOP_CONFIGURE, &config))
		die("%s: %s", d->loop, strerror(errno));
}

void disk_init(struct disk *d)
{
	memset(d, 0, sizeof(*d));
	d->mem_fd = memfd_create("dlt-disks", MFD_CLOEXEC);
	if (d->mem_fd < 0 || ftruncate(d->mem_fd, (off_t)TOTAL_BYTES))
		die("memory for the disks: %s", strerror(errno));
	d->mem = mmap(NULL, TOTAL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		      d->mem_fd, 0);
	if (d->mem == MAP_FAILED)
		die("memory for the disks: %s", strerror(errno));
	loop_make(d);
}

void disk_exit(struct disk *d)
{
	unsigned int i;

	for (i = 0; i < NR_PARTS; i++)
		if (d->sectors[i] && devmap_remove(slice_names[i]))
			die("cannot remove %s", slice_names[i]);
	ioctl(d->loop_fd, LOOP_CLR_FD);
	close(d->loop_fd);
	munmap(d->mem, TOTAL_BYTES);
	close(d->mem_fd);
}

static void replace(enum part which, uint32_t sectors, const char *target,
		    const char *params)
{
	const char *name = slice_names[which];
	int err = devmap_load(name, sectors, target, params, false);

	if (!err)
		err = devmap_suspend(name, DEVMAP_NOFLUSH);
	if (!err)
		err = devmap_resume(name);
	if (err)
		die("cannot make %s %s: %s", name, target, strerror(-err));
}

void disk_size(struct disk *d, enum part which, uint32_t sectors)
{
	char params[64];
	int err;

	if (d->sectors[which] == sectors && !d->cut[which])
		return;
	snprintf(params, sizeof(params), "%s %u", d->loop, slice_start[which]);
	if (d->sectors[which]) {
		replace(which, sectors, "linear", params);
	} else {
		err = devmap_make(&d->slice[which], slice_names[which], sectors,
				  "linear", params, false);
		if (err)
			die("cannot create %s: %s", slice_names[which],
			    strerror(-err));
	}
	d->sectors[which] = sectors;
	d->cut[which] = false;
}

void disk_cut(struct disk *d, enum part which)
{
	replace(which, d->sectors[which], "error", "");
	d->cut[which] = true;
}

void disk_mend(struct disk *d)
{
	unsigned int i;

	for (i = 0; i < NR_PARTS; i++)
		disk_size(d, i, d->sectors[i]);
}

char *disk_content(struct disk *d, enum part which)
{
	return d->mem + (size_t)slice_start[which] * SECTOR_BYTES;
}
