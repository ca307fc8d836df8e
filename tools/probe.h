/* SPDX-License-Identifier: GPL-2.0 */
/* Signatures that other software left on a device, as libblkid knows them. */
#ifndef DL_TOOL_PROBE_H
#define DL_TOOL_PROBE_H

#include "blkdev.h"

#define DL_PROBE_MAX	16

struct dl_signature {
	char type[64];		/* "ext4", "LVM2_member", "gpt" */
	char usage[64];		/* "file system", "partition table", ... */
	uint64_t offset;
	uint32_t len;		/* 0: blkid does not say where it is */
};

struct dl_probe {
	struct dl_signature sig[DL_PROBE_MAX];
	unsigned int nr;
};

/**
 * dl_probe_device() - collect a device's signatures
 * @d: the device, open
 * @p: out: each signature, backups of it included
 *
 * Return: 0 or DL_EXIT_FAILED with the reason said.
 */
int dl_probe_device(const struct dl_blkdev *d, struct dl_probe *p);

/* What a device holds. */
struct dl_content {
	char type[64];		/* "ext4", "gpt", "" for nothing known */
	char usage[64];		/* "file system", "partition table", ... */
	char uuid[64];		/* of a file system, or "" */
};

/**
 * dl_probe_content() - tell what a device holds, if that is beyond doubt
 * @path: its node
 * @c: out
 *
 * Return: 0; DL_EXIT_REFUSED when there are signatures of several kinds, or
 * DL_EXIT_FAILED, with the reason said.
 */
int dl_probe_content(const char *path, struct dl_content *c);

#endif
