// SPDX-License-Identifier: GPL-2.0
/* deltalog snapshot: its verbs, of which the short ones are here. */
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "family.h"
#include "human.h"
#include "json.h"
#include "kmsg.h"
#include "snaps.h"
#include "verbs.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* ---- list */

static const char *bytes_text(char *buf, size_t size, uint64_t bytes)
{
	return bytes == DL_SNAP_UNKNOWN ? "-" : dl_human_bytes(buf, size, bytes);
}

static void print_list(const struct dl_snaps *s)
{
	int id = 2, seq = 8, views = 5, n;
	char when[48], bytes[24];
	size_t i;

	for (i = 0; i < s->nr; i++) {
		n = snprintf(NULL, 0, "%llu",
			     (unsigned long long)s->snap[i].id);
		id = n > id ? n : id;
		n = snprintf(NULL, 0, "%llu",
			     (unsigned long long)s->snap[i].seq);
		seq = n > seq ? n : seq;
		n = snprintf(NULL, 0, "%llu",
			     (unsigned long long)s->snap[i].views);
		views = n > views ? n : views;
	}
	printf("%*s  %-25s  %*s  %*s  %9s  %s\n", id, "ID", "TIME", seq,
	       "SEQUENCE", views, "VIEWS", "EXCLUSIVE", "NAME");
	for (i = 0; i < s->nr; i++)
		printf("%*llu  %-25s  %*llu  %*llu  %9s  %s\n", id,
		       (unsigned long long)s->snap[i].id,
		       dl_human_iso(when, sizeof(when), s->snap[i].time_ns),
		       seq, (unsigned long long)s->snap[i].seq, views,
		       (unsigned long long)s->snap[i].views,
		       bytes_text(bytes, sizeof(bytes), s->snap[i].exclusive),
		       s->snap[i].name);
}

/* Whoever parses the list takes lines that begin with a number. */
static void print_held(const struct dl_snaps *s)
{
	char bytes[24];

	if (s->nr || (s->held && s->held != DL_SNAP_UNKNOWN))
		printf("held in the log, by the window too: %s\n",
		       bytes_text(bytes, sizeof(bytes), s->held));
}

static void json_bytes(struct json_object *o, const char *key, uint64_t bytes)
{
	json_object_object_add(o, key, bytes == DL_SNAP_UNKNOWN ? NULL :
			       json_object_new_uint64(bytes));
}

static void json_list(const struct dl_snaps *s, const char *volume)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array(), *one;
	size_t i;

	dl_json_str(o, "volume", volume);
	json_bytes(o, "held_bytes", s->held);
	for (i = 0; i < s->nr; i++) {
		one = dl_snaps_json(NULL, &s->snap[i]);
		json_bytes(one, "exclusive_bytes", s->snap[i].exclusive);
		json_object_array_add(list, one);
	}
	json_object_object_add(o, "snapshots", list);
	dl_json_print(o);
}

static int run_list(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	struct dl_snaps s;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	rc = dl_snaps_read(&s, v.name);
	if (!rc)
		dl_snaps_space(&s, v.name);
	if (!rc && dl_json_wanted()) {
		json_list(&s, v.name);
	} else if (!rc) {
		if (s.nr)
			print_list(&s);
		else
			printf("%s has no snapshots\n", v.name);
		print_held(&s);
	}
	dl_snaps_free(&s);
	return rc;
}

static const struct dl_verb list_verb = {
	.name = "snapshot list",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "list the snapshots of a volume, the oldest first",
	.about =
"EXCLUSIVE is what a snapshot alone holds of the log, which is what deleting it,\n"
"and no other, would make free. The last line tells what all of them hold, and\n"
"the window.",
	.run = run_list,
};

/* ---- delete */

static int delete_one(const char *volume, const char *snapshot)
{
	int kmsg = dl_kmsg_mark();
	int rc = dl_snaps_message(volume, "snapshot_delete", snapshot, NULL,
				  NULL);

	if (rc)
		return dl_snaps_refused(volume, snapshot, NULL, "deleting", rc,
					kmsg);
	dl_kmsg_drop(kmsg);
	return 0;
}

static int run_delete(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct json_object *o, *done;
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args), i, failed;

	if (rc)
		return rc;
	for (i = 1; i < DL_OPT_MAX_ARGS && args[i]; i++)
		if (!dl_snaps_name_ok(args[i]))
			return DL_EXIT_USAGE;
	rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	done = json_object_new_array();
	/* Those that can go do; the first failure gives the exit code. */
	for (i = 1; i < DL_OPT_MAX_ARGS && args[i]; i++) {
		failed = delete_one(v.name, args[i]);
		rc = rc ?: failed;
		if (failed)
			continue;
		json_object_array_add(done, json_object_new_string(args[i]));
		if (!dl_json_wanted())
			printf("snapshot %s of %s deleted\n", args[i], v.name);
	}
	if (!dl_json_wanted()) {
		json_object_put(done);
		return rc;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", !rc);
	if (rc) {
		dl_json_u64(o, "exit", (uint64_t)rc);
		dl_json_str(o, "error", dl_err_first());
	}
	dl_json_str(o, "did", "deleted");
	dl_json_str(o, "volume", v.name);
	json_object_object_add(o, "snapshots", done);
	dl_json_print(o);
	return rc;
}

static const struct dl_verb delete_verb = {
	.name = "snapshot delete",
	.args = "NAME SNAPSHOT [SNAPSHOT...]",
	.min_args = 2,
	.max_args = DL_OPT_MAX_ARGS,
	.brief = "delete snapshots; one with a view is kept",
	.about =
"The space comes back in the background.",
	.run = run_delete,
};

/* ---- rename */

static int run_rename(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct json_object *o;
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args), kmsg;

	if (rc)
		return rc;
	if (!dl_snaps_name_ok(args[1]) || !dl_snaps_name_ok(args[2]))
		return DL_EXIT_USAGE;
	rc = dl_dm_get(args[0], &v);
	if (rc)
		return rc;
	kmsg = dl_kmsg_mark();
	rc = dl_snaps_message(v.name, "snapshot_rename", args[1], args[2],
			      NULL);
	if (rc)
		return dl_snaps_refused(v.name, args[1], args[2], "renaming",
					rc, kmsg);
	dl_kmsg_drop(kmsg);
	if (!dl_json_wanted()) {
		printf("snapshot %s of %s renamed to %s\n", args[1], v.name,
		       args[2]);
		return 0;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "renamed");
	dl_json_str(o, "volume", v.name);
	dl_json_str(o, "from", args[1]);
	dl_json_str(o, "name", args[2]);
	dl_json_print(o);
	return 0;
}

static const struct dl_verb rename_verb = {
	.name = "snapshot rename",
	.args = "NAME SNAPSHOT NEW",
	.min_args = 3,
	.max_args = 3,
	.brief = "give a snapshot another name",
	.run = run_rename,
};

/* ---- which of them */

static const struct dl_verb *const verbs[] = {
	&dl_verb_snapshot_create,
	&list_verb,
	&delete_verb,
	&rename_verb,
	&dl_verb_snapshot_diff,
	&dl_verb_snapshot_mount,
	&dl_verb_snapshot_umount,
	NULL
};

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	return dl_family_run(verb, verbs, argc, argv);
}

const struct dl_verb dl_verb_snapshot = {
	.name = "snapshot",
	.args = "VERB",
	.brief = "make, list, delete, rename, compare and mount snapshots",
	.about = "Snapshots: what a volume held at an instant.",
	.run = run,
};
