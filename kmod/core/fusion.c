// SPDX-License-Identifier: GPL-2.0
/*
 * Whether and how far to expect a neighbour. See fusion.h.
 */
#include "fusion.h"

/* Sectors kept before a region is judged. */
#define ENOUGH		64u
/* Four in five are to be filled; to be sure of that nine in ten are expected to be. */
#define SHARE_NUM	4u
#define SHARE_DEN	5u
#define SURE_NUM	9u
#define SURE_DEN	10u
#define SHY_MAX		6u	/* 64 judgements */

/* Of 255: what is believed of a region before it has shown it. */
#define BELIEVED	208u
/* Of 255: not to be given away for a region of which nothing is known. */
#define PROMISING	128u
/* How far the counters move with each write, as a shift. */
#define STEP_SHIFT	3u

static void learn(struct dl_fusion_slot *s, bool ran, bool followed)
{
	u32 p = READ_ONCE(s->p[ran]);

	if (followed)
		p += (255 - p + (1u << STEP_SHIFT) - 1) >> STEP_SHIFT;
	else
		p -= p >> STEP_SHIFT;
	WRITE_ONCE(s->p[ran], (u8)p);
}

/* The stream of @s that ended at @sector, or none: DL_FUSION_STREAMS. */
static u32 find_stream(const struct dl_fusion_slot *s, u32 sector)
{
	u32 i;

	for (i = 0; i < DL_FUSION_STREAMS && READ_ONCE(s->end[i]) != sector; i++)
		;
	return i;
}

/* A write: is it one that follows another, in time? */
static bool see(struct dl_fusion_slot *s, u32 frame, u32 sector, u32 sectors)
{
	u32 i = find_stream(s, sector);
	u8 ran = READ_ONCE(s->ran);
	bool runs;

	if (i == DL_FUSION_STREAMS) {
		i = READ_ONCE(s->next) % DL_FUSION_STREAMS;
		WRITE_ONCE(s->next, (u8)(i + 1));
	}
	runs = READ_ONCE(s->end[i]) == sector && READ_ONCE(s->frame[i]) == frame;
	/* What is replaced was not followed, as far as is known. */
	learn(s, ran >> i & 1, runs);
	WRITE_ONCE(s->end[i], sector + sectors);
	WRITE_ONCE(s->frame[i], frame);
	WRITE_ONCE(s->ran, (u8)(runs ? ran | 1u << i : ran & ~(1u << i)));
	return runs;
}

static void take_over(struct dl_fusion_slot *s, u32 tag, const u8 p[2], u8 len)
{
	*s = (struct dl_fusion_slot) { .p = { p[0], p[1] }, .len = len };
	WRITE_ONCE(s->tag, tag);
}

/*
 * The slot of @sector's region; a stream may bring along what it has. NULL: another
 * region's that is worth more has it, for some writes like this one.
 */
static struct dl_fusion_slot *enter(struct dl_fusion *f, u32 frame, u64 sector,
				    bool *runs)
{
	static const u8 unknown[2];
	u64 region = sector >> DL_FUSION_REGION_SHIFT;
	struct dl_fusion_slot *s = dl_fusion_slot(f, region), *from;
	u32 i;

	*runs = false;
	if (READ_ONCE(s->tag) == dl_fusion_tag(region))
		return s;
	from = dl_fusion_slot(f, region - 1);
	i = find_stream(from, (u32)sector);
	if (region && READ_ONCE(from->tag) == dl_fusion_tag(region - 1) &&
	    i < DL_FUSION_STREAMS) {
		u8 p[2] = { READ_ONCE(from->p[0]), READ_ONCE(from->p[1]) };

		take_over(s, dl_fusion_tag(region), p, READ_ONCE(from->len));
		*runs = READ_ONCE(from->frame[i]) == frame;
		return s;
	}
	if (READ_ONCE(s->p[1]) >= PROMISING) {
		WRITE_ONCE(s->p[1], (u8)(READ_ONCE(s->p[1]) - 1));
		return NULL;
	}
	take_over(s, dl_fusion_tag(region), unknown, 0);
	return s;
}

u32 dl_fusion_room(struct dl_fusion *f, u32 mode, u32 frame, u64 sector,
		   u32 sectors, u8 *confidence)
{
	u32 end = (u32)(sector & (DL_PAGE_SECTORS - 1)) + sectors;
	u32 each, again, len, sum = 0, n, room = 0;
	struct dl_fusion_slot *s;
	bool runs;

	*confidence = 0;
	if (mode == DL_FUSION_OFF)
		return 0;
	s = enter(f, frame, sector, &runs);
	if (s)
		runs |= see(s, frame, (u32)sector, sectors);
	if (mode == DL_FUSION_ON)
		return DL_PAGE_SECTORS - end;
	if (!s || READ_ONCE(s->off))
		return 0;
	each = READ_ONCE(s->p[runs]);
	again = READ_ONCE(s->p[1]);
	len = READ_ONCE(s->len) ?: sectors;
	for (n = 1; end + len <= DL_PAGE_SECTORS; n++) {
		sum += each;
		/* Of n such neighbours so many are expected to come. */
		if (sum * SURE_DEN < n * SURE_NUM * 255)
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

void dl_fusion_filled(struct dl_fusion *f, u32 frame, u64 sector, u32 sectors)
{
	struct dl_fusion_slot *s =
		dl_fusion_slot(f, sector >> DL_FUSION_REGION_SHIFT);

	see(s, frame, (u32)sector, sectors);
	WRITE_ONCE(s->filled, more(READ_ONCE(s->filled), sectors));
}

void dl_fusion_teach(struct dl_fusion *f, u64 region, const u8 p[2], u8 len)
{
	struct dl_fusion_slot *s = dl_fusion_slot(f, region);
	u8 most[2] = { min_t(u8, p[0], BELIEVED), min_t(u8, p[1], BELIEVED) };

	/* Of two that share a slot the more promising one has it. */
	if (READ_ONCE(s->tag) == dl_fusion_tag(region) ||
	    most[1] < READ_ONCE(s->p[1]))
		return;
	take_over(s, dl_fusion_tag(region), most, min_t(u8, len, DL_PAGE_SECTORS));
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
		WRITE_ONCE(s->off, (u8)(1u << min_t(u32, s->shy, SHY_MAX)));
		s->shy += s->shy < SHY_MAX ? 1 : 0;
	}
}
