// SPDX-License-Identifier: GPL-2.0
/*
 * What must be refused.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

bool refused(struct schedule *s, const char *text, int err)
{
	int is = s->v->ops->message(s->v, text, s->reply);

	if (is == err)
		return true;
	wrong(s, "message '%s' gives %s in place of %s", text,
	      is ? strerror(-is) : "success", strerror(-err));
	return false;
}

static bool refused_view(struct schedule *s, const char *what,
			 const struct view_spec *spec, int want)
{
	struct view *view;
	int err = s->v->ops->view_open(s->v, spec, &view);

	if (!err)
		s->v->ops->view_close(view);
	if (err && (!want || err == want))
		return true;
	wrong(s, "a view %s gives %s", what, err ? strerror(-err) : "success");
	return false;
}

const char *draw_bad_name(struct schedule *s)
{
	static const char *const bad[] = {
		"", "-a", ".a", "a/b", "a b", "a,b", "a@b", "a=b", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};

	return bad[rng_below(&s->r, sizeof(bad) / sizeof(bad[0]))];
}

static bool bad_names(struct schedule *s)
{
	const char *name = draw_bad_name(s);
	char text[3 * SNAP_NAME];

	if (s->m.nr_snaps && rng_chance(&s->r, 40))
		snprintf(text, sizeof(text), "snapshot_rename %s %s",
			 s->m.snaps[0].is.name, name);
	else
		snprintf(text, sizeof(text), "snapshot_create %s", name);
	return refused(s, text, -EINVAL);
}

static bool unknown_names(struct schedule *s)
{
	struct view_spec spec = { .snapshot = "none", .sectors = 8 };

	switch (rng_below(&s->r, 3)) {
	case 0:
		return refused(s, "snapshot_delete none", -ENOENT);
	case 1:
		return refused(s, "snapshot_rename none some", -ENOENT);
	default:
		return refused_view(s, "of an unknown snapshot", &spec, 0);
	}
}

static bool taken_names(struct schedule *s)
{
	uint32_t n = model_named(&s->m);
	const struct snap *a = model_nth_named(&s->m, rng_below(&s->r, n));
	const struct snap *b = model_nth_named(&s->m, rng_below(&s->r, n));
	char text[3 * SNAP_NAME];

	if (a == b)
		snprintf(text, sizeof(text), "snapshot_create %s", a->is.name);
	else
		snprintf(text, sizeof(text), "snapshot_rename %s %s",
			 a->is.name, b->is.name);
	return refused(s, text, -EEXIST);
}

static bool while_viewed(struct schedule *s)
{
	char text[2 * SNAP_NAME];
	unsigned int i = 0;
	int err;

	while (i < s->nr_views && !s->views[i].id)
		i++;
	if (i < s->nr_views && rng_chance(&s->r, 60)) {
		snprintf(text, sizeof(text), "snapshot_delete %s",
			 model_snap(&s->m, s->views[i].id)->is.name);
		return refused(s, text, -EBUSY);
	}
	err = s->v->ops->deactivate(s->v);
	if (!err)
		s->active = false;
	if (err != -EBUSY)
		wrong(s, "the volume is removed while there are views: %s",
		      strerror(-err));
	return !s->wrong;
}

static bool bad_views(struct schedule *s)
{
	struct view_spec spec = { .snapshot =
					model_nth_named(&s->m, 0)->is.name,
				  .sectors = s->m.sectors };

	if (rng_chance(&s->r, 50)) {
		spec.writable = true;
		return refused_view(s, "to write to", &spec, -EROFS);
	}
	spec.sectors += 1 + rng_below(&s->r, 8);
	return refused_view(s, "larger than its volume", &spec, 0);
}

bool misuse(struct schedule *s)
{
	struct op *op = op_new(s, ACT_MISUSE);
	uint32_t what = rng_below(&s->r, s->c->no_rewind ? 6 : 8);
	bool ok;

	op->err = 0;
	if (windows(s) && rng_chance(&s->r, 25))
		ok = window_misuse(s);
	else if (what == 0)
		ok = bad_names(s);
	/* Those made by rule may go at any time. */
	else if (what == 1 || !model_named(&s->m))
		ok = unknown_names(s);
	else if (what == 2)
		ok = taken_names(s);
	else if (what >= 6)
		ok = rewind_misuse(s);
	else if (what == 3)
		ok = bad_views(s);
	else if (what == 4 || !s->nr_views)
		ok = refused(s, "detach", -EBUSY);
	else
		ok = while_viewed(s);
	return ok && look_list(s);
}
