// SPDX-License-Identifier: GPL-2.0
/*
 * Bursts. See burst.h.
 */
#include "burst.h"
#include "flow.h"

static void remember(struct dl_bursts *b)
{
	u64 gap = b->nr ? b->now_ms - b->last_ms : 0;

	b->burst[b->at].peak = b->peak;
	b->burst[b->at].gap_ms = gap;
	b->at = (b->at + 1) % DL_BURSTS;
	b->nr = min_t(u32, b->nr + 1, DL_BURSTS);
	b->last_ms = b->now_ms;
}

void dl_bursts_add(struct dl_bursts *b, u64 now_ms, u64 bytes, u64 drain, u64 least)
{
	u64 ms, gone;

	if (now_ms < b->now_ms)
		now_ms = b->now_ms;
	ms = now_ms - b->now_ms;
	b->now_ms = now_ms;
	if (!drain)
		return;
	gone = dl_drained(drain, (u32)min_t(u64, ms, U32_MAX));
	/* In this order: what comes after a silence did not leak during it. */
	b->level -= min_t(u64, b->level, gone);
	b->level = min_t(u64, b->level + min_t(u64, bytes, DL_BURST_MOST),
			 DL_BURST_MOST);
	b->peak = max_t(u64, b->peak, b->level);
	if (!b->peak || b->level > b->peak / 16)
		return;
	if (b->peak >= least)
		remember(b);
	b->peak = 0;
	b->level = 0;
}

/* The longest time between two of them. */
static u64 longest_gap(const struct dl_bursts *b)
{
	u64 gap = 0;
	u32 i;

	for (i = 0; i < b->nr; i++)
		gap = max_t(u64, gap, b->burst[i].gap_ms);
	return gap;
}

static bool known(const struct dl_bursts *b)
{
	u64 since = b->now_ms - b->last_ms;

	return b->nr >= DL_BURSTS_LEAST && (b->level || since / 4 <= longest_gap(b));
}

u64 dl_bursts_expected(const struct dl_bursts *b)
{
	u64 most = 0, second = 0;
	u32 i;

	if (!known(b))
		return 0;
	for (i = 0; i < b->nr; i++) {
		u64 peak = b->burst[i].peak;

		if (peak > most) {
			second = most;
			most = peak;
		} else if (peak > second) {
			second = peak;
		}
	}
	return b->nr < 12 ? most : second;
}

u64 dl_bursts_need(const struct dl_bursts *b)
{
	u64 all = dl_bursts_expected(b);

	return all - min_t(u64, all, b->level);
}

u32 dl_bursts_chance(const struct dl_bursts *b, u64 room, u32 within_ms)
{
	u32 i, over = 0;

	if (!known(b) || longest_gap(b) > within_ms)
		return 0;
	for (i = 0; i < b->nr; i++)
		over += b->burst[i].peak > room;
	return over * DL_CHANCE_ONE / b->nr;
}

void dl_bursts_pack(const struct dl_bursts *b, struct dl_disk_bursts *d)
{
	u32 i, at;

	static_assert(DL_BURSTS == DL_DISK_BURSTS, "all of them are kept");
	memset(d, 0, sizeof(*d));
	d->since_ms = cpu_to_le64(b->now_ms - b->last_ms);
	d->nr = cpu_to_le32(b->nr);
	for (i = 0; i < b->nr; i++) {
		at = (b->at + DL_BURSTS - b->nr + i) % DL_BURSTS;
		d->burst[i].peak = cpu_to_le64(b->burst[at].peak);
		d->burst[i].gap_ms = cpu_to_le64(b->burst[at].gap_ms);
	}
}

bool dl_bursts_unpack(struct dl_bursts *b, const struct dl_disk_bursts *d, u64 now_ms,
		      u64 gap_ms)
{
	u32 nr = le32_to_cpu(d->nr), i;
	u64 since = le64_to_cpu(d->since_ms);

	memset(b, 0, sizeof(*b));
	b->now_ms = now_ms;
	if (nr > DL_BURSTS)
		return false;
	for (i = 0; i < nr; i++)
		if (le64_to_cpu(d->burst[i].peak) > DL_BURST_MOST)
			return false;
	for (i = 0; i < nr; i++) {
		b->burst[i].peak = le64_to_cpu(d->burst[i].peak);
		b->burst[i].gap_ms = le64_to_cpu(d->burst[i].gap_ms);
	}
	b->nr = nr;
	b->at = nr % DL_BURSTS;
	/* Only the distance counts: the clock may have begun since. */
	b->last_ms = now_ms - min_t(u64, since, U64_MAX - gap_ms) - gap_ms;
	return true;
}
