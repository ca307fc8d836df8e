// SPDX-License-Identifier: GPL-2.0
/*
 * Places in a frame's payload. See payload.h.
 */
#include "payload.h"

/* What is left of a page shared by small records goes out as zeros. */
static void end_part(struct dl_frame *f)
{
	if (f->part_left)
		memset(dl_frame_byte(f, f->part_at), 0, f->part_left);
	f->part_left = 0;
}

/* Is the page that small records share the last one? It may be full. */
static bool part_is_last(const struct dl_frame *f)
{
	return ((f->part_at - 1) | (DL_PAGE_BYTES - 1)) + 1 ==
		f->used << DL_SECTOR_SHIFT;
}

/* Keep @room bytes behind those that end at @at; zeros, should nothing come. */
static void keep(struct dl_frame *f, u32 at, u32 room)
{
	f->slack = room;
	if (!room)
		return;
	memset(dl_frame_byte(f, at), 0, room);
	f->slack_end = at + room;
}

/* In the page that small records share, if it has that much left. */
static int take_part(struct dl_frame *f, u32 bytes, u32 *room, bool over)
{
	/* Sectors begin where sectors do. */
	u32 skip = bytes & (DL_SECTOR_BYTES - 1) ? 0 :
		-f->part_at & (DL_SECTOR_BYTES - 1);
	int at = f->part_at + skip;

	if (f->part_left >= skip + bytes) {
		*room = min(*room, (f->part_left - skip - bytes) >> DL_SECTOR_SHIFT);
		memset(dl_frame_byte(f, f->part_at), 0, skip);
		keep(f, at + bytes, *room << DL_SECTOR_SHIFT);
		bytes += *room << DL_SECTOR_SHIFT;
		f->part_at += skip + bytes;
		f->part_left -= skip + bytes;
		return at;
	}
	if (!over || f->part_left <= skip || !part_is_last(f) ||
	    f->used + DL_PAGE_SECTORS > f->max_payload)
		return -1;
	memset(dl_frame_byte(f, f->part_at), 0, skip);
	f->used += DL_PAGE_SECTORS;
	f->part_left += DL_PAGE_BYTES - skip - bytes;
	f->part_at = at + bytes;
	f->slack = 0;
	*room = 0;
	return at;
}

int dl_payload_take(struct dl_frame *f, unsigned int bytes, u32 *room, bool over)
{
	u32 all;
	int at;

	if (!bytes)
		return 0;
	if (bytes < DL_PAGE_BYTES && f->part_left) {
		at = take_part(f, bytes, room, over);
		if (at >= 0)
			return at;
	}
	if (f->used + DL_PAGE_SECTORS > f->max_payload)
		return -1;
	at = f->used << DL_SECTOR_SHIFT;
	f->used += DL_PAGE_SECTORS;
	*room = min_t(u32, *room, (DL_PAGE_BYTES - bytes) >> DL_SECTOR_SHIFT);
	all = bytes + (*room << DL_SECTOR_SHIFT);
	if (all < DL_PAGE_BYTES) {
		end_part(f);
		f->part_at = at + all;
		f->part_left = DL_PAGE_BYTES - all;
	}
	keep(f, at + bytes, all - bytes);
	return at;
}

void dl_payload_fill(struct dl_frame *f, u32 at, u32 bytes, u32 room, u32 more)
{
	if (f->slack && f->slack_end == at + bytes + (room << DL_SECTOR_SHIFT))
		f->slack -= more << DL_SECTOR_SHIFT;
}

void dl_payload_end(struct dl_frame *f)
{
	bool last;

	if (f->slack && f->slack_end == f->part_at) {
		f->part_at -= f->slack;
		f->part_left += f->slack;
	} else if (f->slack && f->slack_end == f->used << DL_SECTOR_SHIFT) {
		f->used -= f->slack >> DL_SECTOR_SHIFT;
	}
	f->slack = 0;
	last = f->part_left && part_is_last(f);
	end_part(f);
	if (last)
		f->used = DIV_ROUND_UP(f->part_at, DL_SECTOR_BYTES);
}
