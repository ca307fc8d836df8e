/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's deltalog target as a volume.
 */
#ifndef DLT_KERNEL_H
#define DLT_KERNEL_H

#include "volume.h"

/* Makes the disks; one at a time, as root, in a guest. */
struct volume *kernel_volume_new(void);
void kernel_volume_free(struct volume *v);

#endif
