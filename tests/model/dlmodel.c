// SPDX-License-Identifier: GPL-2.0
/*
 * Seeded workloads against a block device, and the oracle that says whether
 * the device shows what it should.
 *
 * Exit status: 0 right, 1 the device is wrong, 2 the test could not be run.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "judge.h"
#include "plan.h"
#include "run.h"
#include "util.h"

static const char usage_text[] =
"Usage: dlmodel fill   --dev DEV [--seed N]\n"
"       dlmodel run    --dev DEV [--seed N] [--mix NAME] [--threads N] [--ops N]\n"
"                      [--align SECTORS] [--first-id N] [--history FILE]\n"
"                      [--stop-on-error | --expect-errors]\n"
"       dlmodel verify --dev DEV --history FILE [--crashed] [--unreadable N]\n"
"\n"
"fill    writes the stamps of write 0 everywhere\n"
"run     carries out a workload on what is there, then reads everything back\n"
"        and judges it; --history keeps what is needed to do that again later\n"
"verify  judges a device after a run: with --crashed, everything durable must\n"
"        be there and the rest a prefix; else all that was done\n"
"\n"
"  --seed N           default 1; of the stamps too: keep it over a volume's life\n"
"  --mix NAME         default chosen by the seed; 'list' lists them\n"
"  --first-id N       of the run's writes, default 1; must grow from run to run\n"
"  --stop-on-error    the first failed operation ends the run, which is then\n"
"                     judged like a crash; without it a failure is an error\n"
"  --expect-errors    go on after failures; a failed write may be there or not\n"
"  --unreadable N     so many sectors may be unreadable, and nothing else\n";

struct args {
	const char *dev, *history;
	const struct mix *mix;
	uint64_t seed;
	uint32_t threads, ops, align, first_id, unreadable;
	bool stop_on_error, expect_errors, crashed;
};

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

static void list_mixes(void)
{
	unsigned int i;

	for (i = 0; i < plan_nr_mixes; i++)
		puts(plan_mixes[i].name);
	exit(0);
}

enum { OPT_DEV = 1, OPT_SEED, OPT_MIX, OPT_THREADS, OPT_OPS, OPT_ALIGN,
       OPT_FIRST_ID, OPT_HISTORY, OPT_STOP, OPT_EXPECT, OPT_CRASHED,
       OPT_UNREADABLE };

static void parse(int argc, char **argv, struct args *a)
{
	static const struct option options[] = {
		{ "dev", 1, NULL, OPT_DEV }, { "seed", 1, NULL, OPT_SEED },
		{ "mix", 1, NULL, OPT_MIX },
		{ "threads", 1, NULL, OPT_THREADS },
		{ "ops", 1, NULL, OPT_OPS }, { "align", 1, NULL, OPT_ALIGN },
		{ "first-id", 1, NULL, OPT_FIRST_ID },
		{ "history", 1, NULL, OPT_HISTORY },
		{ "stop-on-error", 0, NULL, OPT_STOP },
		{ "expect-errors", 0, NULL, OPT_EXPECT },
		{ "crashed", 0, NULL, OPT_CRASHED },
		{ "unreadable", 1, NULL, OPT_UNREADABLE },
		{ NULL, 0, NULL, 0 }
	};
	int c;

	*a = (struct args){ .seed = 1, .threads = 4, .ops = 400, .align = 1,
			    .first_id = 1 };
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case OPT_DEV:
			a->dev = optarg;
			break;
		case OPT_SEED:
			a->seed = parse_number("--seed", optarg);
			break;
		case OPT_MIX:
			if (!strcmp(optarg, "list"))
				list_mixes();
			a->mix = plan_mix(optarg);
			if (!a->mix)
				die("no mix '%s'; --mix list lists them", optarg);
			break;
		case OPT_THREADS:
			a->threads = (uint32_t)parse_number("--threads", optarg);
			break;
		case OPT_OPS:
			a->ops = (uint32_t)parse_number("--ops", optarg);
			break;
		case OPT_ALIGN:
			a->align = (uint32_t)parse_number("--align", optarg);
			break;
		case OPT_FIRST_ID:
			a->first_id = (uint32_t)parse_number("--first-id", optarg);
			break;
		case OPT_HISTORY:
			a->history = optarg;
			break;
		case OPT_STOP:
			a->stop_on_error = true;
			break;
		case OPT_EXPECT:
			a->expect_errors = true;
			break;
		case OPT_CRASHED:
			a->crashed = true;
			break;
		case OPT_UNREADABLE:
			a->unreadable = (uint32_t)parse_number("--unreadable",
							       optarg);
			break;
		default:
			usage();
		}
	}
	if (optind != argc || !a->dev || !a->first_id || !a->align ||
	    a->align > 8 || !a->threads || a->threads > 200)
		usage();
	if (!a->mix)
		a->mix = &plan_mixes[a->seed % plan_nr_mixes];
}

static int open_device(const struct args *a, uint32_t *sectors)
{
	int fd = open(a->dev, O_RDONLY | O_DIRECT | O_CLOEXEC);
	uint64_t n;

	if (fd < 0)
		die("%s: %s", a->dev, strerror(errno));
	n = device_sectors(fd);
	if (!n || n > UINT32_MAX)
		die("%s: not a block device of a size to test with", a->dev);
	*sectors = (uint32_t)n;
	return fd;
}

static int judge_device(const struct args *a, int fd, struct history *h,
			unsigned int flags)
{
	uint32_t *val = xcalloc(h->sectors, sizeof(*val)), s, bad = 0;
	void *buf = xalloc_pages(READ_BYTES);
	struct verdict v;
	struct judge *j;
	bool right;

	device_read(fd, buf, h->seed, h->sectors, a->align, val);
	free(buf);
	history_index(h);
	j = judge_new(h);
	for (s = 0; s < h->sectors && bad < a->unreadable; s++) {
		if (val[s] == VAL_ERROR) {
			val[s] = VAL_ANY;
			bad++;
		}
	}
	right = judge(j, val, NEVER, flags, &v);
	if (!right)
		verdict_print(&v, h, "# ", stdout);
	judge_free(j);
	free(val);
	return right ? 0 : 1;
}

static void keep(const struct args *a, const struct history *h)
{
	FILE *f;

	if (!a->history)
		return;
	f = fopen(a->history, "wb");
	if (!f || history_save(h, f) || fclose(f))
		die("%s: %s", a->history, strerror(errno));
}

static int cmd_run(const struct args *a)
{
	unsigned int flags = JUDGE_ALL;
	struct run_result res;
	struct history h;
	uint32_t sectors, s;
	double began;
	void *buf;
	int fd, rc;

	fd = open_device(a, &sectors);
	/* A run's plan depends on its ids, so that no two runs are the same. */
	plan_make(&h, rng_mix(a->seed) + a->first_id, a->mix, sectors, a->align,
		  a->first_id, a->threads, a->ops, 0);
	h.seed = a->seed;
	buf = xalloc_pages(READ_BYTES);
	device_read(fd, buf, a->seed, sectors, a->align, h.base);
	free(buf);
	for (s = 0; s < sectors; s++)
		if (h.base[s] == VAL_ERROR || h.base[s] == VAL_ALIEN)
			die("%s: sector %u %s before the run", a->dev, s,
			    h.base[s] == VAL_ERROR ? "cannot be read" :
			    "holds no stamp of this seed");
	began = now_seconds();
	if (run_plan(&h, a->dev, NULL,
		     a->stop_on_error ? RUN_STOP_ON_ERROR : 0, &res))
		die("%s: %s", a->dev, strerror(errno));
	keep(a, &h);
	if (res.nr_failed && !a->stop_on_error && !a->expect_errors) {
		char text[160];

		printf("not ok - %s failed: %s\n",
		       op_text(history_op(&h, res.first_failed), text,
			       sizeof(text)), strerror(res.first_error));
		return 1;
	}
	/* After a failure a plain write may rightly be lost: see C10. */
	if (res.nr_failed)
		flags = 0;
	rc = judge_device(a, fd, &h, flags);
	printf("%s - %s, seed %llu: %u operations by %u threads in %.2f s, %u failed\n",
	       rc ? "not ok" : "ok", a->mix->name, (unsigned long long)a->seed,
	       res.nr_done, a->threads, now_seconds() - began, res.nr_failed);
	history_exit(&h);
	close(fd);
	return rc;
}

static int cmd_verify(const struct args *a)
{
	struct history h;
	uint32_t sectors;
	FILE *f;
	int fd, rc;

	if (!a->history)
		usage();
	fd = open_device(a, &sectors);
	f = fopen(a->history, "rb");
	if (!f || history_load(&h, f))
		die("%s: %s", a->history, strerror(errno));
	fclose(f);
	if (h.sectors > sectors)
		die("%s: smaller than it was in the run", a->dev);
	rc = judge_device(a, fd, &h, a->crashed ? 0 : JUDGE_ALL);
	printf("%s - %s shows %s\n", rc ? "not ok" : "ok", a->dev,
	       a->crashed ? "a prefix with all that was durable" :
	       "all that was done");
	history_exit(&h);
	close(fd);
	return rc;
}

int main(int argc, char **argv)
{
	struct args a;
	uint32_t sectors;

	if (argc < 2)
		usage();
	parse(argc - 1, argv + 1, &a);
	if (!strcmp(argv[1], "run"))
		return cmd_run(&a);
	if (!strcmp(argv[1], "verify"))
		return cmd_verify(&a);
	if (strcmp(argv[1], "fill"))
		usage();
	close(open_device(&a, &sectors));
	if (device_fill(a.dev, a.seed, sectors))
		die("%s: %s", a.dev, strerror(errno));
	return 0;
}
