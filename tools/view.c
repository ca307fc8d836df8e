// SPDX-License-Identifier: GPL-2.0
/* deltalog view: devices that show snapshots. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "dm.h"
#include "err.h"
#include "json.h"
#include "moment.h"
#include "mounts.h"
#include "snaps.h"
#include "verbs.h"
#include "viewdev.h"

static const char *as, *remove_name;
static bool list;

static const struct dl_opt opts[] = {
	DL_STRING("as", &as, "VIEWNAME",
		  "what to call it (default: NAME@SNAPSHOT)"),
	DL_STRING("remove", &remove_name, "VIEWNAME", "remove a view"),
	DL_FLAG("list", &list, "list the views, of one volume or of all"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static struct json_object *to_json(const struct dl_view *v)
{
	struct json_object *o = json_object_new_object();
	char device[DL_DM_NAME + 16], devno[32];
	struct dl_mount m;
	bool mounted = dl_mounts_find(makedev(v->dm.major, v->dm.minor), &m);

	dl_json_str(o, "name", v->dm.name);
	snprintf(device, sizeof(device), "/dev/mapper/%s", v->dm.name);
	dl_json_str(o, "device", device);
	snprintf(devno, sizeof(devno), "%u:%u", v->dm.major, v->dm.minor);
	dl_json_str(o, "devno", devno);
	dl_json_str(o, "volume", v->volume);
	dl_json_str(o, "snapshot", v->snapshot);
	dl_json_u64(o, "sequence", v->seq);
	dl_json_u64(o, "view_bytes", v->dm.sectors * 512);
	dl_json_u64(o, "open_count", (uint64_t)v->dm.open_count);
	dl_json_str(o, "mounted_on", mounted ? m.where : NULL);
	return o;
}

struct rows {
	char devno[32];		/* of the volume, "" for all */
	struct dl_view *row;
	size_t nr;
};

static int add(const struct dl_view *v, void *ctx)
{
	struct rows *rows = ctx;
	struct dl_view *more;

	if (rows->devno[0] && strcmp(rows->devno, v->devno))
		return 0;
	if (dl_json_wanted()) {
		dl_json_stream_element(to_json(v));
		return 0;
	}
	more = reallocarray(rows->row, rows->nr + 1, sizeof(*more));
	if (!more)
		return dl_err_nomem();
	rows->row = more;
	more[rows->nr++] = *v;
	return 0;
}

static int wider(int width, const char *text)
{
	int n = (int)strlen(text);

	return n > width ? n : width;
}

static void print(const struct rows *rows)
{
	int name = 4, volume = 6, snapshot = 8;
	const struct dl_view *v;
	struct dl_mount m;
	size_t i;

	for (i = 0; i < rows->nr; i++) {
		v = &rows->row[i];
		name = wider(name, v->dm.name);
		volume = wider(volume, v->volume);
		snapshot = wider(snapshot, v->snapshot);
	}
	printf("%-*s  %-*s  %-*s  %4s  %s\n", name, "NAME", volume, "VOLUME",
	       snapshot, "SNAPSHOT", "OPEN", "MOUNTED ON");
	for (i = 0; i < rows->nr; i++) {
		v = &rows->row[i];
		printf("%-*s  %-*s  %-*s  %4d  %s\n", name, v->dm.name, volume,
		       v->volume, snapshot, v->snapshot, v->dm.open_count,
		       dl_mounts_find(makedev(v->dm.major, v->dm.minor), &m) ?
		       m.where : "-");
	}
}

static int do_list(const char *volume)
{
	struct rows rows = { .row = NULL };
	struct dl_dm_volume v;
	int rc = volume ? dl_dm_get(volume, &v) : dl_dm_ready();

	if (rc)
		return rc;
	if (volume)
		snprintf(rows.devno, sizeof(rows.devno), "%u:%u", v.major,
			 v.minor);
	if (dl_json_wanted()) {
		dl_json_stream_begin();
		dl_json_stream_open("views");
	}
	rc = dl_view_each(add, &rows);
	if (dl_json_wanted()) {
		dl_json_stream_close();
		dl_json_stream_end();
	} else if (!rc && rows.nr) {
		print(&rows);
	} else if (!rc) {
		puts("no views");
	}
	free(rows.row);
	return rc;
}

static void tell(const struct dl_view *v, const char *did)
{
	struct json_object *o;

	if (dl_json_wanted()) {
		o = to_json(v);
		dl_json_bool(o, "ok", true);
		dl_json_str(o, "did", did);
		dl_json_print(o);
	} else if (!strcmp(did, "created")) {
		/* The path alone, so that a script can take it from here. */
		printf("/dev/mapper/%s\n", v->dm.name);
	} else {
		printf("view %s %s\n", v->dm.name, did);
	}
}

static int do_remove(void)
{
	struct dl_view v;
	int rc = dl_view_get(remove_name, &v);

	rc = rc ?: dl_view_remove(&v);
	if (!rc)
		tell(&v, "removed");
	return rc;
}

static int do_make(const char *volume, const char *snapshot)
{
	char name[DL_DM_NAME], buf[DL_DM_NAME];
	struct dl_dm_volume vol;
	struct dl_snap snap;
	struct dl_view v;
	int rc;

	volume = dl_dm_name(buf, volume);
	if (!dl_moment_or_name_ok(snapshot) || (as && !dl_opt_name_ok(as)))
		return DL_EXIT_USAGE;
	/* A good name is shorter than the buffer; what is still a path is no volume's. */
	if (as)
		snprintf(name, sizeof(name), "%s", as);
	else if (!strchr(volume, '/') && dl_view_name(name, volume, snapshot))
		return DL_EXIT_USAGE;
	rc = dl_dm_get(volume, &vol);
	rc = rc ?: dl_moment_or_snap(volume, snapshot, &snap);
	rc = rc ?: dl_view_make(&vol, snapshot, name);
	rc = rc ?: dl_view_get(name, &v);
	if (!rc)
		tell(&v, "created");
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if ((list && (as || remove_name)) || (as && remove_name))
		return dl_opt_usage(verb, groups,
				    "only one of --as, --remove and --list can be given");
	if (remove_name) {
		if (args[0])
			return dl_opt_usage(verb, groups, "'%s' is too much",
					    args[0]);
		return do_remove();
	}
	if (list) {
		if (args[1])
			return dl_opt_usage(verb, groups, "'%s' is too much",
					    args[1]);
		return do_list(args[0]);
	}
	if (!args[1])
		return dl_opt_usage(verb, groups, "NAME SNAPSHOT is missing");
	return do_make(args[0], args[1]);
}

const struct dl_verb dl_verb_view = {
	.name = "view",
	.args = "[NAME [SNAPSHOT]]",
	.max_args = 2,
	.brief = "make, list and remove read-only devices that show snapshots",
	.about =
"  deltalog view NAME SNAPSHOT [--as VIEWNAME]   make one, print its path\n"
"  deltalog view --list [NAME]                   list them\n"
"  deltalog view --remove VIEWNAME               remove one\n"
"\n"
"A view reads what the volume held when the snapshot was made. There may be any\n"
"number of them. @SEQUENCE in place of a snapshot shows a moment of the window\n"
"(deltalog history), and holds it as long as the view is there.",
	.run = run,
};
