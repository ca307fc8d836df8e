// SPDX-License-Identifier: GPL-2.0
/*
 * The window: every sequence that it reaches back to must be there, and show
 * what the volume held then; all others must be refused. How far it reaches back
 * the volume says itself; that it may only move up, and not at all if neither
 * time nor its rules let it, is held against it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../model/util.h"
#include "schedule.h"

#define FOR_EVER	86400u	/* s: longer than a schedule */
#define MOVE_POLLS	60u

bool windows(const struct schedule *s)
{
	return !s->c->plain && !s->c->no_window;
}

/* ---- what it says of itself --------------------------------------------- */

/* Room is made by making it shorter. */
static bool shortens(const struct schedule *s)
{
	return !strncmp(s->window.rules, "shorten ", 8);
}

bool window_may_move(const struct schedule *s)
{
	return shortens(s) || s->window.seconds < FOR_EVER;
}

/* The first line of a history. */
static bool parse(const char *text, uint64_t *from, uint64_t *last,
		  uint64_t *time_ns, const char **rest)
{
	char *end;

	*from = UINT64_MAX;
	end = (char *)text + 1;
	if (*text != '-')
		*from = strtoull(text, &end, 10);
	if (end == text || *end != ' ')
		return false;
	*last = strtoull(end, &end, 10);
	if (*end != ' ')
		return false;
	*time_ns = strtoull(end, &end, 10);
	*rest = end + 1;
	return *end == '\n';
}

/* The other lines: those of moments. */
static const char *bad_moments(const char *p, uint64_t from, uint64_t last)
{
	uint64_t before = 0, seq, time_ns;
	char *end;

	for (; *p; p = end + 1) {
		seq = strtoull(p, &end, 10);
		if (end == p || *end != ' ')
			return "is not well formed";
		time_ns = strtoull(end, &end, 10);
		if (*end != '\n')
			return "is not well formed";
		if (seq < before)
			return "is not in order";
		if (seq < from || seq > last || !time_ns)
			return "has moments that are not of the window";
		before = seq;
	}
	return NULL;
}

bool window_ask(struct schedule *s, struct history *h)
{
	struct window *w = &s->window;
	const char *why = NULL, *rest;
	int err = s->v->ops->message(s->v, "history", s->reply);

	if (err) {
		wrong(s, "history: %s", strerror(-err));
		return false;
	}
	if (!parse(s->reply, &h->from, &h->last, &h->time_ns, &rest))
		why = "is not well formed";
	else if ((h->from != UINT64_MAX) != !!w->seconds)
		why = w->seconds ? "has no window" : "has a window";
	else
		why = bad_moments(rest, h->from, h->last);
	if (!why && w->seconds && w->asked && h->from < w->from)
		why = "goes further back than it did";
	if (!why && w->seconds && w->asked && h->from > w->from) {
		s->t->shortened++;
		if (!window_may_move(s))
			why = "goes less far back, with room to make elsewhere";
	}
	if (why) {
		wrong(s, "history %s (retention %s, it went back to %" PRIu64 "): %.300s",
		      why, w->rules, w->from, s->reply);
		return false;
	}
	w->from = h->from;
	w->asked = w->seconds;
	return true;
}

/* It refused @seq, though it had just said otherwise: has it moved on? */
static bool moved_on(struct schedule *s, uint64_t seq, const char *what)
{
	uint32_t us = 100, i;
	struct history h;

	for (i = 0; i < MOVE_POLLS; i++) {
		if (!window_ask(s, &h))
			return false;
		if (h.from > seq)
			return true;
		s->v->ops->rest(s->v, us);
		us = us < 50000 ? us * 2 : 100000;
		watch_beat();
	}
	wrong(s, "%s @%" PRIu64 " is refused, and the window goes back to %" PRIu64,
	      what, seq, h.from);
	return false;
}

bool window_rules(struct schedule *s)
{
	size_t n;
	int err;

	if (!windows(s))
		return true;
	err = s->v->ops->message(s->v, "retention", s->reply);
	n = strcspn(s->reply, "\n");
	if (!err && n == strlen(s->window.rules) &&
	    !memcmp(s->reply, s->window.rules, n))
		return true;
	wrong(s, "retention is '%.*s' (%s) in place of '%s'", (int)n, s->reply,
	      strerror(-err), s->window.rules);
	return false;
}

/* ---- its rules ---------------------------------------------------------- */

void window_apply(struct schedule *s, const char *rules)
{
	struct window *w = &s->window;
	bool was = w->seconds;
	unsigned int i;

	snprintf(w->rules, sizeof(w->rules), "%s", rules);
	w->seconds = (uint32_t)strtoul(strchr(rules, ' ') + 1, NULL, 10);
	rules_parse(rules, &w->is);
	/* It may have moved before the rules changed. */
	w->asked = false;
	/* A window knows of no time before it began. */
	for (i = 0; i < s->m.nr_instants && (!was || !w->seconds); i++)
		s->m.instants[i].time_ns = UINT64_MAX;
}

bool window_settle(struct schedule *s, const char *rules)
{
	int err = s->v->ops->message(s->v, "retention", s->reply);
	size_t n = strcspn(s->reply, "\n");

	/* What neither is will be found out. */
	if (err || n != strlen(rules) || memcmp(s->reply, rules, n))
		return false;
	window_apply(s, rules);
	return true;
}

void window_draw(struct schedule *s, char *rules)
{
	uint32_t kind = rng_below(&s->r, 100), seconds = 3600;
	bool fail = kind < 20 || (s->ruled && kind < 60);
	char more[SNAP_NAME / 2];

	rules_draw(s, more, sizeof(more));
	if (kind < 20)
		seconds = FOR_EVER;
	else if (kind < 32)
		seconds = 1 + rng_below(&s->r, 3);
	snprintf(rules, SNAP_NAME, "%s %u%s", fail ? "fail" : "shorten",
		 seconds, more);
}

bool window_set(struct schedule *s, const char *rules)
{
	struct op *op;

	/* What these made and dropped is judged by them. */
	if (s->ruled && !rules_look(s))
		return false;
	op = op_new(s, ACT_WINDOW);
	snprintf(op->name, sizeof(op->name), "%s", rules);
	return request(s, op) && (!s->ruled || rules_settle(s));
}

bool window_off(struct schedule *s)
{
	return !s->window.seconds || window_set(s, "shorten 0");
}

bool window_act(struct schedule *s)
{
	uint32_t kind = rng_below(&s->r, 100);
	char rules[SNAP_NAME];
	struct history h;

	window_draw(s, rules);
	if (s->window.seconds && kind < 55 && !window_off(s))
		return false;
	return ((s->window.seconds == 0 && kind < 30 && kind >= 5) ||
		window_set(s, rules)) && window_ask(s, &h) &&
		window_rules(s) && window_views_compare(s);
}

/* ---- instants ----------------------------------------------------------- */

bool window_note(struct schedule *s)
{
	struct op *op = op_new(s, ACT_MOMENT), *flush;
	unsigned int slot = s->m.nr_instants;
	struct instant *in;
	struct history h;

	flush = op_new(s, ACT_FLUSH);
	flush->n = 1;
	if (!request(s, flush) || !window_ask(s, &h))
		return false;
	if (slot == MAX_INSTANTS)
		slot = rng_below(&s->r, MAX_INSTANTS);
	in = model_note(&s->m, slot, h.last, s->window.seconds ? h.time_ns :
			UINT64_MAX, op->id);
	snprintf(op->name, sizeof(op->name), "@%" PRIu64, in->seq);
	op->err = 0;
	/* Else what it did was not what the model took it for. */
	return same(s, in->copy, s->m.cur, 0,
		    (size_t)s->m.sectors * SECTOR_BYTES,
		    "the model, at a sequence it knows");
}

struct instant *window_draw_instant(struct schedule *s)
{
	return s->m.nr_instants ?
		&s->m.instants[rng_below(&s->r, s->m.nr_instants)] : NULL;
}

struct instant *window_inside(struct schedule *s)
{
	struct instant *in = window_draw_instant(s);
	struct history h;

	if (!in || !s->window.seconds || !window_ask(s, &h))
		return NULL;
	return in->seq >= h.from ? in : NULL;
}

/*
 * Open a view of @seq, which must show @copy. Success leaves @ov->h NULL if it
 * was refused, and rightly so.
 */
static bool open_at(struct schedule *s, uint64_t seq, const struct instant *in,
		    struct open_view *ov)
{
	char name[SNAP_NAME];
	struct history h;
	int err;

	snprintf(name, sizeof(name), "@%" PRIu64, seq);
	if (!window_ask(s, &h))
		return false;
	err = view_try(s, name, ov);
	if (err == -ENOENT) {
		s->t->looks_refused++;
		ov->h = NULL;
		return h.from > seq || moved_on(s, seq, "a view of");
	}
	ov->seq = seq;
	ov->made_by = in->made_by;
	ov->copy = in->copy;
	if (!err && h.from <= seq)
		return true;
	wrong(s, "a view of %s, made by operation %u, gives %s; the window goes back to %" PRIu64,
	      name, in->made_by, err ? strerror(-err) : "success", h.from);
	if (!err)
		view_end(s, ov);
	return false;
}

/* It stays open while the window may move past it. */
static bool hold(struct schedule *s, struct open_view *ov)
{
	size_t bytes = (size_t)s->m.sectors * SECTOR_BYTES;

	/* The instant may be replaced by another one. */
	ov->own = xcalloc(bytes, 1);
	memcpy(ov->own, ov->copy, bytes);
	ov->copy = ov->own;
	if (s->nr_views == MAX_VIEWS &&
	    !view_drop(s, rng_below(&s->r, MAX_VIEWS))) {
		view_end(s, ov);
		return false;
	}
	s->views[s->nr_views++] = *ov;
	s->t->looks_held++;
	return view_some(s, ov);
}

/* A sequence between two instants: some of what was done between is there. */
static bool look_between(struct schedule *s, const struct instant *in)
{
	const struct instant *base = model_instant_at(&s->m, in->before);
	struct moment mo = { .changes = in->since, .nr = in->nr_since };
	struct open_view ov;
	char why[600];
	uint64_t seq;
	uint32_t bad;
	bool ok;

	seq = base->seq + 1 + rng_below(&s->r, (uint32_t)(in->seq - base->seq));
	mo.base = base->copy;
	if (!open_at(s, seq, in, &ov))
		return false;
	if (!ov.h)
		return true;
	ok = view_image(s, &ov);
	if (!view_end(s, &ov) || !ok)
		return false;
	s->t->looks_between++;
	s->t->bytes += (uint64_t)s->m.sectors * SECTOR_BYTES;
	if (moment_find(&s->m, &mo, s->image, &bad, why, sizeof(why)))
		return true;
	wrong_at(s, bad, "the view of @%" PRIu64 ", between @%" PRIu64 " (operation %u) and @%" PRIu64 " (operation %u): page %u, sector %u %s",
		 seq, base->seq, base->made_by, in->seq, in->made_by,
		 bad / PAGE_SECTORS, bad, why);
	return false;
}

static bool look_back(struct schedule *s, const struct instant *in, bool may_hold)
{
	struct op *op = op_new(s, ACT_LOOK_BACK);
	struct open_view ov;
	bool ok;

	op->err = 0;
	snprintf(op->name, sizeof(op->name), "@%" PRIu64, in->seq);
	if (in->before && model_instant_at(&s->m, in->before) &&
	    in->nr_since && rng_chance(&s->r, 30))
		return look_between(s, in);
	if (!open_at(s, in->seq, in, &ov))
		return false;
	if (!ov.h)
		return true;
	s->t->looks++;
	if (may_hold && rng_chance(&s->r, 25))
		return hold(s, &ov);
	ok = view_whole(s, &ov);
	return view_end(s, &ov) && ok;
}

bool window_look_back(struct schedule *s)
{
	return look_back(s, window_draw_instant(s), true);
}

bool window_compare(struct schedule *s)
{
	unsigned int i;

	if (!windows(s) || !s->m.nr_instants)
		return true;
	for (i = 0; i < s->m.nr_instants; i++)
		if (rng_chance(&s->r, 40) &&
		    !look_back(s, &s->m.instants[i], false))
			return false;
	return true;
}

/* ---- snapshots of them -------------------------------------------------- */

bool window_picked(struct schedule *s, const struct op *op, const char *reply)
{
	const char *why = "not one line of a list", *end;
	struct snap_line line;

	end = snap_line_parse(reply, &line);
	if (end && !*end && !strcmp(line.name, op->name) && !line.views &&
	    model_pick(&s->m, &line, op->id,
		       model_instant(&s->m, op->other), &why)) {
		s->t->picks++;
		s->t->snapshots++;
		return true;
	}
	wrong(s, "picking '%s' of %s returned '%s': %s", op->name, op->other,
	      reply, why ? why : "another name, or views");
	return false;
}

bool window_pick(struct schedule *s)
{
	struct instant *in = window_draw_instant(s);
	char text[3 * SNAP_NAME];
	struct history h;
	struct op *op;

	op = op_new(s, ACT_PICK);
	draw_name(s, op->name);
	snprintf(op->other, sizeof(op->other), "@%" PRIu64, in->seq);
	if (!window_ask(s, &h))
		return false;
	op->err = op_do(op, s->v, s->m.seed, s->buf, s->reply);
	if (op->err == -ENOENT) {
		s->t->looks_refused++;
		return h.from > in->seq || moved_on(s, in->seq, "a pick of");
	}
	if (op->err || h.from > in->seq) {
		wrong(s, "a pick, and the window goes back to %" PRIu64 ": %s",
		      h.from, op_text(op, text, sizeof(text)));
		return false;
	}
	return window_picked(s, op, s->reply);
}

/* ---- no room ------------------------------------------------------------ */

bool window_views_compare(struct schedule *s)
{
	unsigned int i;

	for (i = 0; i < s->nr_views; i++)
		if (!s->views[i].id && !view_whole(s, &s->views[i]))
			return false;
	return true;
}

bool window_views_drop(struct schedule *s)
{
	unsigned int i;

	if (!window_views_compare(s))
		return false;
	for (i = s->nr_views; i > 0; i--)
		if (!s->views[i - 1].id && !view_drop(s, i - 1))
			return false;
	return true;
}

bool window_alone(const struct schedule *s)
{
	bool viewed = false;
	unsigned int i;

	for (i = 0; i < s->nr_views; i++)
		viewed |= !s->views[i].id;
	return s->window.seconds && shortens(s) && !viewed &&
		!s->m.nr_snaps && !s->m.unsettled;
}

bool window_room(struct schedule *s)
{
	/* It makes room by itself, or not at all. */
	return window_views_drop(s) && (shortens(s) || window_off(s));
}

/* ---- misuse ------------------------------------------------------------- */

bool window_misuse(struct schedule *s)
{
	static const char *const bad[] = {
		"retention shorten", "retention often 60",
		"retention shorten 3700000000", "retention shorten x",
		"retention fail 0 60:600", "retention fail 60 600:60",
		"retention fail 60 10:600", "snapshot_create new @",
		"snapshot_create new @1x", "snapshot_create new 1",
	};
	char text[2 * SNAP_NAME];
	struct open_view ov;
	struct history h;
	int err;

	if (!window_ask(s, &h))
		return false;
	switch (rng_below(&s->r, 3)) {
	case 0:
		return refused(s, bad[rng_below(&s->r, sizeof(bad) /
						sizeof(bad[0]))], -EINVAL) &&
			window_rules(s);
	case 1:
		snprintf(text, sizeof(text), "snapshot_create new @%" PRIu64,
			 h.last + 1000);
		return refused(s, text, -ENOENT);
	default:
		snprintf(text, sizeof(text), "@%" PRIu64, h.last + 1000);
		err = view_try(s, text, &ov);
		if (!err)
			view_end(s, &ov);
		if (err == -ENOENT)
			return true;
		wrong(s, "a view of %s, which has not been yet: %s", text,
		      err ? strerror(-err) : "success");
		return false;
	}
}
