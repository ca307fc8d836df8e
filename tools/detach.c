// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog detach: bring the origin up to date, make sure that it is, and leave
 * it a plain disk.
 *
 * An interrupt ends the long part, draining, and the volume goes on as before;
 * doing it again does the rest. Then writing is stopped, which an interrupt can
 * still undo; once the kernel has detached, none is heard.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "down.h"
#include "drain.h"
#include "err.h"
#include "interrupt.h"
#include "json.h"
#include "kmsg.h"
#include "logdev.h"
#include "progress.h"
#include "samples.h"
#include "verbs.h"
#include "volstat.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static int kernel_refused(const char *name, const char *doing, const char *why)
{
	return dl_err(DL_EXIT_KERNEL,
		      "%s: %s failed: %s; the volume is still there, 'deltalog status %s' tells its state",
		      name, doing, why, name);
}

static int say_interrupted(const char *name)
{
	return dl_err(DL_EXIT_INTERRUPTED,
		      "%s: interrupted; the volume is active as before, repeat 'deltalog detach %s' to do the rest",
		      name, name);
}

static int do_drain(const char *name)
{
	char why[512];
	int rc = dl_drain(name, why, sizeof(why));

	if (rc == -EINTR)
		return say_interrupted(name);
	return rc ? kernel_refused(name, "draining", why) : 0;
}

static int do_stop(const char *name)
{
	int kmsg = dl_kmsg_mark(), rc;
	char why[512];
	pid_t waiting;

	waiting = dl_progress_wait_begin("stopping");
	rc = dl_dm_message(name, "detach");
	dl_progress_wait_end(waiting);
	dl_kmsg_last(kmsg, why, sizeof(why));
	if (rc == -EINTR)
		return say_interrupted(name);
	if (rc)
		return kernel_refused(name, "detaching",
				      why[0] ? why : strerror(-rc));
	dl_interrupt_ignore();
	return 0;
}

static int verify_status(const char *name)
{
	struct dl_volstat s;
	int rc = dl_volstat_read(&s, name);

	if (rc)
		return rc;
	if (strcmp(s.mode, "detached") || dl_drain_left(&s))
		return dl_err(DL_EXIT_KERNEL,
			      "%s: not detached: its mode is %s and %llu records are left; repeat it, and see the kernel's log",
			      name, s.mode, (unsigned long long)dl_drain_left(&s));
	return 0;
}

/*
 * The log must say so itself, and the origin must be what the log says. What it
 * says is not to be had if it is encrypted: @sealed.
 */
static int verify_devices(const struct dl_dm_volume *v, struct dl_samples *sum,
			  bool *sealed)
{
	struct dl_blkdev origin, log;
	struct dl_logdev l;
	struct dl_logcp cp;
	int rc, slot = -1;

	rc = dl_blkdev_open_devno(&log, "log", v->log);
	if (rc)
		return rc;
	rc = dl_blkdev_open_devno(&origin, "origin", v->origin);
	if (rc)
		goto out_log;
	dl_logdev_load(&l, &log);
	slot = dl_logdev_pick(&l, &cp);
	if (slot < 0) {
		rc = dl_logdev_explain(&l);
	} else if (!(l.slot[slot].flags & DL_SUPER_DETACHED)) {
		rc = dl_err(DL_EXIT_KERNEL,
			    "%s: the kernel says detached, the superblock of log %s does not; repeat it, and see the kernel's log",
			    v->name, log.path);
	} else {
		*sealed = cp.sealed;
		rc = dl_samples_compare(&cp, &origin, NULL, NULL, sum);
		if (!rc && sum->differ)
			rc = dl_err(DL_EXIT_CORRUPT,
				    "%s: origin %s is not what the log says: %u of %u sampled pages differ, the first is page %llu; the volume is left as it is",
				    v->name, origin.path, sum->differ,
				    sum->compared,
				    (unsigned long long)sum->first);
	}
	if (slot >= 0)
		dl_logcp_free(&cp);
	dl_blkdev_close(&origin);
out_log:
	dl_blkdev_close(&log);
	return rc;
}

static void tell(const struct dl_dm_volume *v, const struct dl_samples *sum,
		 bool sealed)
{
	char origin[160], log[160];
	struct json_object *o;

	dl_blkdev_name(origin, sizeof(origin), v->origin);
	dl_blkdev_name(log, sizeof(log), v->log);
	if (!dl_json_wanted()) {
		printf("%s detached\n", v->name);
		if (sealed)
			printf("  origin   %s, a plain disk again, current; the log's samples of it are encrypted\n",
			       origin);
		else
			printf("  origin   %s, a plain disk again, current; %u sampled pages compared\n",
			       origin, sum->compared);
		printf("  log      %s, free for other use\n", log);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "detached");
	dl_json_str(o, "name", v->name);
	dl_json_str(o, "origin", origin);
	dl_json_str(o, "log", log);
	dl_json_u64(o, "samples_compared", sum->compared);
	dl_json_print(o);
}

/* The kernel would say so too, but only after all has been drained. */
static int refuse_snapshots(const struct dl_volstat *s, const char *name)
{
	uint64_t nr = dl_volstat_value(s, "snapshots");

	if (!nr)
		return 0;
	return dl_err(DL_EXIT_BUSY,
		      "%s has %llu snapshot%s, which would be lost: a detached log holds nothing; delete %s first (deltalog snapshot list %s; deltalog snapshot delete %s ...)",
		      name, (unsigned long long)nr, nr == 1 ? "" : "s",
		      nr == 1 ? "it" : "them", name, name);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_samples sum = { 0 };
	struct dl_dm_volume v;
	struct dl_volstat s;
	bool sealed = false;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: dl_down_idle(&v);
	if (!rc && v.suspended)
		rc = dl_err(DL_EXIT_BUSY,
			    "%s is suspended; resume it first (dmsetup resume %s)",
			    v.name, v.name);
	rc = rc ?: dl_volstat_read(&s, v.name);
	rc = rc ?: refuse_snapshots(&s, v.name);
	if (rc)
		return rc;
	/* If it was cut off after the kernel's part, only the rest is done. */
	if (strcmp(s.mode, "detached")) {
		dl_interrupt_catch();
		rc = do_drain(v.name);
		rc = rc ?: do_stop(v.name);
	}
	rc = rc ?: verify_status(v.name);
	rc = rc ?: verify_devices(&v, &sum, &sealed);
	rc = rc ?: dl_down_remove(&v);
	if (!rc)
		tell(&v, &sum, sealed);
	return rc;
}

const struct dl_verb dl_verb_detach = {
	.name = "detach",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "bring the origin up to date and make it a plain disk again",
	.about =
"Drains the log into the origin, compares samples of it, marks the log as\n"
"detached and removes the volume. May be interrupted while it drains and\n"
"repeated: nothing is lost and nothing is done twice. Snapshots have to be\n"
"deleted first.",
	.run = run,
};
