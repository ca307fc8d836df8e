// SPDX-License-Identifier: GPL-2.0
/*
 * The steps of a schedule.
 */
#include <string.h>

#include "schedule.h"

static bool act_change(struct schedule *s, enum act act)
{
	struct op *op = op_new(s, act);

	aim_at(&s->aim, op, &s->r);
	return request(s, op);
}

static bool act_flush(struct schedule *s)
{
	struct op *op = op_new(s, ACT_FLUSH);

	op->n = rng_chance(&s->r, 30);
	return request(s, op);
}

/* The list after a change to it, now and then. */
static bool glance(struct schedule *s)
{
	if (rng_chance(&s->r, 20) && !look_health(s))
		return false;
	return rng_chance(&s->r, 50) || look_list(s);
}

static bool act_create(struct schedule *s)
{
	struct op *op;

	if (!request_place(s))
		return false;
	op = op_new(s, ACT_CREATE);
	draw_name(s, op->name);
	return request(s, op) && glance(s);
}

static bool act_delete(struct schedule *s)
{
	struct snap *snap = draw_unviewed(s);

	if (!snap || rng_chance(&s->r, 25))
		snap = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
	return request_delete(s, snap) && glance(s);
}

static bool act_rename(struct schedule *s)
{
	struct snap *snap = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
	struct op *op = op_new(s, ACT_RENAME);

	strcpy(op->name, snap->is.name);
	draw_name(s, op->other);
	return request(s, op) && glance(s);
}

static bool act_read(struct schedule *s)
{
	struct op *op = op_new(s, ACT_READ);

	aim_at(&s->aim, op, &s->r);
	op->err = s->v->ops->read(s->v, op->first, op->n, s->buf);
	if (op->err) {
		wrong_at(s, op->first, "reading %u sectors at %u of the volume: %s",
			 op->n, op->first, strerror(-op->err));
		return false;
	}
	return same(s, s->m.cur, s->buf, (uint64_t)op->first * SECTOR_BYTES,
		    (size_t)op->n * SECTOR_BYTES, "the volume");
}

static const struct open_view *draw_view(struct schedule *s)
{
	if (!s->nr_views && (!view_add(s) || !s->nr_views))
		return NULL;
	return &s->views[rng_below(&s->r, s->nr_views)];
}

static bool act_compare(struct schedule *s)
{
	const struct open_view *ov = draw_view(s);
	struct op *op;

	if (!ov)
		return !s->wrong;
	op = op_new(s, ACT_COMPARE);
	view_label(s, ov, op->name);
	op->err = 0;
	if (rng_chance(&s->r, 40) && !diff_compare(s))
		return false;
	return rng_chance(&s->r, 15) ? view_whole(s, ov) : view_some(s, ov);
}

static bool act_reader(struct schedule *s)
{
	const struct open_view *ov;
	struct op *op;

	if (s->reader.active) {
		op = op_new(s, ACT_READER);
		strcpy(op->name, "stop");
		op->err = 0;
		return reader_stop(s);
	}
	ov = draw_view(s);
	if (!ov)
		return !s->wrong;
	op = op_new(s, ACT_READER);
	view_label(s, ov, op->name);
	op->err = 0;
	reader_start(s, ov);
	return true;
}

static bool act_pause(struct schedule *s)
{
	struct op *op = op_new(s, ACT_PAUSE);
	uint32_t us = 50u << rng_below(&s->r, 9);

	/* For a window of seconds to move. */
	if (s->window.seconds && s->window.seconds < 10 &&
	    rng_chance(&s->r, 50))
		us = 1000000;
	op->err = 0;
	s->v->ops->rest(s->v, us);
	return true;
}

static bool lacks_snapshot(const struct schedule *s, enum act act)
{
	switch (act) {
	case ACT_DELETE:
	case ACT_RENAME:
	case ACT_VIEW:
		return !s->m.nr_snaps;
	case ACT_REWIND:
		return !s->m.nr_snaps && !s->m.nr_instants;
	case ACT_COMPARE:
	case ACT_UNVIEW:
	case ACT_READER:
		return !s->m.nr_snaps && !s->nr_views;
	default:
		return false;
	}
}

/* What has to be there before the window can be asked for anything. */
static enum act window_first(struct schedule *s, enum act act)
{
	switch (act) {
	case ACT_LOOK_BACK:
	case ACT_PICK:
		if (s->m.nr_instants)
			return act;
		return s->window.seconds ? ACT_MOMENT : ACT_WINDOW;
	case ACT_AGE:
		return s->window.is.nr || rng_chance(&s->r, 10) ? act :
								  ACT_WINDOW;
	case ACT_MOMENT:
		return s->window.seconds || rng_chance(&s->r, 20) ? act :
								    ACT_WINDOW;
	default:
		return act;
	}
}

static bool act_pick(struct schedule *s)
{
	if (!request_place(s))
		return false;
	return window_pick(s) && glance(s);
}

bool act_do(struct schedule *s, enum act act)
{
	/* No act makes that many changes. */
	if (s->m.nr_changes > MAX_CHANGES - 60 && !request_flush(s))
		return false;
	if (s->ruled && model_tale_is_long(&s->m) &&
	    !(request_flush(s) && rules_look(s)))
		return false;
	act = window_first(s, act);
	if (lacks_snapshot(s, act))
		act = rng_chance(&s->r, 50) ? ACT_CREATE : ACT_WRITE;
	if (!s->nr_views && act == ACT_UNVIEW)
		act = ACT_VIEW;
	switch (act) {
	case ACT_WRITE:
	case ACT_DSYNC:
	case ACT_ZERO:
	case ACT_DISCARD:
		return act_change(s, act);
	case ACT_FLUSH:
		return act_flush(s);
	case ACT_CREATE:
		return act_create(s);
	case ACT_DELETE:
		return act_delete(s);
	case ACT_RENAME:
		return act_rename(s);
	case ACT_REWIND:
		return rewind_act(s);
	case ACT_RECONCILE:
		return request(s, op_new(s, act));
	case ACT_DRAIN:
		return request_drain(s) && look_origin(s);
	case ACT_READ:
		return act_read(s);
	case ACT_VIEW:
		return view_add(s);
	case ACT_COMPARE:
		return act_compare(s);
	case ACT_UNVIEW:
		return window_views_compare(s) &&
			view_drop(s, rng_below(&s->r, s->nr_views));
	case ACT_READER:
		return act_reader(s);
	case ACT_PAUSE:
		return act_pause(s);
	case ACT_PICK:
		return act_pick(s);
	case ACT_WINDOW:
		return window_act(s);
	case ACT_MOMENT:
		return window_note(s);
	case ACT_LOOK_BACK:
		return window_look_back(s);
	case ACT_AGE:
		return rules_age(s);
	case ACT_WAIT:
		return wait_act(s);
	case ACT_SUSPEND:
		return life_suspend(s);
	case ACT_RELOAD:
		return life_reload(s);
	case ACT_RACE:
		return race(s);
	case ACT_MISUSE:
		return misuse(s);
	case ACT_RESTART:
		return life_restart(s);
	case ACT_CRASH:
		return crash(s);
	default:
		return true;
	}
}
