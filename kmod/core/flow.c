// SPDX-License-Identifier: GPL-2.0
/*
 * Amounts over time, and chances. See flow.h.
 */
#include "flow.h"

/* ---- chances ---- */

/* log2(1 + x) with 16 bits behind the point, straight between powers of two. */
static u32 log2_of(u64 x)
{
	u32 top;

	if (x == U64_MAX)
		return 64u << 16;
	x++;
	top = (u32)fls64(x) - 1;
	/* The bits behind the highest one, 16 of them. */
	x = top > 16 ? x >> (top - 16) : x << (16 - top);
	return (top << 16) + (u32)(x & 0xffff);
}

/*
 * The upper tail of the normal distribution, of DL_CHANCE_ONE, in eighths of where a
 * twentieth of it is left.
 */
static const u16 tail[] = {
	32768, 27430, 22312, 17606, 13462, 9959, 7121, 4916, 3277,
	2104, 1303, 777, 446, 246, 131, 67, 33, 0
};

/* @at in 256ths of the same. */
static u32 tail_at(u32 at)
{
	u32 i = at >> 5, part = at & 31;

	if (i + 1 >= ARRAY_SIZE(tail))
		return 0;
	return tail[i] - (((tail[i] - tail[i + 1]) * part) >> 5);
}

u32 dl_chance_above(const struct dl_forecast *f, u64 room)
{
	u32 value = log2_of(f->value), at = log2_of(room), edge, wide, far;
	bool more = at >= value;

	edge = log2_of(more ? f->high : f->low);
	far = more ? at - value : value - at;
	if (more)
		wide = edge > value ? edge - value : 0;
	else
		wide = edge < value ? value - edge : 0;
	/* As sure as that: and exactly as much is not more. */
	if (!wide)
		return more ? 0 : DL_CHANCE_ONE;
	/* Both below 65 << 16: 32 bits are enough. */
	far = (far << 8) / wide;
	return more ? tail_at(far) : DL_CHANCE_ONE - tail_at(far);
}

/* ---- amounts ---- */

void dl_flow_init(struct dl_flow *f, u32 within_ms)
{
	memset(f, 0, sizeof(*f));
	f->block_ms = max_t(u32, within_ms / DL_FLOW_PER_T, 1);
}

static s64 bounded(s64 x)
{
	if (x > DL_FLOW_MOST)
		return DL_FLOW_MOST;
	return x < -DL_FLOW_MOST ? -DL_FLOW_MOST : x;
}

static void close_block(struct dl_flow *f)
{
	f->sum[f->at] = f->now;
	f->at = (f->at + 1) % DL_FLOW_BLOCKS;
	f->nr = min_t(u32, f->nr + 1, DL_FLOW_BLOCKS);
	f->now = 0;
	f->begun_ms += f->block_ms;
}

void dl_flow_add(struct dl_flow *f, u64 now_ms, s64 amount)
{
	u32 i;

	if (!f->begun) {
		f->begun = true;
		f->begun_ms = now_ms;
	}
	for (i = 0; i <= DL_FLOW_BLOCKS && now_ms >= f->begun_ms &&
	     now_ms - f->begun_ms >= f->block_ms; i++)
		close_block(f);
	/* After a silence as long as the memory the rest of it says nothing. */
	if (i > DL_FLOW_BLOCKS)
		f->begun_ms = now_ms;
	f->now = bounded(f->now + bounded(amount));
}

void dl_flow_pack(const struct dl_flow *f, u64 now_ms, struct dl_disk_flow *d)
{
	u32 i, at;

	static_assert(DL_FLOW_BLOCKS == DL_DISK_FLOW_BLOCKS, "all of them are kept");
	memset(d, 0, sizeof(*d));
	d->block_ms = cpu_to_le32(f->block_ms);
	d->nr = cpu_to_le32(f->nr);
	if (f->begun && now_ms > f->begun_ms)
		d->since_ms = cpu_to_le64(now_ms - f->begun_ms);
	d->now = cpu_to_le64((u64)f->now);
	for (i = 0; i < f->nr; i++) {
		at = (f->at + DL_FLOW_BLOCKS - f->nr + i) % DL_FLOW_BLOCKS;
		d->sum[i] = cpu_to_le64((u64)f->sum[at]);
	}
}

static s64 amount_of(__le64 x)
{
	return bounded((s64)le64_to_cpu(x));
}

bool dl_flow_unpack(struct dl_flow *f, const struct dl_disk_flow *d, u64 now_ms,
		    u64 gap_ms)
{
	u32 nr = le32_to_cpu(d->nr), i;
	u64 since;

	if (nr > DL_FLOW_BLOCKS || le32_to_cpu(d->block_ms) != f->block_ms)
		return false;
	for (i = 0; i < nr; i++)
		f->sum[i] = amount_of(d->sum[i]);
	f->nr = nr;
	f->at = nr % DL_FLOW_BLOCKS;
	f->now = amount_of(d->now);
	f->begun = true;
	since = le64_to_cpu(d->since_ms);
	since = min_t(u64, since, U64_MAX - gap_ms) + gap_ms;
	/* The clock may have begun after that: what is over is closed here. */
	for (i = 0; i <= DL_FLOW_BLOCKS && since >= f->block_ms; i++) {
		close_block(f);
		since -= f->block_ms;
	}
	/* After a silence as long as the memory the rest of it says nothing. */
	if (since >= f->block_ms)
		since = 0;
	f->begun_ms = now_ms - min_t(u64, now_ms, since);
	return true;
}

/* Of the last @n blocks; there are so many. */
static s64 last(const struct dl_flow *f, u32 n)
{
	s64 sum = 0;
	u32 i;

	for (i = 1; i <= n; i++)
		sum += f->sum[(f->at - i) % DL_FLOW_BLOCKS];
	return sum;
}

u64 dl_flow_expected(const struct dl_flow *f)
{
	s64 half, whole;
	u32 n, shift;

	static_assert(DL_FLOW_PER_T == 16, "blocks of T");
	if (f->nr < 2)
		return 0;
	/* Half of T, or of what there is as much as a power of two. */
	for (n = 8, shift = 1; n > f->nr; n /= 2)
		shift++;
	half = last(f, n) * (1 << shift);
	whole = f->nr >= DL_FLOW_PER_T ? last(f, DL_FLOW_PER_T) : 0;
	half = half > whole ? half : whole;
	return half > 0 ? (u64)half : 0;
}

u32 dl_flow_chance(const struct dl_flow *f, u64 room)
{
	u64 value = dl_flow_expected(f);
	struct dl_forecast on = {
		.value = value, .low = value / 2, .high = value * 2,
	};
	u32 i, over = 0, all, chance;
	s64 most = room > (u64)S64_MAX ? S64_MAX : (s64)room;
	s64 sum;

	if (f->nr < 2)
		return 0;
	chance = dl_chance_above(&on, room);
	if (f->nr < 2 * DL_FLOW_PER_T)
		return chance;
	/* Every stretch of T, from the last one back. */
	all = f->nr - DL_FLOW_PER_T + 1;
	sum = last(f, DL_FLOW_PER_T);
	for (i = 1; i <= all; i++) {
		over += sum > most;
		if (i == all)
			break;
		sum -= f->sum[(f->at - i) % DL_FLOW_BLOCKS];
		sum += f->sum[(f->at - i - DL_FLOW_PER_T) % DL_FLOW_BLOCKS];
	}
	return max_t(u32, chance, over * DL_CHANCE_ONE / all);
}
