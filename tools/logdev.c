// SPDX-License-Identifier: GPL-2.0
/* Superblock slots and checkpoints of a log. */
#include <errno.h>
#include <stdlib.h>

#include "err.h"
#include "imprint.h"
#include "logdev.h"
#include "policy.h"

int dl_logdev_read(struct dl_logdev *l, u64 sector, u32 sectors, void *buf)
{
	if (sector > U64_MAX >> DL_SECTOR_SHIFT)
		return -EIO;
	return dl_blkdev_read(l->dev, sector << DL_SECTOR_SHIFT, buf,
			      (size_t)sectors << DL_SECTOR_SHIFT);
}

void dl_logdev_load(struct dl_logdev *l, struct dl_blkdev *dev)
{
	u8 block[DL_SUPER_BYTES] __attribute__((aligned(8)));
	u64 sector = 0;
	int i;

	memset(l, 0, sizeof(*l));
	l->dev = dev;
	for (i = 0; i < DL_SUPER_SLOTS; i++, sector += DL_SUPER_SECTORS) {
		if (dl_logdev_read(l, sector, DL_SUPER_SECTORS, block)) {
			l->slot_st[i] = DL_IO_ERROR;
			continue;
		}
		l->slot_blank[i] = dl_super_blank(block);
		l->slot_st[i] = dl_super_unpack(&l->slot[i], block);
	}
}

bool dl_logdev_blank(const struct dl_logdev *l)
{
	return l->slot_blank[0] && l->slot_blank[1];
}

bool dl_logdev_any(const struct dl_logdev *l)
{
	int i;

	/* Past the magic number, whatever is wrong is wrong with a log. */
	for (i = 0; i < DL_SUPER_SLOTS; i++)
		if (l->slot_st[i] != DL_BAD_MAGIC && l->slot_st[i] != DL_IO_ERROR)
			return true;
	return false;
}

bool dl_logdev_detached(const struct dl_logdev *l)
{
	int slot = dl_super_pick(l->slot_st, l->slot);

	return slot >= 0 && l->slot[slot].flags & DL_SUPER_DETACHED;
}

bool dl_logdev_too_new(const struct dl_logdev *l)
{
	int i;

	for (i = 0; i < DL_SUPER_SLOTS; i++)
		if (l->slot_st[i] == DL_BAD_VERSION ||
		    l->slot_st[i] == DL_BAD_FEATURE)
			return true;
	return false;
}

static enum dl_status fail(struct dl_logcp *cp, const char *part,
			   enum dl_status st)
{
	dl_logcp_free(cp);
	cp->part = part;
	return st;
}

static enum dl_status take_segments(struct dl_logcp *cp, const void *body,
				    size_t bytes, const struct dl_super *sb)
{
	size_t nr = bytes / sizeof(struct dl_disk_segment);
	enum dl_status st;
	u32 i;

	if (bytes % sizeof(struct dl_disk_segment) || cp->segs)
		return DL_BAD_SECTION;
	cp->segs = calloc(nr ?: 1, sizeof(*cp->segs));
	if (!cp->segs)
		return DL_NO_SPACE;
	for (i = 0; i < nr; i++) {
		st = dl_cp_get_segment(&cp->segs[i], body, bytes, i, sb);
		if (st != DL_OK)
			return st;
	}
	cp->nr_segs = (u32)nr;
	return DL_OK;
}

static enum dl_status take_samples(struct dl_logcp *cp, const void *body,
				   size_t bytes)
{
	size_t nr = bytes / sizeof(struct dl_disk_sample);
	enum dl_status st;
	u32 i;

	if (bytes % sizeof(struct dl_disk_sample) || cp->samples)
		return DL_BAD_SECTION;
	cp->samples = calloc(nr ?: 1, sizeof(*cp->samples));
	if (!cp->samples)
		return DL_NO_SPACE;
	for (i = 0; i < nr; i++) {
		st = dl_cp_get_sample(&cp->samples[i], body, bytes, i);
		if (st != DL_OK)
			return st;
	}
	cp->nr_samples = (u32)nr;
	return DL_OK;
}

/* As the kernel, which refuses a log with a policy that it does not understand. */
static enum dl_status take_policy(struct dl_logcp *cp, const void *body,
				  size_t bytes)
{
	struct dl_policy_error e;
	struct dl_policy p;

	cp->policy = body;
	cp->policy_bytes = bytes;
	return dl_policy_parse(&p, body, bytes, &e);
}

static enum dl_status take_pins(struct dl_logcp *cp, const void *body,
				size_t bytes)
{
	const struct dl_disk_pins *head = body;

	if (bytes < sizeof(*head) ||
	    (bytes - sizeof(*head)) % sizeof(*cp->pins))
		return DL_BAD_SECTION;
	cp->pins = (const struct dl_disk_pin *)(head + 1);
	cp->nr_pins = (u32)((bytes - sizeof(*head)) / sizeof(*cp->pins));
	return DL_OK;
}

static const char *section_name(u32 type)
{
	switch (type) {
	case DL_SECTION_SEGMENTS:
		return "checkpoint, segment table";
	case DL_SECTION_SAMPLES:
		return "checkpoint, origin samples";
	case DL_SECTION_LOST:
		return "checkpoint, lost sectors";
	case DL_SECTION_POLICY:
		return "checkpoint, policy";
	case DL_SECTION_PINS:
		return "checkpoint, snapshots";
	default:
		return "checkpoint, a section";
	}
}

enum dl_status dl_logcp_load(struct dl_logcp *cp, struct dl_logdev *l, int slot)
{
	const struct dl_super *sb = &l->slot[slot];
	struct dl_cp_reader r;
	enum dl_status st;
	const void *body;
	size_t bytes;
	u32 type;

	memset(cp, 0, sizeof(*cp));
	/* In whole sectors; unpacking the superblock has bounded cp_bytes. */
	bytes = (sb->cp_bytes + DL_SECTOR_BYTES - 1) & ~(size_t)(DL_SECTOR_BYTES - 1);
	cp->buf = malloc(bytes);
	if (!cp->buf)
		return fail(cp, "checkpoint (no memory)", DL_NO_SPACE);
	if (dl_logdev_read(l, sb->cp_sector, (u32)(bytes >> DL_SECTOR_SHIFT),
			   cp->buf))
		return fail(cp, "checkpoint", DL_IO_ERROR);
	st = dl_cp_open(&r, &cp->head, sb, cp->buf);
	if (st != DL_OK)
		return fail(cp, "checkpoint", st);
	while ((st = dl_cp_next(&r, &type, &body, &bytes)) == DL_OK) {
		switch (type) {
		case DL_SECTION_SEGMENTS:
			st = take_segments(cp, body, bytes, sb);
			break;
		case DL_SECTION_SAMPLES:
			st = take_samples(cp, body, bytes);
			break;
		case DL_SECTION_LOST:
			st = cp->lost ? DL_BAD_SECTION :
				dl_lost_take(&cp->lost, &cp->nr_lost, body,
					     bytes);
			break;
		case DL_SECTION_TUNABLES:
			cp->tunables = body;
			cp->tunables_bytes = bytes;
			break;
		case DL_SECTION_POLICY:
			st = take_policy(cp, body, bytes);
			break;
		case DL_SECTION_GRAIN:
			cp->grains = body;
			cp->nr_grains = (u32)(bytes / sizeof(*cp->grains));
			break;
		case DL_SECTION_PINS:
			st = take_pins(cp, body, bytes);
			break;
		case DL_SECTION_IMPRINTS:
			cp->imprints = body;
			cp->imprints_bytes = bytes;
			break;
		}
		if (st != DL_OK)
			return fail(cp, section_name(type), st);
	}
	if (st != DL_NOT_FOUND)
		return fail(cp, "checkpoint, sections", st);
	return DL_OK;
}

void dl_logcp_free(struct dl_logcp *cp)
{
	free(cp->buf);
	free(cp->segs);
	free(cp->samples);
	free(cp->lost);
	memset(cp, 0, sizeof(*cp));
}

u32 dl_logcp_maps(const struct dl_logcp *cp)
{
	struct dl_imprint im;
	size_t at = 0;
	u32 n = 0;

	while (dl_imprint_get(&im, cp->imprints, cp->imprints_bytes, &at) == DL_OK)
		n++;
	return n;
}

static bool usable(struct dl_logdev *l, int slot, struct dl_logcp *cp)
{
	enum dl_status st = dl_logcp_load(cp, l, slot);

	cp->sealed = st == DL_NO_KEY;
	return st == DL_OK || cp->sealed;
}

int dl_logdev_pick(struct dl_logdev *l, struct dl_logcp *cp)
{
	int slot = dl_super_pick(l->slot_st, l->slot);

	memset(cp, 0, sizeof(*cp));
	if (slot < 0)
		return -1;
	if (usable(l, slot, cp))
		return slot;
	slot = !slot;
	if (l->slot_st[slot] == DL_OK && usable(l, slot, cp))
		return slot;
	return -1;
}

static bool either(const struct dl_logdev *l, enum dl_status st, int *slot)
{
	for (*slot = 0; *slot < DL_SUPER_SLOTS; ++*slot)
		if (l->slot_st[*slot] == st)
			return true;
	return false;
}

int dl_logdev_explain(struct dl_logdev *l)
{
	const char *path = l->dev->path;
	struct dl_logcp cp;
	enum dl_status st;
	int slot;

	if (dl_logdev_blank(l))
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is blank; 'deltalog create' makes a log on it",
			      path);
	if (l->slot_st[0] == DL_IO_ERROR && l->slot_st[1] == DL_IO_ERROR)
		return dl_err(DL_EXIT_CORRUPT,
			      "log %s: neither superblock can be read; check the device and its size (%llu bytes)",
			      path, (unsigned long long)l->dev->bytes);
	if (either(l, DL_BAD_VERSION, &slot))
		return dl_err(DL_EXIT_REFUSED,
			      "log %s has a format version that this release does not know (it knows %u); use a newer deltalog",
			      path, DL_FORMAT_VERSION);
	if (either(l, DL_BAD_FEATURE, &slot))
		return dl_err(DL_EXIT_REFUSED,
			      "log %s was written with features that this release does not have (incompat %#llx, ro_compat %#llx); use a newer deltalog",
			      path, (unsigned long long)l->slot[slot].incompat,
			      (unsigned long long)l->slot[slot].ro_compat);
	if (!dl_logdev_any(l))
		return dl_err(DL_EXIT_REFUSED,
			      "log %s holds no deltalog log; check the name, or make a log with 'deltalog create'",
			      path);
	slot = dl_super_pick(l->slot_st, l->slot);
	if (slot < 0)
		return dl_err(DL_EXIT_CORRUPT,
			      "log %s: both superblocks are damaged (slot 0: %s; slot 1: %s); 'deltalog check' tells more",
			      path, dl_status_text(l->slot_st[0]),
			      dl_status_text(l->slot_st[1]));
	st = dl_logcp_load(&cp, l, slot);
	if (st == DL_OK || st == DL_NO_KEY) {
		dl_logcp_free(&cp);
		return dl_err(DL_EXIT_FAILED,
			      "log %s: reading it twice gave two results; check the device, and that nothing writes to it",
			      path);
	}
	if (st == DL_BAD_FEATURE)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s: %s: %s; use a newer deltalog", path,
			      cp.part, dl_status_text(st));
	return dl_err(DL_EXIT_CORRUPT,
		      "log %s: no usable checkpoint (%s: %s); 'deltalog check' tells more",
		      path, cp.part, dl_status_text(st));
}

const char *dl_logdev_state(u32 flags)
{
	if (flags & DL_SUPER_DETACHED)
		return "detached";
	return flags & DL_SUPER_CLEAN ? "clean" : "unclean";
}
