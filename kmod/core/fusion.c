// SPDX-License-Identifier: GPL-2.0
/*
 * Whether and how far to expect a neighbour. See fusion.h.
 */
#include "fusion.h"

/* Sectors kept before a region is judged. */
#define ENOUGH		64u
/* Four in five are to be filled. */
#define SHARE_NUM	4u
#define SHARE_DEN	5u
#define SHY_MAX		6u	/* 64 judgements */

u32 dl_fusion_room(const struct dl_fusion *f, u32 mode, u64 sector, u32 sectors,
		   u8 *confidence)
{
	u64 region = sector >> DL_FUSION_REGION_SHIFT;
	const struct dl_fusion_slot *s = dl_fusion_slot(f, region);
	u32 end = (u32)(sector & (DL_PAGE_SECTORS - 1)) + sectors;
	u32 len = READ_ONCE(s->len) ?: sectors;
	u32 p = READ_ONCE(s->p), each = p, sum = 0, n, room = 0;

	*confidence = (u8)p;
	if (mode == DL_FUSION_ON)
		return DL_PAGE_SECTORS - end;
	if (mode != DL_FUSION_AUTO || READ_ONCE(s->off) ||
	    READ_ONCE(s->tag) != dl_fusion_tag(region))
		return 0;
	for (n = 1; end + len <= DL_PAGE_SECTORS; n++) {
		sum += each;
		/* Of n such neighbours so many are expected to come. */
		if (sum * SHARE_DEN < n * SHARE_NUM * 255)
			break;
		end += len;
		room += len;
		*confidence = (u8)each;
		each = each * p / 255;
	}
	return room;
}

void dl_fusion_count(struct dl_fusion *f, u64 sector, u32 kept, u32 filled)
{
	u64 region = sector >> DL_FUSION_REGION_SHIFT;
	struct dl_fusion_slot *s = dl_fusion_slot(f, region);

	if (READ_ONCE(s->tag) != dl_fusion_tag(region))
		return;
	if (kept && READ_ONCE(s->kept) < U16_MAX - DL_PAGE_SECTORS)
		WRITE_ONCE(s->kept, (u16)(READ_ONCE(s->kept) + kept));
	if (filled && READ_ONCE(s->filled) < U16_MAX - DL_PAGE_SECTORS)
		WRITE_ONCE(s->filled, (u16)(READ_ONCE(s->filled) + filled));
}

void dl_fusion_teach(struct dl_fusion *f, u64 region, u8 p, u8 len)
{
	struct dl_fusion_slot *s = dl_fusion_slot(f, region);
	u32 tag = dl_fusion_tag(region);

	if (READ_ONCE(s->tag) != tag) {
		/* The one that it had is the more likely to be written to. */
		if (READ_ONCE(s->tag) && READ_ONCE(s->p) > p)
			return;
		WRITE_ONCE(s->p, 0);
		WRITE_ONCE(s->tag, tag);
		s->off = 0;
		s->shy = 0;
		WRITE_ONCE(s->kept, 0);
		WRITE_ONCE(s->filled, 0);
	}
	WRITE_ONCE(s->len, len < DL_PAGE_SECTORS ? len : DL_PAGE_SECTORS);
	WRITE_ONCE(s->p, p);
}

void dl_fusion_judge(struct dl_fusion *f)
{
	struct dl_fusion_slot *s;
	u32 i, kept, filled;

	for (i = 0; i <= f->mask; i++) {
		s = &f->slots[i];
		if (s->off)
			WRITE_ONCE(s->off, (u8)(s->off - 1));
		kept = READ_ONCE(s->kept);
		if (kept < ENOUGH)
			continue;
		filled = READ_ONCE(s->filled);
		WRITE_ONCE(s->kept, 0);
		WRITE_ONCE(s->filled, 0);
		if (filled * SHARE_DEN >= kept * SHARE_NUM) {
			s->shy -= s->shy ? 1 : 0;
			continue;
		}
		WRITE_ONCE(s->off, (u8)(1u << s->shy));
		s->shy += s->shy < SHY_MAX ? 1 : 0;
	}
}
