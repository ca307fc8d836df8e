// SPDX-License-Identifier: GPL-2.0
/*
 * Snapshots of a deltalog volume against a naive model: random schedules of
 * writes, snapshots, views, moments, rewinds, drains, restarts and crashes.
 *
 * Exit status: 0 right, 1 something is wrong, 2 the test could not be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../model/key.h"
#include "../model/util.h"
#include "kernel.h"
#include "schedule.h"
#include "selftest.h"

static const char usage_text[] =
"Usage: dltime [OPTION]...              schedules on the kernel's target\n"
"       dltime --self-test [OPTION]...  on fakes: a right one, and wrong ones\n"
"                                       that must be found\n"
"\n"
"  --schedules N     default 100, of a self-test 300\n"
"  --seed N          default 1\n"
"  --schedule N      only this one\n"
"  --ops N           most operations of a schedule, default 150\n"
"  --mix NAME        character of the schedules; else drawn\n"
"  --only crash|restart|none\n"
"                    of all that interrupts a volume, only that\n"
"  --plain           without snapshots, for a target that has none\n"
"  --no-rewind       without rewinds\n"
"  --no-window       without a window, and moments of it\n"
"  --real-time       minutes take minutes: do without\n"
"  --count-wrong     go on after a wrong schedule\n"
"  --command TEXT    how to call this again, for reports\n"
"  --verbose\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

enum { OPT_SCHEDULES = 1, OPT_SEED, OPT_SCHEDULE, OPT_OPS, OPT_MIX, OPT_ONLY,
       OPT_PLAIN, OPT_NO_REWIND, OPT_NO_WINDOW, OPT_REAL_TIME, OPT_COUNT, OPT_COMMAND,
       OPT_VERBOSE, OPT_SELF_TEST };

static const struct option options[] = {
	{ "schedules", 1, NULL, OPT_SCHEDULES }, { "seed", 1, NULL, OPT_SEED },
	{ "schedule", 1, NULL, OPT_SCHEDULE }, { "ops", 1, NULL, OPT_OPS },
	{ "mix", 1, NULL, OPT_MIX }, { "only", 1, NULL, OPT_ONLY },
	{ "plain", 0, NULL, OPT_PLAIN },
	{ "no-rewind", 0, NULL, OPT_NO_REWIND },
	{ "no-window", 0, NULL, OPT_NO_WINDOW },
	{ "real-time", 0, NULL, OPT_REAL_TIME },
	{ "count-wrong", 0, NULL, OPT_COUNT },
	{ "command", 1, NULL, OPT_COMMAND },
	{ "verbose", 0, NULL, OPT_VERBOSE },
	{ "self-test", 0, NULL, OPT_SELF_TEST }, { NULL, 0, NULL, 0 }
};

static uint32_t number(const char *what, const char *s)
{
	return (uint32_t)parse_number(what, s);
}

static enum only parse_only(const char *s)
{
	if (!strcmp(s, "crash"))
		return ONLY_CRASH;
	if (!strcmp(s, "restart"))
		return ONLY_RESTART;
	if (strcmp(s, "none"))
		die("--only: crash, restart or none");
	return ONLY_NONE;
}

static void parse_one(struct config *c, bool *self_test, int opt,
		      const char *arg)
{
	switch (opt) {
	case OPT_SCHEDULES:
		c->schedules = number("--schedules", arg);
		break;
	case OPT_SEED:
		c->seed = parse_number("--seed", arg);
		break;
	case OPT_SCHEDULE:
		c->first = number("--schedule", arg);
		c->schedules = 1;
		break;
	case OPT_OPS:
		c->ops = number("--ops", arg);
		break;
	case OPT_MIX:
		c->mix = mix_find(arg);
		if (!c->mix)
			die("--mix: there is no '%s'", arg);
		break;
	case OPT_ONLY:
		c->only = parse_only(arg);
		break;
	case OPT_PLAIN:
		c->plain = true;
		break;
	case OPT_NO_REWIND:
		c->no_rewind = true;
		break;
	case OPT_NO_WINDOW:
		c->no_window = true;
		break;
	case OPT_REAL_TIME:
		c->real_time = true;
		break;
	case OPT_COUNT:
		c->max_wrong = UINT32_MAX;
		break;
	case OPT_COMMAND:
		c->command = arg;
		break;
	case OPT_VERBOSE:
		c->verbose = true;
		break;
	case OPT_SELF_TEST:
		*self_test = true;
		break;
	default:
		usage();
	}
}

static void print_totals(const struct config *c, const struct totals *t)
{
	unsigned int i;

	printf("#");
	for (i = 0; i < NR_ACTS; i++)
		printf("%s %llu %s", i ? "," : "",
		       (unsigned long long)t->ops[i], act_names[i]);
	printf("\n# %u times beside writes, %u reads beside all; of the crashes %u lost something, %u had a request in flight (%u of snapshots had happened)\n",
	       t->races, t->reads_beside, t->lost, t->doubts, t->doubts_done);
	printf("# %u rewinds, %u of them to what a rewind had kept, %u more had no room; %u were in flight in a crash (%u had happened)\n",
	       t->rewinds, t->rewinds_back, t->rewinds_no_room,
	       t->rewinds_doubts, t->rewinds_doubts_done);
	printf("# %u diffs: %llu sectors differed, %llu were said to\n",
	       t->diffs, (unsigned long long)t->diff_differ,
	       (unsigned long long)t->diff_said);
	printf("# %u moments looked at (%u of them kept in view), %u sequences between moments; %u looks and picks refused, %u picked, %u rewound to; the window was seen to move %u times\n",
	       t->looks, t->looks_held, t->looks_between, t->looks_refused,
	       t->picks, t->rewinds_moment, t->shortened);
	printf("# writes waited for room %u times, and were held %u times meanwhile\n",
	       t->waits, t->waits_held);
	printf("# %u snapshots made by rule, %u of them dropped, %u renamed; minutes went by %u times\n",
	       t->ruled, t->ruled_gone, t->ruled_kept, t->ages);
	printf("%s - %u schedules, seed %llu: %u snapshots, %u views compared, %llu MiB compared, %u crashes, %u restarts, %u ENOSPC, %u wrong\n",
	       t->wrong ? "not ok" : "ok", t->schedules,
	       (unsigned long long)c->seed, t->snapshots, t->views,
	       (unsigned long long)(t->bytes >> 20), t->crashes, t->restarts,
	       t->no_space, t->wrong);
}

/* ---- noticing that it hangs --------------------------------------------- */

struct watched {
	struct schedule *s;
	int end;	/* of the pipe to the first process */
};

/*
 * What hangs in the kernel cannot be ended: another process tells of it, and
 * ends by that what started us.
 */
static void hung(void *ctx)
{
	static const char blocked[] = "w";
	struct watched *w = ctx;
	int fd = open("/proc/sysrq-trigger", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, blocked, 1) < 0)
			warn("sysrq: %s", strerror(errno));
		close(fd);
	}
	wrong(w->s, "nothing goes on any more");
	fflush(NULL);
	if (write(w->end, blocked, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static int run_kernel(const struct config *c, int end)
{
	struct totals t = { 0 };
	struct volume *v = kernel_volume_new();
	struct schedule *s = schedule_new(c, &t, v);
	struct watched w = { .s = s, .end = end };
	uint32_t i;

	key_add();
	watch_start(hung, &w);
	for (i = 0; i < c->schedules && t.wrong < c->max_wrong; i++) {
		schedule_run(s, c->first + i);
		if (i % 5000 == 4999)
			printf("# %u schedules\n", i + 1);
	}
	print_totals(c, &t);
	schedule_free(s);
	kernel_volume_free(v);
	return t.wrong ? 1 : 0;
}

static int run_watched(const struct config *c)
{
	int ends[2], status;
	char text;
	pid_t pid;

	fflush(NULL);
	if (pipe(ends))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		close(ends[0]);
		status = run_kernel(c, ends[1]);
		fflush(NULL);
		_exit(status);
	}
	close(ends[1]);
	/* One byte if it hangs, else the end. */
	if (read(ends[0], &text, 1) == 1) {
		printf("not ok - the schedules hang\n");
		return 1;
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int main(int argc, char **argv)
{
	struct config c = { .seed = 1, .ops = 150,
			    .max_wrong = 1, .command = "dltime",
			    .out = stdout };
	bool self_test_wanted = false;
	int opt;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_one(&c, &self_test_wanted, opt, optarg);
	if (optind != argc || c.ops < 4)
		usage();
	if (!c.schedules)
		c.schedules = self_test_wanted ? 300 : 100;
	return self_test_wanted ? self_test(&c) : run_watched(&c);
}
