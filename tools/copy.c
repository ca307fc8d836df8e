// SPDX-License-Identifier: GPL-2.0
/* Copying ranges of a device. */
#include <stdio.h>
#include <string.h>

#include "copy.h"
#include "err.h"
#include "interrupt.h"
#include "progress.h"

#define CHUNK	(1u << 20)
#define BLOCK	4096u		/* what is written or left out as one */
#define SECTOR	512u
/* So that the last sync does not take for ever with the bar at its end. */
#define SYNC	(64u << 20)

static char fresh[CHUNK], there[CHUNK];

/* Ranges are gone through by this, a chunk at a time. */
typedef int (*chunk_fn)(struct dl_copy *c, uint64_t offset, size_t n);

/* Of a chunk that cannot be read: the first sector that is why. */
static int unreadable(struct dl_blkdev *d, const char *what, uint64_t offset,
		      size_t n, int rc)
{
	uint64_t at;
	int one;

	for (at = offset; at < offset + n; at += SECTOR) {
		one = dl_blkdev_read(d, at, fresh, SECTOR);
		if (one) {
			rc = one;
			break;
		}
	}
	/* If it can be read now, the chunk as a whole is all there is to say. */
	if (at == offset + n)
		at = offset;
	return dl_err(DL_EXIT_CORRUPT, "%s cannot be read at sector %llu: %s",
		      what, (unsigned long long)(at / SECTOR), strerror(-rc));
}

static int read_source(struct dl_copy *c, uint64_t offset, size_t n)
{
	int rc = dl_blkdev_read(c->from, offset, fresh, n);

	return rc ? unreadable(c->from, c->source, offset, n, rc) : 0;
}

static int read_target(struct dl_copy *c, uint64_t offset, size_t n)
{
	char what[320];
	int rc = dl_blkdev_read(c->to, offset, there, n);

	if (!rc)
		return 0;
	snprintf(what, sizeof(what), "%s %s", c->to->role, c->to->path);
	return unreadable(c->to, what, offset, n, rc);
}

static bool is_zero(const char *p, size_t n)
{
	return !p[0] && !memcmp(p, p + 1, n - 1);
}

static bool needed(const struct dl_copy *c, size_t from, size_t to)
{
	switch (c->skip) {
	case DL_COPY_NO_ZEROS:
		return !is_zero(fresh + from, to - from);
	case DL_COPY_CHANGED:
		return memcmp(fresh + from, there + from, to - from);
	default:
		return true;
	}
}

static int sync_target(struct dl_copy *c)
{
	int rc = dl_blkdev_sync(c->to);

	c->unsynced = 0;
	if (!rc)
		return 0;
	return dl_err(DL_EXIT_FAILED,
		      "%s %s: what was written to it cannot be flushed: %s",
		      c->to->role, c->to->path, strerror(-rc));
}

/* Write bytes @from..@to of the chunk that belongs at @offset. */
static int put(struct dl_copy *c, uint64_t offset, size_t from, size_t to)
{
	int rc = 0;

	if (from == to)
		return 0;
	if (!c->written && c->first)
		rc = c->first(c->ctx);
	if (rc)
		return rc;
	rc = dl_blkdev_write(c->to, offset + from, fresh + from, to - from);
	if (rc)
		return dl_err(DL_EXIT_FAILED,
			      "%s %s cannot be written at sector %llu: %s",
			      c->to->role, c->to->path,
			      (unsigned long long)((offset + from) / SECTOR),
			      strerror(-rc));
	c->written += to - from;
	c->unsynced += to - from;
	return c->unsynced < SYNC ? 0 : sync_target(c);
}

static int copy_chunk(struct dl_copy *c, uint64_t offset, size_t n)
{
	size_t at, end, from = 0;
	int rc = read_source(c, offset, n);

	if (!rc && c->skip == DL_COPY_CHANGED)
		rc = read_target(c, offset, n);
	for (at = 0; at < n && !rc; at = end) {
		/* Blocks are those of the device, wherever the range begins. */
		end = at + BLOCK - (size_t)((offset + at) % BLOCK);
		if (end > n)
			end = n;
		if (needed(c, at, end))
			continue;
		rc = put(c, offset, from, at);
		from = end;
	}
	return rc ?: put(c, offset, from, n);
}

static int verify_chunk(struct dl_copy *c, uint64_t offset, size_t n)
{
	int rc = read_source(c, offset, n);
	size_t at = 0;

	rc = rc ?: read_target(c, offset, n);
	if (rc || !memcmp(fresh, there, n))
		return rc;
	while (!memcmp(fresh + at, there + at, SECTOR))
		at += SECTOR;
	return dl_err(DL_EXIT_CORRUPT,
		      "%s %s is not what was written to it, at sector %llu; do not trust this device",
		      c->to->role, c->to->path,
		      (unsigned long long)((offset + at) / SECTOR));
}

static int each_chunk(struct dl_copy *c, const struct dl_ranges *ranges,
		      const char *what, chunk_fn fn)
{
	uint64_t total = dl_ranges_bytes(ranges), done = 0, at, end;
	size_t i, n;
	int rc = 0;

	dl_progress_begin(what, "B");
	for (i = 0; i < ranges->nr && !rc; i++) {
		at = ranges->range[i].offset;
		end = at + ranges->range[i].bytes;
		for (; at < end && !rc; at += n) {
			n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
			if (dl_interrupt_seen())
				rc = DL_EXIT_INTERRUPTED;
			else
				rc = fn(c, at, n);
			done += n;
			dl_progress_update(done, total);
		}
	}
	dl_progress_end();
	return rc;
}

int dl_copy_run(struct dl_copy *c, const struct dl_ranges *ranges)
{
	int rc;

	c->written = 0;
	c->unsynced = 0;
	rc = each_chunk(c, ranges, "copying", copy_chunk);
	return rc ?: sync_target(c);
}

int dl_copy_verify(struct dl_copy *c, const struct dl_ranges *ranges)
{
	int rc = dl_blkdev_settle(c->to);

	if (rc)
		return dl_err(DL_EXIT_FAILED,
			      "%s %s cannot be read back: %s", c->to->role,
			      c->to->path, strerror(-rc));
	return each_chunk(c, ranges, "verifying", verify_chunk);
}
