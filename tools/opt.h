/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Verbs and their options: one table of options gives the parser, the usage
 * line and the help, so that the three cannot disagree. Names are matched
 * whole: an abbreviation that works today would break with a new option.
 */
#ifndef DL_TOOL_OPT_H
#define DL_TOOL_OPT_H

#include <stdbool.h>
#include <stdint.h>

enum dl_opt_type {
	DL_OPT_FLAG,		/* bool *: set to true */
	DL_OPT_STRING,		/* const char ** */
	DL_OPT_NUMBER,		/* uint64_t *: min..max */
	DL_OPT_BYTES,		/* the same, suffixes k M G T allowed */
};

struct dl_opt {
	const char *name;	/* without the dashes */
	enum dl_opt_type type;
	void *dest;
	const char *arg;	/* what its value is called, NULL for a flag */
	const char *help;
	uint64_t min, max;
	bool required;
};

#define DL_FLAG(n, d, h) \
	{ .name = n, .type = DL_OPT_FLAG, .dest = d, .help = h }
#define DL_STRING(n, d, a, h) \
	{ .name = n, .type = DL_OPT_STRING, .dest = d, .arg = a, .help = h }
#define DL_NUMBER(n, t, d, a, low, high, h) \
	{ .name = n, .type = t, .dest = d, .arg = a, .min = low, .max = high, \
	  .help = h }
#define DL_REQUIRED(n, d, a, h) \
	{ .name = n, .type = DL_OPT_STRING, .dest = d, .arg = a, .help = h, \
	  .required = true }
#define DL_OPT_END	{ .name = NULL }

struct dl_opt_group {
	const char *title;
	const struct dl_opt *opts;	/* ends with name NULL */
};

struct dl_verb {
	const char *name;
	const char *args;	/* positional arguments as in the usage line */
	int min_args, max_args;
	const char *brief;
	const char *about;	/* for its help; may be NULL */
	int (*run)(const struct dl_verb *verb, int argc, char **argv);
};

#define DL_OPT_MAX_ARGS	64
/* What dl_opt_parse() returns when help was printed. */
#define DL_OPT_HELP	(-1)

/**
 * dl_opt_parse() - take a verb's command line apart
 * @verb: the verb
 * @groups: its options, ends with opts NULL; --json and --help are everyone's
 * @argc: words after the verb
 * @argv: the words
 * @args: out: up to DL_OPT_MAX_ARGS positional arguments, NULL where none
 *
 * Return: 0; DL_EXIT_USAGE with the reason and the usage line said;
 * DL_OPT_HELP when help was asked for and printed.
 */
int dl_opt_parse(const struct dl_verb *verb, const struct dl_opt_group *groups,
		 int argc, char **argv, const char *args[DL_OPT_MAX_ARGS]);

/* Say what is wrong, then the usage line. Return: DL_EXIT_USAGE. */
int dl_opt_usage(const struct dl_verb *verb, const struct dl_opt_group *groups,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Whether @name may name a device-mapper device; says why not if not. */
bool dl_opt_name_ok(const char *name);

#endif
