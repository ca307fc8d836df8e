/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The target deltalog-view: a volume as it was at a snapshot.
 */
#ifndef DL_VIEW_H
#define DL_VIEW_H

#include <linux/device-mapper.h>

extern struct target_type dl_view_type;

#endif
