/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's log says about the target. */
#ifndef DL_TOOL_KMSG_H
#define DL_TOOL_KMSG_H

#include <stddef.h>

/* From here on. Return: for dl_kmsg_last(), -1 when the log cannot be read. */
int dl_kmsg_mark(void);

/* The mark is not needed, because all went well. */
void dl_kmsg_drop(int fd);

/**
 * dl_kmsg_last() - the target's most telling message since the mark
 * @fd: from dl_kmsg_mark(); closed here
 * @buf: out: "" when there is none
 *
 * An error in the target's own words wins over what device-mapper says of it,
 * and that over a mere warning; of equals the last.
 */
void dl_kmsg_last(int fd, char *buf, size_t size);

/* The same, but of equals the first: where the cause is told before what came of it. */
void dl_kmsg_first(int fd, char *buf, size_t size);

#endif
