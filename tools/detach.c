// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog detach: bring the origin up to date, make sure that it is, and leave
 * it a plain disk.
 *
 * The long part, draining, is done by a child that sits in the kernel, while
 * this process shows how far it is. An interrupt wakes the child, the kernel
 * gives up waiting, and the volume goes on as before; what was drained stays
 * drained, so doing it again does the rest. Then writing is stopped, which an
 * interrupt can still undo; once the kernel has detached, none is heard.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dm.h"
#include "down.h"
#include "err.h"
#include "json.h"
#include "kmsg.h"
#include "logdev.h"
#include "progress.h"
#include "samples.h"
#include "verbs.h"
#include "volstat.h"

#define POLL_MS		100

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

/*
 * Without SA_RESTART: an ioctl that waits has to end. What was ignored when we
 * were started (nohup) goes on to be.
 */
static void handle_signals(void (*handler)(int sig))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = handler }, old;
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!sigaction(signals[i], NULL, &old) &&
		    old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
}

/* What is still to be brought to the origin. */
static uint64_t remaining(const struct dl_volstat *s)
{
	return dl_volstat_value(s, "records") + dl_volstat_value(s, "runs");
}

/* The child's whole life. Its exit status is an errno. */
static void __attribute__((noreturn)) drain(const char *name, pid_t parent)
{
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGINT);
	if (getppid() != parent)
		_exit(EINTR);
	rc = dl_dm_message(name, "drain");
	_exit(rc < 0 && rc > -128 ? -rc : 0);
}

static int watch_drain(const char *name, pid_t child)
{
	const struct timespec wait = { .tv_nsec = POLL_MS * 1000000L };
	uint64_t left, total = 0;
	char line[DL_DM_STATUS];
	struct dl_volstat s;
	int status;
	pid_t got;

	dl_progress_begin("draining", "records");
	for (;;) {
		got = waitpid(child, &status, WNOHANG);
		if (got == child)
			break;
		if (got < 0 && errno != EINTR)
			return -errno;
		if (interrupted)
			kill(child, SIGINT);
		if (!dl_dm_status(name, line, sizeof(line)) &&
		    dl_volstat_parse(&s, line)) {
			left = remaining(&s);
			/* New writes may add to it. */
			if (left > total)
				total = left;
			dl_progress_update(total - left, total);
		}
		nanosleep(&wait, NULL);
	}
	dl_progress_end();
	if (WIFSIGNALED(status))
		return -EINTR;
	return -WEXITSTATUS(status);
}

static int kernel_refused(const char *name, const char *doing, int rc, int kmsg)
{
	char why[512];

	dl_kmsg_last(kmsg, why, sizeof(why));
	return dl_err(DL_EXIT_KERNEL,
		      "%s: %s failed: %s; the volume is still there, 'deltalog status %s' tells its state",
		      name, doing, why[0] ? why : strerror(-rc), name);
}

static int say_interrupted(const char *name)
{
	return dl_err(DL_EXIT_INTERRUPTED,
		      "%s: interrupted; the volume is active as before, repeat 'deltalog detach %s' to do the rest",
		      name, name);
}

static int do_drain(const char *name)
{
	int kmsg = dl_kmsg_mark(), rc;
	pid_t self = getpid(), child;

	fflush(stdout);
	child = fork();
	if (child < 0)
		return dl_err(DL_EXIT_FAILED, "cannot fork: %s",
			      strerror(errno));
	if (!child)
		drain(name, self);
	rc = watch_drain(name, child);
	if (rc == -EINTR || interrupted) {
		if (kmsg >= 0)
			close(kmsg);
		return say_interrupted(name);
	}
	if (rc)
		return kernel_refused(name, "draining", rc, kmsg);
	if (kmsg >= 0)
		close(kmsg);
	return 0;
}

static int do_stop(const char *name)
{
	int kmsg = dl_kmsg_mark(), rc;
	pid_t waiting;

	waiting = dl_progress_wait_begin("stopping");
	rc = dl_dm_message(name, "detach");
	dl_progress_wait_end(waiting);
	if (rc && rc != -EINTR)
		return kernel_refused(name, "detaching", rc, kmsg);
	if (kmsg >= 0)
		close(kmsg);
	if (rc)
		return say_interrupted(name);
	handle_signals(SIG_IGN);
	return 0;
}

static int verify_status(const char *name)
{
	struct dl_volstat s;
	int rc = dl_volstat_read(&s, name);

	if (rc)
		return rc;
	if (strcmp(s.mode, "detached") || remaining(&s))
		return dl_err(DL_EXIT_KERNEL,
			      "%s: not detached: its mode is %s and %llu records are left; repeat it, and see the kernel's log",
			      name, s.mode, (unsigned long long)remaining(&s));
	return 0;
}

/* The log must say so itself, and the origin must be what the log says. */
static int verify_devices(const struct dl_dm_volume *v, struct dl_samples *sum)
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

static void tell(const struct dl_dm_volume *v, const struct dl_samples *sum)
{
	char origin[160], log[160];
	struct json_object *o;

	dl_blkdev_name(origin, sizeof(origin), v->origin);
	dl_blkdev_name(log, sizeof(log), v->log);
	if (!dl_json_wanted()) {
		printf("%s detached\n", v->name);
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
		handle_signals(on_signal);
		rc = do_drain(v.name);
		rc = rc ?: do_stop(v.name);
	}
	rc = rc ?: verify_status(v.name);
	rc = rc ?: verify_devices(&v, &sum);
	rc = rc ?: dl_down_remove(&v);
	if (!rc)
		tell(&v, &sum);
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
