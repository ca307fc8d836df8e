// SPDX-License-Identifier: GPL-2.0
/*
 * The adjacency predictor. See adjacency.h.
 *
 * Sectors are numbers that wrap around, so no sum of them is wrong in itself; a
 * difference is used only after it was seen to be small.
 */
#include "adjacency.h"

#define RATE_SHIFT	3u	/* a counter moves by an eighth */
#define LENGTH_SHIFT	4u
#define LENGTH_MAX	(0xffffu >> LENGTH_SHIFT)
#define LATELY_SHIFT	8u

/* dl_adj_stream.flags */
#define OPEN		0x01u
#define SAID_NEXT	0x02u
#define SAID_STEP	0x04u
#define CONTINUES	0x08u	/* its last write was behind the one before */

/* How a stream went on. */
enum outcome { ENDED, CONTINUED, STEPPED };

void dl_adjacency_init(struct dl_adjacency *a, struct dl_adj_set *sets,
		       u32 nr_sets)
{
	memset(a, 0, sizeof(*a));
	memset(sets, 0, nr_sets * sizeof(*sets));
	a->sets = sets;
	a->set_mask = nr_sets - 1;
}

static inline void move(u8 *counter, bool up)
{
	const u8 round = (1u << RATE_SHIFT) - 1;

	if (up)
		*counter += (255 - *counter + round) >> RATE_SHIFT;
	else
		*counter -= (*counter + round) >> RATE_SHIFT;
}

static struct dl_adj_set *set_of(const struct dl_adjacency *a, u64 region)
{
	/* Neighbours are in different sets; so are regions a power of two apart. */
	return &a->sets[(region ^ region >> 9 ^ region >> 21) & a->set_mask];
}

static struct dl_adj_region *find(const struct dl_adjacency *a, u64 region)
{
	struct dl_adj_set *set = set_of(a, region);
	u32 i;

	for (i = 0; i < DL_ADJ_WAYS; i++)
		if (set->way[i].used && set->way[i].region == region)
			return &set->way[i];
	return NULL;
}

/* The region of @sector; a new one is like @like, or half like all if that is NULL. */
static struct dl_adj_region *touch(struct dl_adjacency *a, u64 sector,
				   const struct dl_adj_region *like)
{
	u64 region = sector >> DL_ADJ_REGION_SHIFT;
	struct dl_adj_region *r = find(a, region), fresh = { .used = 1 };
	struct dl_adj_set *set;
	u32 i;

	if (!r) {
		if (like) {
			fresh = *like;
		} else {
			fresh.next[0] = a->next[0] / 2;
			fresh.next[1] = a->next[1] / 2;
		}
		fresh.region = region;
		set = set_of(a, region);
		r = &set->way[0];
		for (i = 1; i < DL_ADJ_WAYS && r->used; i++)
			if (!set->way[i].used ||
			    a->writes - set->way[i].at > a->writes - r->at)
				r = &set->way[i];
		*r = fresh;
	}
	r->at = a->writes;
	return r;
}

static void learn_length(struct dl_adj_region *r, u32 sectors)
{
	s32 new = (s32)(min_t(u32, sectors, LENGTH_MAX) << LENGTH_SHIFT);

	if (r->length)
		new = r->length + (new - r->length) / (1 << RATE_SHIFT);
	r->length = (u16)new;
}

static void learn_step(struct dl_adj_region *r, s32 step)
{
	if (r->step == step) {
		move(&r->stepped, true);
		return;
	}
	move(&r->stepped, false);
	/* Another one takes over when this one has lost what it had. */
	if (r->stepped < DL_ADJ_SAY / 4) {
		r->step = step;
		move(&r->stepped, true);
	}
}

static void score(struct dl_adjacency *a, const struct dl_adj_stream *s,
		  enum outcome how)
{
	struct dl_adj_score *sc = &a->score;
	bool next = s->flags & SAID_NEXT;
	bool right = how == (next ? CONTINUED : STEPPED);

	sc->were += how == CONTINUED;
	sc->steps_were += how == STEPPED;
	if (!(s->flags & (SAID_NEXT | SAID_STEP)))
		return;
	sc->said += next;
	sc->came += next && right;
	sc->steps_said += !next;
	sc->steps_came += !next && right;
	if (right)
		sc->lately += (65536 - sc->lately) >> LATELY_SHIFT;
	else
		sc->lately -= sc->lately >> LATELY_SHIFT;
}

/*
 * It is known how a stream went on: with @sectors, @step from its last write. Returns
 * the region of that write.
 */
static struct dl_adj_region *settle(struct dl_adjacency *a,
				    const struct dl_adj_stream *s,
				    enum outcome how, u32 sectors, s32 step)
{
	struct dl_adj_region *r = touch(a, s->start, NULL);
	bool continues = s->flags & CONTINUES;

	score(a, s, how);
	move(&r->next[continues], how == CONTINUED);
	move(&a->next[continues], how == CONTINUED);
	if (how == STEPPED)
		learn_step(r, step);
	else
		move(&r->stepped, false);
	if (how == CONTINUED)
		learn_length(r, sectors);
	return r;
}

/* The last write of a stream has come: what is to be said of its continuation? */
static void say(const struct dl_adjacency *a, struct dl_adj_stream *s)
{
	struct dl_adj_next n;

	dl_adjacency_successor(a, s->start, s->flags & CONTINUES, &n);
	if (n.next >= DL_ADJ_SAY)
		s->flags |= SAID_NEXT;
	else if (n.stepped >= DL_ADJ_SAY)
		s->flags |= SAID_STEP;
}

/* Open streams that wait for too long are closed. */
static void expire(struct dl_adjacency *a)
{
	struct dl_adj_stream *s;

	for (s = a->stream; s < a->stream + DL_ADJ_STREAMS; s++) {
		if (!(s->flags & OPEN) || a->writes - s->at <= DL_ADJ_SOON)
			continue;
		settle(a, s, ENDED, 0, 0);
		s->flags = 0;
	}
}

/* The stream that a write at @sector goes on with, the youngest of several; or NULL. */
static struct dl_adj_stream *match(struct dl_adjacency *a, u64 sector,
				   enum outcome *how)
{
	struct dl_adj_stream *best = NULL, *s;
	enum outcome is;

	*how = ENDED;
	for (s = a->stream; s < a->stream + DL_ADJ_STREAMS; s++) {
		if (!(s->flags & OPEN))
			continue;
		if (s->end == sector)
			is = CONTINUED;
		else if (s->step && s->start + (u64)(s64)s->step == sector)
			is = STEPPED;
		else
			continue;
		/* Behind the end counts for more than a step away. */
		if (best && (*how == is ? a->writes - s->at >= a->writes - best->at :
			     is == STEPPED))
			continue;
		best = s;
		*how = is;
	}
	return best;
}

/* How far @sector is from the nearest stream of @client, if that may be a step; or 0. */
static s32 step_from(const struct dl_adjacency *a, u64 sector, u16 client)
{
	const struct dl_adj_stream *s;
	u64 least = DL_ADJ_STEP_MAX + 1;
	s32 step = 0;

	for (s = a->stream; s < a->stream + DL_ADJ_STREAMS; s++) {
		u64 up = sector - s->start, down = s->start - sector;

		if (!(s->flags & OPEN) || s->client != client || !up)
			continue;
		if (up < least) {
			least = up;
			step = (s32)up;
		}
		if (down < least) {
			least = down;
			step = -(s32)down;
		}
	}
	return step;
}

/* Place for a new stream: free, or of who waits longest, first of what never went on. */
static struct dl_adj_stream *make_room(struct dl_adjacency *a)
{
	struct dl_adj_stream *worst = NULL, *s;

	for (s = a->stream; s < a->stream + DL_ADJ_STREAMS; s++) {
		if (!(s->flags & OPEN))
			return s;
		if (!worst || !s->run > !worst->run ||
		    (!s->run == !worst->run &&
		     a->writes - s->at > a->writes - worst->at))
			worst = s;
	}
	settle(a, worst, ENDED, 0, 0);
	return worst;
}

void dl_adjacency_learn(struct dl_adjacency *a, u64 sector, u32 sectors,
			u16 client)
{
	struct dl_adj_region *from = NULL;
	struct dl_adj_stream *s;
	enum outcome how;
	s32 step;
	u8 run = 0;

	if (!sectors)
		return;
	a->writes++;
	a->score.writes++;
	expire(a);
	s = match(a, sector, &how);
	if (s) {
		step = how == STEPPED ? s->step : 0;
		from = settle(a, s, how, sectors, step);
		run = s->run + (s->run < 255);
	} else {
		step = step_from(a, sector, client);
		s = make_room(a);
	}
	*s = (struct dl_adj_stream) {
		.start = sector, .end = sector + sectors, .at = a->writes,
		.step = step, .client = client, .run = run,
		.flags = OPEN | (how == CONTINUED ? CONTINUES : 0),
	};
	touch(a, sector, from);
	say(a, s);
}

void dl_adjacency_forget(struct dl_adjacency *a)
{
	struct dl_adj_stream *s;

	for (s = a->stream; s < a->stream + DL_ADJ_STREAMS; s++)
		s->flags = 0;
}

void dl_adjacency_successor(const struct dl_adjacency *a, u64 sector, bool runs,
			    struct dl_adj_next *out)
{
	const struct dl_adj_region *r = find(a, sector >> DL_ADJ_REGION_SHIFT);

	*out = (struct dl_adj_next) { .next = 0 };
	if (!r)
		return;
	out->next = r->next[runs];
	out->sectors = r->length ? max_t(u16, r->length >> LENGTH_SHIFT, 1) : 0;
	out->step = r->step;
	out->stepped = r->step ? r->stepped : 0;
}
