// SPDX-License-Identifier: GPL-2.0
/*
 * What an admin does with the volume's device, right and wrong.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

static bool failed(struct schedule *s, const char *what, int err)
{
	if (err)
		wrong(s, "%s: %s", what, strerror(-err));
	return err;
}

bool life_activate(struct schedule *s)
{
	if (rng_chance(&s->r, 35))
		schedule_options(s);
	if (failed(s, "cannot be activated",
		   s->v->ops->activate(s->v, s->options)))
		return false;
	s->active = true;
	return true;
}

static bool deactivate(struct schedule *s)
{
	if (failed(s, "the volume cannot be removed",
		   s->v->ops->deactivate(s->v)))
		return false;
	s->active = false;
	model_durable(&s->m);
	return true;
}

bool life_restart(struct schedule *s)
{
	struct op *op;

	if (!views_drop(s))
		return false;
	op = op_new(s, ACT_RESTART);
	s->t->restarts++;
	if (!deactivate(s) || !life_activate(s))
		return false;
	op->err = 0;
	if (!look_list(s) || !views_compare(s))
		return false;
	return rng_chance(&s->r, 50) || look_present(s);
}

/*
 * A reader may be waiting for the volume, so what it reads must stay. Space is
 * made later.
 */
static bool while_suspended(struct schedule *s)
{
	struct snap *snap;
	struct op *op;

	if (s->c->plain)
		return true;
	if (rng_chance(&s->r, 60)) {
		if (s->m.nr_snaps == MAX_SNAPS)
			return true;
		op = op_new(s, ACT_CREATE);
		draw_name(s, op->name);
	} else {
		snap = draw_unviewed(s);
		if (!snap)
			return true;
		op = op_new(s, ACT_DELETE);
		strcpy(op->name, snap->is.name);
	}
	op->err = op_do(op, s->v, s->m.seed, s->buf, s->reply);
	if (op->err == -ENOSPC && op->act == ACT_CREATE) {
		s->t->no_space++;
		return true;
	}
	return !failed(s, "on a suspended volume", op->err) &&
		request_apply(s, op, s->reply) && look_list(s);
}

bool life_suspend(struct schedule *s)
{
	struct op *op = op_new(s, ACT_SUSPEND);
	bool ok;

	if (failed(s, "suspend", s->v->ops->suspend(s->v)))
		return false;
	model_durable(&s->m);
	ok = rng_chance(&s->r, 40) || while_suspended(s);
	op->err = 0;
	return !failed(s, "resume", s->v->ops->resume(s->v)) && ok;
}

bool life_reload(struct schedule *s)
{
	struct op *op = op_new(s, ACT_RELOAD);
	bool take = rng_chance(&s->r, 75);

	schedule_options(s);
	if (failed(s, "reload", s->v->ops->reload(s->v, s->options, take)))
		return false;
	if (take)
		model_durable(&s->m);
	op->err = 0;
	return look_list(s);
}

/* ---- misuse ------------------------------------------------------------- */

/* Messages that must be refused with @err. */
static bool refused(struct schedule *s, const char *text, int err)
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

static bool bad_names(struct schedule *s)
{
	static const char *const bad[] = {
		"", "-a", ".a", "a/b", "a b", "a,b", "a@b", "a=b", "\xc3\xa4",
		"0123456789012345678901234567890123456789012345678901234567890123",
	};
	const char *name = bad[rng_below(&s->r, sizeof(bad) / sizeof(bad[0]))];
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
	const struct snap *a = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
	const struct snap *b = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
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
	int err;

	if (rng_chance(&s->r, 60)) {
		snprintf(text, sizeof(text), "snapshot_delete %s",
			 model_snap(&s->m, s->views[0].id)->is.name);
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
	struct view_spec spec = { .snapshot = s->m.snaps[0].is.name,
				  .sectors = s->m.sectors };

	if (rng_chance(&s->r, 50)) {
		spec.writable = true;
		return refused_view(s, "to write to", &spec, -EROFS);
	}
	spec.sectors += 1 + rng_below(&s->r, 8);
	return refused_view(s, "larger than its volume", &spec, 0);
}

bool life_misuse(struct schedule *s)
{
	struct op *op = op_new(s, ACT_MISUSE);
	uint32_t what = rng_below(&s->r, 6);
	bool ok;

	op->err = 0;
	if (what == 0)
		ok = bad_names(s);
	else if (what == 1 || !s->m.nr_snaps)
		ok = unknown_names(s);
	else if (what == 2)
		ok = taken_names(s);
	else if (what == 3)
		ok = bad_views(s);
	else if (what == 4 || !s->nr_views)
		ok = refused(s, "detach", -EBUSY);
	else
		ok = while_viewed(s);
	return ok && look_list(s);
}
