// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog plot: what was foreseen of a volume against what came, drawn; from samples
 * that are taken now, or that were recorded.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "csvseries.h"
#include "dm.h"
#include "err.h"
#include "foreseen.h"
#include "interrupt.h"
#include "json.h"
#include "picture.h"
#include "plot.h"
#include "progress.h"
#include "verbs.h"
#include "volstat.h"

#define DEFAULT_SECONDS	30u
/* How often it is looked whether an interval has ended. */
#define LOOK_MS		100

static const char *output, *record;
static uint64_t duration;

static const struct dl_opt opts[] = {
	DL_REQUIRED("output", &output, "FILE",
		    "where to: .svg, .png, or - for SVG to standard output"),
	DL_NUMBER("seconds", DL_OPT_NUMBER, &duration, "S", 1, 86400,
		  "sample the volume for so long; default: 30"),
	DL_STRING("record", &record, "FILE.csv", "keep the samples there, too"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* ---- sampling */

struct sampler {
	struct dl_plot *p;
	const struct dl_dm_volume *v;
	int control;
	bool begun;
	struct dl_ctl_forecast_entry was;	/* as it was when last looked at */
	uint64_t kept, filled;			/* counters, then */
};

static int look(struct sampler *s, struct dl_ctl_forecast_entry *is,
		struct dl_volstat *st)
{
	static struct dl_foreseen f;
	const struct dl_ctl_forecast_entry *e;
	int rc = dl_foreseen_read(&f, s->control, s->v);

	if (rc)
		return dl_control_failed(s->v, "reading the forecast", rc);
	e = dl_foreseen_of(&f, DL_CTL_SERIES_BYTES, DL_PLOT_MS);
	if (!e)
		return dl_control_failed(s->v, "reading the forecast", -ENOTTY);
	*is = *e;
	return dl_volstat_read(st, s->v->name);
}

/* An interval has ended, or several since it was looked at. */
static void take(struct sampler *s, const struct dl_ctl_forecast_entry *is,
		 const struct dl_volstat *st)
{
	const uint64_t kept = dl_volstat_value(st, "placeholder_sectors");
	const uint64_t filled = dl_volstat_value(st, "fused_sectors");
	struct dl_plot_sample *to = &s->p->at[s->p->nr++];

	*to = (struct dl_plot_sample) {
		.bytes = is->last, .foreseen = is->foreseen,
		.high = DL_PLOT_MOST,
		.segment_kib = dl_volstat_value(st, "segment_kib"),
		.pool_kib = dl_volstat_value(st, "pool_kib"),
		.kept = kept - s->kept, .filled = filled - s->filled,
	};
	if (is->seen == s->was.seen + 1 && s->was.high < DL_PLOT_MOST) {
		to->low = s->was.low;
		to->high = s->was.high;
		to->confidence = s->was.confidence;
	}
	s->kept = kept;
	s->filled = filled;
}

static int look_once(struct sampler *s)
{
	struct dl_ctl_forecast_entry is;
	struct dl_volstat st;
	int rc = look(s, &is, &st);

	if (rc)
		return rc;
	if (!s->begun) {
		s->kept = dl_volstat_value(&st, "placeholder_sectors");
		s->filled = dl_volstat_value(&st, "fused_sectors");
	} else if (is.seen != s->was.seen) {
		take(s, &is, &st);
	}
	s->begun = true;
	s->was = is;
	return 0;
}

static int sample(struct dl_plot *p, const struct dl_dm_volume *v)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000 };
	const size_t wanted = (size_t)duration * 1000 / DL_PLOT_MS;
	struct sampler s = { .p = p, .v = v };
	int rc = dl_control_open(&s.control);

	if (rc)
		return rc;
	p->at = calloc(wanted, sizeof(*p->at));
	if (!p->at)
		rc = dl_err_nomem();
	dl_interrupt_catch();
	dl_progress_begin("sampling", "s");
	while (!rc && p->nr < wanted && !dl_interrupt_seen()) {
		rc = look_once(&s);
		if (rc || p->nr == wanted)
			break;
		dl_progress_update(p->nr * DL_PLOT_MS / 1000, duration);
		nanosleep(&pause, NULL);
	}
	dl_progress_end();
	close(s.control);
	if (!rc && !p->nr)
		rc = dl_err(DL_EXIT_INTERRUPTED,
			    "%s: interrupted before there was anything to draw",
			    v->name);
	return rc;
}

/* ---- recordings */

#define COLUMN(name)	{ #name, offsetof(struct dl_plot_sample, name) }

static const struct {
	const char *name;
	size_t offset;
} columns[] = {
	COLUMN(bytes), COLUMN(foreseen), COLUMN(low), COLUMN(high),
	COLUMN(confidence), COLUMN(segment_kib), COLUMN(pool_kib), COLUMN(kept),
	COLUMN(filled),
};

#define COLUMNS	(sizeof(columns) / sizeof(columns[0]))

static uint64_t *cell(const struct dl_plot *p, size_t row, size_t column)
{
	return (uint64_t *)((char *)&p->at[row] + columns[column].offset);
}

static int write_record(const struct dl_plot *p)
{
	FILE *f = fopen(record, "we");
	size_t i, k;
	bool failed;

	if (!f)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be made: %s", record,
			      strerror(errno));
	fputs("t_ms", f);
	for (k = 0; k < COLUMNS; k++)
		fprintf(f, ",%s", columns[k].name);
	fputc('\n', f);
	for (i = 0; i < p->nr; i++) {
		fprintf(f, "%zu", i * DL_PLOT_MS);
		for (k = 0; k < COLUMNS; k++)
			fprintf(f, ",%" PRIu64, *cell(p, i, k));
		fputc('\n', f);
	}
	failed = ferror(f);
	failed |= fclose(f) != 0;
	if (failed)
		return dl_err(DL_EXIT_FAILED, "%s: cannot be written: %s", record,
			      strerror(errno));
	return 0;
}

static int read_column(struct dl_plot *p, size_t column)
{
	struct dl_csvseries s;
	size_t i;
	int rc = dl_csvseries_read(&s, p->what, columns[column].name);

	if (rc)
		return rc;
	if (!p->at) {
		p->nr = s.nr;
		p->at = calloc(s.nr, sizeof(*p->at));
	}
	if (!p->at)
		rc = dl_err_nomem();
	else if (s.nr != p->nr)
		rc = dl_err(DL_EXIT_FAILED, "%s: changes while it is read", p->what);
	for (i = 0; !rc && i < s.nr; i++)
		*cell(p, i, column) = s.value[i];
	dl_csvseries_free(&s);
	return rc;
}

static int read_record(struct dl_plot *p)
{
	size_t k;
	int rc = 0;

	for (k = 0; !rc && k < COLUMNS; k++)
		rc = read_column(p, k);
	return rc;
}

/* ---- */

static int draw(const struct dl_plot *p)
{
	char *svg = NULL;
	size_t size;
	FILE *f = open_memstream(&svg, &size);
	bool failed;
	int rc;

	if (!f)
		return dl_err_nomem();
	dl_plotsvg(f, p);
	failed = ferror(f);
	failed |= fclose(f) != 0;
	rc = failed ? dl_err_nomem() : dl_picture_write(output, svg, size);
	free(svg);
	return rc;
}

static void tell(const struct dl_plot *p)
{
	struct json_object *o;

	if (!strcmp(output, "-"))
		return;
	if (!dl_json_wanted()) {
		printf("%s: %zu samples drawn to %s\n", p->what, p->nr, output);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "drawn");
	dl_json_str(o, "of", p->what);
	dl_json_str(o, "file", output);
	dl_json_str(o, "record", record);
	dl_json_u64(o, "samples", p->nr);
	dl_json_print(o);
}

static bool is_file(const char *name)
{
	static const char dir[] = "/dev/mapper/";
	size_t n = strlen(name);

	/* That is a volume, for the other verbs as well. */
	if (!strncmp(name, dir, strlen(dir)))
		return false;
	return strchr(name, '/') || (n > 4 && !strcmp(name + n - 4, ".csv"));
}

static int make(struct dl_plot *p, const struct dl_dm_volume *v)
{
	bool file = !v->name[0];
	int rc = file ? read_record(p) : sample(p, v);

	/* What an interrupt leaves is kept and drawn as well. */
	if (!rc && record)
		rc = write_record(p);
	rc = rc ?: draw(p);
	if (!rc && !file && dl_interrupt_seen())
		rc = dl_err(DL_EXIT_INTERRUPTED,
			    "%s: interrupted after %zu samples, which are drawn",
			    p->what, p->nr);
	if (!rc)
		tell(p);
	free(p->at);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v = { .name = "" };
	struct dl_plot p = { .nr = 0 };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (is_file(args[0]) && (duration || record))
		return dl_opt_usage(verb, groups,
				    "--seconds and --record are for sampling a volume, not for a recording");
	if (dl_json_wanted() && !strcmp(output, "-"))
		return dl_opt_usage(verb, groups,
				    "--json and --output - both want standard output");
	rc = dl_picture_check(output);
	if (!rc && !is_file(args[0]))
		rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	duration = duration ?: DEFAULT_SECONDS;
	p.what = args[0];
	return make(&p, &v);
}

const struct dl_verb dl_verb_plot = {
	.name = "plot",
	.args = "VOLUME|FILE.csv",
	.min_args = 1,
	.max_args = 1,
	.brief = "draw what was foreseen against what came",
	.about =
"Samples a volume twice a second, or takes a recording that --record has made, and\n"
"draws, over time: bytes written, what had been foreseen and its interval; the size of\n"
"segments; room kept in placeholders, and what of it was filled.",
	.run = run,
};
