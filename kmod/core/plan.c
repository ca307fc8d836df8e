// SPDX-License-Identifier: GPL-2.0
/*
 * From forecasts to segments and frames. See plan.h.
 */
#include "plan.h"

#define FADE_SHIFT	10	/* half in 710 ticks */
#define NOT_FULL	8u	/* the pool, the open one, its successor */

static u64 add_sat(u64 a, u64 b)
{
	return a + b < a ? U64_MAX : a + b;
}

u64 dl_plan_part(u64 bytes, u32 share)
{
	return share == 65536 ? bytes :
		(bytes >> 16) * share + (((bytes & 0xffff) * share) >> 16);
}

static u32 chunks_of(const struct dl_plan_bounds *b, u64 bytes)
{
	u64 n = bytes >> b->chunk_shift;

	if (n << b->chunk_shift < bytes)
		n++;
	/* One more is to fit. */
	return min_t(u64, n, U32_MAX / 2);
}

static u32 round_up_div(u32 n, u32 by)
{
	return n / by + !!(n % by);
}

static u32 between(u32 n, u32 least, u32 most)
{
	return n < least ? least : n > most ? most : n;
}

static u32 least_size(const struct dl_plan_bounds *b)
{
	return max_t(u32, b->seg_chunks / 4, 1);
}

static u32 most_size(const struct dl_plan_bounds *b)
{
	return max_t(u32, b->seg_chunks, min_t(u32, b->chunks / 32, b->seg_most));
}

static u32 size(const struct dl_plan_bounds *b, const struct dl_forecast *fill,
		u32 before)
{
	u32 least = least_size(b), most = most_size(b), want;

	if (fill->confidence < DL_PLAN_CONFIDENCE)
		return b->seg_chunks;
	want = between(chunks_of(b, fill->value), least, most);
	before = between(before, least, most);
	return want / 2 >= before || want <= before / 2 ? want : before;
}

u64 dl_plan_burst(const struct dl_plan_needs *n)
{
	u64 all = n->bursts, more = 0, own;
	u32 left = 65536, share, i;

	if (n->burst.confidence >= DL_PLAN_CONFIDENCE)
		all = max_t(u64, all, n->burst.high);
	if (!all)
		return 0;
	for (i = 0; i < n->nr_clients; i++) {
		/* Shares are foreseen one by one, and may come to more than all. */
		share = min_t(u32, n->clients[i].share, left);
		left -= share;
		own = dl_plan_part(all, share);
		if (n->clients[i].high > own)
			more = add_sat(more, n->clients[i].high - own);
	}
	return add_sat(all, more);
}

/* Segments of @seg chunks to have ahead for @bytes. */
static u32 pool(const struct dl_plan_bounds *b, u32 seg, u64 bytes)
{
	u32 least = max_t(u32, round_up_div(b->pool * b->seg_chunks, seg), b->pool);
	u32 room = min_t(u32, b->chunks / 4, chunks_of(b, b->ahead_bytes));
	u32 want = chunks_of(b, bytes);

	/*
	 * An eighth for summaries, and for ends that no frame fits in. Of the first
	 * nobody knows how much is left when a burst begins.
	 */
	want = want ? round_up_div(want + want / 8 + 1, seg) + 1 : 0;
	want = min_t(u32, min_t(u32, want, room / seg), DL_PLAN_POOL_MOST);
	return max_t(u32, want, least);
}

static u32 frames(const struct dl_plan_bounds *b, u64 bytes)
{
	u32 n = min_t(u64, bytes, U32_MAX / 2);

	return min_t(u32, round_up_div(n, b->frame_bytes) + DL_PLAN_FRAMES,
		     b->frames_max);
}

void dl_plan_static(struct dl_plan *p, const struct dl_plan_bounds *b)
{
	*p = (struct dl_plan) {
		.seg_chunks = b->seg_chunks,
		.pool = b->pool,
		.frames = DL_PLAN_FRAMES,
		.soon = U64_MAX,
	};
}

void dl_plan_make(struct dl_plan *p, const struct dl_plan_bounds *b,
		  const struct dl_plan_needs *n)
{
	u64 faded = p->burst - (p->burst >> FADE_SHIFT);

	/* What rounding would keep for ever is nothing. */
	if (faded == p->burst)
		faded = 0;
	p->burst = max_t(u64, dl_plan_burst(n), faded);
	p->seg_chunks = size(b, &n->fill, p->seg_chunks);
	p->pool = pool(b, p->seg_chunks, max_t(u64, p->burst, n->least));
	p->frames = frames(b, max_t(u64, p->burst, n->least));
	p->soon = n->fill.confidence < DL_PLAN_CONFIDENCE ? U64_MAX :
		n->fill.high;
}

u32 dl_plan_size(u32 want, u32 usual, u32 unused, u32 left)
{
	u32 least;

	if (want >= usual)
		return want;
	if (left <= NOT_FULL)
		return usual;
	least = round_up_div(unused, left - NOT_FULL);
	return between(least, want, usual);
}
