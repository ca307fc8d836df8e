/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two disks under a volume, which can be made to fail:
 *
 *  origin    log         linear slices; an error target in their place when cut
 *      \    /
 *      loop              over a memory file that is mapped here
 */
#ifndef DLT_DISK_H
#define DLT_DISK_H

#include "devmap.h"
#include "volume.h"

struct disk {
	struct devmap slice[NR_PARTS];
	uint32_t sectors[NR_PARTS];	/* 0: there is no such slice yet */
	bool cut[NR_PARTS];
	char *mem;
	int mem_fd, loop_fd;
	char loop[32];
};

void disk_init(struct disk *d);
void disk_exit(struct disk *d);
/* Give a part this many sectors, whole again if it was cut. */
void disk_size(struct disk *d, enum part which, uint32_t sectors);
void disk_cut(struct disk *d, enum part which);
void disk_mend(struct disk *d);
/* The content of a part. */
char *disk_content(struct disk *d, enum part which);

#endif
