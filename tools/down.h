/* SPDX-License-Identifier: GPL-2.0 */
/* Taking a volume down: what deactivate and detach do alike. */
#ifndef DL_TOOL_DOWN_H
#define DL_TOOL_DOWN_H

#include "dm.h"

/**
 * dl_down_idle() - make sure that nobody has the volume open
 * @v: volume
 *
 * Return: 0, or DL_EXIT_BUSY with who it is, where that can be told.
 */
int dl_down_idle(const struct dl_dm_volume *v);

/* Remove the device. Return: 0 or an exit code with the reason said. */
int dl_down_remove(const struct dl_dm_volume *v);

#endif
