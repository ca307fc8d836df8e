// SPDX-License-Identifier: GPL-2.0
/* deltalog retention: how much of the past a volume keeps by itself. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "kmsg.h"
#include "retention.h"
#include "snaps.h"
#include "verbs.h"
#include "when.h"

static const char *window, *keep, *on_full;
static bool off;

static const struct dl_opt opts[] = {
	DL_STRING("window", &window, "SPAN",
		  "every moment is kept for that long: 1h, '90 minutes'"),
	DL_STRING("keep", &keep, "EVERY:SPAN[,...]",
		  "and beyond it a snapshot EVERY so often for SPAN: 1h:1d,1d:30d, or none"),
	DL_STRING("on-full", &on_full, "POLICY",
		  "when the log is full of the past: shorten (default), throttle, fail"),
	DL_FLAG("off", &off, "keep only what is asked for by name"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static const char *const policies[DL_ON_FULL_COUNT] = {
	[DL_ON_FULL_SHORTEN] = "shorten", [DL_ON_FULL_THROTTLE] = "throttle",
	[DL_ON_FULL_FAIL] = "fail",
};

static const char *const means[DL_ON_FULL_COUNT] = {
	[DL_ON_FULL_SHORTEN] = "the window is shortened, then snapshots made by rule are dropped",
	[DL_ON_FULL_THROTTLE] = "writes wait until something is deleted",
	[DL_ON_FULL_FAIL] = "writes fail until something is deleted",
};

/* What is in force: the rules, and which snapshots were made by them. */
struct state {
	struct dl_retention r;
	uint64_t id[8192];
	size_t nr;
};

static int policy_of(const char *word)
{
	int i;

	for (i = 0; i < DL_ON_FULL_COUNT; i++)
		if (!strcmp(word, policies[i]))
			return i;
	return -1;
}

/* "policy window [every:keep]...", then an id a line. */
static bool parse(struct state *st, char *text)
{
	char *line = strchr(text, '\n'), *word, *rest;
	uint64_t seconds;
	int policy;

	if (!line)
		return false;
	*line++ = '\0';
	word = strtok_r(text, " ", &rest);
	policy = word ? policy_of(word) : -1;
	word = policy < 0 ? NULL : strtok_r(NULL, " ", &rest);
	if (!word || !dl_human_number(word, false, &seconds) ||
	    seconds > DL_RETAIN_MAX)
		return false;
	st->r.window = (uint32_t)seconds;
	st->r.on_full = (uint32_t)policy;
	while ((word = strtok_r(NULL, " ", &rest))) {
		struct dl_rule *rule = &st->r.rule[st->r.nr_rules];

		if (st->r.nr_rules++ == DL_RULES ||
		    sscanf(word, "%u:%u", &rule->every, &rule->keep) != 2)
			return false;
	}
	for (word = strtok_r(line, "\n", &rest); word;
	     word = strtok_r(NULL, "\n", &rest))
		if (st->nr == sizeof(st->id) / sizeof(st->id[0]) ||
		    !dl_human_number(word, false, &st->id[st->nr++]))
			return false;
	return dl_retention_valid(&st->r);
}

static int read_state(struct state *st, const char *volume)
{
	int kmsg = dl_kmsg_mark(), rc;
	char *text = NULL, why[512];

	memset(st, 0, sizeof(*st));
	rc = dl_dm_ask(volume, "retention", &text);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its retention cannot be had: %s", volume,
			      why[0] ? why : strerror(-rc));
	if (!parse(st, text))
		rc = dl_err(DL_EXIT_KERNEL,
			    "%s: its retention cannot be understood; is the module of another release?",
			    volume);
	free(text);
	return rc;
}

/* ---- what will go next */

static bool by_rule(const struct state *st, uint64_t id)
{
	size_t i;

	for (i = 0; i < st->nr; i++)
		if (st->id[i] == id)
			return true;
	return false;
}

/*
 * The first snapshot that no rule keeps any more, and when: at one of the times at
 * which one of them comes to the end of a rule. NULL: there is none.
 */
static const struct dl_snap *next_to_go(const struct state *st,
					const struct dl_snaps *s, uint64_t now,
					uint64_t *when)
{
	const struct dl_snap *found = NULL;
	uint64_t at, before;
	size_t i, j;
	uint32_t r;

	for (i = 0; i < s->nr; i++) {
		for (r = 0; by_rule(st, s->snap[i].id) &&
		     r <= st->r.nr_rules; r++) {
			at = now;
			if (r < st->r.nr_rules)
				at = s->snap[i].time_ns / 1000000000U +
					st->r.rule[r].keep + 1;
			if (at < now || (found && at >= *when))
				continue;
			for (j = 0, before = 0; j < s->nr; j++) {
				uint64_t t = s->snap[j].time_ns / 1000000000U;

				if (!by_rule(st, s->snap[j].id))
					continue;
				if (!dl_retention_keeps(&st->r, before, t, at)) {
					found = &s->snap[j];
					*when = at;
					break;
				}
				before = t;
			}
		}
	}
	return found;
}

static void print_json(const struct dl_dm_volume *v, const struct state *st,
		       const struct dl_snap *next, uint64_t when)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rules = json_object_new_array(), *rule;
	char text[48];
	uint32_t i;

	dl_json_str(o, "volume", v->name);
	dl_json_u64(o, "window_seconds", st->r.window);
	dl_json_str(o, "on_full", policies[st->r.on_full]);
	for (i = 0; i < st->r.nr_rules; i++) {
		rule = json_object_new_object();
		dl_json_u64(rule, "every_seconds", st->r.rule[i].every);
		dl_json_u64(rule, "keep_seconds", st->r.rule[i].keep);
		json_object_array_add(rules, rule);
	}
	json_object_object_add(o, "rules", rules);
	dl_json_u64(o, "snapshots_by_rule", st->nr);
	if (next) {
		rule = dl_snaps_json(NULL, next);
		dl_json_str(rule, "drop_time",
			    dl_human_iso(text, sizeof(text),
					 when * 1000000000U));
		json_object_object_add(o, "next_to_go", rule);
	}
	dl_json_print(o);
}

static void print(const struct dl_dm_volume *v, const struct state *st,
		  const struct dl_snap *next, uint64_t when)
{
	char a[48], b[48];
	uint32_t i;

	if (st->r.window)
		printf("%s keeps every moment for %s\n", v->name,
		       dl_when_span_text(a, sizeof(a), st->r.window));
	else
		printf("%s keeps snapshots that are asked for, and no more\n",
		       v->name);
	for (i = 0; i < st->r.nr_rules; i++)
		printf("and a snapshot every %s for %s\n",
		       dl_when_span_text(a, sizeof(a), st->r.rule[i].every),
		       dl_when_span_text(b, sizeof(b), st->r.rule[i].keep));
	printf("when the log is full of it, %s\n", means[st->r.on_full]);
	if (st->nr)
		printf("snapshots made by rule: %zu\n", st->nr);
	if (next)
		printf("the next to be dropped: %s, at %s\n", next->name,
		       dl_human_iso(a, sizeof(a), when * 1000000000U));
}

static int show(const struct dl_dm_volume *v)
{
	const struct dl_snap *next = NULL;
	static struct state st;
	uint64_t when = 0;
	struct dl_snaps s;
	int rc = read_state(&st, v->name);

	if (rc)
		return rc;
	rc = dl_snaps_read(&s, v->name);
	if (!rc) {
		next = next_to_go(&st, &s, (uint64_t)time(NULL), &when);
		if (dl_json_wanted())
			print_json(v, &st, next, when);
		else
			print(v, &st, next, when);
	}
	dl_snaps_free(&s);
	return rc;
}

/* ---- setting */

static bool parse_keep(struct dl_retention *r, const char *list)
{
	char word[64], *colon;
	size_t len;

	r->nr_rules = 0;
	if (!strcmp(list, "none"))
		return true;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (!len || len >= sizeof(word) || r->nr_rules == DL_RULES)
			return false;
		memcpy(word, list, len);
		word[len] = '\0';
		colon = strchr(word, ':');
		if (!colon)
			return false;
		*colon = '\0';
		if (!dl_when_span(word, &r->rule[r->nr_rules].every) ||
		    !dl_when_span(colon + 1, &r->rule[r->nr_rules].keep))
			return false;
		r->nr_rules++;
		if (!list[len])
			return true;
	}
}

/* What the options say, where they say nothing what is in force. */
static int wanted(const struct dl_verb *verb, struct dl_retention *r)
{
	int policy;

	if (off) {
		r->window = 0;
		r->nr_rules = 0;
	}
	if (window && (!dl_when_span(window, &r->window) || !r->window))
		return dl_opt_usage(verb, groups,
				    "--window '%s' is no span of time: try 90s, 30m, 1h or 2d",
				    window);
	if (keep && !parse_keep(r, keep))
		return dl_opt_usage(verb, groups,
				    "--keep '%s' is not up to %u times EVERY:SPAN, as in 1h:1d,1d:30d",
				    keep, DL_RULES);
	if (on_full) {
		policy = policy_of(on_full);
		if (policy < 0)
			return dl_opt_usage(verb, groups,
					    "--on-full is shorten, throttle or fail, not '%s'",
					    on_full);
		r->on_full = (uint32_t)policy;
	}
	if (r->nr_rules && !r->window)
		return dl_opt_usage(verb, groups,
				    "snapshots by rule are made from a window: give --window too");
	if (!dl_retention_valid(r))
		return dl_opt_usage(verb, groups,
				    "a rule is for every minute at least, and keeps for at least as long; nothing is kept for more than 100 years");
	return 0;
}

static int set(const struct dl_verb *verb, const struct dl_dm_volume *v)
{
	static struct state st;
	char message[64 + 24 * DL_RULES], why[512];
	size_t used;
	uint32_t i;
	int rc = read_state(&st, v->name), kmsg;

	rc = rc ?: wanted(verb, &st.r);
	if (rc)
		return rc;
	used = (size_t)snprintf(message, sizeof(message), "retention %s %u",
				policies[st.r.on_full], st.r.window);
	for (i = 0; i < st.r.nr_rules; i++)
		used += (size_t)snprintf(message + used, sizeof(message) - used,
					 " %u:%u", st.r.rule[i].every,
					 st.r.rule[i].keep);
	kmsg = dl_kmsg_mark();
	rc = dl_dm_message(v->name, message);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc)
		return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
			      "%s: its retention stays as it was: %s", v->name,
			      why[0] ? why : strerror(-rc));
	return show(v);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (off && (window || keep))
		return dl_opt_usage(verb, groups,
				    "--off goes with neither --window nor --keep");
	rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	return off || window || keep || on_full ? set(verb, &v) : show(&v);
}

const struct dl_verb dl_verb_retention = {
	.name = "retention",
	.args = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.brief = "show or set how much of the past a volume keeps by itself",
	.about =
"Without options: what is in force, and what will be dropped next. It is kept in\n"
"the log, so it lasts. Snapshots that were asked for are never dropped by it.",
	.run = run,
};
