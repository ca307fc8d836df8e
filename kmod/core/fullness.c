// SPDX-License-Identifier: GPL-2.0
/*
 * Judging when a log is full. See fullness.h.
 */
#include "fullness.h"

#define FAR	64u	/* times T: what is further away than that is never */

static u64 plus(u64 a, u64 b)
{
	return a + b < a ? U64_MAX : a + b;
}

/* @room * @part / @whole; @part is the lower one. */
static u64 share(u64 room, u32 part, u32 whole)
{
	u32 shift = fls64(whole) > 16 ? (u32)fls64(whole) - 16 : 0;

	return mul_u64_u32_shr(room, ((part >> shift) << 16) / (whole >> shift), 16);
}

/* When @room is used up, if @flow come in @ms. */
static u64 until(u64 room, u64 flow, u32 ms)
{
	u32 shift = fls64(flow) > 16 ? (u32)fls64(flow) - 16 : 0;

	if (!flow || room >> shift >= (u64)FAR << 16)
		return DL_FULLNESS_NEVER;
	/* 22 and 10 bits. */
	room = ((u32)(room >> shift) << 10) / (u32)(flow >> shift);
	return mul_u64_u32_shr(room, ms, 10);
}

/* @chance as far as the forecast is to be believed. */
static u32 believed(const struct dl_forecast *f, u64 room)
{
	return f->confidence ? dl_chance_above(f, room) * f->confidence / 255 : 0;
}

/* By the forecasts; @behind: of what is written, else of what is held. */
static u32 foreseen(const struct dl_fullness_in *in, bool behind)
{
	u32 nr = min_t(u32, in->nr, DL_FULLNESS_AHEAD), chance = 0, i;
	u64 room;

	for (i = 0; i < nr; i++) {
		const struct dl_fullness_ahead *a = &in->ahead[i];

		if (i && a->ms > in->within_ms)
			break;
		room = behind ? in->room : plus(in->room, in->settles);
		if (i + 1 == nr && a->ms < in->within_ms)
			room = share(room, a->ms, in->within_ms);
		if (behind)
			room = plus(room, dl_drained(in->drain, a->ms));
		chance = max_t(u32, chance,
			       believed(behind ? &a->log : &a->held, room));
	}
	return chance;
}

static void look_behind(const struct dl_fullness_in *in, struct dl_fullness *out)
{
	u64 drained = dl_drained(in->drain, in->within_ms), come;

	/* Nobody knows what reconcile can do before it has done something. */
	if (!in->drain)
		return;
	out->behind = foreseen(in, true);
	if (in->log) {
		out->behind = max_t(u32, out->behind,
				    dl_flow_chance(in->log, plus(in->room, drained)));
		come = dl_flow_expected(in->log);
		if (come > drained)
			out->within_ms = until(in->room, come - drained,
					       in->within_ms);
	}
	if (in->bursts)
		out->behind = max_t(u32, out->behind,
				    dl_bursts_chance(in->bursts,
						     plus(in->room, in->settles),
						     in->within_ms));
}

static void look_held(const struct dl_fullness_in *in, struct dl_fullness *out)
{
	u64 room = plus(in->room, in->settles), when;

	out->held = foreseen(in, false);
	if (!in->held)
		return;
	out->held = max_t(u32, out->held, dl_flow_chance(in->held, room));
	when = until(room, dl_flow_expected(in->held), in->within_ms);
	if (when < out->within_ms)
		out->within_ms = when;
}

void dl_fullness_look(const struct dl_fullness_in *in, struct dl_fullness *out)
{
	*out = (struct dl_fullness){ .within_ms = DL_FULLNESS_NEVER };
	if (!in->within_ms)
		return;
	look_behind(in, out);
	look_held(in, out);
	out->chance = max_t(u32, out->behind, out->held);
}

bool dl_fullness_announced(bool is, u32 chance)
{
	return chance >= (is ? DL_FULLNESS_WITHDRAW : DL_FULLNESS_ANNOUNCE);
}
