/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where in a frame's payload a record goes: whole pages have one to themselves, what
 * is smaller shares pages. Behind a record there may be room kept for sectors that
 * are expected to be written next (a placeholder, fuse.h). Such room is given back
 * when the frame is closed, if nothing came behind it.
 *
 * Locks: all of this is dl_log.lock's.
 */
#ifndef DL_PAYLOAD_H
#define DL_PAYLOAD_H

#include "frame.h"

/**
 * dl_payload_take() - a place for a record
 * @f: the open frame
 * @bytes: of the record, at most a page
 * @room: in: sectors to keep behind it, if they fit in its page; out: kept
 * @over: it may begin in the page that small records share and end in the next one
 *
 * Return: byte of the payload, or -1 when the record does not fit.
 */
int dl_payload_take(struct dl_frame *f, unsigned int bytes, u32 *room, bool over);

/* The same for a whole page, which most records are. */
static inline int dl_payload_page(struct dl_frame *f)
{
	int at = f->used << DL_SECTOR_SHIFT;

	if (f->used + DL_PAGE_SECTORS > f->max_payload)
		return -1;
	f->used += DL_PAGE_SECTORS;
	f->slack = 0;
	return at;
}

/* Of the room behind the @bytes at @at, @room sectors, @more are filled now. */
void dl_payload_fill(struct dl_frame *f, u32 at, u32 bytes, u32 room, u32 more);

/* No more records come: f->used is right, and what was not used is zero. */
void dl_payload_end(struct dl_frame *f);

#endif
