// SPDX-License-Identifier: GPL-2.0
/* Writing an empty log, and taking it back. */
#include <errno.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>

#include "checkpoint.h"
#include "err.h"
#include "mklog.h"

static const char zeros[DL_SUPER_BYTES];

/* Write, but first keep what is there. */
static int overwrite(struct dl_mklog *m, uint64_t offset, const void *data,
		     size_t n)
{
	struct dl_mklog_saved *s = malloc(sizeof(*s) + n);
	int rc;

	if (!s)
		return -ENOMEM;
	s->offset = offset;
	s->bytes = n;
	rc = dl_blkdev_read(m->dev, offset, s->data, n);
	if (rc) {
		free(s);
		return rc;
	}
	s->next = m->saved;
	m->saved = s;
	return dl_blkdev_write(m->dev, offset, data, n);
}

static int wipe_all(struct dl_mklog *m, const struct dl_probe *p)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < p->nr && !rc; i++)
		if (p->sig[i].len && p->sig[i].len <= sizeof(zeros))
			rc = overwrite(m, p->sig[i].offset, zeros,
				       p->sig[i].len);
	for (i = 0; i < DL_SUPER_SLOTS && !rc; i++)
		rc = overwrite(m, (uint64_t)i * DL_SUPER_BYTES, zeros,
			       DL_SUPER_BYTES);
	return rc ?: dl_blkdev_sync(m->dev);
}

static int identify(struct dl_super *sb)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	sb->created_ns = (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
	sb->written_ns = sb->created_ns;
	sb->flags = DL_SUPER_CLEAN;
	if (getrandom(sb->uuid, sizeof(sb->uuid), 0) != sizeof(sb->uuid) ||
	    getrandom(&sb->epoch, sizeof(sb->epoch), 0) != sizeof(sb->epoch))
		return -errno;
	/* A random uuid says so in these bits (RFC 4122); an epoch is not 0. */
	sb->uuid[6] = (sb->uuid[6] & 0x0f) | 0x40;
	sb->uuid[8] = (sb->uuid[8] & 0x3f) | 0x80;
	sb->epoch |= 1;
	return 0;
}

/* Checkpoint of an empty log for @slot, and its place, in @sb. */
static int empty_area(struct dl_mklog *m, struct dl_super *sb, int slot)
{
	struct dl_cp_head h = {
		.generation = (u64)slot + 1,
		.next_seq = 1,
		.next_commit = 1,
		.next_segment_id = 1,
	};
	u8 buf[DL_PAGE_BYTES] __attribute__((aligned(8)));
	struct dl_cp_writer w;

	memset(buf, 0, sizeof(buf));
	dl_cp_begin(&w, buf, sizeof(buf));
	if (dl_cp_end(&w, &h, &sb->cp_bytes, &sb->cp_crc) != DL_OK)
		return -ENOSPC;
	sb->generation = h.generation;
	sb->cp_sector = (u64)DL_SUPER_SLOTS * DL_SUPER_SECTORS +
		(u64)slot * sb->cp_sectors;
	/* Areas are whole pages, so a page it is. */
	return overwrite(m, sb->cp_sector << DL_SECTOR_SHIFT, buf, sizeof(buf));
}

static int write_all(struct dl_mklog *m, struct dl_super *sb,
		     const struct dl_probe *wipe)
{
	struct dl_super slots[DL_SUPER_SLOTS];
	u8 block[DL_SUPER_BYTES] __attribute__((aligned(8)));
	int rc, i;

	rc = identify(sb) ?: wipe_all(m, wipe);
	for (i = 0; i < DL_SUPER_SLOTS && !rc; i++) {
		slots[i] = *sb;
		rc = empty_area(m, &slots[i], i);
	}
	rc = rc ?: dl_blkdev_sync(m->dev);
	for (i = 0; i < DL_SUPER_SLOTS && !rc; i++) {
		dl_super_pack(&slots[i], block);
		rc = overwrite(m, (uint64_t)i * DL_SUPER_BYTES, block,
			       sizeof(block));
		rc = rc ?: dl_blkdev_sync(m->dev);
	}
	if (!rc)
		*sb = slots[DL_SUPER_SLOTS - 1];
	return rc;
}

int dl_mklog_write(struct dl_mklog *m, struct dl_blkdev *dev,
		   struct dl_super *sb, const struct dl_probe *wipe)
{
	struct dl_super made = *sb;
	int rc, undone;

	m->dev = dev;
	m->saved = NULL;
	rc = write_all(m, &made, wipe);
	if (!rc) {
		*sb = made;
		return 0;
	}
	undone = dl_mklog_undo(m);
	return dl_err(DL_EXIT_FAILED, "log %s cannot be written: %s; %s",
		      dev->path, strerror(-rc), undone ?
		      "its former content could not be put back either" :
		      "what was written was taken back");
}

int dl_mklog_undo(struct dl_mklog *m)
{
	struct dl_mklog_saved *s;
	int rc = 0, one;

	/* The kernel may have written below the cache meanwhile. */
	if (m->dev->block)
		ioctl(m->dev->fd, BLKFLSBUF, 0);
	/* Newest first: of bytes written twice the oldest copy is put last. */
	for (s = m->saved; s; s = s->next) {
		one = dl_blkdev_write(m->dev, s->offset, s->data, s->bytes);
		rc = rc ?: one;
	}
	one = dl_blkdev_sync(m->dev);
	return rc ?: one;
}

void dl_mklog_forget(struct dl_mklog *m)
{
	struct dl_mklog_saved *s;

	while ((s = m->saved)) {
		m->saved = s->next;
		free(s);
	}
}
