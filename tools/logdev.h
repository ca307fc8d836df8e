/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A log as it lies on a device or in an image file: its two slots and the
 * checkpoints that they lead to, checked by the core. Nothing is written.
 */
#ifndef DL_TOOL_LOGDEV_H
#define DL_TOOL_LOGDEV_H

#include "blkdev.h"
#include "checkpoint.h"
#include "lost.h"
#include "super.h"

struct dl_logdev {
	struct dl_blkdev *dev;
	struct dl_super slot[DL_SUPER_SLOTS];
	enum dl_status slot_st[DL_SUPER_SLOTS];
	bool slot_blank[DL_SUPER_SLOTS];
};

/* A checkpoint, taken apart. */
struct dl_logcp {
	void *buf;
	struct dl_cp_head head;
	struct dl_cp_segment *segs;
	u32 nr_segs;
	struct dl_cp_sample *samples;
	u32 nr_samples;
	struct dl_lost *lost;
	u32 nr_lost;
	const char *tunables;	/* in @buf, not terminated; NULL for none */
	size_t tunables_bytes;
	const char *policy;	/* likewise, and can be parsed */
	size_t policy_bytes;
	const struct dl_disk_grain *grains;	/* in @buf, in no order */
	u32 nr_grains;
	const struct dl_disk_pin *pins;		/* in @buf, not looked at */
	u32 nr_pins;
	const void *imprints;	/* likewise: maps of snapshots, see imprint.h */
	size_t imprints_bytes;
	const char *part;	/* what dl_logcp_load() failed at, in words */
	bool sealed;		/* from dl_logdev_pick(): it is encrypted, and all
				 * else here is zero
				 */
};

/**
 * dl_logdev_load() - read both superblock slots
 * @l: out
 * @dev: the device, open; it must stay so as long as @l is used
 *
 * A slot that cannot be read has the status DL_IO_ERROR. Nothing is said.
 */
void dl_logdev_load(struct dl_logdev *l, struct dl_blkdev *dev);

/* Nothing but zeros in both slots. */
bool dl_logdev_blank(const struct dl_logdev *l);

/* Some deltalog log is or was here, however damaged or new its format. */
bool dl_logdev_any(const struct dl_logdev *l);

/* It is there, and says that its origin is a plain disk again. */
bool dl_logdev_detached(const struct dl_logdev *l);

/* A slot says that its format, or a feature, is newer than this release. */
bool dl_logdev_too_new(const struct dl_logdev *l);

/**
 * dl_logdev_pick() - the slot and checkpoint that the kernel would start from
 * @l: log
 * @cp: out: its checkpoint; dl_logcp_free() is due after success
 *
 * The better slot, or the other one when the better one's checkpoint is bad. One
 * that is encrypted is good if its checksum is right: cp->sealed.
 * Return: the slot, or -1 when neither will do; nothing is said.
 */
int dl_logdev_pick(struct dl_logdev *l, struct dl_logcp *cp);

/**
 * dl_logdev_explain() - why there is no usable log here
 * @l: a log for which dl_logdev_pick() gave -1
 *
 * Says so with what to do. Return: the exit code, never 0.
 */
int dl_logdev_explain(struct dl_logdev *l);

/* Read @sectors at @sector; 0 or a negative errno. */
int dl_logdev_read(struct dl_logdev *l, u64 sector, u32 sectors, void *buf);

/**
 * dl_logcp_load() - read, check and take apart one slot's checkpoint
 * @cp: out
 * @l: log
 * @slot: a slot with status DL_OK
 *
 * Return: DL_OK; otherwise why not, with cp->part saying of what, and nothing
 * to free. DL_NO_KEY: it is encrypted, and as far as can be told in order.
 */
enum dl_status dl_logcp_load(struct dl_logcp *cp, struct dl_logdev *l,
			     int slot);
void dl_logcp_free(struct dl_logcp *cp);

/* How many granularity maps of snapshots it has. */
u32 dl_logcp_maps(const struct dl_logcp *cp);

/* The state that superblock flags tell, in a word. */
const char *dl_logdev_state(u32 flags);

#endif
