// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog forecast: what is foreseen of a volume's writes, and how good that was so
 * far. 'forecast replay' is in freplay.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "foreseen.h"
#include "human.h"
#include "json.h"
#include "sysfs.h"
#include "verbs.h"
#include "volstat.h"

#include <sys/sysmacros.h>

static bool client;

static const struct dl_opt opts[] = {
	DL_FLAG("client", &client, "by client: the share that each has of all bytes"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct told {
	struct dl_dm_volume v;
	struct dl_foreseen f;
	struct dl_volstat s;
	bool off;		/* that the log gets full is not looked for */
	char within[24];	/* seconds that the chance to be full is for; "" */
};

static bool is_share(const struct dl_ctl_forecast_entry *e)
{
	return e->series == DL_CTL_SERIES_SHARE;
}

/* Of @part in @whole; < 0: there was none. */
static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : -1;
}

/* ---- for people */

static void print_entry(const struct dl_ctl_forecast_entry *e)
{
	char who[24], value[32], low[32], high[32], last[32], foreseen[32] = "-";
	char pace[16], relative[16] = "-";

	if (is_share(e))
		snprintf(who, sizeof(who), "%" PRIu64, (uint64_t)e->client);
	dl_foreseen_amount(value, sizeof(value), e->series, e->value);
	dl_foreseen_amount(low, sizeof(low), e->series, e->low);
	dl_foreseen_amount(high, sizeof(high), e->series, e->high);
	dl_foreseen_amount(last, sizeof(last), e->series, e->last);
	if (e->known)
		dl_foreseen_amount(foreseen, sizeof(foreseen), e->series,
				   e->foreseen);
	if (dl_foreseen_relative(e) >= 0)
		snprintf(relative, sizeof(relative), "%.2f",
			 dl_foreseen_relative(e));
	printf("%-7s %7s %11s %11s %11s %5u %% %11s %11s %9s %5.1f %% %8" PRIu64 "\n",
	       is_share(e) ? who : dl_foreseen_name(who, sizeof(who), e->series),
	       dl_foreseen_pace(pace, sizeof(pace), e->horizon_ms), value, low,
	       high, dl_foreseen_sure(e), last, foreseen, relative,
	       (double)e->held * 100 / 65536, (uint64_t)e->seen);
}

static void print_ratio(const char *label, uint64_t part, uint64_t whole,
			const char *what)
{
	if (whole)
		printf("%-13s %.1f %% of %s\n", label, 100 * ratio(part, whole), what);
	else
		printf("%-13s none so far\n", label);
}

static void print_space(const struct told *t)
{
	uint64_t chance = dl_volstat_value(&t->s, "full_probability"), within;

	if (t->off) {
		printf("%-13s off, as foresight is\n", "log full");
		return;
	}
	printf("%-13s %" PRIu64 ".%" PRIu64 " %% likely within %s s, ", "log full",
	       chance / 10, chance % 10, t->within[0] ? t->within : "?");
	if (dl_volstat_get(&t->s, "full_within", &within))
		printf("expected in %" PRIu64 " s\n", within);
	else
		puts("not expected");
}

static void print(const struct told *t)
{
	bool any = false;
	size_t i;

	printf("%s\n\n%-7s %7s %11s %11s %11s %7s %11s %11s %9s %7s %8s\n", t->v.name,
	       client ? "CLIENT" : "SERIES", "PACE", "EXPECTED", "LOW", "HIGH", "SURE",
	       "LAST", "FORESEEN", "RELATIVE", "HELD", "SEEN");
	for (i = 0; i < t->f.nr; i++) {
		if (is_share(&t->f.e[i]) != client || !t->f.e[i].seen)
			continue;
		print_entry(&t->f.e[i]);
		any = true;
	}
	if (!any)
		puts("nothing is known so far");
	putchar('\n');
	print_space(t);
	print_ratio("placeholders", dl_volstat_value(&t->s, "fused_sectors"),
		    dl_volstat_value(&t->s, "placeholder_sectors"),
		    "the room kept was filled");
	print_ratio("neighbours", dl_volstat_value(&t->s, "neighbours_came"),
		    dl_volstat_value(&t->s, "neighbours_said"),
		    "those that were expected came");
}

/* ---- for programs */

static void json_double(struct json_object *o, const char *key, double v)
{
	json_object_object_add(o, key, v < 0 ? NULL : json_object_new_double(v));
}

static struct json_object *entry_json(const struct dl_ctl_forecast_entry *e)
{
	struct json_object *o = json_object_new_object();
	char name[24];

	if (is_share(e))
		dl_json_u64(o, "client", e->client);
	else
		dl_json_str(o, "series",
			    dl_foreseen_name(name, sizeof(name), e->series));
	dl_json_u64(o, "pace_ms", e->horizon_ms);
	dl_json_u64(o, "value", e->value);
	dl_json_u64(o, "low", e->low);
	dl_json_u64(o, "high", e->high);
	dl_json_u64(o, "confidence", e->confidence);
	dl_json_u64(o, "last", e->last);
	json_object_object_add(o, "foreseen", e->known ?
			       json_object_new_uint64(e->foreseen) : NULL);
	dl_json_u64(o, "seen", e->seen);
	json_double(o, "error", (double)e->error / 65536);
	json_double(o, "last_time_error", (double)e->naive / 65536);
	json_double(o, "relative", dl_foreseen_relative(e));
	json_double(o, "held", (double)e->held / 65536);
	return o;
}

static struct json_object *entries_json(const struct told *t, bool shares)
{
	struct json_object *list = json_object_new_array();
	size_t i;

	for (i = 0; i < t->f.nr; i++)
		if (is_share(&t->f.e[i]) == shares)
			json_object_array_add(list, entry_json(&t->f.e[i]));
	return list;
}

static struct json_object *ratio_json(const struct told *t, const char *part,
				      const char *whole)
{
	struct json_object *o = json_object_new_object();
	uint64_t a = dl_volstat_value(&t->s, part), b = dl_volstat_value(&t->s, whole);

	dl_json_u64(o, whole, b);
	dl_json_u64(o, part, a);
	json_double(o, "precision", ratio(a, b));
	return o;
}

static void print_json(const struct told *t)
{
	struct json_object *o = json_object_new_object();
	struct json_object *space = json_object_new_object();
	uint64_t n;

	dl_json_str(o, "volume", t->v.name);
	dl_json_bool(o, "foresight", !t->off);
	json_object_object_add(o, "series", entries_json(t, false));
	json_object_object_add(o, "clients", entries_json(t, true));
	dl_json_u64(space, "full_probability",
		    dl_volstat_value(&t->s, "full_probability"));
	json_object_object_add(space, "full_within",
			       dl_volstat_get(&t->s, "full_within", &n) ?
			       json_object_new_uint64(n) : NULL);
	json_object_object_add(space, "within_secs",
			       dl_human_number(t->within, false, &n) ?
			       json_object_new_uint64(n) : NULL);
	json_object_object_add(o, "space", space);
	json_object_object_add(o, "placeholders",
			       ratio_json(t, "fused_sectors",
					  "placeholder_sectors"));
	json_object_object_add(o, "neighbours",
			       ratio_json(t, "neighbours_came",
					  "neighbours_said"));
	dl_json_print(o);
}

/* ---- */

static int ask(struct told *t)
{
	int fd, rc = dl_control_open(&fd);

	if (rc)
		return rc;
	rc = dl_foreseen_read(&t->f, fd, &t->v);
	close(fd);
	if (rc)
		return dl_control_failed(&t->v, "reading the forecast", rc);
	t->off = dl_foreseen_off(&t->v);
	if (!dl_sysfs_read(makedev(t->v.major, t->v.minor),
			   "deltalog/tunables/full_within_secs", t->within,
			   sizeof(t->within)))
		t->within[0] = '\0';
	return dl_volstat_read(&t->s, t->v.name);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	static struct told t;
	int rc;

	if (argc && !strcmp(argv[0], "replay")) {
		dl_err_verb(dl_verb_forecast_replay.name);
		return dl_verb_forecast_replay.run(&dl_verb_forecast_replay,
						   argc - 1, argv + 1);
	}
	rc = dl_opt_parse(verb, groups, argc, argv, args);
	if (rc)
		return rc;
	rc = dl_dm_get(args[0], &t.v);
	rc = rc ?: ask(&t);
	if (!rc && dl_json_wanted())
		print_json(&t);
	else if (!rc)
		print(&t);
	return rc;
}

const struct dl_verb dl_verb_forecast = {
	.name = "forecast",
	.args = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.brief = "show what is foreseen of a volume, and how good that was",
	.about =
"A line for each series and pace: what is EXPECTED of the interval that runs, LOW and\n"
"HIGH, between which nine in ten are to be, how SURE that is; what the LAST interval\n"
"had and what had been FORESEEN for it; RELATIVE, the error so far to that of \"same as\n"
"last time\"; HELD, the share that was between low and high; intervals SEEN. Series:\n"
"writes, bytes, new (bytes to pages that the log does not have), log (bytes that go\n"
"to the log), size (mean of a write). Where it is not sure nothing acts on it.\n"
"'deltalog forecast replay FILE.csv' scores recorded series: see its --help. A volume\n"
"of that name is named behind --.",
	.run = run,
};
