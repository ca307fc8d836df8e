/* SPDX-License-Identifier: GPL-2.0 */
/* For what talks to libdevmapper itself: dm.c and freeze.c. */
#ifndef DL_TOOL_DMTASK_H
#define DL_TOOL_DMTASK_H

#include <libdevmapper.h>

/* A task of DM_DEVICE_@type about device @name, which may be NULL; or NULL. */
struct dm_task *dl_dmtask(int type, const char *name);

/* Why dm_task_run() failed. Return: a negative errno, never 0. */
int dl_dmtask_errno(struct dm_task *t);

#endif
