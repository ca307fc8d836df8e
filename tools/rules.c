// SPDX-License-Identifier: GPL-2.0
/* What a volume keeps by itself, and what it will drop. See rules.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "kmsg.h"
#include "rules.h"
#include "when.h"

const char *const dl_rules_policy[DL_ON_FULL_COUNT] = {
	[DL_ON_FULL_SHORTEN] = "shorten", [DL_ON_FULL_THROTTLE] = "throttle",
	[DL_ON_FULL_FAIL] = "fail",
};

int dl_rules_policy_of(const char *word)
{
	int i;

	for (i = 0; i < DL_ON_FULL_COUNT; i++)
		if (!strcmp(word, dl_rules_policy[i]))
			return i;
	return -1;
}

/* "policy window [every:keep]...", then an id a line. */
static bool parse(struct dl_rules *st, char *text)
{
	char *line = strchr(text, '\n'), *word, *rest;
	uint64_t seconds;
	int policy;

	if (!line)
		return false;
	*line++ = '\0';
	word = strtok_r(text, " ", &rest);
	policy = word ? dl_rules_policy_of(word) : -1;
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

int dl_rules_read(struct dl_rules *st, const char *volume)
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

bool dl_rules_made(const struct dl_rules *st, uint64_t id)
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
static const struct dl_snap *next_to_go(const struct dl_rules *st,
					const struct dl_snaps *s, uint64_t now,
					uint64_t *when)
{
	const struct dl_snap *found = NULL;
	uint64_t at, before;
	size_t i, j;
	uint32_t r;

	for (i = 0; i < s->nr; i++) {
		for (r = 0; dl_rules_made(st, s->snap[i].id) &&
		     r <= st->r.nr_rules; r++) {
			at = now;
			if (r < st->r.nr_rules)
				at = s->snap[i].time_ns / 1000000000U +
					st->r.rule[r].keep + 1;
			if (at < now || (found && at >= *when))
				continue;
			for (j = 0, before = 0; j < s->nr; j++) {
				uint64_t t = s->snap[j].time_ns / 1000000000U;

				if (!dl_rules_made(st, s->snap[j].id))
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

/* The rule by which it was kept longest. */
static const struct dl_rule *longest(const struct dl_rules *st, uint64_t before,
				     uint64_t time)
{
	const struct dl_rule *best = NULL;
	struct dl_retention one;
	uint32_t r;

	for (r = 0; r < st->r.nr_rules; r++) {
		one = (struct dl_retention) {
			.nr_rules = 1, .rule = { st->r.rule[r] },
		};
		if (dl_retention_keeps(&one, before, time, time) &&
		    (!best || st->r.rule[r].keep > best->keep))
			best = &st->r.rule[r];
	}
	return best;
}

const char *dl_rules_why(char *buf, size_t size, const struct dl_rules *st,
			 const struct dl_snaps *s, const struct dl_snap *snap)
{
	uint64_t before = 0, time = snap->time_ns / 1000000000U;
	const struct dl_rule *rule;
	char every[48], keep[48];
	size_t i;

	for (i = 0; i < s->nr && s->snap[i].id != snap->id; i++)
		if (dl_rules_made(st, s->snap[i].id))
			before = s->snap[i].time_ns / 1000000000U;
	rule = longest(st, before, time);
	if (!rule)
		snprintf(buf, size, "no rule keeps it");
	else
		snprintf(buf, size, "one every %s is kept for %s",
			 dl_when_span_text(every, sizeof(every), rule->every),
			 dl_when_span_text(keep, sizeof(keep), rule->keep));
	return buf;
}

void dl_rules_next(const struct dl_rules *st, const struct dl_snaps *s,
		   uint64_t now, struct dl_rules_next *next)
{
	next->snap = next_to_go(st, s, now, &next->when);
	if (!next->snap)
		return;
	if (next->snap->views && next->when <= now)
		snprintf(next->why, sizeof(next->why),
			 "it is due, and stays while it is viewed");
	else
		dl_rules_why(next->why, sizeof(next->why), st, s, next->snap);
}

void dl_rules_print_next(const struct dl_rules_next *next)
{
	char when[48];

	if (next->snap)
		printf("the next to be dropped: %s, at %s: %s\n",
		       next->snap->name,
		       dl_human_iso(when, sizeof(when),
				    next->when * 1000000000U), next->why);
}

struct json_object *dl_rules_json_next(const struct dl_rules_next *next)
{
	struct json_object *o;
	char when[48];

	if (!next->snap)
		return NULL;
	o = dl_snaps_json(NULL, next->snap);
	dl_json_str(o, "drop_time", dl_human_iso(when, sizeof(when),
						 next->when * 1000000000U));
	dl_json_str(o, "why", next->why);
	return o;
}
