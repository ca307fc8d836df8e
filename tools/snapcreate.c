// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog snapshot create: of one volume or of several at one instant.
 *
 * What can be found wrong is found before anything stands still. While it does,
 * only the messages are sent; results are looked at and told of afterwards.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "freeze.h"
#include "human.h"
#include "json.h"
#include "kmsg.h"
#include "moment.h"
#include "snaps.h"
#include "verbs.h"

static bool no_freeze;
static const char *at;

static const struct dl_opt opts[] = {
	DL_FLAG("no-freeze", &no_freeze,
		"one volume: as it is, as if the power had failed"),
	DL_STRING("at", &at, "WHEN",
		  "of the past, within the window: '10 minutes ago', 14:03:05, @SEQUENCE"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* The volumes, and what came of each. */
static struct dl_dm_volume vols[DL_FREEZE_MAX];
static struct outcome {
	bool made;
	char *answer;
	struct dl_snap snap;
} outcome[DL_FREEZE_MAX];
static unsigned int nr;
static struct dl_snap moment[DL_FREEZE_MAX];	/* with --at */

/* "vol0,vol1": only the names are looked at. */
static int take_names(const struct dl_verb *verb, const char *list)
{
	char word[2 * DL_DM_NAME], buf[DL_DM_NAME];
	const char *name;
	unsigned int i;
	size_t len;

	for (;; list += len + 1) {
		len = strcspn(list, ",");
		snprintf(word, sizeof(word), "%.*s", (int)len, list);
		name = dl_dm_name(buf, word);
		if (!len || len >= sizeof(word) || strlen(name) >= DL_DM_NAME)
			return dl_opt_usage(verb, groups,
					    "'%.*s' is no volume's name",
					    (int)(len < 200 ? len : 200), list);
		if (nr == DL_FREEZE_MAX)
			return dl_opt_usage(verb, groups,
					    "more than %u volumes",
					    DL_FREEZE_MAX);
		memcpy(vols[nr].name, name, strlen(name) + 1);
		for (i = 0; i < nr; i++)
			if (!strcmp(vols[i].name, vols[nr].name))
				return dl_opt_usage(verb, groups,
						    "%s is named twice",
						    vols[i].name);
		nr++;
		if (!list[len])
			break;
	}
	if (no_freeze && at)
		return dl_opt_usage(verb, groups,
				    "--no-freeze and --at exclude each other: nothing stands still for what has been");
	if (no_freeze && nr > 1)
		return dl_opt_usage(verb, groups,
				    "--no-freeze is for one volume: without suspending them, several have no instant in common");
	return 0;
}

/* Look the volumes up, and whether the name is free in all of them. */
static int look_up(const char *snapshot)
{
	char name[DL_DM_NAME];
	struct dl_snaps s;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < nr && !rc; i++) {
		memcpy(name, vols[i].name, sizeof(name));
		rc = dl_dm_get(name, &vols[i]);
		if (rc)
			break;
		rc = dl_snaps_read(&s, vols[i].name);
		if (!rc && dl_snaps_find(&s, snapshot))
			rc = dl_snaps_taken(vols[i].name, snapshot);
		dl_snaps_free(&s);
		if (!rc && at)
			rc = dl_moment_need(vols[i].name, at, &moment[i]);
	}
	return rc;
}

/* The part that others wait for. @bad: out: the volume that failed. */
static int send_all(const char *snapshot, unsigned int *bad)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; i < nr && !rc; i++) {
		rc = dl_snaps_message(vols[i].name, "snapshot_create", snapshot,
				      at ? moment[i].name : NULL,
				      &outcome[i].answer);
		outcome[i].made = !rc || rc == -EBADMSG;
		*bad = i;
	}
	return rc;
}

static int understand(const char *snapshot)
{
	struct dl_snaps s;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < nr && !rc; i++) {
		rc = dl_snaps_parse(&s, outcome[i].answer);
		if (rc == -ENOMEM)
			rc = dl_err_nomem();
		else if (rc || s.nr != 1 || strcmp(s.snap[0].name, snapshot))
			rc = dl_err(DL_EXIT_KERNEL,
				    "%s: the kernel's answer cannot be understood; is the module of another release?",
				    vols[i].name);
		else
			outcome[i].snap = s.snap[0];
		dl_snaps_free(&s);
	}
	return rc;
}

/* All or nothing. */
static void take_back(const char *snapshot)
{
	unsigned int i;
	int rc;

	for (i = 0; i < nr; i++) {
		if (!outcome[i].made)
			continue;
		rc = dl_snaps_message(vols[i].name, "snapshot_delete", snapshot,
				      NULL, NULL);
		if (rc && rc != -ENOENT)
			dl_warn("%s: its snapshot %s was made and cannot be taken back: %s; 'deltalog snapshot delete %s %s'",
				vols[i].name, snapshot, strerror(-rc),
				vols[i].name, snapshot);
	}
}

/* @f: out: has volumes if they were suspended; @resumed: out: how that ended. */
static int make(const char *snapshot, struct dl_freeze *f, int *resumed)
{
	int kmsg = dl_kmsg_mark(), rc = 0, sent = 0;
	unsigned int bad = 0;

	if (!no_freeze && !at)
		rc = dl_freeze_begin(f, vols, nr);
	if (!rc)
		sent = send_all(snapshot, &bad);
	if (!rc && !no_freeze && !at)
		*resumed = dl_freeze_end(f);
	if (sent)
		return dl_snaps_refused(vols[bad].name, snapshot, snapshot,
					"making", sent, kmsg);
	dl_kmsg_drop(kmsg);
	return rc ?: understand(snapshot);
}

static void tell(int rc)
{
	struct json_object *o, *list;
	char when[48];
	unsigned int i;

	if (!dl_json_wanted()) {
		for (i = 0; i < nr; i++)
			printf("snapshot %s of %s: id %llu, sequence %llu, %s\n",
			       outcome[i].snap.name, vols[i].name,
			       (unsigned long long)outcome[i].snap.id,
			       (unsigned long long)outcome[i].snap.seq,
			       dl_human_iso(when, sizeof(when),
					    outcome[i].snap.time_ns));
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", !rc);
	dl_json_str(o, "did", "created");
	if (rc) {
		dl_json_u64(o, "exit", (uint64_t)rc);
		dl_json_str(o, "error", dl_err_first());
	}
	dl_json_bool(o, "frozen", !no_freeze && !at);
	list = json_object_new_array();
	for (i = 0; i < nr; i++)
		json_object_array_add(list, dl_snaps_json(vols[i].name,
							  &outcome[i].snap));
	json_object_object_add(o, "snapshots", list);
	dl_json_print(o);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS], *snapshot;
	struct dl_freeze f;
	int rc = dl_opt_parse(verb, groups, argc, argv, args), resumed = 0;
	unsigned int i;

	if (rc)
		return rc;
	snapshot = args[1];
	rc = take_names(verb, args[0]);
	if (!rc && !dl_snaps_name_ok(snapshot))
		rc = DL_EXIT_USAGE;
	rc = rc ?: look_up(snapshot);
	if (rc)
		return rc;
	memset(&f, 0, sizeof(f));
	rc = make(snapshot, &f, &resumed);
	if (rc)
		take_back(snapshot);
	else
		tell(resumed);
	fflush(stdout);
	/* An interrupt that came meanwhile is heard now that all is in order. */
	if (f.nr)
		dl_freeze_close(&f);
	for (i = 0; i < nr; i++)
		free(outcome[i].answer);
	return rc ?: resumed;
}

const struct dl_verb dl_verb_snapshot_create = {
	.name = "snapshot create",
	.args = "NAME[,NAME...] SNAPSHOT",
	.min_args = 2,
	.max_args = 2,
	.brief = "make a snapshot of a volume, or of several at one instant",
	.about =
"The volumes are suspended together, which freezes file systems that are mounted\n"
"from them, so that these are found clean in the snapshots. Either all get the\n"
"snapshot or none does.",
	.run = run,
};
