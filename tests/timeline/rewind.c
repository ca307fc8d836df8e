// SPDX-License-Identifier: GPL-2.0
/*
 * A rewind: what goes before it, the rewind itself while the volume is
 * suspended, and what is done right after it.
 */
#include <errno.h>
#include <string.h>

#include "schedule.h"

#define DEPTH_MAX	3u	/* of rewinds of rewinds, without a pause */

static bool rewind_to(struct schedule *s, uint64_t id, unsigned int depth);

/* ---- the volume is held ------------------------------------------------- */

static struct snap *any_snap(struct schedule *s)
{
	return &s->m.snaps[rng_below(&s->r, s->m.nr_snaps)];
}

/* A rewind that is right but for the time. */
static bool too_early(struct schedule *s)
{
	char text[3 * SNAP_NAME], name[SNAP_NAME];

	draw_name(s, name);
	snprintf(text, sizeof(text), "rewind %s %s", any_snap(s)->is.name,
		 name);
	return refused(s, text, -EBUSY) && look_list(s);
}

static bool settle(struct schedule *s)
{
	uint64_t pending;

	if (!request_drain(s) || !look_number(s, "rewind_pending", &pending))
		return false;
	if (pending)
		wrong(s, "a rewind has not settled after a drain");
	return !pending;
}

bool rewind_hold(struct schedule *s)
{
	uint64_t pending;
	bool ok;

	for (;;) {
		if (!life_hold(s))
			return false;
		ok = look_number(s, "rewind_pending", &pending);
		if (ok && !pending)
			return true;
		if (ok && s->m.nr_snaps && rng_chance(&s->r, 40))
			ok = too_early(s);
		if (!life_release(s) || !ok || !settle(s))
			return false;
	}
}

static const struct snap *draw_target(struct schedule *s)
{
	uint32_t kind = rng_below(&s->r, 100);
	unsigned int i;

	if (!s->m.nr_snaps)
		return NULL;
	for (i = s->m.nr_snaps; i > 0 && kind < 30; i--)
		if (s->trail.ops[s->m.snaps[i - 1].made_by - 1].act ==
		    ACT_REWIND)
			return &s->m.snaps[i - 1];
	if (kind < 50)
		return &s->m.snaps[s->m.nr_snaps - 1];
	return kind < 70 ? s->m.snaps : any_snap(s);
}

bool rewind_target(struct schedule *s, char *name)
{
	const struct snap *to = draw_target(s);
	const struct instant *in = NULL;

	/* While it is held the window does not move. */
	if (!to || rng_chance(&s->r, s->mix->window ? 50 : 25))
		in = window_inside(s);
	if (in)
		snprintf(name, SNAP_NAME, "@%llu", (unsigned long long)in->seq);
	else if (to)
		strcpy(name, to->is.name);
	return (in || to) && !s->wrong;
}

/* Of a volume that is held; no room is no error. */
static bool carry_out(struct schedule *s, struct op *op)
{
	char text[3 * SNAP_NAME];

	op->err = op_do(op, s->v, s->m.seed, s->buf, s->reply);
	if (op->err == -ENOSPC) {
		s->t->no_space++;
		s->t->rewinds_no_room++;
		return look_list(s);
	}
	if (op->err) {
		wrong(s, "failed: %s", op_text(op, text, sizeof(text)));
		return false;
	}
	return request_apply(s, op, s->reply) &&
		(rng_chance(&s->r, 40) || look_list(s));
}

/* Before the volume goes on. */
static bool still_held(struct schedule *s)
{
	uint64_t pending;

	if (rng_chance(&s->r, 15)) {
		if (!look_number(s, "rewind_pending", &pending))
			return false;
		if (pending && !too_early(s))
			return false;
	}
	return rng_chance(&s->r, 70) || life_while_held(s);
}

/* ---- right after -------------------------------------------------------- */

/* A sector that the rewind changed, or any. */
static uint32_t changed_sector(struct schedule *s, uint64_t kept)
{
	const struct snap *before = model_snap(&s->m, kept);
	uint32_t at = rng_below(&s->r, s->m.sectors), i;

	for (i = 0; before && i < s->m.sectors; i++) {
		uint32_t sector = (at + i) % s->m.sectors;
		size_t byte = (size_t)sector * SECTOR_BYTES;

		if (memcmp(before->copy + byte, s->m.cur + byte, SECTOR_BYTES))
			return sector;
	}
	return at;
}

static bool write_there(struct schedule *s, uint64_t kept)
{
	uint32_t n = 1 + rng_below(&s->r, 4);

	while (n--) {
		struct op *op = op_new(s, rng_chance(&s->r, 70) ? ACT_WRITE :
				       (enum act)rng_below(&s->r,
							   ACT_DISCARD + 1));

		op->first = changed_sector(s, kept);
		if (rng_chance(&s->r, 40))
			op->first -= op->first % PAGE_SECTORS;
		op->n = rng_chance(&s->r, 40) ? PAGE_SECTORS :
						1 + rng_below(&s->r, 24);
		if (op->n > s->m.sectors - op->first)
			op->n = s->m.sectors - op->first;
		if (!request(s, op))
			return false;
	}
	return true;
}

static bool create_now(struct schedule *s)
{
	struct op *op;

	if (snaps_full(s))
		return true;
	op = op_new(s, ACT_CREATE);
	draw_name(s, op->name);
	return request(s, op);
}

static bool delete_now(struct schedule *s, uint64_t id)
{
	struct snap *snap = model_snap(&s->m, id);

	return !snap || (request_delete(s, snap) && look_list(s));
}

static bool view_now(struct schedule *s, uint64_t id)
{
	const struct snap *snap = model_snap(&s->m, id);
	struct open_view ov;

	if (!snap)
		return true;
	if (!view_make(s, snap, s->m.sectors, &ov))
		return false;
	if (!ov.h)
		return true;
	view_whole(s, &ov);
	return view_end(s, &ov) && !s->wrong;
}

/* @to: the snapshot it went to; @kept: the one of before. */
static bool afterwards(struct schedule *s, uint64_t to, uint64_t kept,
		       unsigned int depth)
{
	uint32_t n = rng_below(&s->r, 4);
	bool ok = true;

	while (n-- && ok) {
		switch (rng_below(&s->r, 16)) {
		case 0:
			ok = delete_now(s, to);
			break;
		case 1:
			ok = delete_now(s, kept);
			break;
		case 2:
		case 3:
		case 4:
			ok = write_there(s, kept);
			break;
		case 5:
		case 11:
			ok = create_now(s);
			break;
		case 6:
		case 12:
			ok = look_present(s);
			break;
		case 7:
			ok = view_now(s, rng_chance(&s->r, 50) ? to : kept);
			break;
		case 8:
			ok = request_drain(s) && look_origin(s);
			break;
		case 9:
			ok = !may(s, ACT_RESTART) || life_restart(s);
			break;
		case 10:
			ok = !may(s, ACT_CRASH) || crash(s);
			break;
		default:
			ok = depth == DEPTH_MAX ||
				rewind_to(s, kept, depth + 1);
			break;
		}
	}
	return ok && (rng_chance(&s->r, 40) || look_present(s));
}

/* ---- the whole of it ---------------------------------------------------- */

/* @id: 0 or the snapshot to go to, if it is still there. */
static bool rewind_to(struct schedule *s, uint64_t id, unsigned int depth)
{
	char name[SNAP_NAME];
	struct snap *to;
	struct op *op;
	uint64_t kept;
	bool ok;

	if (!request_place(s))
		return false;
	if (!rewind_hold(s))
		return false;
	to = model_snap(&s->m, id);
	if (to)
		strcpy(name, to->is.name);
	/* They may have been deleted to make room. */
	if (!to && !rewind_target(s, name))
		return life_release(s) && !s->wrong;
	to = model_snap_named(&s->m, name);
	id = to ? to->is.id : 0;
	op = op_new(s, ACT_REWIND);
	strcpy(op->name, name);
	draw_name(s, op->other);
	ok = carry_out(s, op);
	/* Without room nothing has changed. */
	if (ok && op->err)
		return life_release(s) && look_present(s) &&
			request_room(s, op);
	kept = s->m.snaps[s->m.nr_snaps - 1].is.id;
	ok = ok && still_held(s);
	return life_release(s) && ok && afterwards(s, id, kept, depth);
}

static bool some_holes(struct schedule *s)
{
	uint32_t n = 1 + rng_below(&s->r, 3);

	while (n--) {
		struct op *op = op_new(s, rng_chance(&s->r, 60) ? ACT_DISCARD :
								  ACT_ZERO);

		aim_at(&s->aim, op, &s->r);
		if (!request(s, op))
			return false;
	}
	return true;
}

/* What a rewind may come right after. */
static bool before(struct schedule *s)
{
	switch (rng_below(&s->r, 16)) {
	case 0:
	case 1:
	case 2:
	case 3:
		return some_holes(s);
	case 4:
		return !may(s, ACT_RESTART) || life_restart(s);
	case 5:
		return !may(s, ACT_CRASH) || crash(s);
	case 6:
		return request_drain(s) && look_origin(s);
	case 7:
		return create_now(s);
	default:
		return true;
	}
}

bool rewind_act(struct schedule *s)
{
	return before(s) && rewind_to(s, 0, 1);
}

/* ---- misuse ------------------------------------------------------------- */

/* Of a volume that is held. */
static bool wrong_names(struct schedule *s)
{
	const char *snap = any_snap(s)->is.name;
	char text[4 * SNAP_NAME], name[SNAP_NAME];

	switch (rng_below(&s->r, 4)) {
	case 0:
		draw_name(s, name);
		snprintf(text, sizeof(text), "rewind %s %s",
			 windows(s) && rng_chance(&s->r, 50) ?
			 "@999999999" : "none", name);
		return refused(s, text, -ENOENT);
	case 1:
		snprintf(text, sizeof(text), "rewind %s %s", snap,
			 any_snap(s)->is.name);
		return refused(s, text, -EEXIST);
	case 2:
		snprintf(text, sizeof(text), "rewind %s", snap);
		return refused(s, text, -EINVAL);
	default:
		snprintf(text, sizeof(text), "rewind %s %s", snap,
			 draw_bad_name(s));
		return refused(s, text, -EINVAL);
	}
}

bool rewind_misuse(struct schedule *s)
{
	bool ok;

	if (!s->m.nr_snaps)
		return true;
	if (rng_chance(&s->r, 40))
		return too_early(s) &&
			(rng_chance(&s->r, 50) || look_present(s));
	if (!rewind_hold(s))
		return false;
	ok = !s->m.nr_snaps || wrong_names(s);
	return life_release(s) && ok &&
		(rng_chance(&s->r, 50) || look_present(s));
}
