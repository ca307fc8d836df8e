/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bringing a volume up: what create and activate do alike.
 */
#ifndef DL_TOOL_VOLUME_H
#define DL_TOOL_VOLUME_H

#include "blkdev.h"
#include "super.h"

/* The two devices, open and claimed. */
struct dl_volume {
	struct dl_blkdev origin, log;
	int origin_claim, log_claim;
};

/**
 * dl_volume_open() - open and claim both devices, make sure they are two
 * @v: out
 * @origin: path
 * @log: path
 * @log_flags: DL_BLKDEV_*
 *
 * Return: 0, or an exit code with the reason said; dl_volume_close() is due in
 * either case.
 */
int dl_volume_open(struct dl_volume *v, const char *origin, const char *log,
		   unsigned int log_flags);
void dl_volume_close(struct dl_volume *v);

/* Make sure that no device-mapper device is called @name; says so otherwise. */
int dl_volume_name_free(const char *name);

/**
 * dl_volume_start() - load the table and resume
 * @v: devices; the claims are given up, the kernel takes them over
 * @name: of the volume
 * @sb: the log's superblock
 * @sectors: size of the volume
 *
 * Return: 0, or DL_EXIT_KERNEL with the kernel's reason said; then no device is
 * left behind.
 */
int dl_volume_start(struct dl_volume *v, const char *name,
		    const struct dl_super *sb, uint64_t sectors);

/* Say that @name is up, with @how in front; JSON if asked for. */
void dl_volume_tell(const struct dl_volume *v, const char *name,
		    const char *how, const struct dl_super *sb,
		    uint64_t sectors);

#endif
