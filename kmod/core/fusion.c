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

/* A stream that goes on with this probability is likely to leave the region. */
#define LASTING		230u
/* Of regions of 1 MiB: what a stream may write before it is looked at again. */
#define AHEAD		4u

u32 dl_fusion_room(struct dl_fusion *f, u32 mode, u64 sector, u32 sectors,
		   u8 *confidence)
{
	u64 region = sector >> DL_FUSION_REGION_SHIFT;
	struct dl_fusion_slot *s = dl_fusion_slot(f, region);
	u32 end = (u32)(sector & (DL_PAGE_SECTORS - 1)) + sectors;
	bool runs = READ_ONCE(s->end) == (u32)sector;
	u32 each = READ_ONCE(s->p[runs]), again = READ_ONCE(s->p[1]);
	u32 len = READ_ONCE(s->len) ?: sectors, sum = 0, n, room = 0;

	WRITE_ONCE(s->end, (u32)sector + sectors);
	*confidence = (u8)each;
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
		each = each * again / 255;
	}
	return room;
}

/* @by more, as far as it goes. */
static u16 more(u16 n, u32 by)
{
	return n > U16_MAX - DL_PAGE_SECTORS ? n : (u16)(n + by);
}

void dl_fusion_kept(struct dl_fusion *f, u64 sector, u32 kept)
{
	struct dl_fusion_slot *s =
		dl_fusion_slot(f, sector >> DL_FUSION_REGION_SHIFT);

	WRITE_ONCE(s->kept, more(READ_ONCE(s->kept), kept));
}

void dl_fusion_filled(struct dl_fusion *f, u64 sector, u32 sectors)
{
	struct dl_fusion_slot *s =
		dl_fusion_slot(f, sector >> DL_FUSION_REGION_SHIFT);

	WRITE_ONCE(s->end, (u32)sector + sectors);
	WRITE_ONCE(s->filled, more(READ_ONCE(s->filled), sectors));
}

static void teach(struct dl_fusion_slot *s, u32 tag, const u8 p[2], u8 len)
{
	if (READ_ONCE(s->tag) != tag) {
		WRITE_ONCE(s->tag, tag);
		s->off = 0;
		s->shy = 0;
		WRITE_ONCE(s->kept, 0);
		WRITE_ONCE(s->filled, 0);
	}
	WRITE_ONCE(s->len, len < DL_PAGE_SECTORS ? len : DL_PAGE_SECTORS);
	WRITE_ONCE(s->p[0], p[0]);
	WRITE_ONCE(s->p[1], p[1]);
}

void dl_fusion_teach(struct dl_fusion *f, u64 region, const u8 p[2], u8 len)
{
	struct dl_fusion_slot *s = dl_fusion_slot(f, region);
	u32 i;

	/* Of two that share a slot the more promising one has it. */
	if (READ_ONCE(s->tag) == dl_fusion_tag(region) ||
	    p[1] >= READ_ONCE(s->p[1]))
		teach(s, dl_fusion_tag(region), p, len);
	for (i = 1; i <= AHEAD && p[1] >= LASTING; i++) {
		s = dl_fusion_slot(f, region + i);
		if (!READ_ONCE(s->tag) || READ_ONCE(s->p[1]) < LASTING)
			teach(s, dl_fusion_tag(region + i), p, len);
	}
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
