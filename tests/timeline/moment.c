// SPDX-License-Identifier: GPL-2.0
/*
 * Finding the moment that an image was taken at, see model.h.
 *
 * After K of the changes, and perhaps a part of the next, each sector shows
 * the last of the K that covers it, or the next. For each sector this says for
 * which K that is so; there must be a K for which it is so everywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "model.h"

#define WORDS	((MAX_CHANGES + 64) / 64)

struct set {
	uint64_t w[WORDS];
};

static void set_add(struct set *s, unsigned int k)
{
	s->w[k / 64] |= 1ULL << k % 64;
}

static bool set_empty(const struct set *s)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (s->w[i])
			return false;
	return true;
}

static void set_keep(struct set *s, const struct set *only)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		s->w[i] &= only->w[i];
}

/* For which K a sector may show @val. */
static void moments_of(const struct model *m, const struct moment *mo,
		       uint32_t sector, uint32_t val, struct set *out)
{
	uint32_t is = model_value(m, mo->base, sector);
	unsigned int k;

	memset(out, 0, sizeof(*out));
	for (k = 0; k <= mo->nr; k++) {
		const struct change *c = &mo->changes[k];
		bool next = k < mo->nr && sector - c->first < c->n;

		if (k >= mo->least && (is == val || (next && c->val == val)))
			set_add(out, k);
		if (next)
			is = c->val;
	}
}

static void say_values(const struct model *m, const struct moment *mo,
		       uint32_t sector, const char *seen, char *out,
		       size_t size)
{
	char found[120], text[64], *p = out, *end = out + size;
	unsigned int k;

	stamp_describe(seen + (size_t)sector * SECTOR_BYTES, m->seed, sector,
		       found, sizeof(found));
	p += snprintf(p, size, "shows %s; then it held %s", found,
		      stamp_value_text(model_value(m, mo->base, sector), text,
				       sizeof(text)));
	for (k = 0; k < mo->nr && p < end; k++)
		if (sector - mo->changes[k].first < mo->changes[k].n)
			p += snprintf(p, (size_t)(end - p), ", %s%s",
				      stamp_value_text(mo->changes[k].val, text,
						       sizeof(text)),
				      k < mo->least ? " (done)" : "");
}

bool moment_find(const struct model *m, const struct moment *mo,
		 const char *seen, uint32_t *bad, char *why, size_t size)
{
	char *touched = xcalloc(m->sectors, 1);
	struct set all, here;
	unsigned int k;
	uint32_t i;

	memset(&all, 0xff, sizeof(all));
	for (k = 0; k < mo->nr; k++)
		memset(touched + mo->changes[k].first, 1, mo->changes[k].n);
	*why = 0;
	for (i = 0; i < m->sectors && !*why; i++) {
		size_t at = (size_t)i * SECTOR_BYTES;

		*bad = i;
		if (!touched[i]) {
			if (memcmp(seen + at, mo->base + at, SECTOR_BYTES))
				say_values(m, mo, i, seen, why, size);
			continue;
		}
		moments_of(m, mo, i, model_value(m, seen, i), &here);
		if (set_empty(&here)) {
			say_values(m, mo, i, seen, why, size);
			continue;
		}
		set_keep(&all, &here);
		if (!set_empty(&all))
			continue;
		say_values(m, mo, i, seen, why, size);
		k = (unsigned int)strlen(why);
		snprintf(why + k, size - k,
			 ": at no time so together with the sectors before");
	}
	free(touched);
	return !*why;
}
