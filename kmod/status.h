/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mode and counters of a volume, from which the status line, the ioctl and
 * sysfs are all made.
 */
#ifndef DL_STATUS_H
#define DL_STATUS_H

#include "uapi/deltalog.h"
#include "volume.h"

struct dl_status_key {
	const char *name;
	size_t offset;		/* of a u64 in struct dl_ctl_status */
};

/* In the order of the status line. */
extern const struct dl_status_key dl_status_keys[];
extern const unsigned int dl_status_nr_keys;

/**
 * dl_status_fill() - take them
 * @v: volume
 * @st: out; flags and device numbers stay as they are
 *
 * Context: process.
 */
void dl_status_fill(struct dl_volume *v, struct dl_ctl_status *st);

static inline u64 dl_status_value(const struct dl_ctl_status *st,
				  unsigned int key)
{
	return *(const u64 *)((const void *)st + dl_status_keys[key].offset);
}

#define DL_STATUS_VALUE	24u

/**
 * dl_status_text_of() - a value as the status line has it
 * @st: status
 * @key: which
 * @buf: DL_STATUS_VALUE bytes
 *
 * Return: @buf: a number, or "-".
 */
const char *dl_status_text_of(const struct dl_ctl_status *st, unsigned int key,
			      char *buf);

/* A DL_CTL_MODE_* in words. */
const char *dl_status_mode(u32 mode);

#endif
