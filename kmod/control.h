/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/deltalog-control. What it does is told in uapi/deltalog.h.
 */
#ifndef DL_CONTROL_H
#define DL_CONTROL_H

int dl_control_init(void);
void dl_control_exit(void);

#endif
