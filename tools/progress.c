// SPDX-License-Identifier: GPL-2.0
/*
 * Progress on stderr. Nothing is shown in the first second; then the terminal
 * is refreshed five times a second, anything else gets a line every 5 s.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "human.h"
#include "json.h"
#include "progress.h"
#include "terminal.h"

#define FIRST_MS	1000
#define TTY_MS		200
#define LINE_MS		5000
#define BAR		24

static struct {
	const char *what, *unit;
	int64_t begin, next;	/* ms */
	bool active, shown;
} now;

static int64_t waiting_since;

static int64_t ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool tty(void)
{
	return !dl_json_wanted() && dl_terminal_draws(STDERR_FILENO);
}

void dl_progress_begin(const char *what, const char *unit)
{
	now.what = what;
	now.unit = unit;
	now.begin = ms();
	now.next = now.begin + FIRST_MS;
	now.active = true;
	now.shown = false;
}

/* Of a time that is fixed the rest is known; of work, by the pace of what is done. */
static long long seconds_left(uint64_t done, uint64_t total, int64_t passed)
{
	if (!strcmp(now.unit, "s"))
		return (long long)(total - done);
	return (long long)((double)passed / 1000 * (double)(total - done) / (double)done);
}

static void amount(char *buf, size_t size, uint64_t n)
{
	if (!strcmp(now.unit, "B"))
		dl_human_bytes(buf, size, n);
	else
		snprintf(buf, size, "%llu %s", (unsigned long long)n, now.unit);
}

void dl_progress_update(uint64_t done, uint64_t total)
{
	char a[40], b[40], left[40] = "", bar[BAR + 1];
	int64_t t = ms();
	unsigned int pct;

	if (!now.active || t < now.next)
		return;
	now.next = t + (tty() ? TTY_MS : LINE_MS);
	if (done > total)
		done = total;
	pct = total ? (unsigned int)(done * 100.0 / (double)total) : 0;
	if (dl_json_wanted()) {
		fprintf(stderr,
			"{\"progress\":\"%s\",\"done\":%llu,\"total\":%llu,\"unit\":\"%s\",\"percent\":%u}\n",
			now.what, (unsigned long long)done,
			(unsigned long long)total, now.unit, pct);
		return;
	}
	amount(a, sizeof(a), done);
	amount(b, sizeof(b), total);
	if (done)
		snprintf(left, sizeof(left), ", %lld s left",
			 seconds_left(done, total, t - now.begin));
	if (!tty()) {
		fprintf(stderr, "%s: %u %%, %s of %s%s\n", now.what, pct, a, b,
			left);
		return;
	}
	memset(bar, '.', BAR);
	memset(bar, '#', pct * BAR / 100);
	bar[BAR] = '\0';
	fprintf(stderr, "\r%s [%s] %3u %%  %s of %s%s\033[K", now.what, bar,
		pct, a, b, left);
	now.shown = true;
}

void dl_progress_clear(void)
{
	if (now.shown)
		fputs("\r\033[K", stderr);
	now.shown = false;
}

void dl_progress_end(void)
{
	dl_progress_clear();
	now.active = false;
}

static void __attribute__((noreturn)) tell_time(const char *what)
{
	bool term = tty();
	unsigned int s;

	for (s = 1; ; s++) {
		sleep(1);
		if (term)
			dprintf(STDERR_FILENO, "\r%s: %u s\033[K", what, s);
		else if (s % (LINE_MS / 1000) == 0 && dl_json_wanted())
			dprintf(STDERR_FILENO,
				"{\"progress\":\"%s\",\"seconds\":%u}\n", what, s);
		else if (s % (LINE_MS / 1000) == 0)
			dprintf(STDERR_FILENO, "%s: %u s\n", what, s);
	}
}

pid_t dl_progress_wait_begin(const char *what)
{
	pid_t parent = getpid(), pid;

	waiting_since = ms();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		tell_time(what);
	}
	return pid;
}

void dl_progress_wait_end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (tty() && ms() >= waiting_since + FIRST_MS)
		fputs("\r\033[K", stderr);
}
