// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog snapshot diff: where two snapshots, or a snapshot and now, differ.
 * The answer is collected before any of it is printed: half of it is none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "kmsg.h"
#include "snaps.h"
#include "verbs.h"

#define PIECE	16384u		/* extents asked for at once */

static bool ranges, xml;

static const struct dl_opt opts[] = {
	DL_FLAG("ranges", &ranges, "print 'start length' in sectors, nothing else"),
	DL_FLAG("xml", &xml, "print XML as thin_delta does"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct extents {
	struct dl_ctl_extent *e;
	size_t nr, max;
	uint64_t total;		/* sectors */
};

static bool add(struct extents *x, const struct dl_ctl_extent *e)
{
	struct dl_ctl_extent *last = x->nr ? &x->e[x->nr - 1] : NULL;

	x->total += e->sectors;
	/* Cut where one call ended. */
	if (last && last->start + last->sectors == e->start) {
		last->sectors += e->sectors;
		return true;
	}
	if (x->nr == x->max) {
		size_t max = x->max ? 2 * x->max : 1024;
		void *p = realloc(x->e, max * sizeof(*x->e));

		if (!p)
			return false;
		x->e = p;
		x->max = max;
	}
	x->e[x->nr++] = *e;
	return true;
}

static int failed(const struct dl_dm_volume *v, const struct dl_ctl_diff *d,
		  int rc, int kmsg)
{
	char why[512];

	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EUCLEAN)
		return dl_err(DL_EXIT_CORRUPT,
			      "%s: what a snapshot holds cannot be told any more: %s",
			      v->name, why[0] ? why : "its index is damaged");
	if (rc == -ENOENT || rc == -ESTALE)
		return dl_err(DL_EXIT_NAME,
			      "%s: snapshot %s%s%s was deleted or renamed meanwhile",
			      v->name, d->from, d->to[0] ? " or " : "", d->to);
	return dl_control_failed(v, "reading the diff", rc);
}

static int collect(int fd, const struct dl_dm_volume *v, struct dl_ctl_diff *d,
		   struct extents *x)
{
	struct dl_ctl_extent *piece = calloc(PIECE, sizeof(*piece));
	int rc = 0, kmsg;
	uint32_t i;

	if (!piece)
		return dl_err_nomem();
	d->major = v->major;
	d->minor = v->minor;
	d->buffer = (uintptr_t)piece;
	do {
		d->count = PIECE;
		kmsg = dl_kmsg_mark();
		rc = dl_control_call(fd, DL_CTL_DIFF, d);
		if (rc) {
			rc = failed(v, d, rc, kmsg);
			break;
		}
		dl_kmsg_drop(kmsg);
		for (i = 0; !rc && i < d->count; i++)
			if (!add(x, &piece[i]))
				rc = dl_err_nomem();
	} while (!rc && d->cursor);
	free(piece);
	return rc;
}

static void print_json(const struct dl_dm_volume *v,
		       const struct dl_ctl_diff *d, const struct extents *x)
{
	struct json_object *o;
	size_t i;

	dl_json_stream_begin();
	dl_json_stream_member("volume", json_object_new_string(v->name));
	dl_json_stream_member("from", json_object_new_string(d->from));
	dl_json_stream_member("to", d->to[0] ? json_object_new_string(d->to) :
					       NULL);
	dl_json_stream_member("sectors", json_object_new_uint64(d->sectors));
	dl_json_stream_member("changed_sectors",
			      json_object_new_uint64(x->total));
	dl_json_stream_open("extents");
	for (i = 0; i < x->nr; i++) {
		o = json_object_new_object();
		dl_json_u64(o, "start", x->e[i].start);
		dl_json_u64(o, "sectors", x->e[i].sectors);
		dl_json_stream_element(o);
	}
	dl_json_stream_close();
	dl_json_stream_end();
}

/* Names of snapshots and volumes have nothing in them that XML would mind. */
static void print_xml(const struct dl_dm_volume *v, const struct dl_ctl_diff *d,
		      const struct extents *x)
{
	size_t i;

	printf("<superblock uuid=\"%s\" data_block_size=\"1\" nr_data_blocks=\"%" PRIu64 "\">\n",
	       v->uuid, (uint64_t)d->sectors);
	printf("  <diff left=\"%s\" right=\"%s\">\n", d->from, d->to);
	for (i = 0; i < x->nr; i++)
		printf("    <different begin=\"%" PRIu64 "\" length=\"%" PRIu64 "\"/>\n",
		       (uint64_t)x->e[i].start, (uint64_t)x->e[i].sectors);
	puts("  </diff>\n</superblock>");
}

static void print_ranges(const struct extents *x)
{
	size_t i;

	for (i = 0; i < x->nr; i++)
		printf("%" PRIu64 " %" PRIu64 "\n", (uint64_t)x->e[i].start,
		       (uint64_t)x->e[i].sectors);
}

static void print_text(const struct dl_ctl_diff *d, const struct extents *x)
{
	char some[40], all[40];
	size_t i;

	if (x->nr)
		printf("%16s  %s\n", "START", "SECTORS");
	for (i = 0; i < x->nr; i++)
		printf("%16" PRIu64 "  %" PRIu64 "\n",
		       (uint64_t)x->e[i].start, (uint64_t)x->e[i].sectors);
	printf("%s to %s: %zu extents, %s of %s\n", d->from,
	       d->to[0] ? d->to : "now", x->nr,
	       dl_human_bytes(some, sizeof(some), x->total << 9),
	       dl_human_bytes(all, sizeof(all), d->sectors << 9));
}

static int show(const struct dl_dm_volume *v, struct dl_ctl_diff *d)
{
	struct extents x = { 0 };
	int fd, rc = dl_control_open(&fd);

	if (rc)
		return rc;
	rc = collect(fd, v, d, &x);
	close(fd);
	if (rc)
		;
	else if (dl_json_wanted())
		print_json(v, d, &x);
	else if (xml)
		print_xml(v, d, &x);
	else if (ranges)
		print_ranges(&x);
	else
		print_text(d, &x);
	free(x.e);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_ctl_diff d = { 0 };
	struct dl_dm_volume v;
	struct dl_snap snap;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (ranges + xml + dl_json_wanted() > 1)
		return dl_opt_usage(verb, groups,
				    "--json, --xml and --ranges exclude each other");
	if (!dl_snaps_name_ok(args[1]) ||
	    (args[2] && !dl_snaps_name_ok(args[2])))
		return DL_EXIT_USAGE;
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: dl_snaps_need(v.name, args[1], &snap);
	if (!rc && args[2])
		rc = dl_snaps_need(v.name, args[2], &snap);
	if (rc)
		return rc;
	snprintf(d.from, sizeof(d.from), "%s", args[1]);
	snprintf(d.to, sizeof(d.to), "%s", args[2] ? args[2] : "");
	return show(&v, &d);
}

const struct dl_verb dl_verb_snapshot_diff = {
	.name = "snapshot diff",
	.args = "NAME SNAPSHOT [SNAPSHOT2]",
	.min_args = 2,
	.max_args = 3,
	.brief = "show where two snapshots, or one and now, differ",
	.about =
"Whatever differs is shown, and what was written in between to the same effect.",
	.run = run,
};
