// SPDX-License-Identifier: GPL-2.0
/*
 * Forecasters of one quantity at several paces. See cascade.h.
 *
 * Each level counts for itself: the totals of a slower one are not made of those of a
 * faster, of which a long silence may have been left out.
 */
#include "cascade.h"
#include "crc.h"

const struct dl_cascade_pace dl_cascade_paces[DL_CASCADE_LEVELS] = {
	{ 1, 20 }, { 10, 20 }, { 100, 12 }, { 1200, 60 }, { 36000, 48 },
};

static_assert(sizeof(((struct dl_disk_cascade *)0)->level) ==
	      DL_CASCADE_LEVELS * sizeof(struct dl_disk_cascade_level),
	      "a place for each level");

static u64 sum_or_most(u64 a, u64 b)
{
	return b > U64_MAX - a ? U64_MAX : a + b;
}

/* @x * @times / @by, neither of which is above 16 bits, and @by not zero. */
static u64 in_proportion(u64 x, u32 times, u32 by)
{
	u64 whole;
	u32 rest;

	if (times == by)
		return x;
	whole = div_u64_rem(x, by, &rest);
	if (whole > div_u64(U64_MAX, times))
		return U64_MAX;
	return sum_or_most(whole * times, rest * times / by);
}

void dl_cascade_init(struct dl_cascade *c, bool gauge, u64 tick)
{
	u32 i;

	memset(c, 0, sizeof(*c));
	c->gauge = gauge;
	c->tick = tick;
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		const u32 ticks = dl_cascade_paces[i].ticks;
		u32 since;

		div_u64_rem(tick, ticks, &since);
		c->level[i].end = sum_or_most(tick, ticks - since);
		dl_series_init(&c->level[i].series, dl_cascade_paces[i].season);
	}
}

/* ---- time */

/* The mean of a gauge; weights of more than 32 bits are shortened. */
static u64 mean(u64 amount, u64 weight)
{
	const int long_by = fls64(weight) - 32;

	if (long_by > 0) {
		amount >>= long_by;
		weight >>= long_by;
	}
	return div_u64(amount, (u32)weight);
}

/* The open interval has ended, and @empty more after it. */
static void close_interval(struct dl_cascade_level *l, bool gauge, u64 empty)
{
	u32 silent = empty < DL_CASCADE_GAP ? (u32)empty : DL_CASCADE_GAP - 1;

	if (!gauge)
		dl_series_add(&l->series, l->amount);
	else if (l->weight)
		dl_series_add(&l->series, mean(l->amount, l->weight));
	l->amount = 0;
	l->weight = 0;
	/* Of a gauge these say nothing. */
	while (!gauge && silent--)
		dl_series_add(&l->series, 0);
}

static void go_on(struct dl_cascade *c, u64 tick)
{
	u32 i;

	if (tick <= c->tick)
		return;
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		const u32 ticks = dl_cascade_paces[i].ticks;
		struct dl_cascade_level *l = &c->level[i];
		u32 since;
		u64 empty;

		if (tick < l->end)
			continue;
		empty = div_u64_rem(tick - l->end, ticks, &since);
		close_interval(l, c->gauge, empty);
		l->end = sum_or_most(tick, ticks - since);
	}
	c->tick = tick;
}

/*
 * Where a sum would be too large both are halved: their quotient stays. No weight
 * becomes none.
 */
static void weigh(struct dl_cascade_level *l, u64 amount, u64 weight)
{
	while (amount > U64_MAX - l->amount || weight > U64_MAX - l->weight) {
		l->amount >>= 1;
		l->weight -= l->weight >> 1;
		amount >>= 1;
		weight -= weight >> 1;
	}
	l->amount += amount;
	l->weight += weight;
}

void dl_cascade_add(struct dl_cascade *c, u64 tick, u64 amount, u64 weight)
{
	u32 i;

	go_on(c, tick);
	if (c->gauge ? !weight : !amount)
		return;
	for (i = 0; i < DL_CASCADE_LEVELS; i++)
		if (c->gauge)
			weigh(&c->level[i], amount, weight);
		else
			c->level[i].amount = sum_or_most(c->level[i].amount,
							 amount);
}

void dl_cascade_skip(struct dl_cascade *c, u64 ticks)
{
	u32 i;

	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		const u32 pace = dl_cascade_paces[i].ticks;
		struct dl_cascade_level *l = &c->level[i];
		const u64 left = l->end - c->tick;
		u64 passed;
		u32 since;

		if (ticks < left) {
			l->end -= ticks;
			continue;
		}
		passed = div_u64_rem(ticks - left, pace, &since) + 1;
		l->end = sum_or_most(c->tick, pace - since);
		/* Else it would gather what comes in many lives, and never end. */
		if (!c->gauge)
			l->amount = 0;
		dl_series_skip(&l->series, passed);
	}
}

/* ---- foresight */

void dl_cascade_ahead(const struct dl_cascade *c, u32 ticks,
		      struct dl_forecast *f)
{
	const u32 most = dl_cascade_paces[DL_CASCADE_LEVELS - 1].ticks;
	u32 i = DL_CASCADE_LEVELS - 1, pace;

	ticks = ticks < 1 ? 1 : ticks > most ? most : ticks;
	while (i && (dl_cascade_paces[i].ticks > ticks ||
		     c->level[i].series.n < DL_SERIES_WARM))
		i--;
	dl_series_next(&c->level[i].series, f);
	if (c->gauge)
		return;
	pace = dl_cascade_paces[i].ticks;
	f->value = in_proportion(f->value, ticks, pace);
	f->low = in_proportion(f->low, ticks, pace);
	f->high = in_proportion(f->high, ticks, pace);
}

/* ---- keep */

u32 dl_cascade_bytes(void)
{
	return sizeof(struct dl_disk_cascade);
}

void dl_cascade_pack(const struct dl_cascade *c, void *to)
{
	struct dl_disk_cascade *d = to;
	u32 i;

	memset(d, 0, sizeof(*d));
	d->magic = cpu_to_le32(DL_CASCADE_MAGIC);
	d->version = cpu_to_le32(DL_CASCADE_VERSION);
	d->gauge = cpu_to_le32(c->gauge);
	for (i = 0; i < DL_CASCADE_LEVELS; i++) {
		const struct dl_cascade_level *l = &c->level[i];

		d->level[i].left = cpu_to_le32((u32)(l->end - c->tick));
		d->level[i].amount = cpu_to_le64(l->amount);
		d->level[i].weight = cpu_to_le64(l->weight);
		dl_series_pack(&l->series, &d->level[i].series);
	}
	d->crc = cpu_to_le32(dl_crc32c_around(d, sizeof(*d),
					      offsetof(struct dl_disk_cascade,
						       crc)));
}

static enum dl_status check_level(const struct dl_cascade *c,
				  const struct dl_disk_cascade_level *d, u32 i)
{
	const u32 left = le32_to_cpu(d->left);
	const u64 amount = le64_to_cpu(d->amount);
	const u64 weight = le64_to_cpu(d->weight);
	struct dl_series s;

	/* An interval at the end of all ticks has none left. */
	if (left > dl_cascade_paces[i].ticks)
		return DL_BAD_RECORD;
	if (c->gauge ? amount && !weight : !!weight)
		return DL_BAD_RECORD;
	return dl_series_unpack(&s, &d->series, dl_cascade_paces[i].season);
}

static enum dl_status check(const struct dl_cascade *c,
			    const struct dl_disk_cascade *d)
{
	enum dl_status st = DL_OK;
	u32 i;

	if (le32_to_cpu(d->magic) != DL_CASCADE_MAGIC)
		return DL_BAD_MAGIC;
	if (le32_to_cpu(d->version) != DL_CASCADE_VERSION)
		return DL_BAD_VERSION;
	if (le32_to_cpu(d->crc) !=
	    dl_crc32c_around(d, sizeof(*d),
			     offsetof(struct dl_disk_cascade, crc)))
		return DL_BAD_CRC;
	if (le32_to_cpu(d->gauge) != c->gauge)
		return DL_BAD_IDENTITY;
	for (i = 0; i < DL_CASCADE_LEVELS && st == DL_OK; i++)
		st = check_level(c, &d->level[i], i);
	return st;
}

enum dl_status dl_cascade_unpack(struct dl_cascade *c, const void *from)
{
	const struct dl_disk_cascade *d = from;
	enum dl_status st = check(c, d);
	u32 i;

	for (i = 0; i < DL_CASCADE_LEVELS && st == DL_OK; i++) {
		struct dl_cascade_level *l = &c->level[i];
		const u32 left = le32_to_cpu(d->level[i].left);

		/* With none left it would never end. */
		l->end = sum_or_most(c->tick, left ? left : 1);
		l->amount = le64_to_cpu(d->level[i].amount);
		l->weight = le64_to_cpu(d->level[i].weight);
		st = dl_series_unpack(&l->series, &d->level[i].series,
				      dl_cascade_paces[i].season);
	}
	return st;
}
