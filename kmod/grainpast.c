// SPDX-License-Identifier: GPL-2.0
/*
 * What is kept of the granularity map for snapshots. See grainpast.h.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include "grainpast.h"

void dl_grainpast_init(struct dl_grainpast *gp, u32 room)
{
	mutex_init(&gp->lock);
	gp->im.room = round_down(room, sizeof(__le64));
}

void dl_grainpast_exit(struct dl_grainpast *gp)
{
	kvfree(gp->im.buf);
	gp->im.buf = NULL;
}

/* Not waited for: it may be reconcile that asks, whom memory waits for. */
#define GFP_SPARE	(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN)

/* @gp->lock held. */
static int add(struct dl_grainpast *gp, const struct dl_imprint *im)
{
	if (!gp->im.buf) {
		WRITE_ONCE(gp->im.buf, kvmalloc(gp->im.room, GFP_SPARE));
		if (!gp->im.buf)
			return -ENOMEM;
	}
	return dl_imprints_add(&gp->im, im) ? 0 : -ENOSPC;
}

/* For sort(): the hottest, which is the highest, first. */
static int by_heat(const void *a, const void *b)
{
	u64 x = le64_to_cpup(a), y = le64_to_cpup(b);

	return x < y ? 1 : -(x > y);
}

int dl_grainpast_take(struct dl_grainpast *gp, struct dl_grain *g,
		      struct dl_map *m, u64 id)
{
	struct dl_imprint im = { .id = id };
	__le64 *all;
	int ret;

	all = kvmalloc_array(dl_grain_slots(g), sizeof(*all), GFP_SPARE);
	if (!all)
		return -ENOMEM;
	im.nr = dl_grain_gather(g, m, all);
	im.known = im.nr;
	im.region = all;
	sort(all, im.nr, sizeof(*all), by_heat, NULL);
	mutex_lock(&gp->lock);
	ret = add(gp, &im);
	mutex_unlock(&gp->lock);
	kvfree(all);
	return ret;
}

void dl_grainpast_drop(struct dl_grainpast *gp, u64 id)
{
	mutex_lock(&gp->lock);
	dl_imprints_drop(&gp->im, id);
	mutex_unlock(&gp->lock);
}

void dl_grainpast_mark(struct dl_grainpast *gp, u64 id, void *body, size_t room)
{
	struct dl_imprint im;

	mutex_lock(&gp->lock);
	if (dl_imprints_find(&gp->im, id, &im))
		dl_imprint_put(body, room, &im);
	mutex_unlock(&gp->lock);
}

int dl_grainpast_known(struct dl_grainpast *gp, u64 id, u32 *known)
{
	struct dl_imprint im;
	bool found;

	mutex_lock(&gp->lock);
	found = dl_imprints_find(&gp->im, id, &im);
	if (found)
		*known = im.known;
	mutex_unlock(&gp->lock);
	return found ? 0 : -ENODATA;
}

bool dl_grainpast_next(struct dl_grainpast *gp, u64 id, u32 *cursor,
		       struct dl_grain_region *out)
{
	struct dl_imprint_region r;
	struct dl_imprint im;
	bool found;

	mutex_lock(&gp->lock);
	found = dl_imprints_find(&gp->im, id, &im) && *cursor < im.nr;
	if (found)
		dl_imprint_unpack(&r, im.region[*cursor]);
	mutex_unlock(&gp->lock);
	if (!found)
		return false;
	++*cursor;
	*out = (struct dl_grain_region) {
		.region = r.region, .rate = r.rate,
		.delta = DIV_ROUND_UP(r.delta, 8), .level = r.level,
		.sequential = r.sequential,
	};
	return true;
}

/* ---- checkpoints ---- */

void dl_grainpast_save(struct dl_grainpast *gp, struct dl_cp_writer *w)
{
	/* A log that an older release let grow may have segments in their place. */
	const size_t head = sizeof(struct dl_disk_section) + sizeof(__le64);
	size_t left = w->size - w->used, bytes;
	const void *body;

	if (left < head)
		return;
	mutex_lock(&gp->lock);
	body = dl_imprints_youngest(&gp->im, left - head, &bytes);
	if (bytes) {
		dl_cp_section(w, DL_SECTION_IMPRINTS, 0);
		dl_cp_put_bytes(w, body, bytes);
	}
	mutex_unlock(&gp->lock);
}

int dl_grainpast_load(struct dl_grainpast *gp, const void *body, size_t bytes)
{
	enum dl_status st = DL_OK;
	struct dl_imprint im;
	size_t at = 0;
	int ret = 0;

	mutex_lock(&gp->lock);
	while (!ret && (st = dl_imprint_get(&im, body, bytes, &at)) == DL_OK)
		ret = add(gp, &im);
	mutex_unlock(&gp->lock);
	return st == DL_BAD_SECTION ? -EUCLEAN : ret;
}

int dl_grainpast_replay(struct dl_grainpast *gp, u64 id, const void *body,
			size_t bytes)
{
	struct dl_imprint im;
	enum dl_status st;
	size_t at = 0;
	int ret;

	st = dl_imprint_get(&im, body, bytes, &at);
	if (st == DL_NOT_FOUND)
		return 0;
	if (st != DL_OK || im.id != id)
		return -EUCLEAN;
	mutex_lock(&gp->lock);
	ret = add(gp, &im);
	mutex_unlock(&gp->lock);
	return ret;
}

void dl_grainpast_prune(struct dl_grainpast *gp, struct dl_pins *p)
{
	struct dl_imprint im;
	size_t at = 0, next = 0;
	bool there;

	mutex_lock(&gp->lock);
	while (dl_imprint_get(&im, gp->im.buf, gp->im.used, &next) == DL_OK) {
		read_lock(&p->lock);
		there = dl_pins_find(p, NULL, im.id);
		read_unlock(&p->lock);
		if (!there) {
			dl_imprints_drop(&gp->im, im.id);
			next = at;
		}
		at = next;
	}
	mutex_unlock(&gp->lock);
}
