// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog: a verb, its file, its exit code.
 */
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "json.h"
#include "opt.h"
#include "verbs.h"

#ifndef DL_VERSION
#error "DL_VERSION comes from the Makefile"
#endif

static const struct dl_verb *const verbs[] = {
	&dl_verb_create,
	&dl_verb_activate,
	&dl_verb_deactivate,
	&dl_verb_detach,
	&dl_verb_grow,
	&dl_verb_scrub,
	&dl_verb_key,
	&dl_verb_list,
	&dl_verb_status,
	&dl_verb_snapshot,
	&dl_verb_view,
	&dl_verb_rewind,
	&dl_verb_restore,
	&dl_verb_history,
	&dl_verb_retention,
	&dl_verb_policy,
	&dl_verb_map,
	&dl_verb_forecast,
	&dl_verb_top,
	&dl_verb_plot,
	&dl_verb_wait_event,
	&dl_verb_check,
	&dl_verb_dump,
};

#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const char usage[] = "usage: deltalog VERB [arguments] [options]";

static void help(void)
{
	static const struct {
		int number;
		const char *text;
	} exits[] = {
#define X(name, number, text) { number, text },
		DL_EXIT_LIST(X)
#undef X
	};
	size_t i;

	printf("%s\n\nA crash-proof log in front of a disk.\n\nVerbs:\n",
	       usage);
	for (i = 0; i < NR_VERBS; i++)
		printf("  %-12s %s\n", verbs[i]->name, verbs[i]->brief);
	puts("\nOptions:\n  --help       show this help; after a verb, the verb's\n"
	     "  --version    show the version\n\nExit codes:");
	for (i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
		printf("  %d  %s\n", exits[i].number, exits[i].text);
	puts("\nMore: man 8 deltalog");
}

/* Every failure with --json ends in an object, so that a script need not read
 * stderr.
 */
static void error_object(int rc)
{
	struct json_object *o = json_object_new_object();

	dl_json_bool(o, "ok", false);
	dl_json_u64(o, "exit", (uint64_t)rc);
	dl_json_str(o, "error", dl_err_first());
	dl_json_print(o);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	int rc;

	dl_err_verb(verb->name);
	dl_dm_init();
	rc = verb->run(verb, argc, argv);
	if (rc == DL_OPT_HELP)
		rc = DL_EXIT_OK;
	if (rc && dl_json_wanted() && !dl_json_printed())
		error_object(rc);
	/* A full disk must not pass for a result. */
	if ((fflush(stdout) || ferror(stdout)) && !rc)
		rc = dl_err(DL_EXIT_FAILED, "cannot write the output");
	return rc;
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		dl_err(DL_EXIT_USAGE, "no verb given; try 'deltalog --help'");
		fprintf(stderr, "%s\n", usage);
		return DL_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		help();
		return DL_EXIT_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		puts("deltalog " DL_VERSION);
		return DL_EXIT_OK;
	}
	for (i = 0; i < NR_VERBS; i++)
		if (!strcmp(argv[1], verbs[i]->name))
			return run(verbs[i], argc - 2, argv + 2);
	dl_err(DL_EXIT_USAGE, "there is no verb '%s'; try 'deltalog --help'",
	       argv[1]);
	fprintf(stderr, "%s\n", usage);
	return DL_EXIT_USAGE;
}
