// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog policy test: which rule a write would hit, and why not those before.
 * What is decided the core decides; here it is only told why.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "grains.h"
#include "human.h"
#include "verbs.h"

#define NONE	UINT64_MAX

static const char *file, *rate, *page_rate, *client, *level;
static uint64_t sector = NONE, offset = NONE;
static bool sequential;

static const struct dl_opt opts[] = {
	DL_STRING("policy", &file, "FILE",
		  "this policy, not the volume's; - for standard input"),
	DL_NUMBER("sector", DL_OPT_NUMBER, &sector, "N", 0, UINT64_MAX >> 9,
		  "where the write begins, in sectors of 512 bytes"),
	DL_NUMBER("offset", DL_OPT_BYTES, &offset, "BYTES", 0, UINT64_MAX - 1,
		  "the same in bytes: 4096, 10G"),
	DL_STRING("rate", &rate, "N/UNIT",
		  "how often its 64 KiB are written: 5/min, 2/s, 90/h"),
	DL_STRING("page-rate", &page_rate, "N/UNIT",
		  "how often its 4 KiB page is; like --rate if only that is given"),
	DL_FLAG("sequential", &sequential, "its 64 KiB are written in order"),
	DL_STRING("client", &client, "CGROUP",
		  "who writes: number of a cgroup, or its path as in a policy"),
	DL_STRING("level", &level, "LEVEL",
		  "level in force: coarse, block, sub, bit; none if not given"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* What is asked, and where that is from. */
struct question {
	struct dl_policy p;
	struct dl_policy_subject s;
	u8 level_now;
	const char *volume;	/* or NULL */
	bool measured;		/* the map has its rates */
};

/* ---- the question */

static bool parse_rate(const char *text, u32 *out)
{
	static const struct {
		const char *unit;
		uint64_t factor;
	} units[] = { { "/s", 3600 }, { "/min", 60 }, { "/h", 1 } };
	const char *slash = strchr(text, '/');
	char digits[24];
	uint64_t n;
	size_t i;

	if (!slash || (size_t)(slash - text) >= sizeof(digits))
		return false;
	memcpy(digits, text, (size_t)(slash - text));
	digits[slash - text] = '\0';
	for (i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(slash, units[i].unit) &&
		    dl_human_number(digits, false, &n) &&
		    n <= U32_MAX / units[i].factor) {
			*out = (u32)(n * units[i].factor);
			return true;
		}
	return false;
}

static bool parse_level(const char *text, u8 *out)
{
	for (*out = DL_LEVEL_COARSE; *out < DL_LEVEL_COUNT; ++*out)
		if (!strcmp(text, dl_level_name(*out)))
			return true;
	return false;
}

/*
 * Paths without a cgroup on this machine get numbers that no cgroup has, so that a
 * policy can be tested where it is written. 0: nobody whom the policy knows.
 */
static u64 number_of(struct question *q, const char *path)
{
	u64 id = dl_grains_client(path);
	u32 i;

	for (i = 0; i < q->p.nr_paths && !id; i++)
		if (!strcmp(q->p.path[i], path)) {
			id = UINT64_MAX - i;
			dl_policy_resolve(&q->p, i, id);
		}
	return id;
}

static int parse_client(struct question *q)
{
	static u64 above[DL_POLICY_ABOVE];
	char path[PATH_MAX], *end;
	u64 id;

	if (!client)
		return 0;
	if (client[0] == '/') {
		snprintf(path, sizeof(path), "%s", client);
		q->s.client = number_of(q, path);
	} else if (!dl_human_number(client, false, &q->s.client) ||
		   !q->s.client) {
		return dl_err(DL_EXIT_USAGE,
			      "--client '%s' is neither a number above 0 nor a path like /system.slice",
			      client);
	} else if (!dl_grains_client_path(q->s.client, path, sizeof(path))) {
		return 0;
	}
	if (!q->s.client)
		q->s.client = UINT64_MAX - DL_POLICY_CLIENTS;
	/* And the cgroups that it is in, as the kernel would see them. */
	q->s.above = above;
	while (path[1] && q->s.nr_above < DL_POLICY_ABOVE) {
		end = strrchr(path, '/');
		end[end == path] = '\0';
		id = number_of(q, path);
		if (id)
			above[q->s.nr_above++] = id;
	}
	return 0;
}

static int parse_figures(const struct dl_verb *verb, struct question *q)
{
	if (rate && !parse_rate(rate, &q->s.rate))
		return dl_opt_usage(verb, groups,
				    "--rate '%s' is not a whole number with /s, /min or /h",
				    rate);
	q->s.page_rate = q->s.rate;
	if (page_rate && !parse_rate(page_rate, &q->s.page_rate))
		return dl_opt_usage(verb, groups,
				    "--page-rate '%s' is not a whole number with /s, /min or /h",
				    page_rate);
	if (page_rate && !rate)
		q->s.rate = q->s.page_rate;
	if (q->s.page_rate > q->s.rate)
		return dl_opt_usage(verb, groups,
				    "--page-rate is above --rate: what writes the page writes its 64 KiB");
	if (level && !parse_level(level, &q->level_now))
		return dl_opt_usage(verb, groups,
				    "--level is coarse, block, sub or bit, not '%s'",
				    level);
	q->s.sequential = sequential;
	return 0;
}

/* What the options do not say the map may. */
static int measure(struct question *q, const struct dl_dm_volume *v)
{
	const struct dl_grains_region *r;
	struct dl_grains g;
	int rc = dl_grains_read(&g, v);

	if (!rc && q->s.sector >= v->sectors)
		rc = dl_err(DL_EXIT_USAGE,
			    "%s: sector %" PRIu64 " is behind its end: it has %" PRIu64,
			    v->name, q->s.sector, v->sectors);
	if (!rc && !file)
		q->p = g.policy;
	r = rc ? NULL : dl_grains_find(&g, q->s.sector);
	if (r && !rate && !page_rate && !sequential && !level) {
		q->measured = true;
		q->s.rate = r->rate;
		q->s.page_rate = r->page_rate;
		q->s.sequential = r->sequential;
		q->level_now = r->level;
	}
	dl_grains_free(&g);
	return rc;
}

/* ---- the answer */

/* Why the rule does not concern it; false: it does. */
static bool not_concerned(const struct question *q,
			  const struct dl_policy_rule *r, char *why, size_t size)
{
	if (r->to && (q->s.sector < r->from || q->s.sector >= r->to)) {
		snprintf(why, size,
			 "it begins at sector %" PRIu64 ", the range is %" PRIu64 " to %" PRIu64,
			 q->s.sector, r->from, r->to - 1);
		return true;
	}
	if (r->path && !r->client)
		snprintf(why, size, "there is no cgroup %s",
			 q->p.path[r->path - 1]);
	else if (!dl_policy_client_hit(r, &q->s))
		snprintf(why, size, client ? "it is another client" :
			 "no --client is given");
	else
		return false;
	return true;
}

/* Why condition @t is not true; false: it is. */
static bool not_true(const struct question *q, const struct dl_policy_rule *r,
		     const struct dl_policy_test *t, char *why, size_t size)
{
	bool eased = r->level == q->level_now;
	u32 limit = t->limit[eased], value;

	if (t->what == DL_POLICY_SEQUENTIAL) {
		snprintf(why, size, "it is not written in order");
		return !q->s.sequential;
	}
	value = t->what == DL_POLICY_RATE ? q->s.rate : q->s.page_rate;
	snprintf(why, size, "%s is %u/h, %u/h at %s is asked for%s",
		 t->what == DL_POLICY_RATE ? "rate" : "page-rate", value, limit,
		 t->flags & DL_POLICY_AT_MOST ? "most" : "least",
		 eased ? " (eased: its level is in force)" : "");
	return t->flags & DL_POLICY_AT_MOST ? value > limit : value < limit;
}

static void explain(const struct question *q, const struct dl_policy_rule *r,
		    char *why, size_t size)
{
	u32 i;

	if (not_concerned(q, r, why, size))
		return;
	for (i = 0; i < r->nr_tests; i++)
		if (not_true(q, r, &r->test[i], why, size))
			return;
	snprintf(why, size, "?");
}

static void print(const struct question *q, int hit, u8 got)
{
	char text[DL_GRAINS_RULE], why[256];
	int i;

	printf("%s%sa write to sector %" PRIu64 ": rate %u/h, page-rate %u/h, %s, level in force %s%s\n",
	       q->volume ?: "", q->volume ? ": " : "", q->s.sector, q->s.rate,
	       q->s.page_rate, q->s.sequential ? "in order" : "not in order",
	       q->level_now == DL_LEVEL_UNSAID ? "none" :
	       dl_level_name(q->level_now),
	       q->measured ? " (as measured)" : "");
	for (i = 0; i < hit; i++) {
		explain(q, &q->p.rule[i], why, sizeof(why));
		printf("  rule %d does not hit: %s\n    %s\n", i + 1,
		       dl_grains_rule(text, &q->p, i), why);
	}
	printf("  rule %d hits: %s\nit is recorded as %s\n", hit + 1,
	       dl_grains_rule(text, &q->p, hit), dl_level_name(got));
}

static void print_json(const struct question *q, int hit, u8 got)
{
	struct json_object *o = json_object_new_object(), *one;
	struct json_object *before = json_object_new_array();
	char text[DL_GRAINS_RULE], why[256];
	int i;

	if (q->volume)
		dl_json_str(o, "volume", q->volume);
	dl_json_u64(o, "sector", q->s.sector);
	dl_json_u64(o, "rate_per_hour", q->s.rate);
	dl_json_u64(o, "page_rate_per_hour", q->s.page_rate);
	dl_json_bool(o, "sequential", q->s.sequential);
	dl_json_str(o, "level_in_force", dl_level_name(q->level_now));
	dl_json_bool(o, "measured", q->measured);
	dl_json_u64(o, "rule", (uint64_t)hit + 1);
	dl_json_str(o, "text", dl_grains_rule(text, &q->p, hit));
	dl_json_str(o, "level", dl_level_name(got));
	for (i = 0; i < hit; i++) {
		explain(q, &q->p.rule[i], why, sizeof(why));
		one = json_object_new_object();
		dl_json_u64(one, "rule", (uint64_t)i + 1);
		dl_json_str(one, "text", dl_grains_rule(text, &q->p, i));
		dl_json_str(one, "why_not", why);
		json_object_array_add(before, one);
	}
	json_object_object_add(o, "passed_over", before);
	dl_json_print(o);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	static struct question q;
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args), hit;
	u8 got;

	if (rc)
		return rc;
	if (!args[0] && !file)
		return dl_opt_usage(verb, groups,
				    "VOLUME or --policy FILE is missing");
	if (sector != NONE && offset != NONE)
		return dl_opt_usage(verb, groups,
				    "--sector and --offset say the same: give one");
	q.s.sector = sector != NONE ? sector : offset != NONE ? offset >> 9 : 0;
	rc = parse_figures(verb, &q);
	if (!rc && file)
		rc = dl_grains_load(&q.p, file);
	if (!rc && args[0]) {
		q.volume = v.name;
		rc = dl_dm_get(args[0], &v) ?: measure(&q, &v);
	}
	rc = rc ?: parse_client(&q);
	if (rc)
		return rc;
	hit = dl_policy_decide(&q.p, &q.s, q.level_now, &got);
	if (dl_json_wanted())
		print_json(&q, hit, got);
	else
		print(&q, hit, got);
	return 0;
}

const struct dl_verb dl_verb_policy_test = {
	.name = "policy test",
	.args = "[VOLUME]",
	.max_args = 1,
	.brief = "tell which rule a write would hit, and why not those before it",
	.about =
"Of VOLUME's policy, or with --policy of one that is not in force yet. If nothing\n"
"is said about rates, order and level they are what VOLUME's map has of that place,\n"
"without VOLUME or if it was never written there zero.",
	.run = run,
};
