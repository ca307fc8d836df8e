// SPDX-License-Identifier: GPL-2.0
/*
 * A log that is full, and writes that are to wait for room (on_full throttle): they
 * wait, as long as it takes, until snapshots are deleted; then they go on, and
 * nothing of them is lost. Who suspends the volume need not wait for them.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

#define WRITES		14u
#define POLL_US		50000u
#define STILL		40u	/* polls without a beat: they wait */
#define LONG		2400u	/* and for long */

static struct op *plan(struct schedule *s, unsigned int nr)
{
	struct op *first = NULL, *op;

	while (nr--) {
		op = op_new(s, rng_chance(&s->r, 90) ? ACT_WRITE : ACT_DSYNC);
		aim_at(&s->aim, op, &s->r);
		if (!first)
			first = op;
	}
	return first;
}

static unsigned int progress(const struct storm *st)
{
	return atomic_load(&st->begun) + atomic_load(&st->done) +
		atomic_load(&st->ended);
}

/* False when it ended, or went on, within so many polls. */
static bool stands_still(struct schedule *s, unsigned int polls)
{
	unsigned int before = progress(&s->storm);

	while (polls--) {
		s->v->ops->rest(s->v, POLL_US);
		watch_beat();
		if (progress(&s->storm) != before)
			return false;
	}
	return !atomic_load(&s->storm.ended);
}

static bool hold_for_a_moment(struct schedule *s)
{
	return life_hold(s) && life_release(s);
}

/* Let go of something, of which there is less each time. */
static bool let_go(struct schedule *s)
{
	if (s->m.nr_snaps)
		return request_delete(s, &s->m.snaps[rng_below(&s->r,
							      s->m.nr_snaps)]);
	if (s->window.seconds)
		return window_off(s);
	if (!stands_still(s, LONG))
		return true;
	wrong(s, "writes wait for room though nothing is kept");
	return false;
}

/* Until all is written; *@held: what waited may have failed. */
static bool attend(struct schedule *s, bool *held)
{
	bool waited = false;

	while (!atomic_load(&s->storm.ended)) {
		if (!stands_still(s, STILL))
			continue;
		s->t->waits += !waited;
		waited = true;
		if (rng_chance(&s->r, 25) && !stands_still(s, LONG))
			continue;
		if (!look_health(s))
			return false;
		if (rng_chance(&s->r, 20)) {
			*held = true;
			s->t->waits_held++;
			if (!hold_for_a_moment(s))
				return false;
		} else if (!let_go(s)) {
			return false;
		}
	}
	return true;
}

static bool apply(struct schedule *s, const struct op *ops, unsigned int nr,
		  bool held)
{
	char text[3 * SNAP_NAME];
	unsigned int i;

	for (i = 0; i < nr && ops[i].err != NOT_DONE; i++) {
		if (!ops[i].err) {
			request_apply(s, &ops[i], "");
			continue;
		}
		if (ops[i].err == -ENOSPC && held) {
			s->t->no_space++;
			return request_resolve(s, &ops[i]);
		}
		wrong(s, "writes are to wait for room, and it failed: %s",
		      op_text(&ops[i], text, sizeof(text)));
		return false;
	}
	return true;
}

/* The rules as they are, but for what is done when the log is full. */
static bool throttle(struct schedule *s)
{
	char rules[SNAP_NAME + 16];

	snprintf(rules, sizeof(rules), "throttle%s",
		 strchr(s->window.rules, ' '));
	return window_set(s, rules);
}

bool wait_act(struct schedule *s)
{
	unsigned int nr = 4 + rng_below(&s->r, WRITES - 3);
	bool held = false, ok;
	char before[SNAP_NAME];
	struct op *op = op_new(s, ACT_WAIT), *ops;

	op->err = 0;
	/* Only what is let go of below keeps the past. */
	if (!reader_stop(s) || !window_views_drop(s) ||
	    (s->m.unsettled && !request_drain(s)))
		return false;
	strcpy(before, s->window.rules);
	if (!throttle(s))
		return false;
	ops = plan(s, nr);
	storm_start(&s->storm, ops, nr);
	ok = attend(s, &held);
	if (!ok)
		hold_for_a_moment(s);
	storm_end(&s->storm);
	return ok && apply(s, ops, nr, held) && window_set(s, before) &&
		(rng_chance(&s->r, 60) || look_present(s));
}
