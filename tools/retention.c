// SPDX-License-Identifier: GPL-2.0
/* deltalog retention: how much of the past a volume keeps by itself. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "dm.h"
#include "err.h"
#include "json.h"
#include "kmsg.h"
#include "rules.h"
#include "verbs.h"
#include "when.h"

static const char *window, *keep, *on_full;
static bool off, apply, all;

static const struct dl_opt opts[] = {
	DL_STRING("window", &window, "SPAN",
		  "every moment is kept for that long: 1h, '90 minutes'"),
	DL_STRING("keep", &keep, "EVERY:SPAN[,...]",
		  "and beyond it a snapshot EVERY so often for SPAN: 1h:1d,1d:30d, or none"),
	DL_STRING("on-full", &on_full, "POLICY",
		  "when the log is full of the past: shorten (default), throttle, fail"),
	DL_FLAG("off", &off, "keep only what is asked for by name"),
	DL_FLAG("apply", &apply, "do now what the rules say, and tell what was done"),
	DL_FLAG("all", &all, "to every volume; with --apply"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static const char *const means[DL_ON_FULL_COUNT] = {
	[DL_ON_FULL_SHORTEN] = "the window is shortened, then snapshots made by rule are dropped",
	[DL_ON_FULL_THROTTLE] = "writes wait until something is deleted",
	[DL_ON_FULL_FAIL] = "writes fail until something is deleted",
};

static void print_json(const struct dl_dm_volume *v, const struct dl_rules *st,
		       const struct dl_rules_next *next)
{
	struct json_object *o = json_object_new_object();
	struct json_object *rules = json_object_new_array(), *rule;
	uint32_t i;

	dl_json_str(o, "volume", v->name);
	dl_json_u64(o, "window_seconds", st->r.window);
	dl_json_str(o, "on_full", dl_rules_policy[st->r.on_full]);
	for (i = 0; i < st->r.nr_rules; i++) {
		rule = json_object_new_object();
		dl_json_u64(rule, "every_seconds", st->r.rule[i].every);
		dl_json_u64(rule, "keep_seconds", st->r.rule[i].keep);
		json_object_array_add(rules, rule);
	}
	json_object_object_add(o, "rules", rules);
	dl_json_u64(o, "snapshots_by_rule", st->nr);
	if (next->snap)
		json_object_object_add(o, "next_to_go",
				       dl_rules_json_next(next));
	dl_json_print(o);
}

static void print(const struct dl_dm_volume *v, const struct dl_rules *st,
		  const struct dl_rules_next *next)
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
	dl_rules_print_next(next);
}

static int show(const struct dl_dm_volume *v)
{
	static struct dl_rules st;
	struct dl_rules_next next;
	struct dl_snaps s;
	int rc = dl_rules_read(&st, v->name);

	if (rc)
		return rc;
	rc = dl_snaps_read(&s, v->name);
	if (!rc) {
		dl_rules_next(&st, &s, (uint64_t)time(NULL), &next);
		if (dl_json_wanted())
			print_json(v, &st, &next);
		else
			print(v, &st, &next);
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
		policy = dl_rules_policy_of(on_full);
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
	static struct dl_rules st;
	char message[64 + 24 * DL_RULES], why[512];
	size_t used;
	uint32_t i;
	int rc = dl_rules_read(&st, v->name), kmsg;

	rc = rc ?: wanted(verb, &st.r);
	if (rc)
		return rc;
	used = (size_t)snprintf(message, sizeof(message), "retention %s %u",
				dl_rules_policy[st.r.on_full], st.r.window);
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

/* What goes together. */
static int check(const struct dl_verb *verb, const char *volume)
{
	if (off && (window || keep))
		return dl_opt_usage(verb, groups,
				    "--off goes with neither --window nor --keep");
	if (apply && (off || window || keep || on_full))
		return dl_opt_usage(verb, groups,
				    "--apply does what is in force; set that first, without it");
	if (all && (!apply || volume))
		return dl_opt_usage(verb, groups,
				    "--all goes with --apply, and without a volume");
	if (!all && !volume)
		return dl_opt_usage(verb, groups, "VOLUME is missing");
	return 0;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: check(verb, args[0]);
	if (rc)
		return rc;
	if (all)
		return dl_apply_all();
	rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	if (apply)
		return dl_apply(&v);
	return off || window || keep || on_full ? set(verb, &v) : show(&v);
}

const struct dl_verb dl_verb_retention = {
	.name = "retention",
	.args = "VOLUME",
	.max_args = 1,
	.brief = "show or set how much of the past a volume keeps by itself",
	.about =
"Without options: what is in force, and what will be dropped next. It is kept in\n"
"the log, so it lasts. Snapshots that were asked for are never dropped by it.\n"
"A volume does by itself what the rules say; --apply has it done at once, and\n"
"tells what was dropped. It takes --all in place of VOLUME.",
	.run = run,
};
