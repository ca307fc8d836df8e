// SPDX-License-Identifier: GPL-2.0
/*
 * What an admin does with the volume's device.
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

/*
 * How finely writes are recorded: for most schedules as finely as can be, as the
 * default takes time to find out what is hot. The log keeps it.
 */
static const char *draw_policy(struct schedule *s)
{
	static const char * const policies[] = {
		"policy -> bit", "policy -> bit", "policy max-chain 3; -> bit",
		"policy -> sub", "policy default", "policy -> block",
	};

	return policies[rng_below(&s->r, 6)];
}

bool life_activate(struct schedule *s)
{
	char reply[MESSAGE_MAX];

	if (rng_chance(&s->r, 35))
		schedule_options(s);
	if (failed(s, "cannot be activated",
		   s->v->ops->activate(s->v, s->options)))
		return false;
	s->active = true;
	s->held = false;
	if (s->policy && rng_chance(&s->r, 80))
		return true;
	s->policy = draw_policy(s);
	return !failed(s, s->policy,
		       s->v->ops->message(s->v, s->policy, reply));
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

	if (!window_views_compare(s) || !views_drop(s))
		return false;
	op = op_new(s, ACT_RESTART);
	s->t->restarts++;
	if (!deactivate(s) || !life_activate(s))
		return false;
	op->err = 0;
	if (!look_list(s) || !window_rules(s) || !views_compare(s) ||
	    !window_compare(s))
		return false;
	return rng_chance(&s->r, 50) || look_present(s);
}

bool life_hold(struct schedule *s)
{
	if (failed(s, "suspend", s->v->ops->suspend(s->v)))
		return false;
	model_durable(&s->m);
	s->held = true;
	/* From here on rules drop none. */
	if (!s->ruled || rules_look(s))
		return true;
	life_release(s);
	return false;
}

bool life_release(struct schedule *s)
{
	s->held = false;
	return !failed(s, "resume", s->v->ops->resume(s->v));
}

/*
 * A reader may be waiting for the volume, so what it reads must stay. Space is
 * made later.
 */
bool life_while_held(struct schedule *s)
{
	struct snap *snap;
	struct op *op;

	if (s->c->plain)
		return true;
	if (windows(s) && s->m.nr_instants && rng_chance(&s->r, 25))
		return snaps_full(s) || rng_chance(&s->r, 30) ?
			/* What rules do has to wait until it goes on. */
			s->ruled || window_act(s) : window_pick(s) && look_list(s);
	if (rng_chance(&s->r, 60)) {
		if (snaps_full(s))
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

	if (!life_hold(s))
		return false;
	ok = rng_chance(&s->r, 40) || life_while_held(s);
	op->err = 0;
	return life_release(s) && ok;
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
