/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window as it is on disk: from which sequence on everything is kept, the
 * rules, and the moments.
 */
#ifndef DL_CORE_WINDOW_H
#define DL_CORE_WINDOW_H

#include "moments.h"
#include "retention.h"

#define DL_WINDOW_OFF	U64_MAX	/* as @from: there is none */

void dl_window_pack(struct dl_disk_window *d, u64 from,
		    const struct dl_retention *r);
void dl_moment_pack(struct dl_disk_moment *d, const struct dl_moment *m);

/**
 * dl_window_unpack() - decode and check a checkpoint's section
 * @from: out
 * @r: out: valid
 * @m: out: as many of the moments, the youngest, as it has room for
 * @body: the section
 * @bytes: its length
 *
 * Checks: the length; the rules; that there is a window if and only if they
 * want one; that moments ascend.
 * Return: DL_OK or DL_BAD_RECORD.
 */
enum dl_status dl_window_unpack(u64 *from, struct dl_retention *r,
				struct dl_moments *m, const void *body,
				size_t bytes);

#endif
