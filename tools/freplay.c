// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog forecast replay: what the kernel's forecaster would have foreseen of series
 * that were recorded.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "freplay.h"
#include "json.h"
#include "verbs.h"

#define BY_STEP	UINT64_MAX

static const char *column, *svg;
static uint64_t season = BY_STEP, skip = 96;

static const struct dl_opt opts[] = {
	DL_STRING("column", &column, "NAME|N",
		  "this column; default: write_bytes, or the first with numbers behind times"),
	DL_NUMBER("season", DL_OPT_NUMBER, &season, "N", 0, DL_SERIES_SEASON_MAX,
		  "rows after which it repeats, 0: none; default: by the times"),
	DL_NUMBER("skip", DL_OPT_NUMBER, &skip, "N", 1, 1000000000,
		  "rows to learn from before any is scored; default: 96"),
	DL_STRING("svg", &svg, "FILE",
		  "draw forecast, interval and what came; - for standard output"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* ---- */

static double orders(uint64_t x)
{
	return log2(1 + (double)x);
}

static void score(struct dl_freplay *r)
{
	const uint64_t *v = r->s.value;
	size_t i;

	for (i = r->s.nr - r->scored; i < r->s.nr; i++) {
		r->error += fabs(orders(v[i]) - orders(r->f[i].value));
		r->naive += fabs(orders(v[i]) - orders(v[i - 1]));
		r->held += v[i] >= r->f[i].low && v[i] <= r->f[i].high;
		r->confidence += r->f[i].confidence;
	}
	r->error /= (double)r->scored;
	r->naive /= (double)r->scored;
	r->held /= (double)r->scored;
	r->confidence /= (double)r->scored;
	r->relative = r->naive > 0 ? r->error / r->naive : -1;
}

static int replay(struct dl_freplay *r)
{
	struct dl_series s;
	size_t i;
	int rc = dl_csvseries_read(&r->s, 1, r->path, &column);

	if (rc)
		return rc;
	if (r->s.nr <= skip)
		return dl_err(DL_EXIT_REFUSED,
			      "%s: has %zu rows, and the first %llu are not scored; --skip takes another number",
			      r->path, r->s.nr, (unsigned long long)skip);
	r->f = calloc(r->s.nr, sizeof(*r->f));
	if (!r->f)
		return dl_err_nomem();
	r->season = season == BY_STEP ? dl_csvseries_season(&r->s) :
		(uint32_t)season;
	dl_series_init(&s, r->season);
	for (i = 0; i < r->s.nr; i++) {
		dl_series_next(&s, &r->f[i]);
		dl_series_add(&s, r->s.value[i]);
	}
	r->scored = r->s.nr - skip;
	score(r);
	return 0;
}

/* ---- */

/* Of those that have one; < 0: none has. */
static double geometric_mean(const struct dl_freplay *r, size_t nr)
{
	double sum = 0;
	size_t i, n = 0;

	for (i = 0; i < nr; i++)
		if (r[i].relative > 0) {
			sum += log(r[i].relative);
			n++;
		}
	return n ? exp(sum / (double)n) : -1;
}

static void print(const struct dl_freplay *r, size_t nr)
{
	double mean = geometric_mean(r, nr);
	char relative[24];
	size_t i;

	printf("%7s  %6s  %8s  %9s  %8s  %6s  %10s  %s\n", "SAMPLES", "SEASON",
	       "ERROR", "LAST TIME", "RELATIVE", "HELD", "CONFIDENCE", "FILE");
	for (i = 0; i < nr; i++) {
		snprintf(relative, sizeof(relative), "%.3f", r[i].relative);
		printf("%7zu  %6u  %8.3f  %9.3f  %8s  %5.1f%%  %10.0f  %s\n",
		       r[i].scored, r[i].season, r[i].error, r[i].naive,
		       r[i].relative < 0 ? "-" : relative, 100 * r[i].held,
		       r[i].confidence, r[i].path);
	}
	if (mean >= 0)
		printf("geometric mean of RELATIVE: %.3f\n", mean);
}

static void json_relative(struct json_object *o, const char *key, double v)
{
	json_object_object_add(o, key, v < 0 ? NULL : json_object_new_double(v));
}

static void print_json(const struct dl_freplay *r, size_t nr)
{
	struct json_object *o = json_object_new_object(), *one;
	struct json_object *files = json_object_new_array();
	size_t i;

	for (i = 0; i < nr; i++) {
		one = json_object_new_object();
		dl_json_str(one, "file", r[i].path);
		dl_json_str(one, "column", r[i].s.column);
		dl_json_u64(one, "rows", r[i].s.nr);
		dl_json_u64(one, "samples", r[i].scored);
		dl_json_u64(one, "season", r[i].season);
		json_object_object_add(one, "error",
				       json_object_new_double(r[i].error));
		json_object_object_add(one, "last_time_error",
				       json_object_new_double(r[i].naive));
		json_relative(one, "relative", r[i].relative);
		json_object_object_add(one, "held",
				       json_object_new_double(r[i].held));
		json_object_object_add(one, "confidence",
				       json_object_new_double(r[i].confidence));
		json_object_array_add(files, one);
	}
	json_object_object_add(o, "files", files);
	json_relative(o, "relative_mean", geometric_mean(r, nr));
	dl_json_print(o);
}

static int show(const struct dl_freplay *r, size_t nr)
{
	int rc = svg ? dl_freplaysvg_write(svg, r, nr) : 0;

	if (rc || (svg && !strcmp(svg, "-")))
		return rc;
	if (dl_json_wanted())
		print_json(r, nr);
	else
		print(r, nr);
	return 0;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	static struct dl_freplay r[DL_OPT_MAX_ARGS];
	const char *args[DL_OPT_MAX_ARGS];
	int rc = dl_opt_parse(verb, groups, argc, argv, args);
	size_t nr, i;

	if (rc)
		return rc;
	if (svg && !strcmp(svg, "-") && dl_json_wanted())
		return dl_opt_usage(verb, groups,
				    "--json and --svg - both want standard output");
	if (season == 1)
		return dl_opt_usage(verb, groups,
				    "--season is 2 to %u, or 0 for none",
				    DL_SERIES_SEASON_MAX);
	for (nr = 0; !rc && nr < DL_OPT_MAX_ARGS && args[nr]; nr++) {
		r[nr].path = args[nr];
		rc = replay(&r[nr]);
	}
	rc = rc ?: show(r, nr);
	for (i = 0; i < nr; i++) {
		dl_csvseries_free(&r[i].s);
		free(r[i].f);
	}
	return rc;
}

const struct dl_verb dl_verb_forecast_replay = {
	.name = "forecast replay",
	.args = "FILE.csv [FILE.csv...]",
	.min_args = 1,
	.max_args = DL_OPT_MAX_ARGS,
	.brief = "score the forecaster on recorded series",
	.about =
"Each row is foreseen from those before it, as the kernel would. ERROR is the mean\n"
"absolute error of log2(1 + x), which is 1 where x is taken for twice as much; LAST\n"
"TIME that of the row before; HELD the share of rows in the interval, which is to\n"
"have nine in ten; CONFIDENCE its mean, of 255. Files have a header.",
	.run = run,
};
