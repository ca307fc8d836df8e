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
#include "outfile.h"
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
	DL_STRING("record", &record, "FILE.csv",
		  "keep the samples there, too; - for standard output"),
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

/* Return: 0 or a negative errno, -ENODEV if the volume is gone; nothing is said. */
static int look(struct sampler *s, struct dl_ctl_forecast_entry *is,
		struct dl_volstat *st)
{
	static struct dl_foreseen f;
	const struct dl_ctl_forecast_entry *e;
	char line[DL_DM_STATUS];
	int rc = dl_foreseen_read(&f, s->control, s->v);

	rc = rc ?: dl_dm_status(s->v->name, line, sizeof(line));
	if (rc)
		return rc == -ENOENT || rc == -ENXIO ? -ENODEV : rc;
	e = dl_foreseen_of(&f, DL_CTL_SERIES_BYTES, DL_PLOT_MS);
	if (!e || !dl_volstat_parse(st, line))
		return -ENOTTY;
	*is = *e;
	return 0;
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

/* Return: as main()'s, or as look()'s if there are samples from before that. */
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
	if (rc < 0 && !p->nr)
		rc = dl_control_failed(v, "sampling", rc);
	else if (!rc && !p->nr)
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
	FILE *f = dl_outfile_open(record);
	size_t i, k;

	if (!f)
		return DL_EXIT_FAILED;
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
	return dl_outfile_close(f, record);
}

static int read_record(struct dl_plot *p, const char *path)
{
	struct dl_csvseries s[COLUMNS];
	const char *names[COLUMNS];
	size_t i, k;
	int rc;

	for (k = 0; k < COLUMNS; k++)
		names[k] = columns[k].name;
	rc = dl_csvseries_read(s, COLUMNS, path, names);
	if (rc)
		return rc;
	p->nr = s[0].nr;
	p->at = calloc(p->nr, sizeof(*p->at));
	if (!p->at)
		rc = dl_err_nomem();
	for (k = 0; k < COLUMNS; k++) {
		for (i = 0; !rc && i < p->nr; i++)
			*cell(p, i, k) = s[k].value[i];
		dl_csvseries_free(&s[k]);
	}
	return rc;
}

/* Whoever names a file that there is means it, whatever volumes are called. */
static bool is_recording(const char *name)
{
	char buf[DL_DM_NAME];
	struct dl_dm_volume v;
	size_t n = strlen(name);

	if (!strcmp(name, "-"))
		return true;
	/* A path of a volume is one for the other verbs as well. */
	if (strchr(name, '/'))
		return strchr(dl_dm_name(buf, name), '/');
	if (n <= 4 || strcmp(name + n - 4, ".csv"))
		return false;
	return !access(name, F_OK) || dl_dm_find(name, &v) || !v.ours;
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

	if (!strcmp(output, "-") || (record && !strcmp(record, "-")))
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

/* What there is, is kept and drawn: each, even if the other fails. */
static int keep(const struct dl_plot *p)
{
	int rc = record ? write_record(p) : 0, drawn = draw(p);

	return rc ?: drawn;
}

/* As many samples as were asked for, or those until an interrupt or until it is gone. */
static int make_of_volume(struct dl_plot *p, const struct dl_dm_volume *v)
{
	int ended = sample(p, v), rc = ended > 0 ? ended : keep(p);

	if (!rc && ended)
		rc = dl_err(DL_EXIT_FAILED, "%s: %s after %zu samples, which are drawn",
			    p->what, ended == -ENODEV ? "is gone" : strerror(-ended),
			    p->nr);
	else if (!rc && dl_interrupt_seen())
		rc = dl_err(DL_EXIT_INTERRUPTED,
			    "%s: interrupted after %zu samples, which are drawn",
			    p->what, p->nr);
	return rc;
}

static int make_of_recording(struct dl_plot *p, const char *path)
{
	return read_record(p, path) ?: draw(p);
}

/* What is wrong together; NULL: nothing. */
static const char *wrong(bool recording)
{
	const bool pictured = !strcmp(output, "-");
	const bool recorded = record && !strcmp(record, "-");

	if (recording && (duration || record))
		return "--seconds and --record are for sampling a volume, not for a recording";
	if (pictured && recorded)
		return "--output - and --record - both want standard output";
	if (record && !strcmp(record, output))
		return "--output and --record want the same file";
	if (dl_json_wanted() && pictured)
		return "--json and --output - both want standard output";
	if (dl_json_wanted() && recorded)
		return "--json and --record - both want standard output";
	return NULL;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS], *what;
	struct dl_plot p = { .nr = 0 };
	struct dl_dm_volume v;
	bool recording;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	recording = is_recording(args[0]);
	what = wrong(recording);
	if (what)
		return dl_opt_usage(verb, groups, "%s", what);
	/* Not when there are samples to lose. */
	rc = dl_picture_check(output);
	if (!rc && record)
		rc = dl_outfile_try(record);
	if (!rc && !recording)
		rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	duration = duration ?: DEFAULT_SECONDS;
	p.what = !recording ? v.name : strcmp(args[0], "-") ? args[0] : "standard input";
	rc = recording ? make_of_recording(&p, args[0]) : make_of_volume(&p, &v);
	if (!rc)
		tell(&p);
	free(p.at);
	return rc;
}

const struct dl_verb dl_verb_plot = {
	.name = "plot",
	.args = "VOLUME|FILE.csv|-",
	.min_args = 1,
	.max_args = 1,
	.brief = "draw what was foreseen against what came",
	.about =
"Samples a volume twice a second, or takes a recording that --record has made, and\n"
"draws, over time: bytes written, what had been foreseen and its interval; the size of\n"
"segments; room kept in placeholders, and what of it was filled. What has a slash in it\n"
"and is no path of a volume, or ends with .csv and is there, is a recording; - is one\n"
"from standard input.",
	.run = run,
};
