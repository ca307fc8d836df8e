// SPDX-License-Identifier: GPL-2.0
/* The snapshots of a volume. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "kmsg.h"
#include "snaps.h"
#include "viewdev.h"

static const char fine[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:+-";

static bool well_formed(const char *name)
{
	size_t len = strlen(name);

	return len && len < DL_SNAP_NAME && strspn(name, fine) == len &&
		name[0] != '-' && name[0] != '.';
}

bool dl_snaps_name_ok(const char *name)
{
	if (well_formed(name))
		return true;
	dl_err(DL_EXIT_USAGE,
	       "'%s' cannot be a snapshot's name: 1 to 63 letters, digits and any of _.:+- are allowed, no '-' or '.' in front",
	       name);
	return false;
}

/* One line, without its end: "id seq time_ns views name". */
static bool parse_line(struct dl_snap *s, char *line)
{
	uint64_t *const number[] = { &s->id, &s->seq, &s->time_ns, &s->views };
	char *word = line, *end;
	size_t i;

	for (i = 0; i < sizeof(number) / sizeof(number[0]); i++) {
		end = strchr(word, ' ');
		if (!end)
			return false;
		*end = '\0';
		if (!dl_human_number(word, false, number[i]))
			return false;
		word = end + 1;
	}
	/* What goes to a terminal or in a file's name is looked at first. */
	if (!well_formed(word))
		return false;
	snprintf(s->name, sizeof(s->name), "%s", word);
	s->exclusive = DL_SNAP_UNKNOWN;
	return true;
}

int dl_snaps_parse(struct dl_snaps *s, const char *text)
{
	struct dl_snap *more;
	char line[256];
	size_t len;

	s->snap = NULL;
	s->nr = 0;
	s->held = DL_SNAP_UNKNOWN;
	for (; *text; text += len + !!text[len]) {
		len = strcspn(text, "\n");
		if (len >= sizeof(line))
			return -EINVAL;
		memcpy(line, text, len);
		line[len] = '\0';
		more = reallocarray(s->snap, s->nr + 1, sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->snap = more;
		if (!parse_line(&more[s->nr], line))
			return -EINVAL;
		s->nr++;
	}
	return 0;
}

int dl_snaps_read(struct dl_snaps *s, const char *volume)
{
	int kmsg = dl_kmsg_mark(), rc;
	char *text = NULL, why[512];

	s->snap = NULL;
	s->nr = 0;
	s->held = DL_SNAP_UNKNOWN;
	rc = dl_dm_ask(volume, "snapshot_list", &text);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EINVAL)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its module knows no snapshots: %s; load the module of this release",
			      volume, why[0] ? why : strerror(-rc));
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its snapshots cannot be listed: %s", volume,
			      why[0] ? why : strerror(-rc));
	rc = dl_snaps_parse(s, text);
	free(text);
	if (rc == -ENOMEM)
		return dl_err_nomem();
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its list of snapshots cannot be understood; is the module of another release?",
			      volume);
	return 0;
}

/* "total bytes", then a line "id bytes" for each, in the order of the list. */
static void parse_space(struct dl_snaps *s, char *text)
{
	char *rest, *line = strtok_r(text, "\n", &rest), *number;
	uint64_t id, bytes;
	size_t i = 0;

	if (!line || strncmp(line, "total ", 6) ||
	    !dl_human_number(line + 6, false, &s->held))
		return;
	while ((line = strtok_r(NULL, "\n", &rest))) {
		number = strchr(line, ' ');
		if (!number)
			return;
		*number++ = '\0';
		if (!dl_human_number(line, false, &id) ||
		    !dl_human_number(number, false, &bytes))
			return;
		/* One that was made since is not in the list, one that went is. */
		while (i < s->nr && s->snap[i].id != id)
			i++;
		if (i < s->nr)
			s->snap[i++].exclusive = bytes;
	}
}

void dl_snaps_space(struct dl_snaps *s, const char *volume)
{
	char *text = NULL;

	if (!dl_dm_ask(volume, "snapshot_space", &text))
		parse_space(s, text);
	free(text);
}

void dl_snaps_free(struct dl_snaps *s)
{
	free(s->snap);
	s->snap = NULL;
	s->nr = 0;
}

const struct dl_snap *dl_snaps_find(const struct dl_snaps *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->snap[i].name, name))
			return &s->snap[i];
	return NULL;
}

void dl_snaps_unused(const struct dl_snaps *s, const char *before, char *name)
{
	time_t now = time(NULL);
	char base[48], when[24];
	unsigned int i;
	struct tm tm;

	snprintf(base, sizeof(base), "%.20s", before);
	if (localtime_r(&now, &tm) &&
	    strftime(when, sizeof(when), "-%Y%m%d-%H%M%S", &tm))
		strcat(base, when);
	snprintf(name, DL_SNAP_NAME, "%s", base);
	for (i = 2; dl_snaps_find(s, name); i++)
		snprintf(name, DL_SNAP_NAME, "%s-%u", base, i);
}

int dl_snaps_missing(const char *volume, const char *snapshot)
{
	return dl_err(DL_EXIT_NAME,
		      "%s has no snapshot '%s'; 'deltalog snapshot list %s' shows those there are",
		      volume, snapshot, volume);
}

int dl_snaps_taken(const char *volume, const char *name)
{
	return dl_err(DL_EXIT_NAME,
		      "%s has a snapshot '%s' already; choose another name, or delete that one first",
		      volume, name);
}

int dl_snaps_need(const char *volume, const char *snapshot,
		  struct dl_snap *snap)
{
	const struct dl_snap *found = NULL;
	struct dl_snaps s;
	int rc = dl_snaps_read(&s, volume);

	if (!rc)
		found = dl_snaps_find(&s, snapshot);
	if (found)
		*snap = *found;
	else if (!rc)
		rc = dl_snaps_missing(volume, snapshot);
	dl_snaps_free(&s);
	return rc;
}

int dl_snaps_message(const char *volume, const char *what, const char *snapshot,
		     const char *more, char **answer)
{
	char message[32 + 2 * DL_SNAP_NAME];

	snprintf(message, sizeof(message), "%s %s%s%s", what, snapshot,
		 more ? " " : "", more ? more : "");
	return dl_dm_ask(volume, message, answer);
}

/* Which view keeps it is told by the views, not by the kernel's errno. */
static bool find_view(const char *volume, const char *snapshot,
		      struct dl_view *view)
{
	const struct dl_snap *snap;
	struct dl_dm_volume v;
	char *text = NULL;
	struct dl_snaps s;
	bool found;

	if (dl_dm_find(volume, &v) ||
	    dl_dm_ask(volume, "snapshot_list", &text))
		return false;
	snap = dl_snaps_parse(&s, text) ? NULL : dl_snaps_find(&s, snapshot);
	found = snap && dl_view_of(&v, snap, view);
	dl_snaps_free(&s);
	free(text);
	return found;
}

/* The kernel's reason, without the names in front that are said anyway. */
static const char *reason(char *why, const char *name)
{
	char front[DL_SNAP_NAME + 16];
	const char *at;

	snprintf(front, sizeof(front), "snapshot %s: ", name);
	at = strstr(why, front);
	return at ? at + strlen(front) : why;
}

int dl_snaps_refused(const char *volume, const char *snapshot,
		     const char *wanted, const char *doing, int rc, int kmsg)
{
	struct dl_view view;
	char why[512];

	dl_kmsg_last(kmsg, why, sizeof(why));
	if (!why[0])
		snprintf(why, sizeof(why), "%s", strerror(-rc));
	if (rc == -ENOENT)
		return dl_snaps_missing(volume, snapshot);
	if (rc == -EEXIST && wanted)
		return dl_snaps_taken(volume, wanted);
	if (rc == -ENOMEM)
		return dl_err_nomem();
	if (rc == -EBUSY && find_view(volume, snapshot, &view))
		return dl_err(DL_EXIT_BUSY,
			      "%s: snapshot %s is seen through /dev/mapper/%s; remove this view first (deltalog view --remove %s, or deltalog snapshot umount)",
			      volume, snapshot, view.dm.name, view.dm.name);
	return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
		      "%s: %s snapshot %s failed: %s", volume, doing, snapshot,
		      reason(why, snapshot));
}

struct json_object *dl_snaps_json(const char *volume, const struct dl_snap *s)
{
	struct json_object *o = json_object_new_object();
	char when[48];

	if (volume)
		dl_json_str(o, "volume", volume);
	dl_json_u64(o, "id", s->id);
	dl_json_str(o, "name", s->name);
	dl_json_str(o, "time", dl_human_iso(when, sizeof(when), s->time_ns));
	dl_json_u64(o, "time_ns", s->time_ns);
	dl_json_u64(o, "sequence", s->seq);
	dl_json_u64(o, "views", s->views);
	return o;
}
