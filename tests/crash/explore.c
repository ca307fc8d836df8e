// SPDX-License-Identifier: GPL-2.0
/*
 * Crash states of a recorded life, see round.h: make each, activate it, read
 * all of it, judge. Some are then drained and the bare origin compared, some
 * are activated twice, and some are recorded from the activation on, worked on,
 * and crashed again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/run.h"
#include "../model/util.h"
#include "dm.h"
#include "nonce.h"
#include "round.h"

static char *origin_of(const struct life *life)
{
	return life->st->mem +
		(size_t)life->st->l.start[DEV_ORIGIN] * SECTOR_BYTES;
}

static void read_bare_origin(const struct life *life, uint32_t *val)
{
	uint32_t s;

	for (s = 0; s < life->h.sectors; s++)
		val[s] = stamp_read(origin_of(life) + (size_t)s * SECTOR_BYTES,
				    life->h.seed, s);
}

static int read_volume(const struct life *life, uint32_t *val)
{
	char path[64];
	int fd = open(dm_path(VOLUME, path, sizeof(path)),
		      O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return errno;
	device_read(fd, life->buf, life->h.seed, life->h.sectors,
		    life->st->block, val);
	close(fd);
	return 0;
}

/* ---- reports ------------------------------------------------------------ */

static void describe(const struct life *life, uint64_t time, FILE *f)
{
	const struct life *l;

	fprintf(f, "#   crash at %llu of %llu events, %u changes open, of which %u there, %u torn (%s)\n",
		(unsigned long long)time, (unsigned long long)life->s.end,
		life->choice.nr_open, life->choice.nr_there,
		life->choice.nr_torn, fate_text(life->choice.fate));
	for (l = life; l->before; l = l->before)
		fprintf(f, "#   in the life after a crash at %llu of %llu events\n",
			(unsigned long long)l->crashed_at,
			(unsigned long long)l->before->s.end);
	fprintf(f, "#   ready at %llu; origin %u, log %u sectors, block %u, options '%s', history %s\n",
		(unsigned long long)life->ready,
		life->st->l.sectors[DEV_ORIGIN], life->st->l.sectors[DEV_LOG],
		life->st->block, life->st->options,
		history_is_serial(&life->h) ? "serial" : "concurrent");
	fprintf(f, "#   the round again: %s --seed %llu --round %u --states %u\n",
		life->c->command, (unsigned long long)life->c->seed,
		life->round, life->c->per_round);
}

/* Returns whether to go on. */
static bool report(struct life *life, const char *image, uint64_t time,
		   const struct verdict *v, const struct life *judged,
		   const char *what)
{
	struct totals *t = life->t;

	t->wrong++;
	if (v)
		t->by_kind[v->kind]++;
	else
		t->other_wrong++;
	if (t->wrong > 3 && !life->c->verbose)
		return t->wrong < life->c->max_wrong;
	printf("not ok - crash state %u, seed %llu, round %u: %s\n",
	       t->states, (unsigned long long)life->c->seed, life->round,
	       what ? what : verdict_text(v->kind));
	describe(life, time, stdout);
	if (v)
		verdict_print(v, &judged->h, "#   ", stdout);
	if (!v || v->kind == JUDGE_UNREADABLE)
		printf("%s", kernel_says());
	if (life->c->save_dir && image)
		case_save(life, image, time, life->round, t->states);
	fflush(stdout);
	return t->wrong < life->c->max_wrong;
}

/* ---- one state ---------------------------------------------------------- */

/* Whose history a crash at *@time is judged by, and when in that. */
static const struct life *judged_by(const struct life *life, uint64_t *time)
{
	while (*time <= life->ready && life->before) {
		*time = life->crashed_at;
		life = life->before;
	}
	return life;
}

static bool judge_val(struct life *life, const char *image, uint64_t time,
		      unsigned int flags, const char *what)
{
	uint64_t at = time;
	const struct life *by = judged_by(life, &at);
	struct verdict v, exact;
	bool right = judge(by->j, life->val, at, flags, &v);

	if (history_is_serial(&by->h) &&
	    judge_serial(&by->h, life->val, at, flags, &exact) != right) {
		report(life, image, time, NULL, by,
		       "the two judges disagree: a bug in the test");
		return false;
	}
	return right || report(life, image, time, &v, by, what);
}

static bool check_status(struct life *life, const char *image, uint64_t time)
{
	static const char *const none[] = { "crc_errors", "log_errors",
					    "origin_errors" };
	char line[1024], key[64], what[1200];
	const char *p;
	unsigned int i;

	if (strcmp(life->st->target, "deltalog"))
		return true;
	if (dm_status(VOLUME, line, sizeof(line)))
		return report(life, image, time, NULL, NULL,
			      "no status to be had");
	snprintf(what, sizeof(what), "status: %s", line);
	if (strncmp(line, "rw ", 3))
		return report(life, image, time, NULL, NULL, what);
	for (i = 0; i < 3; i++) {
		snprintf(key, sizeof(key), " %s ", none[i]);
		p = strstr(line, key);
		if (!p || strtoul(p + strlen(key), NULL, 10))
			return report(life, image, time, NULL, NULL, what);
	}
	return true;
}

/* Once more, to be sure that what the kernel says is about this. */
static bool refused_as_detached(const struct life *life)
{
	kernel_note("dlreplay: once more");
	return stack_activate(life->st) &&
		strstr(kernel_says(), "once more") &&
		strstr(strstr(kernel_says(), "once more"), "detached");
}

/* Nothing may have been refused but a log that was being formatted, or one
 * that is detached; then the bare origin is what counts.
 */
static bool check_refused(struct life *life, const char *image, uint64_t time,
			  int err)
{
	char what[400];
	bool formatting = !life->before && time <= life->ready;
	bool detached = !formatting && refused_as_detached(life);

	if (!formatting && !detached) {
		snprintf(what, sizeof(what), "activation refused: %s",
			 strerror(err));
		return report(life, image, time, NULL, NULL, what);
	}
	if (formatting)
		life->t->refused++;
	else
		life->t->detached++;
	read_bare_origin(life, life->val);
	return judge_val(life, image, time, detached ? JUDGE_ALL : 0, NULL);
}

static bool same_as(struct life *life, const char *image, uint64_t time,
		    const uint32_t *val, const char *what)
{
	struct verdict v = { .kind = JUDGE_OK };
	uint32_t s;

	for (s = 0; s < life->h.sectors; s++)
		if (val[s] != life->val[s])
			verdict_add(&v, JUDGE_INVENTED, s, val[s],
				    life->val[s], 0);
	return !v.nr_wrong || report(life, image, time, &v, life, what);
}

static bool check_drain(struct life *life, const char *image, uint64_t time,
			uint32_t *val)
{
	int err = dm_message(VOLUME, "drain");

	if (err)
		return report(life, image, time, NULL, NULL, "drain failed");
	read_bare_origin(life, val);
	life->t->drained++;
	return same_as(life, image, time, val,
		       "after a drain the bare origin differs");
}

static bool check_again(struct life *life, const char *image, uint64_t time,
			uint32_t *val)
{
	int err = stack_deactivate(life->st);

	if (!err)
		err = stack_activate(life->st);
	if (!err)
		err = read_volume(life, val);
	if (err)
		return report(life, image, time, NULL, NULL,
			      "cannot be activated a second time");
	life->t->again++;
	return same_as(life, image, time, val,
		       "shows something else when activated again");
}

/*
 * The volume was activated while recording: go on living, then look at crashes
 * of that life, the activation included.
 */
static bool live_on(struct life *life, const char *image, uint64_t time,
		    struct rng *r)
{
	struct life next = *life;
	uint32_t ops = rng_chance(r, 30) ? 0 : 10 + rng_below(r, 80);
	uint32_t states = 3 + rng_below(r, 6);
	bool go_on;
	int err;

	next.before = life;
	next.crashed_at = time;
	next.depth++;
	next.next_id = life->next_id + 1000 * next.depth;
	next.j = NULL;
	history_init(&next.h, life->h.seed, life->h.sectors, next.next_id, 0);
	memcpy(next.h.base, life->val, next.h.sectors * sizeof(*next.h.base));
	stack_mark(life->st, MARK_READY);
	if (ops)
		life_work(&next, &plan_mixes[rng_below(r, plan_nr_mixes)],
			  1 + rng_below(r, 4), ops, rng_next(r));
	if (rng_chance(r, 30))
		dm_message(VOLUME, "drain");
	if (rng_chance(r, 50)) {
		err = stack_deactivate(life->st);
		stack_record(life->st, false);
	} else {
		stack_record(life->st, false);
		err = stack_deactivate(life->st);
	}
	if (err)
		return report(life, image, time, NULL, NULL,
			      "the volume cannot be removed");

	stream_from_recorder(&next.s, life->st->record_fd, &life->st->l);
	stream_times(&next.s, &next.h);
	history_index(&next.h);
	next.ready = stream_mark(&next.s, MARK_READY);
	next.detached = NEVER;
	next.j = judge_new(&next.h);
	next.val = xcalloc(next.h.sectors, sizeof(*next.val));
	/* Half of the time look at the recovery itself only. */
	if (!ops || rng_chance(r, 30))
		next.s.end = next.ready + 2 < next.s.end ? next.ready + 2 :
							   next.s.end;
	life->t->deep += states;
	go_on = life_explore(&next, image, states, r);
	judge_free(next.j);
	history_exit(&next.h);
	stream_exit(&next.s);
	free(next.val);
	return go_on;
}

/* The state is in place; @image is a copy of it, or NULL when none is needed. */
static bool one_state(struct life *life, const char *image, uint64_t time,
		      bool deep, struct rng *r)
{
	const struct config *c = life->c;
	bool deltalog = !strcmp(life->st->target, "deltalog"), go_on;
	uint32_t *val;
	int err;

	life->t->states++;
	life->t->torn += life->choice.nr_torn > 0;
	if (deep)
		stack_record(life->st, true);
	err = stack_activate(life->st);
	if (err) {
		if (deep)
			stack_record(life->st, false);
		return check_refused(life, image, time, err);
	}
	err = read_volume(life, life->val);
	if (err)
		die("cannot open the volume: %s", strerror(err));
	if (!life->before && time > life->detached)
		return report(life, image, time, NULL, NULL,
			      "activated although it was detached");
	go_on = judge_val(life, image, time, 0, NULL) &&
		check_status(life, image, time);
	if (deep && go_on)
		return live_on(life, image, time, r);
	if (deep)
		stack_record(life->st, false);

	val = xcalloc(life->h.sectors, sizeof(*val));
	if (go_on && deltalog && rng_chance(r, c->drain_pct))
		go_on = check_drain(life, image, time, val);
	if (go_on && rng_chance(r, c->again_pct))
		go_on = check_again(life, image, time, val);
	free(val);
	if (life->st->active) {
		err = stack_deactivate(life->st);
		if (err)
			return report(life, image, time, NULL, NULL,
				      "the volume cannot be removed");
	}
	return go_on;
}

static int by_time(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Times to crash at: half of them next to the end of a flush or FUA write. */
static void pick_times(const struct life *life, uint64_t *times, uint32_t n,
		       struct rng *r)
{
	const struct stream *s = &life->s;
	uint32_t i;

	for (i = 0; i < n; i++) {
		times[i] = 1 + rng_below(r, (uint32_t)s->end);
		if (s->nr_boundaries && rng_chance(r, 50)) {
			uint64_t b = s->boundaries[rng_below(r,
						   s->nr_boundaries)];

			if (b <= s->end)
				times[i] = b;
		}
	}
	/* The end is what a crash long after the last write looks like. */
	if (n > 8)
		times[0] = s->end;
	qsort(times, n, sizeof(*times), by_time);
}

bool life_explore(struct life *life, const char *base, uint32_t states,
		  struct rng *r)
{
	const struct config *c = life->c;
	struct stack *st = life->st;
	uint64_t *times = xcalloc(states, sizeof(*times));
	bool go_on = true;
	struct image im;
	char *copy = NULL;
	uint32_t i;

	i = nonces_reused(&life->s, &st->l, &life->t->sealed);
	if (i) {
		printf("not ok - %u frames were encrypted with a nonce that another had been (round %u, depth %u)\n",
		       i, life->round, life->depth);
		life->t->wrong++;
		life->t->other_wrong++;
	}
	image_init(&im, &life->s, &st->l, st->block, base);
	pick_times(life, times, states, r);
	for (i = 0; go_on && i < states; i++) {
		bool deep = life->depth < DEPTH_MAX - 1 &&
			!strcmp(st->target, "deltalog") &&
			rng_chance(r, c->deep_pct);

		image_advance(&im, times[i]);
		image_crash(&im, r, c->fate, c->tear, st->mem, &life->choice);
		/* What is wrong must be kept as it was before activation. */
		if (deep || c->save_dir) {
			if (!copy)
				copy = xalloc_pages(st->bytes);
			memcpy(copy, st->mem, st->bytes);
		}
		go_on = one_state(life, copy, times[i], deep, r);
		/* One that was found wrong may have been left as it was. */
		if (st->active && stack_deactivate(st))
			die("cannot remove the volume: %s", dm_last_message());
	}
	image_exit(&im);
	free(copy);
	free(times);
	return go_on;
}
