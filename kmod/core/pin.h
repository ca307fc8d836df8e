/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pin and a mark, as they are on disk and in memory: pins in the checkpoint's
 * list, marks in records of the log.
 */
#ifndef DL_CORE_PIN_H
#define DL_CORE_PIN_H

#include "format.h"
#include "status.h"

struct dl_pin {
	u64 id, seq, time_ns;
	u64 sectors;		/* of the volume, then */
	u32 flags;		/* DL_PIN_* */
	/* never on disk */
	u32 views;		/* open ones */
	bool going;		/* still a pin, but checkpoints leave it out */
	bool passing;		/* a view's own: checkpoints never have it */
	char name[DL_PIN_NAME_BYTES];	/* ends with a NUL */
};

struct dl_mark {
	u32 kind;		/* DL_MARK_* */
	u64 id, time_ns, sectors, target;
	char name[DL_PIN_NAME_BYTES];	/* ends with a NUL */
};

void dl_pin_pack(const struct dl_pin *pin, struct dl_disk_pin *d);

/**
 * dl_pin_unpack() - decode and check an entry of a checkpoint's list
 * @pin: out
 * @d: as read
 *
 * Checks: an id; a sequence that others may follow; known flags; a name that
 * ends, and is empty only where it has to be.
 * Return: DL_OK or DL_BAD_RECORD.
 */
enum dl_status dl_pin_unpack(struct dl_pin *pin, const struct dl_disk_pin *d);

void dl_mark_pack(const struct dl_mark *m, struct dl_disk_mark *d);

/**
 * dl_mark_unpack() - decode and check the payload of a mark
 * @m: out
 * @d: as read
 * @kind: what the mark's descriptor says it is
 * @id: the same
 * @seq: of the mark
 *
 * Checks: it is what its descriptor says; the name ends and is not empty; a
 * rewind goes back.
 * Return: DL_OK or DL_BAD_RECORD.
 */
enum dl_status dl_mark_unpack(struct dl_mark *m, const struct dl_disk_mark *d,
			      u32 kind, u64 id, u64 seq);

#endif
