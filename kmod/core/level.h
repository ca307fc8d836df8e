/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Granularity levels: how finely a change is recorded. The numbers are on disk,
 * in dl_disk_desc.level, and are never reused; a finer level is a higher number.
 */
#ifndef DL_CORE_LEVEL_H
#define DL_CORE_LEVEL_H

#include "dl_port.h"

enum dl_level {
	DL_LEVEL_UNSAID,	/* by a release that knew of no levels */
	DL_LEVEL_COARSE,	/* a run of pages as one */
	DL_LEVEL_BLOCK,		/* pages, or the sectors of one that were written */
	DL_LEVEL_SUB,		/* changed units of 64 or 512 bytes */
	DL_LEVEL_BIT,		/* changed bytes or bits */
	DL_LEVEL_COUNT
};

#endif
