// SPDX-License-Identifier: GPL-2.0
/* deltalog map: how often which part of a volume is written, and how finely. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "mapsvg.h"
#include "snaps.h"
#include "verbs.h"

static const char *log_path, *svg;

static const struct dl_opt opts[] = {
	DL_STRING("log", &log_path, "LOGDEV",
		  "of an inactive volume, as its log's last checkpoint has it"),
	DL_STRING("svg", &svg, "FILE",
		  "draw it, as SVG; - for standard output"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* ---- text */

/* Like a logarithm: 0 for 0, and one more whenever it doubles. */
static unsigned int octave(uint32_t rate)
{
	return rate ? 32 - (unsigned int)__builtin_clz(rate) : 0;
}

/* Does @b go on where @a ends, and is it much the same? */
static bool alike(const struct dl_grains_region *a,
		  const struct dl_grains_region *b)
{
	return a->start + DL_CTL_REGION_SECTORS == b->start &&
		a->level == b->level && a->rule == b->rule &&
		a->sequential == b->sequential &&
		octave(a->rate) == octave(b->rate) && !a->delta == !b->delta;
}

/* Regions from @i to before @end as one line. */
static void print_run(const struct dl_grains *g, size_t i, size_t end)
{
	const struct dl_grains_region *r = &g->region[i];
	uint64_t rate = 0, page_rate = 0, delta = 0, n = end - i;
	char pages[16] = "-", bytes[16] = "-", text[DL_GRAINS_RULE];

	for (; i < end; i++) {
		rate += g->region[i].rate;
		delta += g->region[i].delta;
		if (g->region[i].page_rate > page_rate)
			page_rate = g->region[i].page_rate;
	}
	if (g->live)
		snprintf(pages, sizeof(pages), "%" PRIu64, page_rate);
	if (delta)
		snprintf(bytes, sizeof(bytes), "%" PRIu64, delta / n);
	printf("%14" PRIu64 "  %8" PRIu64 "  %9" PRIu64 "  %9s  %6s  %-5s  %-6s",
	       r->start << DL_SECTOR_SHIFT,
	       n * (DL_CTL_REGION_SECTORS << DL_SECTOR_SHIFT >> 10),
	       rate / n, pages, bytes, r->sequential ? "yes" : "no",
	       dl_level_name(r->level));
	if (r->rule >= 0)
		printf("  %d: %s", r->rule + 1,
		       dl_grains_rule(text, &g->policy, r->rule));
	putchar('\n');
}

static void print(const char *name, const struct dl_grains *g)
{
	char size[24], known[24];
	size_t i, from = 0;

	printf("%s: %s, %zu regions of 64 KiB (%s) were written lately%s%s\n",
	       name, dl_human_bytes(size, sizeof(size),
				    g->sectors << DL_SECTOR_SHIFT),
	       g->nr, dl_human_bytes(known, sizeof(known), (uint64_t)g->nr << 16),
	       g->live ? "" : ", ", g->as_of);
	if (g->known > g->nr)
		printf("Of %zu that were known then these are the hottest: there was no room for more.\n",
		       g->known);
	if (!g->nr)
		return;
	printf("%14s  %8s  %9s  %9s  %6s  %-5s  %-6s%s\n", "OFFSET", "KIB",
	       "WRITES/H", "PAGE/H", "DELTA", "ORDER", "LEVEL",
	       g->live ? "  RULE" : "");
	for (i = 1; i <= g->nr; i++)
		if (i == g->nr || !alike(&g->region[i - 1], &g->region[i])) {
			print_run(g, from, i);
			from = i;
		}
}

/* ---- JSON */

static struct json_object *to_json(const struct dl_grains *g,
				   const struct dl_grains_region *r)
{
	struct json_object *o = json_object_new_object();

	dl_json_u64(o, "start", r->start);
	dl_json_u64(o, "sectors", DL_CTL_REGION_SECTORS);
	dl_json_u64(o, "rate_per_hour", r->rate);
	if (g->live)
		dl_json_u64(o, "page_rate_per_hour", r->page_rate);
	dl_json_u64(o, "delta_bytes", r->delta);
	dl_json_bool(o, "sequential", r->sequential);
	dl_json_str(o, "level", dl_level_name(r->level));
	if (r->rule >= 0)
		dl_json_u64(o, "rule", (uint64_t)r->rule + 1);
	return o;
}

static void print_json(const char *name, const struct dl_grains *g)
{
	size_t i;

	dl_json_stream_begin();
	dl_json_stream_member(log_path ? "log" : "volume",
			      json_object_new_string(name));
	dl_json_stream_member("live", json_object_new_boolean(g->live));
	dl_json_stream_member("sectors", json_object_new_uint64(g->sectors));
	if (g->snapshot) {
		dl_json_stream_member("snapshot",
				      json_object_new_string(g->snapshot));
		dl_json_stream_member("known_regions",
				      json_object_new_uint64(g->known));
	} else {
		dl_json_stream_member("policy",
				      dl_grains_json_policy(&g->policy));
	}
	dl_json_stream_open("regions");
	for (i = 0; i < g->nr; i++)
		dl_json_stream_element(to_json(g, &g->region[i]));
	dl_json_stream_close();
	dl_json_stream_end();
}

/* ---- */

static int show(const char *name, const struct dl_grains *g)
{
	int rc = svg ? dl_mapsvg_write(svg, name, g) : 0;

	if (rc || (svg && !strcmp(svg, "-")))
		return rc;
	if (dl_json_wanted())
		print_json(name, g);
	else if (svg)
		printf("%s: map of %zu regions drawn in %s\n", name, g->nr, svg);
	else
		print(name, g);
	return 0;
}

static int of_log(const char *snapshot)
{
	struct dl_blkdev dev;
	struct dl_logdev log;
	struct dl_logcp cp;
	struct dl_grains g;
	int slot, rc = dl_blkdev_open(&dev, "log", log_path, DL_BLKDEV_FILE);

	if (rc)
		return rc;
	dl_logdev_load(&log, &dev);
	slot = dl_logdev_pick(&log, &cp);
	if (slot < 0) {
		rc = dl_logdev_explain(&log);
	} else if (cp.sealed) {
		rc = dl_err(DL_EXIT_REFUSED,
			    "log %s is encrypted, and the map is in it; activate the volume and use 'deltalog map VOLUME%s'",
			    log_path, snapshot ? " SNAPSHOT" : "");
	} else {
		rc = snapshot ? dl_grains_past_of_log(&g, log_path,
						      &log.slot[slot], &cp,
						      snapshot) :
			dl_grains_of_log(&g, &log.slot[slot], &cp);
		rc = rc ?: show(log_path, &g);
		dl_grains_free(&g);
		dl_logcp_free(&cp);
	}
	dl_blkdev_close(&dev);
	return rc;
}

static int of_volume(const char *name, const char *snapshot)
{
	struct dl_dm_volume v;
	struct dl_grains g;
	int rc = dl_dm_get(name, &v);

	if (rc)
		return rc;
	rc = snapshot ? dl_grains_past(&g, &v, snapshot) : dl_grains_read(&g, &v);
	rc = rc ?: show(v.name, &g);
	dl_grains_free(&g);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS], *snapshot;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	snapshot = args[log_path ? 0 : 1];
	if (log_path ? !!args[1] : !args[0])
		return dl_opt_usage(verb, groups,
				    "either VOLUME or --log LOGDEV is needed, and perhaps SNAPSHOT");
	if (snapshot && !dl_snaps_name_ok(snapshot))
		return DL_EXIT_USAGE;
	if (svg && !strcmp(svg, "-") && dl_json_wanted())
		return dl_opt_usage(verb, groups,
				    "--json and --svg - both want standard output");
	return log_path ? of_log(snapshot) : of_volume(args[0], snapshot);
}

const struct dl_verb dl_verb_map = {
	.name = "map",
	.args = "[VOLUME] [SNAPSHOT]",
	.max_args = 2,
	.brief = "show how often which part of a volume is written, and its level",
	.about =
"Regions of 64 KiB, as far as the kernel has memory for them; neighbours that are\n"
"much alike are one line, with JSON each is for itself. OFFSET is in bytes,\n"
"WRITES/H the mean of a line, PAGE/H the hottest page, DELTA the mean size of a\n"
"delta in bytes, RULE what the next write hits. With SNAPSHOT as it was when that\n"
"one was made: at least its hottest regions, without what PAGE/H and RULE tell.",
	.run = run,
};
