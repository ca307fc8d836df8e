/* SPDX-License-Identifier: GPL-2.0 */
/* Holding a volume, so that nobody can mount or use it meanwhile. */
#ifndef DL_TOOL_HOLD_H
#define DL_TOOL_HOLD_H

#include "dm.h"

/**
 * dl_hold_take() - claim a volume, or say who uses it
 * @v: the volume
 * @fd: out: holds it until it is closed, open for writing, so that udev looks
 * at the volume again then
 *
 * Views of its snapshots are no use of it, nor are programs that only read.
 * Return: 0; DL_EXIT_BUSY or DL_EXIT_FAILED with the reason said, then there is
 * nothing to close.
 */
int dl_hold_take(const struct dl_dm_volume *v, int *fd);

#endif
