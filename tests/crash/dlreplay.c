// SPDX-License-Identifier: GPL-2.0
/*
 * Crash tests: record what a volume does to its devices under a workload, then
 * cut the power at many points of the recording and look at what comes back.
 *
 * Exit status: 0 right, 1 a crash state is wrong, 2 the test could not be run.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/key.h"
#include "../model/util.h"
#include "dm.h"
#include "fs.h"
#include "round.h"

static const char usage_text[] =
"Usage: dlreplay [OPTION]...            random workloads on the bare volume\n"
"       dlreplay --ext4 [OPTION]...     a file system on it\n"
"       dlreplay --case FILE            one kept crash state again\n"
"\n"
"  --states N        crash states to judge, default 200\n"
"  --per-round N     of each recording, default 40\n"
"  --seed N          default 1\n"
"  --round N         only this round\n"
"  --via recorder|log-writes\n"
"                    what records; default recorder\n"
"  --target NAME     default deltalog; linear is a stand-in to prove the test\n"
"  --options TEXT    of the target's table line, its count first; else drawn\n"
"  --mix NAME        character of the workload; else drawn\n"
"  --threads N       else drawn\n"
"  --ops N           of each recording; else drawn\n"
"  --fate NAME       which of the changes in a cache survive: all, none, some;\n"
"                    else drawn\n"
"  --whole           no torn writes\n"
"  --deep PCT        crash so many of the states a second time, default 8\n"
"  --drain PCT       compare the bare origin after a drain, default 12\n"
"  --again PCT       activate a second time, default 8\n"
"  --save DIR        keep wrong states there\n"
"  --command TEXT    how to call this again, for reports\n"
"  --count-wrong     count wrong states instead of stopping at the first\n"
"  --verbose\n"
"  --trace           print every change to a device\n";

static void usage(void)
{
	fputs(usage_text, stderr);
	exit(2);
}

enum { OPT_STATES = 1, OPT_PER_ROUND, OPT_SEED, OPT_ROUND, OPT_VIA, OPT_TARGET,
       OPT_OPTIONS, OPT_MIX, OPT_THREADS, OPT_OPS, OPT_FATE, OPT_WHOLE,
       OPT_DEEP, OPT_DRAIN, OPT_AGAIN, OPT_SAVE, OPT_COMMAND, OPT_COUNT,
       OPT_VERBOSE, OPT_TRACE, OPT_EXT4, OPT_CASE };

static enum fate parse_fate(const char *s)
{
	if (!strcmp(s, "all"))
		return FATE_ALL;
	if (!strcmp(s, "none"))
		return FATE_NONE;
	if (strcmp(s, "some"))
		die("--fate: all, none or some");
	return FATE_SOME;
}

static uint32_t number(const char *what, const char *s)
{
	return (uint32_t)parse_number(what, s);
}

struct args {
	struct config c;
	const char *case_file;
	bool ext4;
};

static const struct option options[] = {
	{ "states", 1, NULL, OPT_STATES },
	{ "per-round", 1, NULL, OPT_PER_ROUND },
	{ "seed", 1, NULL, OPT_SEED }, { "round", 1, NULL, OPT_ROUND },
	{ "via", 1, NULL, OPT_VIA }, { "target", 1, NULL, OPT_TARGET },
	{ "options", 1, NULL, OPT_OPTIONS }, { "mix", 1, NULL, OPT_MIX },
	{ "threads", 1, NULL, OPT_THREADS }, { "ops", 1, NULL, OPT_OPS },
	{ "fate", 1, NULL, OPT_FATE }, { "whole", 0, NULL, OPT_WHOLE },
	{ "deep", 1, NULL, OPT_DEEP }, { "drain", 1, NULL, OPT_DRAIN },
	{ "again", 1, NULL, OPT_AGAIN }, { "save", 1, NULL, OPT_SAVE },
	{ "command", 1, NULL, OPT_COMMAND },
	{ "count-wrong", 0, NULL, OPT_COUNT },
	{ "verbose", 0, NULL, OPT_VERBOSE }, { "trace", 0, NULL, OPT_TRACE }, { "ext4", 0, NULL, OPT_EXT4 },
	{ "case", 1, NULL, OPT_CASE }, { NULL, 0, NULL, 0 }
};

static void parse_one(struct args *a, int opt, const char *arg)
{
	struct config *c = &a->c;

	switch (opt) {
	case OPT_STATES:
		c->states = number("--states", arg);
		break;
	case OPT_PER_ROUND:
		c->per_round = number("--per-round", arg);
		break;
	case OPT_SEED:
		c->seed = parse_number("--seed", arg);
		break;
	case OPT_ROUND:
		c->first_round = number("--round", arg);
		break;
	case OPT_VIA:
		if (!strcmp(arg, "log-writes"))
			c->via = VIA_LOG_WRITES;
		else if (strcmp(arg, "recorder"))
			die("--via: recorder or log-writes");
		break;
	case OPT_TARGET:
		c->target = arg;
		break;
	case OPT_OPTIONS:
		c->options = arg;
		break;
	case OPT_MIX:
		c->mix = plan_mix(arg);
		if (!c->mix)
			die("--mix: there is no '%s'", arg);
		break;
	case OPT_THREADS:
		c->threads = number("--threads", arg);
		break;
	case OPT_OPS:
		c->ops = number("--ops", arg);
		break;
	case OPT_FATE:
		c->fate = parse_fate(arg);
		break;
	case OPT_WHOLE:
		c->tear = false;
		break;
	case OPT_DEEP:
		c->deep_pct = number("--deep", arg);
		break;
	case OPT_DRAIN:
		c->drain_pct = number("--drain", arg);
		break;
	case OPT_AGAIN:
		c->again_pct = number("--again", arg);
		break;
	case OPT_SAVE:
		c->save_dir = arg;
		break;
	case OPT_COMMAND:
		c->command = arg;
		break;
	case OPT_COUNT:
		c->max_wrong = UINT32_MAX;
		break;
	case OPT_VERBOSE:
		c->verbose = true;
		break;
	case OPT_TRACE:
		c->trace = true;
		break;
	case OPT_EXT4:
		a->ext4 = true;
		break;
	case OPT_CASE:
		a->case_file = arg;
		break;
	default:
		usage();
	}
}

static void print_totals(const struct config *c, const struct totals *t)
{
	uint32_t k;

	printf("# %u rounds by %s: %llu operations, %llu changes of %llu MiB to the devices, %llu flushes; recorded in %.1f s, explored in %.1f s\n",
	       t->rounds,
	       c->via == VIA_RECORDER ? "the recorder" : "dm-log-writes",
	       (unsigned long long)t->ops, (unsigned long long)t->changes,
	       (unsigned long long)t->bytes >> 20,
	       (unsigned long long)t->flushes, t->record_s, t->explore_s);
	printf("# %u states with torn writes, %u after a second crash, %u drained and compared, %u activated twice, %u detached, %u refused while formatting; %u encrypted frames\n",
	       t->torn, t->deep, t->drained, t->again, t->detached, t->refused,
	       t->sealed);
	if (t->cut)
		printf("# %u recordings were full before their end\n", t->cut);
	for (k = JUDGE_OK + 1; k <= JUDGE_ORDER; k++)
		if (t->by_kind[k])
			printf("# %u wrong: %s\n", t->by_kind[k],
			       verdict_text(k));
	printf("%s - %u crash states, seed %llu, %u wrong\n",
	       t->wrong ? "not ok" : "ok", t->states,
	       (unsigned long long)c->seed, t->wrong);
}

int main(int argc, char **argv)
{
	struct args a = { .c = {
		.seed = 1, .states = 200, .per_round = 40,
		.target = "deltalog", .fate = NR_FATES, .tear = true,
		.deep_pct = 8, .drain_pct = 12, .again_pct = 8, .max_wrong = 1,
		.command = "dlreplay", .first_round = UINT32_MAX } };
	struct totals t = { 0 };
	struct stack st;
	uint32_t round;
	bool go_on = true;
	int c, rc;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_one(&a, c, optarg);
	if (optind != argc || !a.c.per_round)
		usage();
	dm_setup();
	key_add();
	stack_init(&st, a.c.target);
	if (a.case_file) {
		rc = case_run(a.case_file, &st);
	} else if (a.ext4) {
		rc = fs_test(&a.c, &st);
	} else {
		bool one = a.c.first_round != UINT32_MAX;

		for (round = one ? a.c.first_round : 0;
		     go_on && t.states < a.c.states; round++)
			go_on = round_run(&a.c, &st, &t, round) && !one;
		print_totals(&a.c, &t);
		rc = t.wrong ? 1 : 0;
	}
	stack_exit(&st);
	return rc;
}
