// SPDX-License-Identifier: GPL-2.0
/*
 * Something is done while another thread writes; a snapshot, above all. It must
 * hold one moment of the time in which it was made.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

#define STORM_MAX	10u

static const enum act bodies[] = {
	ACT_CREATE, ACT_CREATE, ACT_CREATE, ACT_DELETE, ACT_DRAIN,
	ACT_RECONCILE, ACT_FLUSH, ACT_SUSPEND, ACT_COMPARE, ACT_LOOK_BACK,
	ACT_LOOK_BACK,
};

static struct op *plan(struct schedule *s, unsigned int nr)
{
	struct op *first = NULL, *op;

	while (nr--) {
		op = op_new(s, rng_below(&s->r, 100) < 75 ? ACT_WRITE :
			    (enum act)rng_below(&s->r, ACT_DISCARD + 1));
		aim_at(&s->aim, op, &s->r);
		if (!first)
			first = op;
	}
	return first;
}

/* What is done beside; NULL: it cannot be. */
static struct op *body(struct schedule *s)
{
	enum act act = bodies[rng_below(&s->r,
					sizeof(bodies) / sizeof(bodies[0]))];
	struct snap *snap = NULL;
	struct op *op;

	if (s->c->plain && act <= ACT_DELETE)
		act = ACT_DRAIN;
	if (act == ACT_CREATE && snaps_full(s))
		act = ACT_DELETE;
	if (act == ACT_DELETE)
		snap = draw_unviewed(s);
	if ((act == ACT_DELETE && !snap) ||
	    (act == ACT_COMPARE && !s->nr_views) ||
	    (act == ACT_LOOK_BACK && !s->m.nr_instants))
		act = ACT_FLUSH;
	op = op_new(s, act);
	if (act == ACT_CREATE)
		draw_name(s, op->name);
	if (snap)
		strcpy(op->name, snap->is.name);
	return op;
}

static int body_do(struct schedule *s, struct op *op)
{
	int err;

	if (op->act == ACT_SUSPEND) {
		err = s->v->ops->suspend(s->v);
		return err ? err : s->v->ops->resume(s->v);
	}
	if (op->act == ACT_COMPARE) {
		view_some(s, &s->views[rng_below(&s->r, s->nr_views)]);
		return 0;
	}
	if (op->act == ACT_LOOK_BACK) {
		if (!snaps_full(s) && rng_chance(&s->r, 40))
			window_pick(s);
		else
			window_look_back(s);
		return 0;
	}
	return op_do(op, s->v, s->m.seed, s->buf, s->reply);
}

/* The snapshot that was just made, see struct moment. */
static bool created(struct schedule *s, const struct op *ops,
		    unsigned int least, unsigned int most)
{
	struct snap *snap = &s->m.snaps[s->m.nr_snaps - 1];
	struct change changes[STORM_MAX];
	struct moment mo = { .base = s->m.cur, .changes = changes,
			     .nr = most, .least = least };
	struct open_view ov;
	char why[600];
	unsigned int i;
	uint32_t bad;
	bool ok;

	for (i = 0; i < most; i++)
		changes[i] = (struct change){ ops[i].first, ops[i].n,
					      op_value(&ops[i]) };
	if (!view_make(s, snap, s->m.sectors, &ov))
		return false;
	ok = view_image(s, &ov);
	if (!view_end(s, &ov) || !ok)
		return false;
	if (!moment_find(&s->m, &mo, s->image, &bad, why, sizeof(why))) {
		wrong_at(s, bad, "'%s' (id %llu), made beside writes, of which %u to %u had been done: page %u, sector %u %s",
			 snap->is.name, (unsigned long long)snap->is.id, least,
			 most, bad / PAGE_SECTORS, bad, why);
		return false;
	}
	memcpy(snap->copy, s->image, (size_t)s->m.sectors * SECTOR_BYTES);
	return true;
}

static bool apply(struct schedule *s, const struct op *ops, unsigned int nr,
		  unsigned int before, bool deleted)
{
	char text[3 * SNAP_NAME];
	unsigned int i;

	for (i = 0; i < nr && ops[i].err != NOT_DONE; i++) {
		if (!ops[i].err) {
			request_apply(s, &ops[i], "");
			/* These were durable with what was done beside. */
			if (i + 1 == before)
				model_durable(&s->m);
			continue;
		}
		if (ops[i].err != -ENOSPC) {
			wrong(s, "failed: %s",
			      op_text(&ops[i], text, sizeof(text)));
			return false;
		}
		s->t->no_space++;
		/* Who deletes one beside makes room, maybe too late for it. */
		return request_resolve(s, &ops[i]) &&
			(deleted || request_room(s, &ops[i]));
	}
	return true;
}

bool race(struct schedule *s)
{
	unsigned int nr = 2 + rng_below(&s->r, STORM_MAX - 1), before, after;
	struct op *op = op_new(s, ACT_RACE), *ops = plan(s, nr);
	char text[3 * SNAP_NAME];
	bool durable, gone;

	op->err = 0;
	s->t->races++;
	op = body(s);
	storm_start(&s->storm, ops, nr);
	storm_wait(&s->storm, 1 + rng_below(&s->r, nr));
	before = atomic_load(&s->storm.done);
	op->err = body_do(s, op);
	after = atomic_load(&s->storm.begun);
	storm_end(&s->storm);

	gone = op->act == ACT_DELETE && op->err == -ENOENT &&
		model_snap_named(&s->m, op->name)->ruled;
	if (op->err && !gone && !(op->err == -ENOSPC && (op->act == ACT_CREATE ||
					       op->act == ACT_DRAIN)))
		wrong(s, "beside writes: %s", op_text(op, text, sizeof(text)));
	if (s->wrong)
		return false;
	if (!op->err && op->act != ACT_SUSPEND && op->act != ACT_COMPARE &&
	    !request_apply(s, op, s->reply))
		return false;
	if (!op->err && op->act == ACT_CREATE &&
	    !created(s, ops, before, after))
		return false;
	durable = !op->err && (op->act == ACT_CREATE || op->act == ACT_DRAIN ||
			       op->act == ACT_FLUSH || op->act == ACT_SUSPEND);
	if (!apply(s, ops, nr, durable ? before : 0,
		   op->act == ACT_DELETE && !op->err))
		return false;
	if (gone)
		return rules_gone(s, op->name, NULL, op->err) || s->wrong;
	if (!op->err)
		return true;
	s->t->no_space++;
	return request_room(s, op);
}
