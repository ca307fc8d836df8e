// SPDX-License-Identifier: GPL-2.0
/*
 * A round up to the end of the recording, see round.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/key.h"
#include "../model/run.h"
#include "../model/util.h"
#include "dm.h"
#include "round.h"

#define SUPERBLOCKS_BYTES	8192

static uint64_t *former_log;
static size_t former_words;

/* ---- parameters --------------------------------------------------------- */

static void add_option(struct setup *u, unsigned int *words, const char *fmt,
		       ...)
{
	size_t n = strlen(u->options);
	const char *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->options + n, sizeof(u->options) - n, fmt, ap);
	va_end(ap);
	for (p = u->options + n; *p; p++)
		*words += *p == ' ';
}

static void draw_options(struct setup *u, struct rng *r)
{
	static const unsigned int commit_ms[] = { 1, 5, 20, 100, 1000 };
	static const unsigned int segment_kib[] = { 64, 128 };
	unsigned int high = 20 + rng_below(r, 70), low = rng_below(r, high);
	char rest[sizeof(u->options)];
	unsigned int words = 0, i;

	u->options[0] = 0;
	if (rng_chance(r, 60))
		add_option(u, &words, " commit_ms %u",
			   commit_ms[rng_below(r, 5)]);
	if (rng_chance(r, 50))
		add_option(u, &words, " high_watermark %u low_watermark %u",
			   high, low);
	if (rng_chance(r, 30))
		add_option(u, &words, " reconcile_secs 1");
	if (rng_chance(r, 30))
		add_option(u, &words, " reconcile_order oldest");
	if (rng_chance(r, 40))
		add_option(u, &words, " segment_kib %u",
			   segment_kib[rng_below(r, 2)]);
	if (rng_chance(r, 60))
		add_option(u, &words, " compression %u",
			   1 + rng_below(r, 2) * 31);
	if (rng_chance(r, 60))
		add_option(u, &words, " fusion on");
	if (rng_chance(r, 30))
		add_option(u, &words, " foresight off");
	else if (rng_chance(r, 60))
		add_option(u, &words, " pool_kib %u segment_ms 50 seal_secs 1",
			   64u << rng_below(r, 6));
	i = rng_below(r, 5);
	if (i >= 3)
		add_option(u, &words, "%s", i < 4 ? KEY_OPTION :
			   KEY_OPTION_CHACHA);
	/* Discards are wanted whatever the origin makes of them. */
	add_option(u, &words, " zero_discards");
	memcpy(rest, u->options, sizeof(rest));
	snprintf(u->options, sizeof(u->options), "%u%.*s", words,
		 (int)sizeof(rest) - 8, rest);
}

void round_setup(struct setup *u, const struct config *c, struct rng *r)
{
	static const uint32_t holds[] = { 0, 0, 30, 300, 3000 };
	uint32_t origin, log, i;

	memset(u, 0, sizeof(*u));
	u->block = rng_chance(r, 20) ? PAGE_SECTORS : 1;
	origin = 4 * 2048 + rng_below(r, 4 * 2048 / PAGE_SECTORS) * PAGE_SECTORS;
	/* The last page of the volume need not be a whole one. */
	if (u->block == 1 && rng_chance(r, 30))
		origin += 1 + rng_below(r, PAGE_SECTORS - 1);
	log = rng_chance(r, 25) ? 2048 :
		2048 + rng_below(r, 2 * 2048 / PAGE_SECTORS) * PAGE_SECTORS;
	u->l.start[DEV_ORIGIN] = 0;
	u->l.sectors[DEV_ORIGIN] = origin;
	u->l.start[DEV_LOG] = (origin + PAGE_SECTORS - 1) / PAGE_SECTORS *
		PAGE_SECTORS;
	u->l.sectors[DEV_LOG] = log;
	for (i = 0; i < NR_DEVS; i++)
		u->hold_us[i] = holds[rng_below(r, 5)];
	i = rng_below(r, plan_nr_mixes);
	u->mix = c->mix ? c->mix : &plan_mixes[i];
	u->threads = rng_chance(r, 35) ? 1 : 2 + rng_below(r, 7);
	if (c->threads)
		u->threads = c->threads;
	u->ops = 80 + rng_below(r, 320);
	/* Large writes fill a recording sooner than they show anything new. */
	if (u->mix->large_pct > 30)
		u->ops /= 3;
	if (c->ops)
		u->ops = c->ops;
	u->zero_base = rng_chance(r, 15);
	u->stale_log = rng_chance(r, 50);
	u->record_format = rng_chance(r, 25);
	i = rng_below(r, 10);
	u->end = i < 5 ? END_CUT : i < 8 ? END_CLEAN : END_DETACH;
	draw_options(u, r);
	if (c->options)
		snprintf(u->options, sizeof(u->options), "%s", c->options);
}

/* ---- the workload ------------------------------------------------------- */

enum { DO_FLUSH, DO_RECONCILE, DO_DRAIN, DO_SUSPEND, DO_RELOAD, DO_TUNE,
       NR_CONTROLS };

struct worker_ctx {
	struct stack *st;
	pthread_mutex_t lock;	/* one at a time: a drain needs the volume
				 * running, and a suspend stops it
				 */
	struct rng rng;
};

static uint64_t hook_mark(void *ctx, uint64_t mark)
{
	struct worker_ctx *w = ctx;

	return stack_mark(w->st, mark);
}

static int tune(struct worker_ctx *w)
{
	char text[64];

	snprintf(text, sizeof(text), "set commit_ms %u",
		 1 + rng_below(&w->rng, 200));
	return dm_message(VOLUME, text);
}

static int hook_control(void *ctx, struct op *op)
{
	struct worker_ctx *w = ctx;
	bool deltalog = !strcmp(w->st->target, "deltalog");
	int err = 0;

	pthread_mutex_lock(&w->lock);
	switch (op->sector) {
	case DO_FLUSH:
		err = deltalog ? dm_message(VOLUME, "flush") : 0;
		break;
	case DO_RECONCILE:
		err = deltalog ? dm_message(VOLUME, "reconcile") : 0;
		break;
	case DO_DRAIN:
		err = deltalog ? dm_message(VOLUME, "drain") : 0;
		break;
	case DO_SUSPEND:
		err = dm_suspend(VOLUME);
		if (!err)
			err = dm_resume(VOLUME);
		break;
	case DO_RELOAD:
		err = stack_reload(w->st);
		break;
	case DO_TUNE:
		err = deltalog ? tune(w) : 0;
		break;
	}
	pthread_mutex_unlock(&w->lock);
	/* Both promise what a flush does, for what was done before them. */
	if (deltalog && (op->sector == DO_FLUSH || op->sector == DO_DRAIN))
		op->type = OP_FLUSH;
	errno = err;
	return err ? -1 : 0;
}

void life_work(struct life *life, const struct mix *mix, uint32_t threads,
	       uint32_t ops, uint64_t seed)
{
	struct worker_ctx ctx = { .st = life->st };
	const struct run_hooks hooks = { .ctx = &ctx, .mark = hook_mark,
					 .control = hook_control };
	uint32_t *base = life->h.base, sectors = life->st->l.sectors[DEV_ORIGIN];
	uint64_t stamp_seed = life->h.seed;
	struct run_result res;
	char path[64];

	free(life->h.ops);
	plan_make(&life->h, seed, mix, sectors, life->st->block, life->next_id,
		  threads, ops, NR_CONTROLS);
	life->h.seed = stamp_seed;
	free(life->h.base);
	life->h.base = base;
	life->next_id += ops;
	life->t->ops += ops;

	pthread_mutex_init(&ctx.lock, NULL);
	rng_seed(&ctx.rng, seed, 2);
	if (run_plan(&life->h, dm_path(VOLUME, path, sizeof(path)), &hooks, 0,
		     &res))
		die("%s: %s", path, strerror(errno));
	pthread_mutex_destroy(&ctx.lock);
	if (res.nr_failed) {
		const struct op *op = history_op(&life->h, res.first_failed);
		char text[160];

		printf("not ok - %s failed: %s (round %u)\n%s\n",
		       op_text(op, text, sizeof(text)),
		       strerror(res.first_error), life->round, kernel_says());
		life->t->wrong++;
		life->t->other_wrong++;
	}
}

/* ---- the round ---------------------------------------------------------- */

/* What the devices hold before the volume exists. */
static void first_content(struct life *life, const struct setup *u,
			  struct rng *r)
{
	struct stack *st = life->st;
	char *origin = st->mem + (size_t)u->l.start[DEV_ORIGIN] * SECTOR_BYTES;
	char *log = st->mem + (size_t)u->l.start[DEV_LOG] * SECTOR_BYTES;
	uint32_t n = u->l.sectors[DEV_ORIGIN], i;
	uint64_t *word = (uint64_t *)log;

	if (!u->zero_base)
		stamp_fill(origin, life->h.seed, 0, n, 0);
	for (i = 0; i < n; i++)
		life->h.base[i] = u->zero_base ? VAL_ZERO : 0;
	/* A log device that was in use before: only what must be blank is. */
	for (i = SUPERBLOCKS_BYTES / 8;
	     u->stale_log && i < u->l.sectors[DEV_LOG] * (SECTOR_BYTES / 8);
	     i++)
		word[i] = i < former_words ? former_log[i] : rng_next(r);
}

/* The log as the last state of this round left it is what the next one finds. */
static void keep_log(const struct stack *st)
{
	former_words = st->l.sectors[DEV_LOG] * (SECTOR_BYTES / 8);
	former_log = xrealloc(former_log, former_words, sizeof(*former_log));
	memcpy(former_log,
	       st->mem + (size_t)st->l.start[DEV_LOG] * SECTOR_BYTES,
	       former_words * sizeof(*former_log));
}

static void end_of_life(struct life *life, const struct setup *u)
{
	struct stack *st = life->st;
	int err;

	if (u->end == END_DETACH && !strcmp(st->target, "deltalog")) {
		err = dm_message(VOLUME, "detach");
		if (err)
			die("detach: %s\n%s", strerror(err), kernel_says());
		stack_mark(st, MARK_DETACHED);
	}
	if (u->end == END_CUT)
		stack_record(st, false);
	err = stack_deactivate(st);
	if (err)
		die("cannot remove the volume: %s\n%s", strerror(err),
		    kernel_says());
	if (u->end != END_CUT)
		stack_record(st, false);
}

bool round_run(const struct config *c, struct stack *st, struct totals *t,
	       uint32_t number)
{
	struct life life = { .c = c, .t = t, .st = st, .round = number,
			     .next_id = 1 };
	uint32_t i;
	double began = now_seconds();
	struct setup u;
	char *base;
	struct rng r;
	bool go_on;
	int err;

	rng_seed(&r, c->seed, number);
	round_setup(&u, c, &r);
	stack_build(st, &u.l, u.block, u.hold_us, c->via, rng_next(&r));
	snprintf(st->options, sizeof(st->options), "%s", u.options);
	history_init(&life.h, rng_next(&r), u.l.sectors[DEV_ORIGIN], 1, 0);
	first_content(&life, &u, &r);
	if (c->verbose)
		printf("# round %u: origin %u, log %u, block %u, hold %u/%u us, %s, %u threads, %u ops, options '%s'\n",
		       number, u.l.sectors[DEV_ORIGIN], u.l.sectors[DEV_LOG],
		       u.block, u.hold_us[DEV_ORIGIN], u.hold_us[DEV_LOG],
		       u.mix->name, u.threads, u.ops, u.options);

	base = xalloc_pages(st->bytes);
	if (c->via == VIA_LOG_WRITES || u.record_format)
		memcpy(base, st->mem, st->bytes);
	if (u.record_format)
		stack_record(st, true);
	err = stack_activate(st);
	if (err)
		die("round %u: cannot activate: %s (%s)\n%s", number,
		    strerror(err), dm_last_message(), kernel_says());
	if (c->via == VIA_RECORDER && !u.record_format) {
		memcpy(base, st->mem, st->bytes);
		stack_record(st, true);
	}
	stack_mark(st, MARK_READY);
	life_work(&life, u.mix, u.threads, u.ops, rng_next(&r));
	end_of_life(&life, &u);
	stack_stream(st, &life.s);
	t->record_s += now_seconds() - began;

	began = now_seconds();
	stream_times(&life.s, &life.h);
	history_index(&life.h);
	life.ready = stream_mark(&life.s, MARK_READY);
	life.detached = stream_mark(&life.s, MARK_DETACHED);
	life.j = judge_new(&life.h);
	life.val = xcalloc(life.h.sectors, sizeof(*life.val));
	life.buf = xalloc_pages(READ_BYTES);
	if (c->trace)
		stream_print(&life.s, &st->l, stdout);
	t->rounds++;
	t->cut += life.s.cut;
	t->changes += life.s.nr_changes;
	for (i = 0; i < life.s.nr_changes; i++)
		t->bytes += (uint64_t)life.s.changes[i].sectors * SECTOR_BYTES;
	for (i = 0; i < NR_DEVS; i++)
		t->flushes += life.s.nr_flushes[i];
	go_on = life_explore(&life, base, c->per_round, &r);
	t->explore_s += now_seconds() - began;

	judge_free(life.j);
	history_exit(&life.h);
	stream_exit(&life.s);
	free(life.val);
	free(life.buf);
	free(base);
	keep_log(st);
	stack_tear_down(st);
	return go_on && t->wrong < c->max_wrong;
}
