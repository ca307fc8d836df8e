// SPDX-License-Identifier: GPL-2.0
/*
 * A crash: the disks fail under the volume, mostly while something is going on;
 * then they come back, and so must the volume, all that was durable in it, and
 * its snapshots.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

#define STORM_MAX	8u

/* ---- what goes on meanwhile --------------------------------------------- */

static bool plan_delete(struct schedule *s, struct op *op,
			const char *renamed)
{
	struct snap *snap = draw_unviewed(s);

	if (!snap || !strcmp(snap->is.name, renamed))
		return false;
	op->act = ACT_DELETE;
	strcpy(op->name, snap->is.name);
	return true;
}

static bool plan_rename(struct schedule *s, struct op *op,
			const char *deleted, const char *created)
{
	struct snap *snap;

	if (!s->m.nr_snaps)
		return false;
	snap = &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
	if (!strcmp(snap->is.name, deleted))
		return false;
	draw_name(s, op->other);
	if (!strcmp(op->other, created))
		return false;
	op->act = ACT_RENAME;
	strcpy(op->name, snap->is.name);
	return true;
}

/* At most one of each kind that concerns snapshots. */
static struct op *plan(struct schedule *s, unsigned int nr)
{
	char created[SNAP_NAME] = "", deleted[SNAP_NAME] = "";
	char renamed[SNAP_NAME] = "", other[SNAP_NAME] = "";
	bool window = !windows(s);
	struct op *first = NULL;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct op *op = op_new(s, ACT_WRITE);
		uint32_t kind = rng_below(&s->r, s->c->plain ? 70 : 100);
		const struct instant *in;

		if (!first)
			first = op;
		if (kind >= 52 && kind < 60) {
			op->act = ACT_FLUSH;
			op->n = rng_chance(&s->r, 30);
		} else if (kind >= 60 && kind < 65) {
			op->act = ACT_RECONCILE;
		} else if (kind >= 65 && kind < 70) {
			op->act = ACT_DRAIN;
		} else if (kind >= 70 && kind < 82 && !*created &&
			   !snaps_full(s)) {
			draw_name(s, created);
			if (!strcmp(created, other)) {
				*created = 0;
			} else {
				op->act = ACT_CREATE;
				strcpy(op->name, created);
			}
		} else if (kind >= 45 && kind < 52 && !window) {
			window = true;
			in = rng_chance(&s->r, 50) ? window_inside(s) : NULL;
			if (rng_chance(&s->r, 25) && !s->ruled) {
				op->act = ACT_WINDOW;
				window_draw(s, op->name);
				if (rng_chance(&s->r, 30))
					strcpy(op->name, "shorten 0");
			} else if (in && !*created &&
				   !snaps_full(s)) {
				draw_name(s, created);
				if (!strcmp(created, other)) {
					*created = 0;
				} else {
					op->act = ACT_PICK;
					strcpy(op->name, created);
					snprintf(op->other, sizeof(op->other),
						 "@%llu",
						 (unsigned long long)in->seq);
				}
			}
		} else if (kind >= 82 && kind < 92 && !*deleted) {
			if (plan_delete(s, op, renamed))
				strcpy(deleted, op->name);
		} else if (kind >= 92 && !*renamed) {
			if (plan_rename(s, op, deleted, created)) {
				strcpy(renamed, op->name);
				strcpy(other, op->other);
			} else {
				*op->other = 0;
			}
		}
		if (op_changes(op)) {
			op->act = rng_below(&s->r, 100) < 80 ? ACT_WRITE :
				(enum act)rng_below(&s->r, ACT_DISCARD + 1);
			aim_at(&s->aim, op, &s->r);
		}
	}
	return first;
}

/* The snapshot of this name; none that was viewed is left. */
static void plan_change(struct schedule *s, struct op *op, const char *name,
			const char *created, const char *kept)
{
	op->act = rng_chance(&s->r, 60) ? ACT_DELETE : ACT_RENAME;
	strcpy(op->name, name);
	if (op->act == ACT_DELETE)
		return;
	do
		draw_name(s, op->other);
	while (!strcmp(op->other, created) || !strcmp(op->other, kept));
}

/* A rewind, and perhaps something before and after it, of a held volume. */
static struct op *plan_rewind(struct schedule *s, unsigned int *nr)
{
	struct op *first, *op;
	char to[SNAP_NAME];
	bool any = rewind_target(s, to), more;

	first = op = op_new(s, ACT_CREATE);
	draw_name(s, op->name);
	*nr = 1;
	if (!any)
		return first;
	more = rng_chance(&s->r, 30);
	if (more) {
		op = op_new(s, ACT_REWIND);
		++*nr;
	}
	op->act = ACT_REWIND;
	strcpy(op->name, to);
	do
		draw_name(s, op->other);
	while (more && !strcmp(op->other, first->name));
	if (!rng_chance(&s->r, 50))
		return first;
	++*nr;
	plan_change(s, op_new(s, ACT_DELETE),
		    *to != '@' && rng_chance(&s->r, 60) ? op->name : op->other,
		    first->name, op->other);
	return first;
}

/* ---- the crash ---------------------------------------------------------- */

static void cut(struct schedule *s)
{
	unsigned int first = rng_below(&s->r, NR_PARTS);

	/* What it reads from now on may be an error, but nothing wrong. */
	atomic_store(&s->reader.may_fail, true);
	s->v->ops->cut(s->v, first);
	if (rng_chance(&s->r, 30))
		s->v->ops->rest(s->v, 1 + rng_below(&s->r, 3000));
	s->v->ops->cut(s->v, NR_PARTS - 1 - first);
}

/* By a rule, maybe. If it was not it will be found missing. */
static bool dropped(struct schedule *s, const struct op *op)
{
	const struct snap *snap = model_snap_named(&s->m, op->name);

	return (op->act == ACT_DELETE || op->act == ACT_RENAME) && snap &&
		snap->ruled;
}

/*
 * Apply what returned with success; of the one that did not it is not known
 * what came of it.
 */
static const struct op *apply(struct schedule *s, const struct op *ops,
			      unsigned int nr)
{
	const struct op *op;
	char text[3 * SNAP_NAME];

	for (op = ops; op < ops + nr && op->err != NOT_DONE; op++) {
		if (op->err) {
			if (op->err == -ENOSPC)
				s->t->no_space++;
			else if (op->err == -ENOENT && op->act == ACT_PICK &&
				 window_may_move(s))
				return NULL;
			else if (op->err == -ENOENT && dropped(s, op))
				return NULL;
			else if (op->err != -EIO && op->err != -EROFS)
				wrong(s, "in a crash: %s",
				      op_text(op, text, sizeof(text)));
			if (op_changes(op))
				model_maybe_change(&s->m, op);
			if (op->act != ACT_REWIND)
				return op;
			/* Without room nothing happened. */
			s->t->rewinds_no_room += op->err == -ENOSPC;
			s->t->rewinds_doubts += op->err != -ENOSPC;
			return op->err == -ENOSPC ? NULL : op;
		}
		if (!request_apply(s, op, op->act == ACT_REWIND ?
				   s->storm.rewound : op->act == ACT_PICK ?
				   s->storm.picked : s->storm.created))
			return NULL;
	}
	return NULL;
}

/* While it is rewound? */
static bool in_rewind(struct schedule *s)
{
	return !s->c->plain && !s->c->no_rewind &&
		(s->m.nr_snaps || s->m.nr_instants) &&
		model_named(&s->m) + 3 <= MAX_SNAPS && rng_chance(&s->r, 30);
}

static bool power_fails(struct schedule *s, const struct op **doubt)
{
	unsigned int nr = rng_chance(&s->r, 35) ? 0 :
		1 + rng_below(&s->r, STORM_MAX);
	bool held = in_rewind(s);
	struct op *ops;
	int err;

	*doubt = NULL;
	if (s->ruled && !rules_look(s))
		return false;
	/* What reads a view of it could wait for ever. */
	if (held && (!views_drop(s) || !rewind_hold(s)))
		return false;
	ops = held ? plan_rewind(s, &nr) : plan(s, nr);
	if (nr) {
		storm_start(&s->storm, ops, nr);
		if (!held || rng_chance(&s->r, 50))
			storm_wait(&s->storm, 1 + rng_below(&s->r, nr));
		if (rng_chance(&s->r, 40))
			s->v->ops->rest(s->v, rng_below(&s->r, 200));
	}
	cut(s);
	if (nr) {
		storm_end(&s->storm);
		*doubt = apply(s, ops, nr);
		s->t->doubts += *doubt != NULL;
	}
	/* It need not succeed. */
	if (held && rng_chance(&s->r, 50))
		s->v->ops->resume(s->v);
	if (!views_drop(s))
		return false;
	err = s->v->ops->deactivate(s->v);
	if (err) {
		wrong(s, "the volume cannot be removed after its disks failed: %s",
		      strerror(-err));
		return false;
	}
	s->active = false;
	s->v->ops->mend(s->v);
	return !s->wrong;
}

/* ---- and after it ------------------------------------------------------- */

static bool listed(struct schedule *s, const char *name,
		   struct snap_line *line)
{
	const char *p = s->reply;

	while (*p) {
		p = snap_line_parse(p, line);
		if (!p)
			break;
		if (!strcmp(line->name, name))
			return true;
	}
	return false;
}

/* Either is right; find out which. */
static bool settle_doubt(struct schedule *s, const struct op *op)
{
	struct snap_line line;
	struct snap *snap;
	const char *why;
	int err = s->v->ops->message(s->v, "snapshot_list", s->reply);

	if (err) {
		wrong(s, "snapshot_list: %s", strerror(-err));
		return false;
	}
	if ((op->act == ACT_CREATE && listed(s, op->name, &line)) ||
	    (op->act == ACT_REWIND && listed(s, op->other, &line))) {
		/* All that was done before it had returned. */
		if (!model_add(&s->m, &line, op->id, s->m.cur, &why)) {
			wrong(s, "a snapshot made in a crash has %s", why);
			return false;
		}
		s->t->doubts_done++;
		if (op->act == ACT_REWIND) {
			model_rewind(&s->m, model_image(&s->m, op->name));
			s->t->rewinds_doubts_done++;
		}
	} else if (op->act == ACT_PICK && listed(s, op->name, &line)) {
		if (!model_pick(&s->m, &line, op->id,
				model_instant(&s->m, op->other), &why)) {
			wrong(s, "a snapshot picked in a crash has %s", why);
			return false;
		}
		s->t->doubts_done++;
	} else if (op->act == ACT_WINDOW) {
		s->t->doubts_done += window_settle(s, op->name);
	} else if (op->act == ACT_DELETE && !listed(s, op->name, &line)) {
		model_remove(&s->m, model_snap_named(&s->m, op->name));
		s->t->doubts_done++;
	} else if (op->act == ACT_RENAME && listed(s, op->other, &line)) {
		snap = model_snap_named(&s->m, op->name);
		snap->ruled = false;
		strcpy(snap->is.name, op->other);
		s->t->doubts_done++;
	}
	return true;
}

static bool settle_present(struct schedule *s)
{
	struct moment mo = { .base = s->m.durable, .changes = s->m.changes,
			     .nr = s->m.nr_changes };
	char why[600];
	uint32_t bad;

	if (!look_read(s))
		return false;
	s->t->bytes += (uint64_t)s->m.sectors * SECTOR_BYTES;
	if (!moment_find(&s->m, &mo, s->image, &bad, why, sizeof(why))) {
		wrong_at(s, bad, "the volume after a crash: page %u, sector %u %s",
			 bad / PAGE_SECTORS, bad, why);
		return false;
	}
	s->t->lost += !!memcmp(s->m.cur, s->image,
			       (size_t)s->m.sectors * SECTOR_BYTES);
	model_settle(&s->m, s->image);
	return true;
}

bool crash(struct schedule *s)
{
	const struct op *doubt;
	struct op *op;

	if (!power_fails(s, &doubt))
		return false;
	op = op_new(s, ACT_CRASH);
	s->t->crashes++;
	if (!life_activate(s))
		return false;
	op->err = 0;
	s->window.crashed = true;
	/* That it had settled may be lost. */
	s->m.unsettled = s->m.rewound;
	return (!doubt || s->c->plain || settle_doubt(s, doubt)) &&
		look_list(s) && window_rules(s) && settle_present(s) &&
		views_compare(s) && window_compare(s) && look_health(s);
}
