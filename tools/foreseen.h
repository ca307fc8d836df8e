/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel foresees of a volume's writes, and how good that was. */
#ifndef DL_TOOL_FORESEEN_H
#define DL_TOOL_FORESEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "control.h"

/* Series times paces; the kernel of this release has 65 at most. */
#define DL_FORESEEN_MAX	256u

struct dl_foreseen {
	size_t nr;
	struct dl_ctl_forecast_entry e[DL_FORESEEN_MAX];
};

/**
 * dl_foreseen_read() - ask for all of it
 * @f: out
 * @fd: of dl_control_open()
 * @v: volume
 *
 * Return: 0 or a negative errno; nothing is said.
 */
int dl_foreseen_read(struct dl_foreseen *f, int fd, const struct dl_dm_volume *v);

/**
 * dl_foreseen_off() - is foresight off
 * @v: volume
 *
 * Series are counted all the same, but nothing acts on them, and that the log gets full
 * is not looked for: what is told of that is zero.
 * Return: false also if the kernel does not tell.
 */
bool dl_foreseen_off(const struct dl_dm_volume *v);

/* DL_CTL_SERIES_* at a pace. Return: NULL if the kernel does not have it. */
const struct dl_ctl_forecast_entry *dl_foreseen_of(const struct dl_foreseen *f,
						   uint32_t series, uint32_t ms);

/* "bytes"; of a newer kernel's series its number. Return: @buf or a literal. */
const char *dl_foreseen_name(char *buf, size_t size, uint32_t series);

/* "50 ms", "30 min". Return: @buf. */
const char *dl_foreseen_pace(char *buf, size_t size, uint32_t ms);

/* A number of a series with its unit. Return: @buf. */
const char *dl_foreseen_amount(char *buf, size_t size, uint32_t series, uint64_t v);

/* The forecast's error relative to that of "as last time"; < 0: that had none. */
double dl_foreseen_relative(const struct dl_ctl_forecast_entry *e);

/* How sure, in percent. */
unsigned int dl_foreseen_sure(const struct dl_ctl_forecast_entry *e);

#endif
