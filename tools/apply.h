/* SPDX-License-Identifier: GPL-2.0 */
/* What the rules of retention say is done now, and told. */
#ifndef DL_TOOL_APPLY_H
#define DL_TOOL_APPLY_H

#include "dm.h"

/* To one volume. Return: 0 or an exit code with the reason said. */
int dl_apply(const struct dl_dm_volume *v);

/* To each; one that fails does not keep the others from it. Return: the same. */
int dl_apply_all(void);

#endif
