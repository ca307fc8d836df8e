// SPDX-License-Identifier: GPL-2.0
/*
 * Diffs of snapshots, compared with the model's copies: what differs must be in
 * them. What does not may be, but for a snapshot and itself.
 */
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "schedule.h"

/* Does @to, or now if it is NULL, differ from @from where it must not? */
static bool check(struct schedule *s, const struct snap *from,
		  const struct snap *to, const char *changed)
{
	const char *now = to ? to->copy : s->m.cur;
	uint32_t i;

	for (i = 0; i < s->m.sectors; i++) {
		size_t at = (size_t)i * SECTOR_BYTES;

		s->t->diff_said += changed[i];
		if (from == to && changed[i]) {
			wrong_at(s, i, "the diff of '%s' and itself has sector %u",
				 from->is.name, i);
			return false;
		}
		if (!memcmp(from->copy + at, now + at, SECTOR_BYTES))
			continue;
		s->t->diff_differ++;
		if (changed[i])
			continue;
		wrong_at(s, i, "the diff of '%s' (made by operation %u) and %s%s lacks sector %u, which is %u in one and %u in the other",
			 from->is.name, from->made_by, to ? "" : "now",
			 to ? to->is.name : "", i,
			 model_value(&s->m, from->copy, i),
			 model_value(&s->m, now, i));
		return false;
	}
	s->t->diffs++;
	return true;
}

bool diff_compare(struct schedule *s)
{
	unsigned int n = s->m.nr_snaps, a, b;
	const struct snap *from, *to;
	char *changed, name[2][SNAP_NAME];
	uint32_t piece;
	bool ok;
	int err;

	if (!n)
		return true;
	a = rng_below(&s->r, n);
	/* Now is one of those that it may be compared with. */
	b = rng_below(&s->r, n + 1);
	piece = 1 + rng_below(&s->r, rng_chance(&s->r, 50) ? 3 : 1000);
	from = &s->m.snaps[a];
	to = b < n ? &s->m.snaps[b] : NULL;
	changed = xcalloc(s->m.sectors, 1);
	strcpy(name[0], from->is.name);
	strcpy(name[1], to ? to->is.name : "");
	err = s->v->ops->diff(s->v, from->is.name, to ? to->is.name : "",
			      piece, changed);
	if (rules_gone(s, name[0], name[1], err)) {
		free(changed);
		return true;
	}
	if (err)
		wrong(s, "diff of '%s' and '%s': %s", from->is.name,
		      to ? to->is.name : "", strerror(-err));
	ok = !err && check(s, from, to, changed);
	free(changed);
	return ok;
}

bool diffs_compare(struct schedule *s)
{
	unsigned int i;

	for (i = 0; i < 2 * s->m.nr_snaps; i++)
		if (!diff_compare(s))
			return false;
	return true;
}
