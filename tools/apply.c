// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog retention --apply: the kernel does what the rules say now. What that was
 * is told by what there was before and is after; see apply.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "err.h"
#include "json.h"
#include "kmsg.h"
#include "moment.h"
#include "rules.h"

/* All of the past that is kept. */
struct past {
	struct dl_rules rules;
	struct dl_snaps snaps;
	struct dl_history window;
};

static int read_past(struct past *p, const char *volume)
{
	int rc = dl_rules_read(&p->rules, volume);

	rc = rc ?: dl_snaps_read(&p->snaps, volume);
	return rc ?: dl_history_read(&p->window, volume);
}

static void free_past(struct past *p)
{
	dl_history_free(&p->window);
	dl_snaps_free(&p->snaps);
}

static bool has(const struct past *p, uint64_t id)
{
	size_t i;

	for (i = 0; i < p->snaps.nr; i++)
		if (p->snaps.snap[i].id == id)
			return true;
	return false;
}

/* Snapshot @i of @a is by rule, and not in @b. */
static bool only_in(const struct past *a, size_t i, const struct past *b)
{
	return dl_rules_made(&a->rules, a->snaps.snap[i].id) &&
		!has(b, a->snaps.snap[i].id);
}

static bool window_moved(const struct past *was, const struct past *is)
{
	return was->window.on && is->window.on &&
		was->window.from != is->window.from;
}

static void print(const char *volume, const struct past *was,
		  const struct past *is, const struct dl_rules_next *next)
{
	bool any = window_moved(was, is);
	char why[128];
	size_t i;

	for (i = 0; i < was->snaps.nr; i++) {
		if (!only_in(was, i, is))
			continue;
		printf("%s: snapshot %s dropped: %s\n", volume,
		       was->snaps.snap[i].name,
		       dl_rules_why(why, sizeof(why), &was->rules, &was->snaps,
				    &was->snaps.snap[i]));
		any = true;
	}
	for (i = 0; i < is->snaps.nr; i++) {
		if (!only_in(is, i, was))
			continue;
		printf("%s: snapshot %s made\n", volume,
		       is->snaps.snap[i].name);
		any = true;
	}
	if (window_moved(was, is))
		printf("%s: the window begins at @%" PRIu64 ", no more at @%" PRIu64 "\n",
		       volume, is->window.from, was->window.from);
	if (!any)
		printf("%s: nothing is due\n", volume);
	if (next->snap)
		printf("%s: ", volume);
	dl_rules_print_next(next);
}

static struct json_object *to_json(const char *volume, const struct past *was,
				   const struct past *is,
				   const struct dl_rules_next *next)
{
	struct json_object *o = json_object_new_object();
	struct json_object *dropped = json_object_new_array();
	struct json_object *made = json_object_new_array(), *one;
	char why[128];
	size_t i;

	for (i = 0; i < was->snaps.nr; i++) {
		if (!only_in(was, i, is))
			continue;
		one = dl_snaps_json(NULL, &was->snaps.snap[i]);
		dl_json_str(one, "why",
			    dl_rules_why(why, sizeof(why), &was->rules,
					 &was->snaps, &was->snaps.snap[i]));
		json_object_array_add(dropped, one);
	}
	for (i = 0; i < is->snaps.nr; i++)
		if (only_in(is, i, was))
			json_object_array_add(made, dl_snaps_json(NULL,
							&is->snaps.snap[i]));
	dl_json_str(o, "volume", volume);
	json_object_object_add(o, "dropped", dropped);
	json_object_object_add(o, "made", made);
	dl_json_bool(o, "window_moved", window_moved(was, is));
	json_object_object_add(o, "window_from", is->window.on ?
			       json_object_new_uint64(is->window.from) : NULL);
	json_object_object_add(o, "next_to_go", dl_rules_json_next(next));
	return o;
}

static int ask(const char *volume)
{
	int kmsg = dl_kmsg_mark();
	int rc = dl_dm_message(volume, "retention_apply");
	char why[512];

	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EINVAL)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its module cannot be told to: %s; load the module of this release",
			      volume, why[0] ? why : strerror(-rc));
	if (rc)
		return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
			      "%s: its rules are not applied: %s", volume,
			      why[0] ? why : strerror(-rc));
	return 0;
}

/* @json: out: what was done, if JSON is wanted; else it is printed. */
static int apply(const char *volume, struct json_object **json)
{
	struct past *was = calloc(1, sizeof(*was)), *is;
	struct dl_rules_next next;
	int rc;

	is = calloc(1, sizeof(*is));
	if (!was || !is) {
		rc = dl_err_nomem();
		goto out;
	}
	rc = read_past(was, volume);
	rc = rc ?: ask(volume);
	rc = rc ?: read_past(is, volume);
	if (rc)
		goto out;
	dl_rules_next(&is->rules, &is->snaps, (uint64_t)time(NULL), &next);
	if (dl_json_wanted())
		*json = to_json(volume, was, is, &next);
	else
		print(volume, was, is, &next);
out:
	if (was)
		free_past(was);
	if (is)
		free_past(is);
	free(was);
	free(is);
	return rc;
}

int dl_apply(const struct dl_dm_volume *v)
{
	struct json_object *o = NULL;
	int rc = apply(v->name, &o);

	if (o)
		dl_json_print(o);
	return rc;
}

struct round {
	struct json_object *list;
	size_t nr;
	int rc;		/* of the first that failed */
};

static int apply_one(const struct dl_dm_volume *v, void *ctx)
{
	struct round *round = ctx;
	struct json_object *o = NULL;
	int rc = apply(v->name, &o);

	round->nr++;
	round->rc = round->rc ?: rc;
	if (o)
		json_object_array_add(round->list, o);
	return 0;
}

int dl_apply_all(void)
{
	struct round round = { .list = json_object_new_array() };
	struct json_object *o;
	/* No module is loaded for it: without one there is no volume. */
	int rc = dl_dm_each(apply_one, &round);

	rc = rc ?: round.rc;
	if (!dl_json_wanted()) {
		json_object_put(round.list);
		if (!rc && !round.nr)
			puts("no active volumes");
		return rc;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", !rc);
	if (rc) {
		dl_json_u64(o, "exit", (uint64_t)rc);
		dl_json_str(o, "error", dl_err_first());
	}
	json_object_object_add(o, "volumes", round.list);
	dl_json_print(o);
	return rc;
}
