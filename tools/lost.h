/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sectors that a checkpoint says are lost: their record was damaged, and they
 * stay unreadable until a newer record covers them.
 */
#ifndef DL_TOOL_LOST_H
#define DL_TOOL_LOST_H

#include "walk.h"

struct dl_lost {
	u64 page;
	u8 mask;		/* sectors of it */
};

/**
 * dl_lost_take() - take a checkpoint's section apart
 * @list: out: sorted by page; the caller's to free()
 * @nr: out
 * @body: the section
 * @bytes: its length
 *
 * Return: DL_OK, DL_BAD_SECTION, or DL_NO_SPACE when out of memory.
 */
enum dl_status dl_lost_take(struct dl_lost **list, u32 *nr, const void *body,
			    size_t bytes);

/* Clear in @list what record @rec makes readable again. */
void dl_lost_cover(struct dl_lost *list, u32 nr, const struct dl_rec *rec);

#endif
