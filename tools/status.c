// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog status: what a volume does, for people with units and shares, as
 * JSON with every number that the kernel gives under the kernel's name.
 */
#include <stdio.h>
#include <string.h>

#include "blkdev.h"
#include "dm.h"
#include "err.h"
#include "foreseen.h"
#include "human.h"
#include "json.h"
#include "verbs.h"
#include "volstat.h"

#define LABEL 18

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

enum unit { COUNT, SECTORS, BYTES, YESNO, NOTE, PERMILLE, SECONDS };
enum when { ALWAYS, IF_ANY };

/* Keys worth a line of their own; the order is the one they are shown in. */
static const struct line {
	const char *key;
	const char *of;		/* show the share in this key's value */
	enum unit unit;
	const char *label;
	enum when when;
} lines[] = {
	{ "log_used", "log_size", SECTORS, "log in use", ALWAYS },
	{ "log_size", NULL, SECTORS, NULL, ALWAYS },
	{ "segments", NULL, COUNT, "  segments", ALWAYS },
	{ "segments_small", NULL, COUNT, "    smaller", IF_ANY },
	{ "segments_large", NULL, COUNT, "    larger", IF_ANY },
	{ "segment_kib", NULL, COUNT, "    KiB of a new one", ALWAYS },
	{ "pool_segments", NULL, COUNT, "  ready ahead", ALWAYS },
	{ "pool_kib", NULL, COUNT, "    KiB of these", ALWAYS },
	{ "alloc_stalls", NULL, COUNT, "  waited for one", IF_ANY },
	{ "frame_stalls", NULL, COUNT, "    or a frame", IF_ANY },
	{ "records", "records_max", COUNT, "records", ALWAYS },
	{ "records_max", NULL, COUNT, NULL, ALWAYS },
	{ "runs", "runs_max", COUNT, "  runs of zeros", IF_ANY },
	{ "runs_max", NULL, COUNT, NULL, ALWAYS },
	{ "memory_bytes", NULL, BYTES, "memory", ALWAYS },
	{ "seq", NULL, COUNT, "last write", ALWAYS },
	{ "durable_seq", NULL, COUNT, "  durable up to", ALWAYS },
	{ "horizon_seq", NULL, COUNT, "  in origin up to", ALWAYS },
	{ "commits", NULL, COUNT, "commits", ALWAYS },
	{ "flushes", NULL, COUNT, "  for a flush", ALWAYS },
	{ "checkpoints", NULL, COUNT, "checkpoints", ALWAYS },
	{ "user_bytes", NULL, BYTES, "written by users", ALWAYS },
	{ "log_bytes", NULL, BYTES, "  to the log", ALWAYS },
	{ "origin_bytes", NULL, BYTES, "  to the origin", ALWAYS },
	{ "rewritten", NULL, COUNT, "  pages rewritten", IF_ANY },
	{ "deltas", NULL, COUNT, "pages as deltas", IF_ANY },
	{ "delta_bytes", NULL, BYTES, "  bytes of these", IF_ANY },
	{ "unchanged", NULL, COUNT, "  same as before", IF_ANY },
	{ "rebased", NULL, COUNT, "  logged whole", IF_ANY },
	{ "packed", NULL, COUNT, "  compressed", IF_ANY },
	{ "packed_bytes", NULL, BYTES, "    to", IF_ANY },
	{ "placeholders", NULL, COUNT, "placeholders", IF_ANY },
	{ "placeholder_sectors", NULL, SECTORS, "  room in them", IF_ANY },
	{ "fused", NULL, COUNT, "  writes in these", IF_ANY },
	{ "fused_sectors", NULL, SECTORS, "  room filled", IF_ANY },
	{ "chains", "chains_max", COUNT, "  deltas at hand", IF_ANY },
	{ "chains_max", NULL, COUNT, NULL, ALWAYS },
	{ "read_log", NULL, COUNT, "reads from log", ALWAYS },
	{ "read_ram", NULL, COUNT, "  from memory", ALWAYS },
	{ "read_zero", NULL, COUNT, "  of zeros", IF_ANY },
	{ "snapshots", "snapshots_max", COUNT, "snapshots", ALWAYS },
	{ "snapshots_max", NULL, COUNT, NULL, ALWAYS },
	{ "past", "past_max", COUNT, "  versions kept", IF_ANY },
	{ "past_max", NULL, COUNT, NULL, ALWAYS },
	{ "past_bytes", NULL, BYTES, "  held in the log", IF_ANY },
	{ "preserved_bytes", NULL, BYTES, "  saved of origin", IF_ANY },
	{ "reconciling", NULL, YESNO, "reconciling", ALWAYS },
	{ "cycles", NULL, COUNT, "  times so far", IF_ANY },
	{ "origin_pages", NULL, COUNT, "  pages so far", IF_ANY },
	{ "full_probability", NULL, PERMILLE, "log full soon", IF_ANY },
	{ "full_within", NULL, SECONDS, "  expected in", IF_ANY },
	{ "lag_max_ms", NULL, COUNT, "  longest lag, ms", IF_ANY },
	{ "waited", NULL, COUNT, "pages that waited", IF_ANY },
	{ "waited_hits", "waited", COUNT, "  replaced in time", IF_ANY },
	{ "waited_misses", "waited", COUNT, "  settled after all", IF_ANY },
	{ "rewind_pending", NULL, NOTE, "rewind being settled", IF_ANY },
	{ "waiting", NULL, COUNT, "writes that wait", IF_ANY },
	{ "deferred", NULL, COUNT, "writes that waited", IF_ANY },
	{ "lost", NULL, COUNT, "LOST PAGES", IF_ANY },
	{ "crc_errors", NULL, COUNT, "CHECKSUM ERRORS", IF_ANY },
	{ "log_errors", NULL, COUNT, "LOG ERRORS", IF_ANY },
	{ "origin_errors", NULL, COUNT, "ORIGIN ERRORS", IF_ANY },
};

#define NR_LINES (sizeof(lines) / sizeof(lines[0]))

static const struct line *line_of(const char *key)
{
	size_t i;

	for (i = 0; i < NR_LINES; i++)
		if (!strcmp(lines[i].key, key))
			return &lines[i];
	return NULL;
}

static void format(char *buf, size_t size, enum unit unit, uint64_t v)
{
	switch (unit) {
	case SECTORS:
		dl_human_bytes(buf, size, v * 512);
		break;
	case BYTES:
		dl_human_bytes(buf, size, v);
		break;
	case YESNO:
		snprintf(buf, size, "%s", v ? "yes" : "no");
		break;
	case NOTE:
		buf[0] = '\0';
		break;
	case PERMILLE:
		snprintf(buf, size, "%llu.%llu %%", (unsigned long long)v / 10,
			 (unsigned long long)v % 10);
		break;
	case SECONDS:
		snprintf(buf, size, "%llu s", (unsigned long long)v);
		break;
	case COUNT:
		snprintf(buf, size, "%llu", (unsigned long long)v);
		break;
	}
}

static void print_line(const struct dl_volstat *s, const struct line *l, bool off)
{
	char a[40], b[40];
	uint64_t v, whole;

	/* Nobody looks for that then. */
	if (off && l->unit == PERMILLE) {
		printf("  %-*s off, as foresight is\n", LABEL, l->label);
		return;
	}
	if (!l->label || !dl_volstat_get(s, l->key, &v) ||
	    (l->when == IF_ANY && !v))
		return;
	/* The label says it all. */
	if (l->unit == NOTE) {
		printf("  %s\n", l->label);
		return;
	}
	format(a, sizeof(a), l->unit, v);
	if (l->of && dl_volstat_get(s, l->of, &whole)) {
		format(b, sizeof(b), l->unit, whole);
		printf("  %-*s %s of %s (%u %%)\n", LABEL, l->label, a, b,
		       dl_human_percent(v, whole));
	} else {
		printf("  %-*s %s\n", LABEL, l->label, a);
	}
}

static const char *mode_words(const struct dl_dm_volume *v, const char *mode)
{
	if (v->suspended)
		return "suspended: I/O waits until it is resumed";
	if (!strcmp(mode, "rw"))
		return "rw: in order";
	if (!strcmp(mode, "ro"))
		return "ro: READ ONLY after an error of the log, see the kernel's log";
	if (!strcmp(mode, "fail"))
		return "fail: FAILED, see the kernel's log";
	if (!strcmp(mode, "detached"))
		return "detached: repeat 'deltalog detach' to remove it";
	return mode;
}

static void print_options(const char *params)
{
	const char *p = params, *policy;
	int word;

	/* The two devices and the count come first. */
	for (word = 0; word < 3 && *p; word++) {
		p += strcspn(p, " ");
		p += strspn(p, " ");
	}
	/* Which is for `policy show` to tell, in lines. */
	policy = strstr(params, " policy ");
	policy = policy ? policy + 1 : NULL;
	printf("  %-*s %.*s%s\n", LABEL, "options",
	       (int)(policy ? policy - p : (ptrdiff_t)strlen(p)), p,
	       policy ? "policy" : *p ? "" : "defaults");
}

static void print_volume(const struct dl_dm_volume *v,
			 const struct dl_volstat *s)
{
	char origin[160], log[160], size[40];
	bool off = dl_foreseen_off(v);
	unsigned int i;

	dl_blkdev_name(origin, sizeof(origin), v->origin);
	dl_blkdev_name(log, sizeof(log), v->log);
	printf("%s\n", v->name);
	printf("  %-*s %s\n", LABEL, "mode", mode_words(v, s->mode));
	printf("  %-*s /dev/mapper/%s (%u:%u), %s, open %d times\n", LABEL,
	       "volume", v->name, v->major, v->minor,
	       dl_human_bytes(size, sizeof(size), v->sectors * 512),
	       v->open_count);
	printf("  %-*s %s\n", LABEL, "origin", origin);
	printf("  %-*s %s\n", LABEL, "log", log);
	print_options(v->params);
	for (i = 0; i < NR_LINES; i++)
		print_line(s, &lines[i], off);
	/* What a newer kernel counts is shown as it calls it. */
	for (i = 0; i < s->nr; i++)
		if (!line_of(s->kv[i].key) && s->kv[i].value)
			printf("  %-*s %llu\n", LABEL, s->kv[i].key,
			       (unsigned long long)s->kv[i].value);
}

static struct json_object *to_json(const struct dl_dm_volume *v,
				   const struct dl_volstat *s)
{
	struct json_object *o = json_object_new_object();
	char buf[160];

	dl_json_str(o, "name", v->name);
	dl_json_str(o, "uuid", v->uuid);
	dl_json_str(o, "mode", s->mode);
	dl_json_bool(o, "suspended", v->suspended);
	snprintf(buf, sizeof(buf), "/dev/mapper/%s", v->name);
	dl_json_str(o, "device", buf);
	snprintf(buf, sizeof(buf), "%u:%u", v->major, v->minor);
	dl_json_str(o, "devno", buf);
	dl_json_u64(o, "open_count", (uint64_t)v->open_count);
	dl_json_u64(o, "volume_bytes", v->sectors * 512);
	dl_blkdev_name(buf, sizeof(buf), v->origin);
	dl_json_str(o, "origin", buf);
	dl_json_str(o, "origin_devno", v->origin);
	dl_blkdev_name(buf, sizeof(buf), v->log);
	dl_json_str(o, "log", buf);
	dl_json_str(o, "log_devno", v->log);
	dl_json_str(o, "table", v->params);
	dl_json_bool(o, "foresight", !dl_foreseen_off(v));
	json_object_object_add(o, "status", dl_volstat_json(s));
	return o;
}

static int show(const struct dl_dm_volume *v, void *ctx)
{
	unsigned int *nr = ctx;
	struct dl_volstat s;
	int rc = dl_volstat_read(&s, v->name);

	if (rc)
		return rc;
	if (dl_json_wanted()) {
		dl_json_stream_element(to_json(v, &s));
	} else {
		if (*nr)
			putchar('\n');
		print_volume(v, &s);
	}
	++*nr;
	return 0;
}

static int show_one(const char *name)
{
	struct dl_dm_volume v;
	struct dl_volstat s;
	int rc;

	rc = dl_dm_get(name, &v);
	rc = rc ?: dl_volstat_read(&s, v.name);
	if (rc)
		return rc;
	if (dl_json_wanted())
		dl_json_print(to_json(&v, &s));
	else
		print_volume(&v, &s);
	return 0;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	unsigned int nr = 0;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (args[0])
		return show_one(args[0]);
	rc = dl_dm_ready();
	if (rc)
		return rc;
	if (dl_json_wanted()) {
		dl_json_stream_begin();
		dl_json_stream_open("volumes");
	}
	rc = dl_dm_each(show, &nr);
	if (dl_json_wanted()) {
		dl_json_stream_close();
		dl_json_stream_end();
	} else if (!rc && !nr) {
		puts("no active volumes");
	}
	return rc;
}

const struct dl_verb dl_verb_status = {
	.name = "status",
	.args = "[NAME]",
	.max_args = 1,
	.brief = "show what a volume, or every one, does",
	.run = run,
};
