// SPDX-License-Identifier: GPL-2.0
/* Verbs of two words. See family.h. */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "family.h"

/* The second word. */
static const char *word(const struct dl_verb *verb)
{
	return strchr(verb->name, ' ') + 1;
}

static void usage(FILE *f, const struct dl_verb *family)
{
	fprintf(f, "usage: deltalog %s VERB [arguments] [options]\n",
		family->name);
}

static int help(const struct dl_verb *family,
		const struct dl_verb *const *verbs)
{
	usage(stdout, family);
	printf("\n%s\n\nVerbs:\n", family->about);
	for (; *verbs; verbs++)
		printf("  %-12s %s\n", word(*verbs), (*verbs)->brief);
	printf("\nMore: deltalog %s VERB --help, man 8 deltalog\n",
	       family->name);
	return DL_EXIT_OK;
}

int dl_family_run(const struct dl_verb *family,
		  const struct dl_verb *const *verbs, int argc, char **argv)
{
	const struct dl_verb *const *v;
	int i;

	if (!argc) {
		dl_err(DL_EXIT_USAGE,
		       "no verb given; try 'deltalog %s --help'", family->name);
		usage(stderr, family);
		return DL_EXIT_USAGE;
	}
	for (v = verbs; *v; v++)
		if (!strcmp(argv[0], word(*v))) {
			dl_err_verb((*v)->name);
			return (*v)->run(*v, argc - 1, argv + 1);
		}
	/* Also after what is no verb: help is given whatever else is wrong. */
	for (i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") ||
		    (!i && !strcmp(argv[i], "help")))
			return help(family, verbs);
	dl_err(DL_EXIT_USAGE,
	       "there is no verb '%s %s'; try 'deltalog %s --help'",
	       family->name, argv[0], family->name);
	usage(stderr, family);
	return DL_EXIT_USAGE;
}
