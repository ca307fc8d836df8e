// SPDX-License-Identifier: GPL-2.0
/*
 * Single requests, and what they mean for the model.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

#define ROOM_TRIES	100u

struct op *op_new(struct schedule *s, enum act act)
{
	s->t->ops[act]++;
	watch_beat();
	return trail_add(&s->trail, act);
}

void draw_name(struct schedule *s, char *name)
{
	static const char chars[] = "abcXYZ0189_.:+-";
	uint32_t n, i;

	/* One that may have been there before. */
	snprintf(name, SNAP_NAME, "s%u", rng_below(&s->r, s->nr_names + 1));
	if (rng_chance(&s->r, 20) && !model_snap_named(&s->m, name))
		return;
	do
		n = (uint32_t)snprintf(name, SNAP_NAME, "s%u", s->nr_names++);
	while (model_snap_named(&s->m, name));
	if (!rng_chance(&s->r, 15))
		return;
	name[n++] = '.';
	i = n + rng_below(&s->r, SNAP_NAME - n);
	while (n < i)
		name[n++] = chars[rng_below(&s->r, sizeof(chars) - 1)];
	name[n] = 0;
}

struct snap *draw_unviewed(struct schedule *s)
{
	uint32_t at = rng_below(&s->r, s->m.nr_snaps + 1), i;

	for (i = 0; i < s->m.nr_snaps; i++) {
		struct snap *snap = &s->m.snaps[(at + i) % s->m.nr_snaps];

		if (!views_of(s, snap->is.id))
			return snap;
	}
	return NULL;
}

/* @reply is the line of a snapshot of now, @name. */
static bool apply_line(struct schedule *s, const struct op *op,
		       const char *name, const char *reply)
{
	const char *why = "not one line of a list", *end;
	struct snap_line line;

	end = snap_line_parse(reply, &line);
	if (end && !*end && !strcmp(line.name, name) && !line.views &&
	    model_add(&s->m, &line, op->id, s->m.cur, &why)) {
		s->t->snapshots++;
		model_durable(&s->m);
		return true;
	}
	wrong(s, "creating '%s' returned '%s': %s", name, reply,
	      why ? why : "another name, or views");
	return false;
}

static bool apply_rewind(struct schedule *s, const struct op *op,
			 const char *reply)
{
	const char *image = model_image(&s->m, op->name);
	const struct snap *to = model_snap_named(&s->m, op->name);

	s->t->rewinds++;
	s->t->rewinds_moment += !to;
	s->t->rewinds_back += to &&
		s->trail.ops[to->made_by - 1].act == ACT_REWIND;
	if (!apply_line(s, op, op->other, reply))
		return false;
	model_rewind(&s->m, image);
	return true;
}

bool request_apply(struct schedule *s, const struct op *op, const char *reply)
{
	struct model *m = &s->m;
	struct snap *snap;

	switch (op->act) {
	case ACT_WRITE:
	case ACT_DSYNC:
	case ACT_ZERO:
	case ACT_DISCARD:
		model_change(m, op);
		if (op->act == ACT_DSYNC)
			model_durable(m);
		return true;
	case ACT_DRAIN:
		m->unsettled = false;
		model_durable(m);
		return true;
	case ACT_FLUSH:
		model_durable(m);
		return true;
	case ACT_CREATE:
		return apply_line(s, op, op->name, reply);
	case ACT_REWIND:
		return apply_rewind(s, op, reply);
	case ACT_PICK:
		return window_picked(s, op, reply);
	case ACT_WINDOW:
		window_apply(s, op->name);
		return true;
	case ACT_DELETE:
		snap = model_snap_named(m, op->name);
		rules_loses(s, snap);
		model_remove(m, snap);
		return true;
	case ACT_RENAME:
		snap = model_snap_named(m, op->name);
		s->t->ruled_kept += snap->ruled;
		rules_loses(s, snap);
		/* Who names it wants it, whatever the rules say. */
		snap->ruled = false;
		strcpy(snap->is.name, op->other);
		return true;
	default:
		return true;
	}
}

bool request_resolve(struct schedule *s, const struct op *op)
{
	char new[SECTOR_BYTES], what[160];
	uint32_t i, sector;
	int err;

	err = s->v->ops->read(s->v, op->first, op->n, s->image);
	if (err) {
		wrong_at(s, op->first, "reading %u sectors at %u after a write that failed: %s",
			 op->n, op->first, strerror(-err));
		return false;
	}
	for (i = 0; i < op->n; i++) {
		char *is = s->image + (size_t)i * SECTOR_BYTES;

		sector = op->first + i;
		memset(new, 0, sizeof(new));
		if (op_value(op) != VAL_ZERO)
			stamp_make(new, s->m.seed, sector, op->id);
		if (!memcmp(is, new, SECTOR_BYTES)) {
			memcpy(s->m.cur + (size_t)sector * SECTOR_BYTES, new,
			       SECTOR_BYTES);
			continue;
		}
		snprintf(what, sizeof(what),
			 "the volume after operation %u failed (%s)", op->id,
			 strerror(-op->err));
		if (!same(s, s->m.cur, is, (uint64_t)sector * SECTOR_BYTES,
			  SECTOR_BYTES, what))
			return false;
	}
	model_maybe_change(&s->m, op);
	/* Which of its parts came first need then not be asked. */
	return request_flush(s) && (!s->ruled || rules_look(s));
}

bool snaps_full(const struct schedule *s)
{
	return model_named(&s->m) >= MAX_SNAPS;
}

bool request_place(struct schedule *s)
{
	uint32_t at = rng_below(&s->r, MAX_SNAPS);

	return !snaps_full(s) ||
		request_delete(s, model_nth_named(&s->m, at));
}

bool request_delete(struct schedule *s, struct snap *snap)
{
	struct op *op;

	if (!views_drop_of(s, snap->is.id))
		return false;
	op = op_new(s, ACT_DELETE);
	snprintf(op->name, sizeof(op->name), "%s", snap->is.name);
	return request(s, op);
}

bool request_room(struct schedule *s, const struct op *op)
{
	struct op *again;
	uint32_t tries;

	if (s->m.nr_snaps && s->window.seconds && rng_chance(&s->r, 25)) {
		s->v->ops->rest(s->v, 1000);
		return window_off(s);
	}
	if (s->m.nr_snaps) {
		uint32_t i = rng_below(&s->r, s->m.nr_snaps);

		if (!request_delete(s, &s->m.snaps[i]))
			return false;
		/* It comes back in the background. */
		s->v->ops->rest(s->v, 1000);
		return true;
	}
	if (op_changes(op) && window_alone(s)) {
		wrong(s, "only the window keeps the log full, and a write fails in place of making it shorter");
		return false;
	}
	if (!window_room(s))
		return false;
	/* That is for another time. */
	if (op->act == ACT_REWIND)
		return request_drain(s);
	/* What a rewind needs is not given back before it has settled. */
	if (s->m.unsettled && op->act == ACT_DRAIN)
		s->v->ops->rest(s->v, 200000);
	else if ((s->m.unsettled && !request_drain(s)) ||
		 (!s->c->plain && !s->window.seconds && !look_past(s)) ||
		 (op->act == ACT_CREATE && !request_drain(s)))
		return false;
	again = op_new(s, op->act);
	again->first = op->first;
	again->n = op->n;
	strcpy(again->name, op->name);
	/* A window is made shorter in the background. */
	for (tries = s->window.seconds ? ROOM_TRIES : 1; tries; tries--) {
		again->err = op_do(again, s->v, s->m.seed, s->buf, s->reply);
		if (again->err != -ENOSPC || tries == 1)
			break;
		s->v->ops->rest(s->v, 100000);
		watch_beat();
	}
	if (!again->err)
		return request_apply(s, again, s->reply);
	wrong(s, "there is no snapshot, %s, and still: %s", s->window.seconds ?
	      "the window may be made shorter" : "nothing is kept for one",
	      strerror(-again->err));
	return false;
}

bool request(struct schedule *s, struct op *op)
{
	char text[3 * SNAP_NAME];

	op->err = op_do(op, s->v, s->m.seed, s->buf, s->reply);
	if (!op->err)
		return request_apply(s, op, s->reply);
	if ((op->act == ACT_DELETE || op->act == ACT_RENAME) &&
	    rules_gone(s, op->name, NULL, op->err))
		return true;
	if (op->err != -ENOSPC || !(op_changes(op) || op->act == ACT_CREATE ||
				   op->act == ACT_RENAME ||
				   op->act == ACT_DRAIN)) {
		wrong(s, "failed: %s", op_text(op, text, sizeof(text)));
		return false;
	}
	s->t->no_space++;
	return (!op_changes(op) || request_resolve(s, op)) &&
		request_room(s, op);
}

bool request_flush(struct schedule *s)
{
	return request(s, op_new(s, ACT_FLUSH));
}

bool request_drain(struct schedule *s)
{
	struct op *op;

	/* Each time there is no space there is a snapshot less. */
	do {
		op = op_new(s, ACT_DRAIN);
		if (!request(s, op))
			return false;
	} while (op->err);
	return true;
}
