// SPDX-License-Identifier: GPL-2.0
/* deltalog history: what a volume can go back to. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "moment.h"
#include "verbs.h"
#include "when.h"

static const struct dl_opt opts[] = {
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static uint64_t age_ns(const struct dl_history *h, size_t i)
{
	uint64_t t = h->at[i].time_ns;

	return h->now_ns > t ? h->now_ns - t : 0;
}

/*
 * The furthest that two neighbours no older than @ns are apart, in ns. None goes
 * where that would leave so much of its age: then nothing was written in between.
 */
static uint64_t widest(const struct dl_history *h, uint64_t ns)
{
	uint64_t most = 0, gap;
	size_t i;

	for (i = h->nr; i > 1 && age_ns(h, i - 2) <= ns; i--) {
		gap = h->at[i - 1].time_ns - h->at[i - 2].time_ns;
		if (h->at[i - 1].time_ns > h->at[i - 2].time_ns && gap > most &&
		    gap <= age_ns(h, i - 2) / 4)
			most = gap;
	}
	return most;
}

static void print_resolution(const struct dl_history *h)
{
	static const struct {
		const char *text;
		uint64_t seconds;
	} spans[] = {
		{ "last minute", 60 }, { "last hour", 3600 },
		{ "last day", 86400 }, { "all of it", UINT64_MAX / 1000000000U },
	};
	uint64_t all = h->nr ? age_ns(h, 0) : 0, gap;
	size_t i;

	puts("by sequence every one of them; by time, at most that far from what was asked:");
	for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		/* What the window does not fill says nothing of its own. */
		if (i && i + 1 < sizeof(spans) / sizeof(spans[0]) &&
		    all <= spans[i - 1].seconds * 1000000000U)
			continue;
		gap = widest(h, spans[i].seconds * 1000000000U);
		printf("  %-12s %" PRIu64 ".%02" PRIu64 " s\n", spans[i].text,
		       gap / 1000000000U, gap % 1000000000U / 10000000U);
	}
}

static void print(const struct dl_dm_volume *v, const struct dl_history *h,
		  const struct dl_snaps *s)
{
	char span[32], when[48];
	size_t i;

	if (!h->on) {
		printf("%s has no window; 'deltalog retention %s --window 1h' begins one\n",
		       v->name, v->name);
	} else {
		printf("%s can go back %s, to @%" PRIu64 " of %s; now is @%" PRIu64 "\n",
		       v->name, dl_when_span_text(span, sizeof(span), h->nr ?
						  age_ns(h, 0) / 1000000000U :
						  0),
		       h->from, h->nr ?
		       dl_human_iso(when, sizeof(when), h->at[0].time_ns) :
		       "an unknown time", h->last);
		print_resolution(h);
	}
	if (!s->nr)
		return;
	puts("and to the snapshots:");
	for (i = 0; i < s->nr; i++)
		printf("  %s  @%" PRIu64 "  %s\n",
		       dl_human_iso(when, sizeof(when), s->snap[i].time_ns),
		       s->snap[i].seq, s->snap[i].name);
}

static void print_json(const struct dl_dm_volume *v, const struct dl_history *h,
		       const struct dl_snaps *s)
{
	struct json_object *o;
	char when[48];
	size_t i;

	dl_json_stream_begin();
	dl_json_stream_member("volume", json_object_new_string(v->name));
	dl_json_stream_member("window", json_object_new_boolean(h->on));
	if (h->on)
		dl_json_stream_member("from", json_object_new_uint64(h->from));
	dl_json_stream_member("now", json_object_new_uint64(h->last));
	dl_json_stream_open("moments");
	for (i = 0; i < h->nr; i++) {
		o = json_object_new_object();
		dl_json_u64(o, "sequence", h->at[i].seq);
		dl_json_u64(o, "time_ns", h->at[i].time_ns);
		dl_json_str(o, "time", dl_human_iso(when, sizeof(when),
						    h->at[i].time_ns));
		dl_json_stream_element(o);
	}
	dl_json_stream_close();
	dl_json_stream_open("snapshots");
	for (i = 0; i < s->nr; i++)
		dl_json_stream_element(dl_snaps_json(NULL, &s->snap[i]));
	dl_json_stream_close();
	dl_json_stream_end();
}

/* A volume may be called so: alone, or with --json, it is the name of one. */
static bool is_export(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[0], "export") &&
		!(argc == 2 && !strcmp(argv[1], "--json"));
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_history h = { .on = false };
	struct dl_snaps s = { .nr = 0 };
	struct dl_dm_volume v;
	int rc;

	if (is_export(argc, argv)) {
		dl_err_verb(dl_verb_history_export.name);
		return dl_verb_history_export.run(&dl_verb_history_export,
						  argc - 1, argv + 1);
	}
	rc = dl_opt_parse(verb, groups, argc, argv, args);
	if (rc)
		return rc;
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: dl_history_read(&h, v.name);
	rc = rc ?: dl_snaps_read(&s, v.name);
	if (!rc && dl_json_wanted())
		print_json(&v, &h, &s);
	else if (!rc)
		print(&v, &h, &s);
	dl_history_free(&h);
	dl_snaps_free(&s);
	return rc;
}

const struct dl_verb dl_verb_history = {
	.name = "history",
	.args = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.brief = "show what a volume can go back to",
	.about =
"Within its window (deltalog retention) a volume can go back to every sequence,\n"
"and so to any time; beyond it, to its snapshots. Wherever a snapshot is named,\n"
"@SEQUENCE names a moment of the window: deltalog view VOLUME @4711.\n"
"'deltalog history export VOLUME' is of the last writes: see its --help.",
	.run = run,
};
