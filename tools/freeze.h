/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Standing still: volumes suspended together, file systems on them frozen.
 *
 * From dl_freeze_begin() to dl_freeze_end() whatever lies on one of the volumes
 * does not answer. It may be anything: the file that our output goes to, the
 * program itself. So nothing may be printed meanwhile, nor any file be touched.
 */
#ifndef DL_TOOL_FREEZE_H
#define DL_TOOL_FREEZE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm.h"

#define DL_FREEZE_MAX	64	/* volumes */
#define DL_FREEZE_FS	64	/* file systems that have to be frozen by us */

struct dl_freeze {
	unsigned int nr;
	struct {
		const struct dl_dm_volume *v;
		bool down;	/* suspended, by us */
		int err;	/* why it still is */
	} vol[DL_FREEZE_MAX];
	unsigned int nr_fs;
	struct {
		char *where;
		int fd;
		bool frozen;	/* by us */
		int err;	/* why it still is */
	} fs[DL_FREEZE_FS];
	uint32_t cookie;
	sigset_t signals;
};

/**
 * dl_freeze_begin() - suspend volumes, one after the other
 * @f: out
 * @vols: the volumes, which stay where they are until dl_freeze_close()
 * @nr: how many, at most DL_FREEZE_MAX
 *
 * A volume that is suspended already is left so, also by dl_freeze_end().
 * Signals wait until dl_freeze_close().
 * Return: 0, then dl_freeze_end() and dl_freeze_close() are due; or an exit
 * code with the reason said, and all goes on as before.
 */
int dl_freeze_begin(struct dl_freeze *f, const struct dl_dm_volume *vols,
		    unsigned int nr);

/**
 * dl_freeze_end() - resume them, the last first
 * @f: from dl_freeze_begin()
 *
 * Return: 0, or DL_EXIT_KERNEL when one could not be; what and what to do has
 * been said then.
 */
int dl_freeze_end(struct dl_freeze *f);

/* Hear signals again; wait for udev. */
void dl_freeze_close(struct dl_freeze *f);

#endif
