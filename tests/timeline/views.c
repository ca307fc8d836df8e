// SPDX-License-Identifier: GPL-2.0
/*
 * Views of snapshots and moments, compared with the model's copies.
 */
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

uint32_t views_of(const struct schedule *s, uint64_t id)
{
	uint32_t n = 0;
	unsigned int i;

	for (i = 0; i < s->nr_views; i++)
		n += s->views[i].id == id;
	return n;
}

int view_try(struct schedule *s, const char *name, struct open_view *out)
{
	struct view_spec spec = { .snapshot = name, .sectors = s->m.sectors };
	int err;

	memset(out, 0, sizeof(*out));
	spec.direct = rng_chance(&s->r, 75);
	spec.by_path = rng_chance(&s->r, 25);
	err = s->v->ops->view_open(s->v, &spec, &out->h);
	out->sectors = spec.sectors;
	out->direct = spec.direct;
	return err;
}

bool view_make(struct schedule *s, const struct snap *snap, uint32_t sectors,
	       struct open_view *out)
{
	struct view_spec spec = { .snapshot = snap->is.name,
				  .sectors = sectors };
	int err;

	spec.direct = rng_chance(&s->r, 75);
	spec.by_path = rng_chance(&s->r, 25);
	err = s->v->ops->view_open(s->v, &spec, &out->h);
	if (err && rules_gone(s, snap->is.name, NULL, err)) {
		out->h = NULL;
		return true;
	}
	if (err) {
		wrong(s, "a view of '%s' (id %llu, made by operation %u): %s",
		      snap->is.name, (unsigned long long)snap->is.id,
		      snap->made_by, strerror(-err));
		return false;
	}
	*out = (struct open_view) {
		.h = out->h, .id = snap->is.id, .made_by = snap->made_by,
		.copy = snap->copy, .sectors = sectors, .direct = spec.direct,
	};
	return true;
}

/* The name of what it shows, of SNAP_NAME bytes. */
void view_label(struct schedule *s, const struct open_view *ov, char *out)
{
	if (ov->id)
		strcpy(out, model_snap(&s->m, ov->id)->is.name);
	else
		snprintf(out, SNAP_NAME, "@%llu", (unsigned long long)ov->seq);
}

bool view_end(struct schedule *s, struct open_view *ov)
{
	int err = s->v->ops->view_close(ov->h);

	free(ov->own);
	if (err)
		wrong(s, "a view cannot be removed: %s", strerror(-err));
	return !err;
}

bool view_add(struct schedule *s)
{
	struct snap *snap = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
	uint32_t sectors = s->m.sectors;
	struct op *op;

	if (s->nr_views == MAX_VIEWS &&
	    !view_drop(s, rng_below(&s->r, MAX_VIEWS)))
		return false;
	if (rng_chance(&s->r, 15))
		sectors = 1 + rng_below(&s->r, sectors);
	op = op_new(s, ACT_VIEW);
	snprintf(op->name, sizeof(op->name), "%s", snap->is.name);
	if (!view_make(s, snap, sectors, &s->views[s->nr_views]))
		return false;
	op->err = 0;
	s->nr_views += !!s->views[s->nr_views].h;
	return true;
}

bool view_drop(struct schedule *s, unsigned int i)
{
	struct open_view ov = s->views[i];
	struct op *op;

	if (s->reader.active && s->reader.on.h == ov.h && !reader_stop(s))
		return false;
	op = op_new(s, ACT_UNVIEW);
	view_label(s, &ov, op->name);
	s->views[i] = s->views[--s->nr_views];
	op->err = 0;
	return view_end(s, &ov);
}

bool views_drop(struct schedule *s)
{
	bool ok = reader_stop(s);

	while (s->nr_views)
		ok = view_drop(s, s->nr_views - 1) && ok;
	return ok;
}

bool views_drop_of(struct schedule *s, uint64_t id)
{
	unsigned int i;

	for (i = s->nr_views; i > 0; i--)
		if (s->views[i - 1].id == id && !view_drop(s, i - 1))
			return false;
	return true;
}

void view_name(struct schedule *s, const struct open_view *ov, char *out)
{
	char label[SNAP_NAME];

	view_label(s, ov, label);
	snprintf(out, VIEW_NAME, "the view of '%s' (id %llu, made by operation %u)",
		 label, (unsigned long long)ov->id, ov->made_by);
}

static bool read_at(struct schedule *s, const struct open_view *ov,
		    uint64_t at, size_t bytes, char *buf)
{
	int err = s->v->ops->view_read(ov->h, at, bytes, buf);
	char what[VIEW_NAME];

	view_name(s, ov, what);
	if (err)
		wrong_at(s, (uint32_t)(at / SECTOR_BYTES),
			 "%s: reading %zu bytes at %llu: %s", what, bytes,
			 (unsigned long long)at, strerror(-err));
	return !err;
}

bool view_some(struct schedule *s, const struct open_view *ov)
{
	uint32_t n = 1 + rng_below(&s->r, 6), i;
	uint64_t all = (uint64_t)ov->sectors * SECTOR_BYTES, at, most;
	uint64_t unit = ov->direct ? SECTOR_BYTES : 1;
	char what[VIEW_NAME];
	size_t bytes;

	view_name(s, ov, what);
	for (i = 0; i < n; i++) {
		most = rng_chance(&s->r, 30) ? BUF_BYTES :
			rng_chance(&s->r, 50) ? 16384 : 3 * unit;
		at = rng_below(&s->r, (uint32_t)(all / unit)) * unit;
		/* Where it was written a lot there is more to see. */
		if (rng_chance(&s->r, 40))
			at = (uint64_t)s->aim.hot[rng_below(&s->r, HOT_PAGES)] *
				PAGE_SECTORS * SECTOR_BYTES;
		if (at >= all)
			at = 0;
		if (most > all - at)
			most = all - at;
		bytes = (1 + rng_below(&s->r, (uint32_t)(most / unit))) * unit;
		if (!read_at(s, ov, at, bytes, s->buf) ||
		    !same(s, ov->copy, s->buf, at, bytes, what))
			return false;
	}
	s->t->views++;
	return true;
}

bool view_image(struct schedule *s, const struct open_view *ov)
{
	static const uint32_t sizes[] = { 1, 3, 8, 8, 64, 256 };
	uint64_t all = (uint64_t)ov->sectors * SECTOR_BYTES, at = 0;
	/* Some short ones; then also no other is at a multiple of its size. */
	uint32_t few = rng_chance(&s->r, 40) ? rng_below(&s->r, 24) : 0;
	uint32_t size = sizes[rng_below(&s->r, 6)] * SECTOR_BYTES;
	size_t bytes;

	for (; at < all; at += bytes) {
		bytes = few ? size : BUF_BYTES;
		few -= !!few;
		if (bytes > all - at)
			bytes = all - at;
		if (!read_at(s, ov, at, bytes, s->image + at))
			return false;
		watch_beat();
	}
	return true;
}

bool view_whole(struct schedule *s, const struct open_view *ov)
{
	char what[VIEW_NAME];

	s->t->views++;
	view_name(s, ov, what);
	return view_image(s, ov) &&
		same(s, ov->copy, s->image, 0,
		     (size_t)ov->sectors * SECTOR_BYTES, what);
}

static const struct open_view *find_whole(const struct schedule *s,
					  uint64_t id)
{
	unsigned int i;

	for (i = 0; i < s->nr_views; i++)
		if (s->views[i].id == id && s->views[i].sectors == s->m.sectors)
			return &s->views[i];
	return NULL;
}

bool views_compare(struct schedule *s)
{
	const struct open_view *ov;
	struct open_view here;
	unsigned int i;

	for (i = 0; i < s->m.nr_snaps; i++) {
		ov = find_whole(s, s->m.snaps[i].is.id);
		if (ov && rng_chance(&s->r, 60)) {
			if (!view_whole(s, ov))
				return false;
			continue;
		}
		if (!view_make(s, &s->m.snaps[i], s->m.sectors, &here))
			return false;
		if (!here.h)
			continue;
		/* Removed whatever it shows: it would be in the way later. */
		view_whole(s, &here);
		view_end(s, &here);
		if (s->wrong)
			return false;
	}
	return diffs_compare(s);
}
