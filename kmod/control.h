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
 * dl_control_enter() - visit the volume that a call names
 * @major: as the caller has it, which may be anything
 * @minor: likewise
 *
 * Context: process, may sleep. Return: the volume, which dl_volume_leave() is to be
 * called for before user memory is touched; NULL.
 */
struct dl_volume *dl_control_enter(u32 major, u32 minor);

/* A list's elements to the caller's @buffer. Return: 0 or -EFAULT. */
int dl_control_give(u64 buffer, const void *from, size_t bytes);

/* DL_CTL_WORKLOAD, DL_CTL_FORECAST. Return: 0 or a negative errno. */
int dl_control_workload(union dl_control_arg *arg);
int dl_control_forecast(union dl_control_arg *arg);

#endif
