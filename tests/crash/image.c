// SPDX-License-Identifier: GPL-2.0
/*
 * Crash states, see image.h.
 */
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "image.h"

static const struct image *sorting;

static int by_durable(const void *a, const void *b)
{
	uint64_t x = sorting->s->changes[*(const uint32_t *)a].durable;
	uint64_t y = sorting->s->changes[*(const uint32_t *)b].durable;

	return x < y ? -1 : x > y;
}

void image_init(struct image *im, const struct stream *s,
		const struct layout *l, uint32_t block, const char *base)
{
	uint32_t sectors = layout_sectors(l), i;

	memset(im, 0, sizeof(*im));
	im->s = s;
	im->l = l;
	im->block = block;
	im->durable = xalloc_pages((size_t)sectors * SECTOR_BYTES);
	memcpy(im->durable, base, (size_t)sectors * SECTOR_BYTES);
	im->last = xcalloc(sectors, sizeof(*im->last));
	im->by_durable = xcalloc(s->nr_changes, sizeof(*im->by_durable));
	for (i = 0; i < s->nr_changes; i++)
		im->by_durable[i] = i;
	sorting = im;
	qsort(im->by_durable, s->nr_changes, sizeof(*im->by_durable),
	      by_durable);
}

void image_exit(struct image *im)
{
	free(im->durable);
	free(im->last);
	free(im->by_durable);
	memset(im, 0, sizeof(*im));
}

/* Put sectors from .. to-1 of change @i into @to, unless a later one is there. */
static void apply(const struct image *im, uint32_t i, uint32_t from,
		  uint32_t to, char *out)
{
	const struct change *c = &im->s->changes[i];
	uint32_t s;

	for (s = from; s < to; s++) {
		char *at = out + (size_t)(c->at + s) * SECTOR_BYTES;

		if (im->last[c->at + s] > i + 1)
			continue;
		if (c->data)
			memcpy(at, c->data + (size_t)s * SECTOR_BYTES,
			       SECTOR_BYTES);
		else
			memset(at, 0, SECTOR_BYTES);
	}
}

void image_advance(struct image *im, uint64_t time)
{
	const struct stream *s = im->s;
	uint32_t i, k;

	for (; im->nr_applied < s->nr_changes; im->nr_applied++) {
		const struct change *c;

		i = im->by_durable[im->nr_applied];
		c = &s->changes[i];
		if (c->durable >= time)
			break;
		apply(im, i, 0, c->sectors, im->durable);
		for (k = 0; k < c->sectors; k++)
			if (im->last[c->at + k] < i + 1)
				im->last[c->at + k] = i + 1;
	}
	im->now = time;
}

static bool is_there(enum fate fate, const struct change *c, bool is_pick,
		     struct rng *r)
{
	switch (fate) {
	case FATE_ALL:
		return true;
	case FATE_SOME:
		return rng_chance(r, 50);
	case FATE_FEW:
		return rng_chance(r, 12);
	case FATE_MOST:
		return rng_chance(r, 88);
	case FATE_BUT_ONE:
		return !is_pick;
	case FATE_ONE:
		return is_pick;
	case FATE_ORIGIN:
		return c->dev == DEV_ORIGIN;
	case FATE_LOG:
		return c->dev == DEV_LOG;
	default:
		return false;
	}
}

/* Some of the change's blocks: the first, the last, or any. */
static void apply_torn(const struct image *im, uint32_t i, struct rng *r,
		       char *to)
{
	const struct change *c = &im->s->changes[i];
	uint32_t blocks = c->sectors / im->block, k;
	uint32_t cut = rng_below(r, blocks + 1) * im->block;

	switch (rng_below(r, 3)) {
	case 0:
		apply(im, i, 0, cut, to);
		break;
	case 1:
		apply(im, i, cut, c->sectors, to);
		break;
	default:
		for (k = 0; k < c->sectors; k += im->block)
			if (rng_chance(r, 50))
				apply(im, i, k, k + im->block, to);
	}
}

void image_crash(struct image *im, struct rng *r, enum fate fate, bool tear,
		 char *to, struct choice *c)
{
	const struct stream *s = im->s;
	uint32_t *open = xcalloc(s->nr_changes, sizeof(*open));
	uint32_t i, nr = 0, pick, tear_pct;

	for (i = 0; i < s->nr_changes; i++)
		if (s->changes[i].submit < im->now &&
		    s->changes[i].durable >= im->now)
			open[nr++] = i;
	if (fate == NR_FATES)
		fate = (enum fate)rng_below(r, NR_FATES);
	*c = (struct choice){ .fate = fate, .nr_open = nr };
	pick = nr ? rng_below(r, nr) : 0;
	tear_pct = !tear ? 0 : rng_chance(r, 50) ? 0 :
		rng_chance(r, 50) ? 10 : 60;

	memcpy(to, im->durable,
	       (size_t)layout_sectors(im->l) * SECTOR_BYTES);
	for (i = 0; i < nr; i++) {
		const struct change *ch = &s->changes[open[i]];
		/* The last write is the likeliest to be caught half way. */
		bool last = tear && i == nr - 1 && rng_chance(r, 30);

		if (!is_there(fate, ch, i == pick, r))
			continue;
		c->nr_there++;
		if (last || rng_chance(r, tear_pct)) {
			apply_torn(im, open[i], r, to);
			c->nr_torn++;
		} else {
			apply(im, open[i], 0, ch->sectors, to);
		}
	}
	free(open);
}

const char *fate_text(enum fate fate)
{
	static const char *const text[NR_FATES] = {
		[FATE_ALL] = "all", [FATE_NONE] = "none",
		[FATE_SOME] = "some", [FATE_FEW] = "few",
		[FATE_MOST] = "most", [FATE_BUT_ONE] = "all but one",
		[FATE_ONE] = "one", [FATE_ORIGIN] = "the origin's",
		[FATE_LOG] = "the log's",
	};

	return fate < NR_FATES ? text[fate] : "chosen at random";
}
