/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A pin and a mark, as they are on disk and in memory: pins in the checkpoint's
 * list, marks in records of the log. And which pin holds what.
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

/* What dl_pin_holder() says instead of an index. */
#define DL_PIN_NOBODY	(~0U)
#define DL_PIN_SEVERAL	(~0U - 1)	/* or the window, alone or not */

/**
 * dl_pin_holder() - who holds what was there from one sequence until another
 * @seq: of the pins, ascending; several may have the same
 * @nr: their number
 * @window: where the window begins, which holds all with a higher @until
 * @from: sequence of the record that wrote it
 * @until: of the one that replaced it
 *
 * Return: the index of the pin without which nobody would, or one of the above.
 */
u32 dl_pin_holder(const u64 *seq, u32 nr, u64 window, u64 from, u64 until);

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
