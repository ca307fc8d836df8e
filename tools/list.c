// SPDX-License-Identifier: GPL-2.0
/* deltalog list: the active volumes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blkdev.h"
#include "dm.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "verbs.h"
#include "volstat.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct row {
	char name[DL_DM_NAME], mode[16], size[24], used[24];
	char origin[160], log[160];
};

struct rows {
	struct row *row;
	size_t nr;
};

static void fill(struct row *r, const struct dl_dm_volume *v,
		 const struct dl_volstat *s)
{
	uint64_t size;

	snprintf(r->name, sizeof(r->name), "%s", v->name);
	snprintf(r->mode, sizeof(r->mode), "%s",
		 v->suspended ? "suspended" : s->mode[0] ? s->mode : "?");
	dl_human_bytes(r->size, sizeof(r->size), v->sectors * 512);
	if (dl_volstat_get(s, "log_size", &size))
		snprintf(r->used, sizeof(r->used), "%u %%",
			 dl_human_percent(dl_volstat_value(s, "log_used"),
					  size));
	else
		snprintf(r->used, sizeof(r->used), "?");
	dl_blkdev_name(r->origin, sizeof(r->origin), v->origin);
	dl_blkdev_name(r->log, sizeof(r->log), v->log);
}

static struct json_object *to_json(const struct dl_dm_volume *v,
				   const struct dl_volstat *s,
				   const struct row *r)
{
	struct json_object *o = json_object_new_object();

	dl_json_str(o, "name", v->name);
	dl_json_str(o, "uuid", v->uuid);
	dl_json_str(o, "mode", s->mode[0] ? s->mode : NULL);
	dl_json_bool(o, "suspended", v->suspended);
	dl_json_u64(o, "open_count", (uint64_t)v->open_count);
	dl_json_u64(o, "volume_bytes", v->sectors * 512);
	dl_json_u64(o, "log_used_bytes", dl_volstat_value(s, "log_used") * 512);
	dl_json_u64(o, "log_size_bytes", dl_volstat_value(s, "log_size") * 512);
	dl_json_u64(o, "records", dl_volstat_value(s, "records"));
	dl_json_str(o, "origin", r->origin);
	dl_json_str(o, "log", r->log);
	return o;
}

static int add(const struct dl_dm_volume *v, void *ctx)
{
	char line[DL_DM_STATUS];
	struct rows *rows = ctx;
	struct dl_volstat s;
	struct row *more;

	/* A volume whose status cannot be had is listed all the same. */
	if (dl_dm_status(v->name, line, sizeof(line)) ||
	    !dl_volstat_parse(&s, line))
		memset(&s, 0, sizeof(s));
	more = realloc(rows->row, (rows->nr + 1) * sizeof(*more));
	if (!more)
		return dl_err_nomem();
	rows->row = more;
	fill(&more[rows->nr], v, &s);
	if (dl_json_wanted())
		dl_json_stream_element(to_json(v, &s, &more[rows->nr]));
	rows->nr++;
	return 0;
}

static int wider(int width, const char *text)
{
	int n = (int)strlen(text);

	return n > width ? n : width;
}

static void print(const struct rows *rows)
{
	int name = 4, mode = 4, size = 4, origin = 6;
	const struct row *r;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		r = &rows->row[i];
		name = wider(name, r->name);
		mode = wider(mode, r->mode);
		size = wider(size, r->size);
		origin = wider(origin, r->origin);
	}
	printf("%-*s  %-*s  %*s  %5s  %-*s  %s\n", name, "NAME", mode, "MODE",
	       size, "SIZE", "LOG", origin, "ORIGIN", "LOG DEVICE");
	for (i = 0; i < rows->nr; i++) {
		r = &rows->row[i];
		printf("%-*s  %-*s  %*s  %5s  %-*s  %s\n", name, r->name, mode,
		       r->mode, size, r->size, r->used, origin, r->origin,
		       r->log);
	}
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct rows rows = { NULL, 0 };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	rc = dl_dm_ready();
	if (rc)
		return rc;
	if (dl_json_wanted()) {
		dl_json_stream_begin();
		dl_json_stream_open("volumes");
	}
	rc = dl_dm_each(add, &rows);
	if (dl_json_wanted()) {
		dl_json_stream_close();
		dl_json_stream_end();
	} else if (!rc && rows.nr) {
		print(&rows);
	} else if (!rc) {
		puts("no active volumes");
	}
	free(rows.row);
	return rc;
}

const struct dl_verb dl_verb_list = {
	.name = "list",
	.args = "",
	.brief = "list the active volumes",
	.run = run,
};
