// SPDX-License-Identifier: GPL-2.0
/*
 * Kinds of schedules, see mix.h.
 */
#include <string.h>

#include "mix.h"

/* What every kind has; a kind may have more of it. */
static const uint8_t common[NR_ACTS] = {
	[ACT_FLUSH] = 8, [ACT_CREATE] = 8, [ACT_DELETE] = 5, [ACT_RENAME] = 1,
	[ACT_REWIND] = 3, [ACT_PICK] = 2, [ACT_WINDOW] = 1, [ACT_MOMENT] = 8,
	[ACT_LOOK_BACK] = 8, [ACT_AGE] = 3,
	[ACT_WAIT] = 1,
	[ACT_RECONCILE] = 3, [ACT_DRAIN] = 4, [ACT_READ] = 4, [ACT_VIEW] = 7,
	[ACT_COMPARE] = 8, [ACT_UNVIEW] = 4, [ACT_READER] = 3, [ACT_PAUSE] = 3,
	[ACT_SUSPEND] = 2, [ACT_RELOAD] = 1, [ACT_RACE] = 3, [ACT_MISUSE] = 2,
	[ACT_RESTART] = 2, [ACT_CRASH] = 2,
};

const struct mix mixes[] = {
	{ /* small writes anywhere */
		.name = "small", .hot_pct = 15, .run_pct = 10, .small_pct = 20,
		.large_pct = 2,
		.weight = { [ACT_WRITE] = 55, [ACT_DSYNC] = 6, [ACT_ZERO] = 2,
			    [ACT_DISCARD] = 2 },
	}, { /* parts of pages, in few pages */
		.name = "sectors", .hot_pct = 70, .run_pct = 10,
		.small_pct = 90, .large_pct = 1,
		.weight = { [ACT_WRITE] = 60, [ACT_DSYNC] = 8, [ACT_ZERO] = 5,
			    [ACT_DISCARD] = 5 },
	}, { /* the same pages again and again */
		.name = "hot", .hot_pct = 92, .run_pct = 2, .small_pct = 35,
		.large_pct = 2,
		.weight = { [ACT_WRITE] = 60, [ACT_DSYNC] = 4, [ACT_ZERO] = 3,
			    [ACT_DISCARD] = 3 },
	}, { /* a copy */
		.name = "stream", .hot_pct = 2, .run_pct = 88, .small_pct = 3,
		.large_pct = 45,
		.weight = { [ACT_WRITE] = 50, [ACT_DSYNC] = 2, [ACT_ZERO] = 2,
			    [ACT_DISCARD] = 1 },
	}, { /* discards and zeros */
		.name = "holes", .hot_pct = 30, .run_pct = 15, .small_pct = 35,
		.large_pct = 15,
		.weight = { [ACT_WRITE] = 25, [ACT_DSYNC] = 3, [ACT_ZERO] = 18,
			    [ACT_DISCARD] = 18, [ACT_REWIND] = 3 },
	}, { /* snapshots come and go between few writes */
		.name = "calendar", .hot_pct = 45, .run_pct = 10,
		.small_pct = 35, .large_pct = 5,
		.weight = { [ACT_WRITE] = 30, [ACT_DSYNC] = 4, [ACT_ZERO] = 4,
			    [ACT_DISCARD] = 4,
			    [ACT_CREATE] = 17, [ACT_DELETE] = 13,
			    [ACT_RENAME] = 3, [ACT_REWIND] = 4 },
	}, { /* more than the log can keep */
		.name = "full", .hot_pct = 10, .run_pct = 20, .small_pct = 5,
		.large_pct = 50, .small_log = true,
		.weight = { [ACT_WRITE] = 65, [ACT_DSYNC] = 4, [ACT_ZERO] = 2,
			    [ACT_DISCARD] = 1, [ACT_WAIT] = 6 },
	}, { /* all kinds of ends */
		.name = "ends", .hot_pct = 40, .run_pct = 10, .small_pct = 40,
		.large_pct = 10,
		.weight = { [ACT_WRITE] = 45, [ACT_DSYNC] = 5, [ACT_ZERO] = 6,
			    [ACT_DISCARD] = 6, [ACT_RESTART] = 5,
			    [ACT_CRASH] = 7, [ACT_SUSPEND] = 3,
			    [ACT_RELOAD] = 3, [ACT_REWIND] = 4 },
	}, { /* back and forth */
		.name = "back", .hot_pct = 40, .run_pct = 15, .small_pct = 35,
		.large_pct = 15,
		.weight = { [ACT_WRITE] = 40, [ACT_DSYNC] = 4, [ACT_ZERO] = 8,
			    [ACT_DISCARD] = 8, [ACT_CREATE] = 4,
			    [ACT_DRAIN] = 3, [ACT_CRASH] = 2,
			    [ACT_RESTART] = 1, [ACT_REWIND] = 14 },
	}, { /* to any moment */
		.name = "window", .hot_pct = 45, .run_pct = 15, .small_pct = 35,
		.large_pct = 15, .window = true,
		.weight = { [ACT_WRITE] = 50, [ACT_DSYNC] = 4, [ACT_ZERO] = 6,
			    [ACT_DISCARD] = 6, [ACT_DRAIN] = 2, [ACT_CRASH] = 2,
			    [ACT_PICK] = 4, [ACT_WINDOW] = 1, [ACT_MOMENT] = 16,
			    [ACT_LOOK_BACK] = 16, [ACT_REWIND] = 3 },
	}, { /* snapshots made by rule */
		.name = "rules", .hot_pct = 45, .run_pct = 10, .small_pct = 35,
		.large_pct = 10, .window = true, .rules = true,
		.weight = { [ACT_WRITE] = 30, [ACT_DSYNC] = 3, [ACT_ZERO] = 4,
			    [ACT_DISCARD] = 4, [ACT_RENAME] = 12,
			    [ACT_DELETE] = 4, [ACT_DRAIN] = 2, [ACT_CRASH] = 2,
			    [ACT_RESTART] = 1, [ACT_AGE] = 25,
			    [ACT_WINDOW] = 4 },
	},
};

const unsigned int nr_mixes = sizeof(mixes) / sizeof(mixes[0]);

uint32_t mix_weight(const struct mix *mix, enum act act)
{
	return (uint32_t)common[act] + mix->weight[act];
}

const struct mix *mix_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_mixes; i++)
		if (!strcmp(mixes[i].name, name))
			return &mixes[i];
	return NULL;
}

void aim_init(struct aim *a, const struct mix *mix, uint32_t sectors,
	      struct rng *r)
{
	unsigned int i;

	a->mix = mix;
	a->sectors = sectors;
	for (i = 0; i < HOT_PAGES; i++)
		a->hot[i] = rng_below(r, sectors / PAGE_SECTORS);
	a->next = rng_below(r, sectors);
}

static uint32_t length(const struct aim *a, enum act what, struct rng *r)
{
	uint32_t kind = rng_below(r, 100), max = WRITE_MAX, n;

	if (what == ACT_ZERO || what == ACT_DISCARD) {
		if (rng_chance(r, 2))
			return a->sectors;
		max *= 4;
	}
	if (kind < a->mix->small_pct)
		return 1 + rng_below(r, PAGE_SECTORS - 1);
	if (kind < a->mix->small_pct + a->mix->large_pct)
		n = 1 + rng_below(r, max);
	else if (rng_chance(r, 60))
		n = PAGE_SECTORS;
	else
		n = 1 + rng_below(r, 64);
	/* Most large requests are of whole pages. */
	if (n > PAGE_SECTORS && rng_chance(r, 65))
		n -= n % PAGE_SECTORS;
	return n;
}

void aim_at(struct aim *a, struct op *op, struct rng *r)
{
	uint32_t n = length(a, op->act, r), kind = rng_below(r, 100);
	uint32_t last, at;

	if (n > a->sectors)
		n = a->sectors;
	last = a->sectors - n;
	if (kind < a->mix->hot_pct) {
		at = a->hot[rng_below(r, HOT_PAGES)] * PAGE_SECTORS;
		if (n < PAGE_SECTORS)
			at += rng_below(r, PAGE_SECTORS);
	} else if (kind < a->mix->hot_pct + a->mix->run_pct) {
		at = a->next;
	} else if (rng_chance(r, 4)) {
		at = last;
	} else {
		at = rng_below(r, last + 1);
		if (n >= PAGE_SECTORS && rng_chance(r, 75))
			at -= at % PAGE_SECTORS;
	}
	if (at > last)
		at = rng_chance(r, 50) ? 0 : last;
	op->first = at;
	op->n = n;
	a->next = at + n;
}
