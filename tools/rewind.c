// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog rewind: a volume becomes what it was at a snapshot, and what it is
 * now becomes a snapshot.
 *
 * What is below somebody's feet cannot be exchanged: the volume is held so that
 * nobody can use it meanwhile, and no page of it stays in memory. What can be
 * found wrong is found before it is suspended.
 */
#include <errno.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "dm.h"
#include "drain.h"
#include "err.h"
#include "freeze.h"
#include "hold.h"
#include "human.h"
#include "interrupt.h"
#include "json.h"
#include "kmsg.h"
#include "moment.h"
#include "snaps.h"
#include "verbs.h"
#include "volstat.h"

#define SETTLE_TRIES	10
#define SETTLE_WAIT_MS	200

static const char *keep, *when;

static const struct dl_opt opts[] = {
	DL_STRING("keep", &keep, "NAME",
		  "what to call the snapshot of now (default: before-rewind-TIME)"),
	DL_STRING("to", &when, "WHEN",
		  "a moment of the window in place of a snapshot: '10 minutes ago', 14:03:05, @SEQUENCE"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct rewind {
	struct dl_dm_volume v;
	struct dl_snap to;		/* the snapshot */
	char keep[DL_SNAP_NAME];	/* name for what it is now */
	struct dl_snap kept;		/* which is this, then */
	struct timespec begin;
	bool drained;
	int fd;
};

static int take_names(struct rewind *r, const char *snapshot)
{
	const struct dl_snap *found;
	struct dl_snaps s;
	int rc = dl_snaps_read(&s, r->v.name);

	if (rc)
		goto out;
	found = snapshot ? dl_snaps_find(&s, snapshot) : NULL;
	if (found)
		r->to = *found;
	else if (snapshot)
		rc = dl_snaps_missing(r->v.name, snapshot);
	else
		rc = dl_moment_need(r->v.name, when, &r->to);
	if (rc)
		goto out;
	if (!keep)
		dl_snaps_unused(&s, "before-rewind", r->keep);
	else if (dl_snaps_find(&s, keep))
		rc = dl_snaps_taken(r->v.name, keep);
	else
		snprintf(r->keep, sizeof(r->keep), "%s", keep);
out:
	dl_snaps_free(&s);
	return rc;
}

static int judge_state(const struct dl_dm_volume *v)
{
	struct dl_volstat s;
	uint64_t pending;
	int rc;

	if (v->suspended)
		return dl_err(DL_EXIT_BUSY,
			      "%s is suspended; resume it first (dmsetup resume %s)",
			      v->name, v->name);
	rc = dl_volstat_read(&s, v->name);
	if (rc)
		return rc;
	if (!dl_volstat_get(&s, "rewind_pending", &pending))
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its module knows no rewind; load the module of this release",
			      v->name);
	if (strcmp(s.mode, "rw"))
		return dl_err(DL_EXIT_REFUSED,
			      "%s is in mode %s, and a rewind has to write to the log; 'deltalog status %s' tells what is wrong",
			      v->name, s.mode, v->name);
	return 0;
}

/* ---- the rewind before */

static int is_pending(const char *name, bool *pending)
{
	struct dl_volstat s;
	int rc = dl_volstat_read(&s, name);

	*pending = !rc && dl_volstat_value(&s, "rewind_pending");
	return rc;
}

static int drain(const char *name, const char *snapshot)
{
	char why[512];
	int rc;

	dl_interrupt_catch();
	rc = dl_drain(name, why, sizeof(why));
	dl_interrupt_default();
	if (rc == -EINTR || dl_interrupt_seen())
		return dl_err(DL_EXIT_INTERRUPTED,
			      "%s: interrupted; the volume is as it was, repeat 'deltalog rewind %s %s' to go on",
			      name, name, snapshot);
	if (rc)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: the rewind before cannot be settled, draining failed: %s; the volume is as it was, 'deltalog status %s' tells its state",
			      name, why, name);
	return 0;
}

static int settle(struct rewind *r)
{
	const struct timespec wait = { .tv_nsec = SETTLE_WAIT_MS * 1000000L };
	bool pending;
	int i, rc;

	rc = is_pending(r->v.name, &pending);
	if (rc || !pending)
		return rc;
	if (!dl_json_wanted())
		printf("%s: the rewind before is being settled first\n",
		       r->v.name);
	r->drained = true;
	rc = drain(r->v.name, r->to.name);
	rc = rc ?: is_pending(r->v.name, &pending);
	/* The log may learn of it a moment later than who drains. */
	for (i = 0; !rc && pending && i < SETTLE_TRIES; i++) {
		nanosleep(&wait, NULL);
		rc = is_pending(r->v.name, &pending);
	}
	if (!rc && pending)
		rc = dl_err(DL_EXIT_BUSY,
			    "%s: the rewind before is not settled yet; the volume is as it was, repeat it in a while",
			    r->v.name);
	return rc;
}

/* ---- the exchange */

/* Cached pages are from before; a flush of the device comes with fsync(). */
static int flush(const struct rewind *r)
{
	if (!fsync(r->fd) && !ioctl(r->fd, BLKFLSBUF, 0))
		return 0;
	return dl_err(DL_EXIT_FAILED,
		      "%s: what was written to it cannot be flushed: %s; the volume is as it was, 'deltalog status %s' tells its state",
		      r->v.name, strerror(errno), r->v.name);
}

static void forget_pages(const struct rewind *r)
{
	if (ioctl(r->fd, BLKFLSBUF, 0))
		dl_warn("%s: pages from before may still be in memory: %s; 'blockdev --flushbufs /dev/mapper/%s' before it is used",
			r->v.name, strerror(errno), r->v.name);
}

static int refused(const struct rewind *r, int rc, int kmsg)
{
	enum dl_exit code = DL_EXIT_KERNEL;
	char why[512];

	if (rc != -EBUSY && rc != -EUCLEAN && rc != -ENOSPC)
		return dl_snaps_refused(r->v.name, r->to.name, r->keep,
					"rewinding to", rc, kmsg);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EBUSY)
		code = DL_EXIT_BUSY;
	else if (rc == -EUCLEAN)
		code = DL_EXIT_CORRUPT;
	return dl_err(code,
		      "%s: rewinding to snapshot %s failed: %s; the volume is as it was%s",
		      r->v.name, r->to.name, why[0] ? why : strerror(-rc),
		      rc == -ENOSPC ? ", delete snapshots to make room" : "");
}

static int understand(struct rewind *r, const char *answer)
{
	struct dl_snaps s;
	int rc = dl_snaps_parse(&s, answer ? answer : "");

	if (!rc && s.nr == 1 && !strcmp(s.snap[0].name, r->keep))
		r->kept = s.snap[0];
	else
		rc = dl_err(DL_EXIT_KERNEL,
			    "%s was rewound, but the kernel's answer cannot be understood; what it was should be snapshot %s ('deltalog snapshot list %s'); is the module of another release?",
			    r->v.name, r->keep, r->v.name);
	dl_snaps_free(&s);
	return rc;
}

static void tell(const struct rewind *r, int rc)
{
	struct timespec now;
	struct json_object *o;
	char text[48];
	double seconds;

	if (!dl_json_wanted()) {
		printf("%s is again what it was at %s%s of %s; what it was until now is snapshot %s\n",
		       r->v.name, *r->to.name == '@' ? "" : "snapshot ",
		       r->to.name, dl_human_iso(text, sizeof(text), r->to.time_ns),
		       r->kept.name);
		printf("  to go back: deltalog rewind %s %s\n", r->v.name,
		       r->kept.name);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (double)(now.tv_sec - r->begin.tv_sec) +
		(double)(now.tv_nsec - r->begin.tv_nsec) / 1e9;
	snprintf(text, sizeof(text), "%.3f", seconds);
	o = json_object_new_object();
	dl_json_bool(o, "ok", !rc);
	if (rc) {
		dl_json_u64(o, "exit", (uint64_t)rc);
		dl_json_str(o, "error", dl_err_first());
	}
	dl_json_str(o, "did", "rewound");
	dl_json_str(o, "volume", r->v.name);
	dl_json_str(o, "snapshot", r->to.name);
	json_object_object_add(o, "kept", dl_snaps_json(NULL, &r->kept));
	dl_json_bool(o, "drained", r->drained);
	json_object_object_add(o, "seconds",
			       json_object_new_double_s(seconds, text));
	dl_json_print(o);
}

static int exchange(struct rewind *r)
{
	int kmsg = dl_kmsg_mark(), rc, sent, resumed;
	char *answer = NULL;
	struct dl_freeze f;

	rc = dl_freeze_begin(&f, &r->v, 1);
	if (rc) {
		dl_kmsg_drop(kmsg);
		return rc;
	}
	sent = dl_snaps_message(r->v.name, "rewind", r->to.name, r->keep,
				&answer);
	resumed = dl_freeze_end(&f);
	/* To look at a volume that stands still would be to wait for it. */
	if (!resumed)
		forget_pages(r);
	if (sent && sent != -EBADMSG) {
		rc = refused(r, sent, kmsg);
	} else {
		dl_kmsg_drop(kmsg);
		rc = understand(r, answer);
		if (!rc)
			tell(r, resumed);
	}
	fflush(stdout);
	/* An interrupt that came meanwhile is heard now that all is in order. */
	dl_freeze_close(&f);
	free(answer);
	return rc ?: resumed;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct rewind r = { .drained = false };
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (args[1] && dl_moment_is(args[1]) && !when) {
		when = args[1];
		args[1] = NULL;
	}
	if (!args[1] == !when)
		return dl_opt_usage(verb, groups, args[1] ?
				    "a snapshot and --to exclude each other" :
				    "SNAPSHOT or --to is missing");
	if ((args[1] && !dl_snaps_name_ok(args[1])) ||
	    (keep && !dl_snaps_name_ok(keep)))
		return DL_EXIT_USAGE;
	clock_gettime(CLOCK_MONOTONIC, &r.begin);
	rc = dl_dm_get(args[0], &r.v);
	rc = rc ?: take_names(&r, args[1]);
	rc = rc ?: judge_state(&r.v);
	rc = rc ?: dl_hold_take(&r.v, &r.fd);
	if (rc)
		return rc;
	rc = settle(&r);
	rc = rc ?: flush(&r);
	rc = rc ?: exchange(&r);
	close(r.fd);
	return rc;
}

const struct dl_verb dl_verb_rewind = {
	.name = "rewind",
	.args = "VOLUME [SNAPSHOT]",
	.min_args = 1,
	.max_args = 2,
	.brief = "make a volume again what it was at a snapshot or a time",
	.about =
"What the volume is now becomes a snapshot, so that the way back is a rewind too.\n"
"The volume must not be mounted nor be in use otherwise; views may. It takes an\n"
"instant, whatever the size.",
	.run = run,
};
