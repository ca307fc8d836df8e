// SPDX-License-Identifier: GPL-2.0
/*
 * Draining: a child sits in the kernel, while this process shows how far it is.
 * An interrupt wakes the child, and the kernel gives up waiting; what was
 * drained stays drained.
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
#include "drain.h"
#include "interrupt.h"
#include "kmsg.h"
#include "progress.h"

#define POLL_MS		100

uint64_t dl_drain_left(const struct dl_volstat *s)
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

static int watch(const char *name, pid_t child)
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
		if (dl_interrupt_seen())
			kill(child, SIGINT);
		if (!dl_dm_status(name, line, sizeof(line)) &&
		    dl_volstat_parse(&s, line)) {
			left = dl_drain_left(&s);
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

int dl_drain(const char *name, char *why, size_t size)
{
	int kmsg = dl_kmsg_mark(), rc;
	pid_t self = getpid(), child;

	fflush(stdout);
	child = fork();
	if (!child)
		drain(name, self);
	rc = child < 0 ? -errno : watch(name, child);
	dl_kmsg_last(kmsg, why, size);
	if (dl_interrupt_seen())
		rc = -EINTR;
	if (rc && !why[0])
		snprintf(why, size, "%s", strerror(-rc));
	return rc;
}
