// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog restore: what a snapshot holds, written back to ranges of the volume,
 * or copied to another device or to a file.
 *
 * The snapshot is read through a view that is there for this alone. Whatever
 * ends the run, no view stays behind, and no file that is not complete.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "copy.h"
#include "dest.h"
#include "dm.h"
#include "err.h"
#include "hold.h"
#include "human.h"
#include "interrupt.h"
#include "json.h"
#include "kmsg.h"
#include "snaps.h"
#include "tempview.h"
#include "verbs.h"
#include "volstat.h"

/*
 * The beginning of a whole copy is written last: that is where nearly all have
 * the mark by which they are known, and half a copy is not to be taken for one.
 */
#define HEAD	(1u << 20)

static const char *range, *to, *keep;
static bool no_keep, no_verify, force;

static const struct dl_opt opts[] = {
	DL_STRING("range", &range, "START+LENGTH,...",
		  "what to restore: sectors, or bytes with B, K, M, G, T"),
	DL_STRING("to", &to, "PATH",
		  "copy it to this device or file, leave the volume alone"),
	DL_STRING("keep", &keep, "NAME",
		  "what to call the snapshot of now (default: before-restore-TIME)"),
	DL_FLAG("no-keep", &no_keep, "make no snapshot of now"),
	DL_FLAG("no-verify", &no_verify,
		"do not read back and compare what was written"),
	DL_FLAG("force", &force,
		"with --to: overwrite what is recognised, replace a file"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct restore {
	struct dl_dm_volume v;
	struct dl_snap from;		/* the snapshot */
	struct dl_ranges ranges;
	struct dl_tempview view;
	struct dl_copy copy;
	char source[224];		/* the snapshot, in words */
	char keep[DL_SNAP_NAME];	/* name for what the volume is now */
	struct dl_snap kept;		/* which is this, then */
	bool has_kept;
	bool copied;			/* and only not verified yet */
	struct timespec begin;
};

/* ---- the command line */

static int take_options(const struct dl_verb *verb, struct restore *r)
{
	char why[160];

	if (!to && !range)
		return dl_opt_usage(verb, groups,
				    "--range or --to is missing; 'deltalog rewind' takes a whole volume back");
	if (!to && force)
		return dl_opt_usage(verb, groups, "--force goes with --to");
	if (to && (keep || no_keep))
		return dl_opt_usage(verb, groups,
				    "--keep and --no-keep go without --to, which leaves the volume alone");
	if (keep && no_keep)
		return dl_opt_usage(verb, groups,
				    "only one of --keep and --no-keep can be given");
	if (range && !dl_ranges_parse(&r->ranges, range, why, sizeof(why)))
		return dl_opt_usage(verb, groups, "--range: %s", why);
	return 0;
}

static int fit_ranges(struct restore *r)
{
	uint64_t bytes = r->v.sectors * 512;

	if (dl_ranges_end(&r->ranges) > bytes)
		return dl_err(DL_EXIT_USAGE,
			      "--range: %s ends at sector %llu, and a range at %llu",
			      r->v.name, (unsigned long long)r->v.sectors,
			      (unsigned long long)
			      (dl_ranges_end(&r->ranges) / 512));
	if (!range && dl_ranges_add(&r->ranges, 0, bytes))
		return dl_err_nomem();
	return 0;
}

static int take_names(struct restore *r, const char *snapshot)
{
	const struct dl_snap *found;
	struct dl_snaps s;
	int rc = dl_snaps_read(&s, r->v.name);

	if (rc)
		goto out;
	found = dl_snaps_find(&s, snapshot);
	if (!found) {
		rc = dl_snaps_missing(r->v.name, snapshot);
		goto out;
	}
	r->from = *found;
	snprintf(r->source, sizeof(r->source), "snapshot %s of %s",
		 r->from.name, r->v.name);
	if (!keep)
		dl_snaps_unused(&s, "before-restore", r->keep);
	else if (dl_snaps_find(&s, keep))
		rc = dl_snaps_taken(r->v.name, keep);
	else
		snprintf(r->keep, sizeof(r->keep), "%s", keep);
out:
	dl_snaps_free(&s);
	return rc;
}

/* ---- what was done */

static double seconds(const struct restore *r)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - r->begin.tv_sec) +
		(double)(now.tv_nsec - r->begin.tv_nsec) / 1e9;
}

/* @kind: of what was written to: "volume", "device", "file". */
static void tell_json(const struct restore *r, const char *kind)
{
	struct json_object *o = json_object_new_object();
	double took = seconds(r);
	char text[32];

	snprintf(text, sizeof(text), "%.3f", took);
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", to ? "copied" : "restored");
	dl_json_str(o, "volume", r->v.name);
	dl_json_str(o, "snapshot", r->from.name);
	dl_json_str(o, "to", to);
	dl_json_str(o, "kind", kind);
	json_object_object_add(o, "ranges", dl_ranges_json(&r->ranges));
	dl_json_u64(o, "bytes", dl_ranges_bytes(&r->ranges));
	dl_json_u64(o, "written_bytes", r->copy.written);
	dl_json_bool(o, "verified", !no_verify);
	json_object_object_add(o, "kept", r->has_kept ?
			       dl_snaps_json(NULL, &r->kept) : NULL);
	json_object_object_add(o, "seconds",
			       json_object_new_double_s(took, text));
	dl_json_print(o);
}

static void tell(const struct restore *r, const char *kind)
{
	char when[48], all[40], part[40];

	if (dl_json_wanted()) {
		tell_json(r, kind);
		return;
	}
	dl_human_iso(when, sizeof(when), r->from.time_ns);
	dl_human_bytes(all, sizeof(all), dl_ranges_bytes(&r->ranges));
	dl_human_bytes(part, sizeof(part), r->copy.written);
	if (to) {
		printf("%s of snapshot %s, of %s, copied to %s%s; %s written\n",
		       all, r->from.name, when, to,
		       no_verify ? "" : " and verified", part);
		return;
	}
	printf("%s of %s are again what they were at snapshot %s of %s; %s had changed\n",
	       all, r->v.name, r->from.name, when, part);
	if (r->has_kept)
		printf("  what it was until now is snapshot %s; to go back: deltalog rewind %s %s\n",
		       r->kept.name, r->v.name, r->kept.name);
}

/* ---- back into the volume */

static int judge_state(const struct dl_dm_volume *v)
{
	struct dl_volstat s;
	int rc;

	if (v->suspended)
		return dl_err(DL_EXIT_BUSY,
			      "%s is suspended; resume it first (dmsetup resume %s)",
			      v->name, v->name);
	rc = dl_volstat_read(&s, v->name);
	if (!rc && strcmp(s.mode, "rw"))
		rc = dl_err(DL_EXIT_REFUSED,
			    "%s is in mode %s and cannot be written to; 'deltalog status %s' tells what is wrong, and --to copies the snapshot elsewhere",
			    v->name, s.mode, v->name);
	return rc;
}

/* The volume is held, so nobody can have changed it when the first write comes. */
static int keep_now(void *ctx)
{
	struct restore *r = ctx;
	char *answer = NULL;
	struct dl_snaps s;
	int kmsg, rc;

	if (no_keep)
		return 0;
	kmsg = dl_kmsg_mark();
	rc = dl_snaps_message(r->v.name, "snapshot_create", r->keep, NULL,
			      &answer);
	if (rc && rc != -EBADMSG) {
		rc = dl_snaps_refused(r->v.name, r->keep, r->keep, "making",
				      rc, kmsg);
		free(answer);
		return rc;
	}
	dl_kmsg_drop(kmsg);
	rc = dl_snaps_parse(&s, answer ? answer : "");
	if (!rc && s.nr == 1 && !strcmp(s.snap[0].name, r->keep)) {
		r->kept = s.snap[0];
		r->has_kept = true;
	} else {
		rc = dl_err(DL_EXIT_KERNEL,
			    "%s: the kernel's answer about snapshot %s cannot be understood, nothing was restored; is the module of another release?",
			    r->v.name, r->keep);
	}
	dl_snaps_free(&s);
	free(answer);
	return rc;
}

static int copy(struct restore *r, const struct dl_ranges *order)
{
	int rc = dl_copy_run(&r->copy, order);

	r->copied = !rc;
	return rc || no_verify ? rc : dl_copy_verify(&r->copy, order);
}

static int unfinished(const struct restore *r, int rc)
{
	char undo[256] = "";

	if (r->has_kept)
		snprintf(undo, sizeof(undo),
			 ", 'deltalog rewind %s %s' takes back what was done",
			 r->v.name, r->kept.name);
	if (rc == DL_EXIT_INTERRUPTED && !r->copy.written)
		return dl_err(rc, "%s: interrupted; nothing was written",
			      r->v.name);
	if (rc == DL_EXIT_INTERRUPTED)
		return dl_err(rc, "%s: interrupted; %s%s", r->v.name,
			      r->copied ? "all was written, but not verified" :
			      "repeating the command does the rest", undo);
	if (r->copy.written || r->has_kept)
		dl_warn("%s may be in part what it was at snapshot %s%s",
			r->v.name, r->from.name, undo);
	return rc;
}

static int to_volume(struct restore *r)
{
	char path[DL_DM_NAME + 16];
	struct dl_blkdev dev = { .fd = -1 };
	int hold, rc;

	rc = judge_state(&r->v);
	rc = rc ?: dl_hold_take(&r->v, &hold);
	if (rc)
		return rc;
	snprintf(path, sizeof(path), "/dev/mapper/%s", r->v.name);
	/* Pages that were written before, and belong in what is kept, go first. */
	if (fsync(hold))
		rc = dl_err(DL_EXIT_FAILED,
			    "%s: what was written to it cannot be flushed: %s; nothing was restored",
			    r->v.name, strerror(errno));
	rc = rc ?: dl_blkdev_open(&dev, "volume", path, DL_BLKDEV_WRITE);
	rc = rc ?: dl_tempview_open(&r->view, &r->v, r->from.name);
	if (!rc) {
		r->copy.to = &dev;
		r->copy.skip = DL_COPY_CHANGED;
		r->copy.first = keep_now;
		r->copy.ctx = r;
		rc = copy(r, &r->ranges);
		if (rc)
			rc = unfinished(r, rc);
	}
	dl_tempview_close(&r->view);
	dl_blkdev_close(&dev);
	close(hold);
	if (!rc)
		tell(r, "volume");
	return rc;
}

/* ---- elsewhere */

/* All of it, the beginning last. */
static int turn_around(struct dl_ranges *out, const struct dl_ranges *in)
{
	uint64_t end = dl_ranges_end(in), head = end < HEAD ? end : HEAD;
	int rc = 0;

	out->range = NULL;
	out->nr = 0;
	if (end > head)
		rc = dl_ranges_add(out, head, end - head);
	return rc ?: dl_ranges_add(out, 0, head);
}

static int interrupted(const struct restore *r, const struct dl_dest *d)
{
	if (!d->dev.block)
		return dl_err(DL_EXIT_INTERRUPTED,
			      "interrupted; %s was not %s, repeat the command to begin anew",
			      to, force ? "touched" : "made");
	return dl_err(DL_EXIT_INTERRUPTED,
		      "interrupted; %s %s, repeat the command to begin anew (with --force if it is refused)",
		      to, r->copied ? "was not verified" : r->copy.written ?
		      "holds a part of the snapshot" :
		      "holds nothing of the snapshot yet");
}

static int copy_to(struct restore *r, struct dl_dest *d)
{
	struct dl_ranges order;
	int rc;

	if (range || !d->dev.block) {
		rc = copy(r, &r->ranges);
	} else {
		rc = turn_around(&order, &r->ranges) ? dl_err_nomem() :
			copy(r, &order);
		dl_ranges_free(&order);
	}
	if (rc == DL_EXIT_INTERRUPTED)
		return interrupted(r, d);
	if (rc && d->dev.block && r->copy.written)
		dl_warn("%s does not hold the snapshot, and is not to be used",
			to);
	return rc ?: dl_dest_finish(d);
}

static int to_elsewhere(struct restore *r)
{
	struct dl_dest_want want = {
		.volume = &r->v,
		.end = dl_ranges_end(&r->ranges),
		.bytes = r->v.sectors * 512,
		.whole = !range,
		.force = force,
	};
	struct dl_dest d;
	const char *kind = "file";
	int rc = dl_dest_open(&d, to, &want);

	rc = rc ?: dl_tempview_open(&r->view, &r->v, r->from.name);
	if (!rc) {
		if (d.dev.block)
			kind = "device";
		r->copy.to = &d.dev;
		r->copy.skip = d.dev.block ? DL_COPY_ALL : DL_COPY_NO_ZEROS;
		rc = copy_to(r, &d);
	}
	dl_tempview_close(&r->view);
	dl_dest_close(&d);
	if (!rc)
		tell(r, kind);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct restore r = { .view.dev.fd = -1 };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: take_options(verb, &r);
	if (!rc && (!dl_snaps_name_ok(args[1]) ||
		    (keep && !dl_snaps_name_ok(keep))))
		rc = DL_EXIT_USAGE;
	if (rc)
		goto out;
	clock_gettime(CLOCK_MONOTONIC, &r.begin);
	r.copy.from = &r.view.dev;
	r.copy.source = r.source;
	/* Who reads our progress may go; what we made must not stay for it. */
	signal(SIGPIPE, SIG_IGN);
	dl_interrupt_catch();
	rc = dl_dm_get(args[0], &r.v);
	rc = rc ?: take_names(&r, args[1]);
	rc = rc ?: fit_ranges(&r);
	rc = rc ?: (to ? to_elsewhere(&r) : to_volume(&r));
out:
	dl_ranges_free(&r.ranges);
	return rc;
}

const struct dl_verb dl_verb_restore = {
	.name = "restore",
	.args = "VOLUME SNAPSHOT",
	.min_args = 2,
	.max_args = 2,
	.brief = "write a snapshot's content back to ranges, or copy it elsewhere",
	.about =
"  deltalog restore VOLUME SNAPSHOT --range START+LENGTH,...   back into the volume\n"
"  deltalog restore VOLUME SNAPSHOT --to PATH [--range ...]    to a device or file\n"
"\n"
"Back into the volume only what has changed is written, and what the volume was\n"
"becomes a snapshot first. It must not be mounted nor be in use otherwise. To copy\n"
"a snapshot elsewhere, the volume may be in use.",
	.run = run,
};
