// SPDX-License-Identifier: GPL-2.0
/*
 * A schedule from its beginning to its end, see schedule.h.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../model/key.h"
#include "../model/util.h"
#include "schedule.h"

struct schedule *schedule_new(const struct config *c, struct totals *t,
			      struct volume *v)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->c = c;
	s->t = t;
	s->v = v;
	model_init(&s->m);
	trail_init(&s->trail);
	s->buf = xalloc_pages(BUF_BYTES);
	s->image = xalloc_pages((size_t)ORIGIN_MAX * SECTOR_BYTES);
	s->reader.buf = xalloc_pages(BUF_BYTES);
	s->storm.v = v;
	s->storm.buf = xalloc_pages(BUF_BYTES);
	s->storm.reply = xcalloc(MESSAGE_MAX, 1);
	return s;
}

void schedule_free(struct schedule *s)
{
	model_exit(&s->m);
	trail_exit(&s->trail);
	free(s->buf);
	free(s->image);
	free(s->reader.buf);
	free(s->storm.buf);
	free(s->storm.reply);
	free(s);
}

/* ---- setup -------------------------------------------------------------- */

static void add_option(char *out, size_t size, unsigned int *words,
		       const char *fmt, ...)
{
	size_t n = strlen(out);
	const char *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, size - n, fmt, ap);
	va_end(ap);
	for (p = out + n; *p; p++)
		*words += *p == ' ';
}

void schedule_options(struct schedule *s)
{
	static const unsigned int commit_ms[] = { 1, 5, 20, 100, 1000 };
	unsigned int high = 15 + rng_below(&s->r, 75);
	unsigned int low = rng_below(&s->r, high), words = 0;
	char list[352] = "";

	/* Discards are wanted whatever the origin makes of them. */
	add_option(list, sizeof(list), &words, " zero_discards");
	add_option(list, sizeof(list), &words, " frame_mem_kib %u",
		   1100 + rng_below(&s->r, 3) * 1000);
	if (rng_chance(&s->r, 60))
		add_option(list, sizeof(list), &words, " commit_ms %u",
			   commit_ms[rng_below(&s->r, 5)]);
	if (rng_chance(&s->r, 50))
		add_option(list, sizeof(list), &words,
			   " high_watermark %u low_watermark %u", high, low);
	if (rng_chance(&s->r, 30))
		add_option(list, sizeof(list), &words, " reconcile_secs 1");
	if (rng_chance(&s->r, 30))
		add_option(list, sizeof(list), &words,
			   " reconcile_order oldest");
	if (rng_chance(&s->r, 40))
		add_option(list, sizeof(list), &words, " segment_kib %u",
			   64u << rng_below(&s->r, 2));
	if (rng_chance(&s->r, 60))
		add_option(list, sizeof(list), &words, " compression %u",
			   1 + rng_below(&s->r, 2) * 31);
	if (rng_chance(&s->r, 60))
		add_option(list, sizeof(list), &words, " fusion on");
	if (rng_chance(&s->r, 30))
		add_option(list, sizeof(list), &words, " foresight off");
	else if (rng_chance(&s->r, 60))
		add_option(list, sizeof(list), &words,
			   " pool_kib %u segment_ms 50 seal_secs 1",
			   64u << rng_below(&s->r, 6));
	/* For good: the log was made with it. */
	add_option(list, sizeof(list), &words, "%s", s->key);
	snprintf(s->options, sizeof(s->options), "%u%s", words, list);
}

bool may(const struct schedule *s, enum act act)
{
	return s->c->only == ONLY_ANY ||
		(s->c->only == ONLY_CRASH && act == ACT_CRASH) ||
		(s->c->only == ONLY_RESTART && act == ACT_RESTART);
}

static void draw_weights(struct schedule *s)
{
	static const uint8_t factor[] = { 0, 2, 4, 4, 8 };
	const struct config *c = s->c;
	bool window = windows(s) &&
		(rng_chance(&s->r, 40) || s->mix->window);
	unsigned int i;

	s->ruled = window && (rng_chance(&s->r, 25) || s->mix->rules);
	for (i = 0; i < NR_ACTS; i++) {
		bool life = i == ACT_SUSPEND || i == ACT_RELOAD ||
			i == ACT_RESTART || i == ACT_CRASH;

		s->weight[i] = mix_weight(s->mix, i) *
			factor[rng_below(&s->r, 5)];
		if (c->plain && (i == ACT_CREATE || i == ACT_DELETE ||
				 i == ACT_RENAME || i == ACT_REWIND ||
				 i == ACT_VIEW || i == ACT_COMPARE ||
				 i == ACT_UNVIEW || i == ACT_READER ||
				 i == ACT_MISUSE))
			s->weight[i] = 0;
		if (life && !may(s, i))
			s->weight[i] = 0;
		if (i == ACT_REWIND && c->no_rewind)
			s->weight[i] = 0;
		if (i == ACT_AGE && !s->ruled)
			s->weight[i] = 0;
		/* What rules make meanwhile could not be judged. */
		if (i == ACT_WAIT && (!windows(s) || s->ruled))
			s->weight[i] = 0;
		if (!window && (i == ACT_PICK || i == ACT_WINDOW ||
				i == ACT_MOMENT || i == ACT_LOOK_BACK))
			s->weight[i] = 0;
	}
	if (window && s->mix->window)
		s->weight[ACT_MOMENT] += mix_weight(s->mix, ACT_MOMENT);
	if (s->ruled && s->mix->rules) {
		s->weight[ACT_AGE] += mix_weight(s->mix, ACT_AGE);
		s->weight[ACT_RENAME] += mix_weight(s->mix, ACT_RENAME);
	}
	s->weight[ACT_WRITE] += mix_weight(s->mix, ACT_WRITE);
	if (!c->plain)
		s->weight[ACT_CREATE] += mix_weight(s->mix, ACT_CREATE);
	if (c->only == ONLY_CRASH || c->only == ONLY_RESTART)
		s->weight[c->only == ONLY_CRASH ? ACT_CRASH : ACT_RESTART] +=
			8;
}

/*
 * Most volumes are small, and most schedules short: then there are more of them
 * in the same time, and all that can be seen is looked at more often. What it
 * takes a larger volume for, or a longer life, is not left out.
 */
static uint32_t draw_origin(struct schedule *s)
{
	uint32_t kind = rng_below(&s->r, 100);

	/* To fill a log takes pages. */
	if (kind < 60 && !s->mix->small_log)
		return 512 + rng_below(&s->r, 1536);
	if (kind < 85)
		return 2048 + rng_below(&s->r, 2048);
	if (kind < 96)
		return 4096 + rng_below(&s->r, 4096);
	return 8192 + rng_below(&s->r, ORIGIN_MAX - 8191);
}

static uint32_t draw_log(struct schedule *s)
{
	if (s->mix->small_log)
		return 3072 + rng_below(&s->r, 2048);
	if (rng_chance(&s->r, 60))
		return 3072 + rng_below(&s->r, 3072);
	return 6144 + rng_below(&s->r, LOG_MAX - 6143);
}

static uint32_t draw_length(struct schedule *s)
{
	uint32_t most = s->c->ops, kind = rng_below(&s->r, 100);

	if (kind < 64)
		return most / 16 + rng_below(&s->r, most / 5 + 1);
	if (kind < 86)
		return most / 4 + rng_below(&s->r, most / 4 + 1);
	return most / 2 + rng_below(&s->r, most - most / 2 + 1);
}

static void setup(struct schedule *s, uint32_t number)
{
	const struct config *c = s->c;
	uint32_t origin, log, i;
	uint64_t stamps;

	s->number = number;
	s->wrong = false;
	s->nr_names = 0;
	s->nr_views = 0;
	s->policy = NULL;
	s->trail.nr = 0;
	memset(&s->window, 0, sizeof(s->window));
	window_apply(s, "shorten 0");
	s->held = s->ruled = false;
	rng_seed(&s->r, c->seed, number);
	stamps = rng_next(&s->r);
	i = rng_below(&s->r, nr_mixes);
	s->mix = c->mix ? c->mix : &mixes[i];
	origin = draw_origin(s);
	/* The last page need not be a whole one. */
	if (rng_chance(&s->r, 70))
		origin -= origin % PAGE_SECTORS;
	log = draw_log(s);
	s->log_sectors = log - log % PAGE_SECTORS;
	s->nr_ops = draw_length(s);
	draw_weights(s);
	i = rng_below(&s->r, 5);
	s->key = i < 3 ? "" : i < 4 ? KEY_OPTION : KEY_OPTION_CHACHA;
	schedule_options(s);
	model_begin(&s->m, stamps, origin, rng_chance(&s->r, 15));
	if (s->ruled)
		model_tell(&s->m);
	aim_init(&s->aim, s->mix, origin, &s->r);
	s->storm.seed = stamps;
	s->v->ops->begin(s->v, origin, s->log_sectors, s->m.cur);
	if (c->verbose)
		fprintf(c->out, "# schedule %u: %s, volume %u, log %u, %u operations, options '%s'\n",
			number, s->mix->name, origin, s->log_sectors,
			s->nr_ops, s->options);
}

/* ---- the way through ---------------------------------------------------- */

static enum act draw_act(struct schedule *s)
{
	uint32_t sum = 0, n;
	unsigned int i;

	for (i = 0; i < NR_ACTS; i++)
		sum += s->weight[i];
	n = rng_below(&s->r, sum);
	for (i = 0; n >= s->weight[i]; i++)
		n -= s->weight[i];
	return i;
}

static bool delete_all(struct schedule *s)
{
	if (!rules_end(s))
		return false;
	while (s->m.nr_snaps) {
		uint32_t i = rng_below(&s->r, s->m.nr_snaps);

		if (!request_delete(s, &s->m.snaps[i]))
			return false;
	}
	return look_list(s) && window_off(s) &&
		(s->c->plain || look_past(s));
}

static bool ending(struct schedule *s)
{
	return reader_stop(s) && views_compare(s) && look_health(s) &&
		request_drain(s) && look_origin(s) && look_present(s) &&
		views_compare(s) && window_compare(s) && life_restart(s) && look_health(s) &&
		delete_all(s) && look_present(s) && request_drain(s) &&
		look_origin(s) && look_health(s);
}

static void tidy(struct schedule *s)
{
	int err;

	reader_stop(s);
	while (s->nr_views) {
		s->v->ops->view_close(s->views[--s->nr_views].h);
		free(s->views[s->nr_views].own);
	}
	if (!s->active)
		return;
	err = s->v->ops->deactivate(s->v);
	if (err && !s->wrong)
		wrong(s, "the volume cannot be removed: %s", strerror(-err));
	if (err)
		die("cannot go on: the volume cannot be removed: %s",
		    strerror(-err));
	s->active = false;
}

void schedule_run(struct schedule *s, uint32_t number)
{
	uint32_t i;

	setup(s, number);
	if (life_activate(s)) {
		for (i = 0; i < s->nr_ops && !s->wrong; i++)
			if (act_do(s, draw_act(s)))
				reader_check(s);
		if (!s->wrong)
			ending(s);
	}
	tidy(s);
	s->t->schedules++;
}
