// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots made by rule. They come and go by themselves, so each time the list is
 * looked at it is judged what has: one that is new must be one that was due, and
 * hold what the volume held at some time since the last look; one that is gone
 * must be one that no rule kept. When minutes have gone by those that were due
 * must be there, and those that no rule keeps must not.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schedule.h"

#define SECOND		((uint64_t)1000000000)
#define LOOKS		20u	/* until two are the same */
#define PIECE		30u	/* s to rest at a time */
/* The volume looks after it once in so many seconds, and some. */
#define TEND		70u
#define RESERVE		4u	/* places that are left to others */
#define GONE_POLLS	700u

/* ---- rules -------------------------------------------------------------- */

void rules_draw(struct schedule *s, char *out, size_t size)
{
	static const char *const some[] = {
		" 60:120", " 60:240", " 120:600", " 90:270", " 60:180 240:960",
		" 60:60 180:540",
	};

	*out = 0;
	if (s->ruled && rng_chance(&s->r, 85))
		snprintf(out, size, "%s",
			 some[rng_below(&s->r, sizeof(some) / sizeof(*some))]);
}

/* @text: as `retention` says it. */
void rules_parse(const char *text, struct rules *r)
{
	const char *p = strchr(text, ' ');

	r->nr = 0;
	while (p && (p = strchr(p + 1, ' ')) && r->nr < MAX_RULES &&
	       sscanf(p, " %u:%u", &r->every[r->nr], &r->keep[r->nr]) == 2)
		r->nr++;
}

/* Of those of the same @every, counted from 1970, the first is kept for @keep. */
static bool keeps(const struct rules *r, uint64_t before, uint64_t time,
		  uint64_t now)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (time + r->keep[i] >= now &&
		    (!before || before / r->every[i] != time / r->every[i]))
			return true;
	return false;
}

static bool due(const struct rules *r, uint64_t last, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (!last || (now > last &&
			      last / r->every[i] != now / r->every[i]))
			return true;
	return false;
}

static uint64_t seconds(const struct snap *snap)
{
	return snap->is.time_ns / SECOND;
}

/* Was number @at one that @r kept at @now? */
static bool kept_at(const struct schedule *s, const struct rules *r,
		    unsigned int at, uint64_t now)
{
	const struct snap *snap = s->m.snaps;
	uint64_t before = 0;
	bool kept = false;

	for (; snap <= &s->m.snaps[at]; snap++) {
		if (!snap->ruled)
			continue;
		kept = keeps(r, before, seconds(snap), now) ||
			views_of(s, snap->is.id);
		if (kept)
			before = seconds(snap);
	}
	return kept;
}

/* And was that so all the time? Only when one's time is over it may change. */
static bool all_time(const struct schedule *s, const struct rules *r,
		     unsigned int at, uint64_t from, uint64_t now, bool kept)
{
	unsigned int i, k;
	uint64_t over;

	if (kept_at(s, r, at, from) != kept || kept_at(s, r, at, now) != kept)
		return false;
	for (i = 0; i <= at; i++)
		for (k = 0; s->m.snaps[i].ruled && k < r->nr; k++) {
			over = seconds(&s->m.snaps[i]) + r->keep[k] + 1;
			if (over > from && over < now &&
			    kept_at(s, r, at, over) != kept)
				return false;
		}
	return true;
}

/* ---- what is said ------------------------------------------------------- */

struct said {
	struct history before, after;	/* the list was asked for between */
};

static bool ask(struct schedule *s, const char *text, char *out)
{
	int err = s->v->ops->message(s->v, text, out);

	if (err)
		wrong(s, "%s: %s", text, strerror(-err));
	return !err;
}

/* The list, and which of it was made by rule, of one instant. */
static bool fetch(struct schedule *s, struct said *said)
{
	unsigned int tries;

	if (!window_ask(s, &said->before))
		return false;
	for (tries = 0; tries < LOOKS; tries++) {
		if (!ask(s, "snapshot_list", s->list) ||
		    !ask(s, "retention", s->ids) ||
		    !ask(s, "snapshot_list", s->reply))
			return false;
		if (!strcmp(s->list, s->reply))
			return window_ask(s, &said->after);
		s->v->ops->rest(s->v, 100);
	}
	wrong(s, "snapshot_list is another each time it is asked for: %s",
	      s->list);
	return false;
}

static bool by_rule(const struct schedule *s, uint64_t id)
{
	const char *p = strchr(s->ids, '\n');

	for (; p && p[1]; p = strchr(p + 1, '\n'))
		if (strtoull(p + 1, NULL, 10) == id)
			return true;
	return false;
}

/* After a crash another one may have the number of one that was lost. */
static bool on_list(const struct schedule *s, const struct snap_line *is)
{
	const char *p = s->list;
	struct snap_line line;

	while (*p && (p = snap_line_parse(p, &line)))
		if (line.id == is->id && line.seq == is->seq)
			return true;
	return false;
}

/* ---- those that are gone ------------------------------------------------ */

/*
 * Maybe not durable yet: one is listed before it is. If time is simulated that
 * takes none, so nobody knows how much else is done before.
 */
static bool fresh(const struct snap *snap, const struct said *said)
{
	return said->after.time_ns < snap->seen_ns + SECOND;
}

static bool may_be_gone(const struct schedule *s, unsigned int at,
			const struct said *said)
{
	const struct window *w = &s->window;
	const struct snap *snap = &s->m.snaps[at];
	uint64_t from = w->looked_ns / SECOND;
	uint64_t now = said->after.time_ns / SECOND;

	if (views_of(s, snap->is.id))
		return false;
	if (snap->doomed || (w->crashed && fresh(snap, said)))
		return true;
	/* When nothing of the window is left, for want of room. */
	if (!strncmp(w->rules, "shorten ", 8) && w->seconds &&
	    said->after.from >= w->before_seq)
		return true;
	return !all_time(s, &w->is, at, from, now, true) ||
		!all_time(s, &w->was, at, from, now, true);
}

void rules_loses(struct schedule *s, const struct snap *snap)
{
	uint64_t now = s->window.looked_ns / SECOND;
	unsigned int i;

	for (i = 0; snap->ruled && i < s->m.nr_snaps; i++)
		if (s->m.snaps[i].ruled &&
		    !all_time(s, &s->window.is, i, now, now + TEND, true))
			s->m.snaps[i].doomed = true;
}

/* Sets @gone[] for each. */
static bool find_gone(struct schedule *s, const struct said *said, bool *gone)
{
	const struct snap *snap = s->m.snaps;
	unsigned int i;

	for (i = 0; i < s->m.nr_snaps; i++, snap++) {
		gone[i] = snap->ruled && !on_list(s, &snap->is);
		if (!gone[i] || may_be_gone(s, i, said))
			continue;
		wrong(s, "'%s' (id %" PRIu64 ", %" PRIu64 " s old), made by rule, is gone though it is kept (retention %s): %s",
		      snap->is.name, snap->is.id,
		      (said->after.time_ns - snap->is.time_ns) / SECOND,
		      s->window.rules, s->list);
		return false;
	}
	return true;
}

static bool remove_gone(struct schedule *s, const struct said *said, bool *any)
{
	bool gone[MAX_SNAPS + MAX_RULED + 1];
	unsigned int i;

	if (!find_gone(s, said, gone))
		return false;
	for (i = s->m.nr_snaps; i > 0; i--) {
		struct snap *snap = &s->m.snaps[i - 1];

		if (!gone[i - 1])
			continue;
		/* Then the next one may get its number. */
		if (s->window.crashed && fresh(snap, said) &&
		    s->m.last_id == snap->is.id) {
			s->m.last_id--;
			if (s->m.told_id > s->m.last_id)
				s->m.told_id = s->m.last_id;
		}
		model_remove(&s->m, snap);
		s->t->ruled_gone++;
		*any = true;
	}
	return true;
}

/* ---- those that are new ------------------------------------------------- */

/* Is it in time? The one before it is number @at - 1 or below. */
static const char *untimely(const struct schedule *s, unsigned int at,
			    const struct snap_line *line,
			    const struct said *said, bool any_gone)
{
	const struct window *w = &s->window;
	uint64_t time = line->time_ns / SECOND, last = 0;

	if (line->time_ns > said->after.time_ns ||
	    time < w->looked_ns / SECOND)
		return "of another time than it was made at";
	if (line->seq > said->after.last)
		return "of a sequence that is not durable";
	while (at-- && !last)
		if (s->m.snaps[at].ruled)
			last = seconds(&s->m.snaps[at]);
	/* The one that was the last then may be gone. */
	if (!any_gone && !due(&w->is, last, time) && !due(&w->was, last, time))
		return "made though none was due";
	return NULL;
}

/* Does it hold what the volume held? *@again: it has gone meanwhile. */
static bool judge(struct schedule *s, const struct snap_line *line,
		  uint32_t made_by, bool *again)
{
	const struct instant *in = model_instant_at(&s->m, line->seq);
	struct open_view ov;
	char why[600], what[2 * SNAP_NAME];
	uint32_t bad;
	bool ok;
	int err = view_try(s, line->name, &ov);

	*again = err == -ENOENT;
	if (err && !*again)
		wrong(s, "a view of '%s', made by rule: %s", line->name,
		      strerror(-err));
	if (err)
		return *again;
	ov.seq = line->seq;
	ov.made_by = made_by;
	ok = view_image(s, &ov);
	if (!view_end(s, &ov) || !ok)
		return false;
	s->t->bytes += (uint64_t)s->m.sectors * SECTOR_BYTES;
	snprintf(what, sizeof(what), "'%s', made by rule", line->name);
	if (in)
		return same(s, in->copy, s->image, 0,
			    (size_t)s->m.sectors * SECTOR_BYTES, what);
	if (model_told(&s->m, s->image, &bad, why, sizeof(why)))
		return true;
	wrong_at(s, bad, "%s (id %" PRIu64 ", seq %" PRIu64 "), holds what the volume never held: page %u, sector %u %s",
		 what, line->id, line->seq, bad / PAGE_SECTORS, bad, why);
	return false;
}

static bool adopt(struct schedule *s, unsigned int at,
		  const struct snap_line *line, const struct said *said,
		  bool any_gone, bool *again)
{
	const char *why = untimely(s, at, line, said, any_gone);
	struct op *op = op_new(s, ACT_RULED);

	strcpy(op->name, line->name);
	op->err = 0;
	if (!why && !judge(s, line, op->id, again))
		return false;
	if (*again)
		return true;
	if (!why && model_adopt(&s->m, at, line, op->id, said->after.time_ns,
				s->image, &why)) {
		s->window.made = line->time_ns / SECOND;
		s->t->ruled++;
		return true;
	}
	wrong(s, "'%s', made by rule (retention %s), is %s: %s", line->name,
	      s->window.rules, why, s->list);
	return false;
}

/* ---- the list ----------------------------------------------------------- */

static bool same_line(struct schedule *s, const struct snap *snap,
		      const struct snap_line *line)
{
	if (snap->is.id == line->id && snap->is.seq == line->seq &&
	    snap->is.time_ns == line->time_ns &&
	    views_of(s, line->id) == line->views &&
	    !strcmp(snap->is.name, line->name) &&
	    snap->ruled == by_rule(s, line->id))
		return true;
	wrong(s, "snapshot_list: expected '%" PRIu64 " %" PRIu64 " %" PRIu64 " %u %s' (made by operation %u), %s, in:\n%sretention: %s",
	      snap->is.id, snap->is.seq, snap->is.time_ns,
	      views_of(s, snap->is.id), snap->is.name, snap->made_by,
	      snap->ruled ? "made by rule" : "not the rules'", s->list, s->ids);
	return false;
}

static bool walk(struct schedule *s, const struct said *said, bool any_gone,
		 bool *again)
{
	const char *p = s->list;
	struct snap_line line;
	unsigned int i = 0;

	while (*p) {
		p = snap_line_parse(p, &line);
		if (!p)
			break;
		if (i < s->m.nr_snaps && !(by_rule(s, line.id) &&
					   !model_snap(&s->m, line.id))) {
			if (!same_line(s, &s->m.snaps[i], &line))
				return false;
			i++;
		} else if (!by_rule(s, line.id)) {
			break;
		} else if (!s->held) {
			/* Reads of a view would wait for who holds it. */
			if (!adopt(s, i, &line, said, any_gone, again))
				return false;
			if (*again)
				return true;
			i++;
		}
	}
	if (p && !*p && i == s->m.nr_snaps)
		return true;
	wrong(s, "snapshot_list: %u snapshots, and not these %u, in:\n%s", i,
	      s->m.nr_snaps, s->list);
	return false;
}

bool rules_look(struct schedule *s)
{
	struct window *w = &s->window;
	bool again = true, any_gone = false;
	struct said said;
	unsigned int tries;

	for (tries = 0; again && tries < GONE_POLLS; tries++) {
		if (tries)
			s->v->ops->rest(s->v, 1000);
		again = false;
		if (!fetch(s, &said) || !remove_gone(s, &said, &any_gone) ||
		    !walk(s, &said, any_gone, &again))
			return false;
	}
	if (again) {
		wrong(s, "what rules made is gone each time it is looked at");
		return false;
	}
	w->crashed = false;
	if (s->held)
		return true;
	w->looked_ns = said.before.time_ns;
	w->before_seq = w->looked_seq;
	w->looked_seq = said.before.last;
	w->was = w->is;
	model_tell(&s->m);
	return true;
}

/* Are there any that are about to go? */
static bool any_going(struct schedule *s)
{
	uint64_t now = s->window.looked_ns / SECOND;
	unsigned int i;

	for (i = 0; i < s->m.nr_snaps; i++)
		if (s->m.snaps[i].ruled &&
		    !views_of(s, s->m.snaps[i].is.id) &&
		    !kept_at(s, &s->window.is, i, now))
			return true;
	return false;
}

bool rules_settle(struct schedule *s)
{
	unsigned int i;

	for (i = 0; i < GONE_POLLS; i++) {
		if (!rules_look(s))
			return false;
		if (!any_going(s))
			return true;
		s->v->ops->rest(s->v, 100000);
		watch_beat();
	}
	wrong(s, "what no rule keeps any more (retention %s) is still there after a minute: %s",
	      s->window.rules, s->list);
	return false;
}

bool rules_gone(struct schedule *s, const char *name, const char *other,
		int err)
{
	const struct snap *a = model_snap_named(&s->m, name);
	const struct snap *b = other ? model_snap_named(&s->m, other) : NULL;
	uint64_t first = a && a->ruled ? a->is.id : 0;
	uint64_t second = b && b->ruled ? b->is.id : 0;
	unsigned int i;

	if (err != -ENOENT || !(first || second))
		return false;
	/* What is about to go is listed until that is durable. */
	for (i = 0; i < GONE_POLLS; i++) {
		if (!rules_look(s))
			return false;
		if ((first && !model_snap(&s->m, first)) ||
		    (second && !model_snap(&s->m, second)))
			return true;
		s->v->ops->rest(s->v, 1000);
		watch_beat();
	}
	return false;
}

/* ---- time --------------------------------------------------------------- */

static void rest(struct schedule *s, uint32_t secs)
{
	uint32_t n;

	for (; secs; secs -= n) {
		n = secs < PIECE ? secs : PIECE;
		s->v->ops->rest(s->v, n * 1000000);
		watch_beat();
	}
}

/* So long any that is made is kept. */
static uint32_t least(const struct rules *r)
{
	uint32_t keep = UINT32_MAX;
	unsigned int i;

	for (i = 0; i < r->nr; i++)
		if (r->keep[i] < keep)
			keep = r->keep[i];
	return keep;
}

/* None is made while room is short. */
static bool roomy(struct schedule *s)
{
	uint64_t used, size, past, most;

	return look_number(s, "log_used", &used) &&
		look_number(s, "log_size", &size) &&
		look_number(s, "past", &past) &&
		look_number(s, "past_max", &most) &&
		used < size / 2 && past < most / 2;
}

/* Is the one there that was due, if there was anything new until @seq? */
static bool made(struct schedule *s, uint64_t seq, uint64_t then)
{
	const struct snap *last = NULL;
	unsigned int i;
	uint64_t max;

	for (i = 0; i < s->m.nr_snaps; i++)
		if (s->m.snaps[i].ruled)
			last = &s->m.snaps[i];
	if ((last ? last->is.seq : 0) >= seq ||
	    !due(&s->window.is, last ? seconds(last) : 0, then) ||
	    !due(&s->window.is, s->window.made, then))
		return true;
	if (!look_number(s, "snapshots_max", &max))
		return false;
	if (max <= s->m.nr_snaps + s->nr_views + RESERVE + 1 ||
	    !roomy(s))
		return true;
	wrong(s, "no snapshot was made by rule (retention %s) since %" PRIu64 ", it is %" PRIu64 ": %s",
	      s->window.rules, last ? seconds(last) : 0, then, s->list);
	return false;
}

static bool dropped(struct schedule *s, uint64_t then, uint64_t now)
{
	unsigned int i;

	for (i = 0; i < s->m.nr_snaps; i++) {
		const struct snap *snap = &s->m.snaps[i];

		if (!snap->ruled || views_of(s, snap->is.id) ||
		    !all_time(s, &s->window.is, i, then, now, false))
			continue;
		wrong(s, "'%s' (id %" PRIu64 ", %" PRIu64 " s old), made by rule, is still there though no rule keeps it (retention %s): %s",
		      snap->is.name, snap->is.id, now - seconds(snap),
		      s->window.rules, s->list);
		return false;
	}
	return true;
}

bool rules_age(struct schedule *s)
{
	uint32_t secs = s->c->real_time ? 1 : 20 + rng_below(&s->r, 300), gone;
	struct op *op;
	uint64_t seq, now;

	if (!reader_stop(s))
		return false;
	/* Then it is known exactly what the next one holds. */
	if (rng_chance(&s->r, 70) && !request_flush(s))
		return false;
	if (!rules_look(s))
		return false;
	seq = s->window.looked_seq;
	op = op_new(s, ACT_AGE);
	snprintf(op->name, sizeof(op->name), "%u s", secs);
	rest(s, secs);
	op->err = 0;
	s->t->ages++;
	gone = s->t->ruled_gone;
	if (!rules_look(s))
		return false;
	now = s->window.looked_ns / SECOND;
	if (secs < 2 * TEND)
		return true;
	/* One that was made may have been dropped, seen or not. */
	return (gone != s->t->ruled_gone || secs >= least(&s->window.is) ||
		made(s, seq, now - TEND)) && dropped(s, now - TEND, now);
}

bool rules_end(struct schedule *s)
{
	char rules[SNAP_NAME];

	if (!s->ruled)
		return true;
	/* Also if there are none: then those go that had been in view. */
	snprintf(rules, sizeof(rules), "%.*s %u",
		 (int)strcspn(s->window.rules, " "), s->window.rules,
		 s->window.seconds);
	return window_set(s, rules);
}
