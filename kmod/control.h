/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/deltalog-control. What it does is told in uapi/deltalog.h. The calls are in
 * control.c, those about what was and will be written in control_foresee.c.
 */
#ifndef DL_CONTROL_H
#define DL_CONTROL_H

#include <linux/types.h>

#include "uapi/deltalog.h"

struct dl_volume;

/* What a call is given and gives. All begin with the flags. */
union dl_control_arg {
	u32 flags;
	struct dl_ctl_version version;
	struct dl_ctl_volumes volumes;
	struct dl_ctl_status status;
	struct dl_ctl_snapshot_arg snapshot;
	struct dl_ctl_snapshot_pair pair;
	struct dl_ctl_snapshots snapshots;
	struct dl_ctl_diff diff;
	struct dl_ctl_wait wait;
	struct dl_ctl_policy policy;
	struct dl_ctl_regions regions;
	struct dl_ctl_workload workload;
	struct dl_ctl_forecast forecast;
};

int dl_control_init(void);
void dl_control_exit(void);

/**
 * dl_control_list() - a call that lists something of a volume
 * @arg: begins as struct dl_ctl_snapshots does
 * @size: bytes of an element
 * @most: elements of one call
 * @list: puts up to @max zeroed elements @to there, within a visit of @v, and sets what
 *	else @arg tells; returns how many, or a negative errno
 *
 * Context: process, may sleep. Return: 0 or a negative errno.
 */
int dl_control_list(union dl_control_arg *arg, size_t size, u32 most,
		    int (*list)(struct dl_volume *v, union dl_control_arg *arg,
				void *to, u32 max));

/* DL_CTL_WORKLOAD, DL_CTL_FORECAST. Return: 0 or a negative errno. */
int dl_control_workload(union dl_control_arg *arg);
int dl_control_forecast(union dl_control_arg *arg);

#endif
