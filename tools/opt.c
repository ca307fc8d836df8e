// SPDX-License-Identifier: GPL-2.0
/* The command line of a verb. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "human.h"
#include "json.h"
#include "opt.h"

static bool help;
static bool json;

static const struct dl_opt common[] = {
	DL_FLAG("json", &json, "print the result as JSON"),
	DL_FLAG("help", &help, "show this help"),
	DL_OPT_END
};

static void print_usage(FILE *f, const struct dl_verb *verb,
			const struct dl_opt_group *groups)
{
	const struct dl_opt *o;

	fprintf(f, "usage: deltalog %s%s%s", verb->name,
		verb->args[0] ? " " : "", verb->args);
	for (; groups->opts; groups++)
		for (o = groups->opts; o->name; o++)
			if (o->required)
				fprintf(f, " --%s %s", o->name, o->arg);
	fputs(" [options]\n", f);
}

static void print_opts(const char *title, const struct dl_opt *o)
{
	char left[64];

	if (!o->name)
		return;
	printf("\n%s:\n", title);
	for (; o->name; o++) {
		snprintf(left, sizeof(left), "--%s%s%s", o->name,
			 o->arg ? " " : "", o->arg ? o->arg : "");
		printf("  %-24s %s\n", left, o->help);
	}
}

static void print_help(const struct dl_verb *verb,
		       const struct dl_opt_group *groups)
{
	const struct dl_opt_group *g;

	print_usage(stdout, verb, groups);
	printf("\n%s\n", verb->brief);
	if (verb->about)
		printf("\n%s\n", verb->about);
	for (g = groups; g->opts; g++)
		print_opts(g->title, g->opts);
	print_opts("Everywhere", common);
	puts("\nMore: man 8 deltalog");
}

int dl_opt_usage(const struct dl_verb *verb, const struct dl_opt_group *groups,
		 const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	dl_err(DL_EXIT_USAGE, "%s", why);
	print_usage(stderr, verb, groups);
	return DL_EXIT_USAGE;
}

static const struct dl_opt *find_in(const struct dl_opt *o, const char *name,
				    size_t len)
{
	for (; o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct dl_opt *find(const struct dl_opt_group *groups,
				 const char *name, size_t len)
{
	const struct dl_opt *o;

	for (; groups->opts; groups++) {
		o = find_in(groups->opts, name, len);
		if (o)
			return o;
	}
	return find_in(common, name, len);
}

static int take_number(const struct dl_verb *verb,
		       const struct dl_opt_group *groups,
		       const struct dl_opt *o, const char *value)
{
	uint64_t n;

	if (!dl_human_number(value, o->type == DL_OPT_BYTES, &n))
		return dl_opt_usage(verb, groups, "--%s: '%s' is not a number",
				    o->name, value);
	if (n < o->min || n > o->max) {
		if (o->max == UINT64_MAX)
			return dl_opt_usage(verb, groups,
					    "--%s: %s is out of range, at least %llu is needed",
					    o->name, value,
					    (unsigned long long)o->min);
		return dl_opt_usage(verb, groups,
				    "--%s: %s is out of range %llu..%llu",
				    o->name, value, (unsigned long long)o->min,
				    (unsigned long long)o->max);
	}
	*(uint64_t *)o->dest = n;
	return 0;
}

/* One option at *@i of @argv; moves *@i past the value it takes. */
static int take(const struct dl_verb *verb, const struct dl_opt_group *groups,
		int argc, char **argv, int *i)
{
	const char *word = argv[*i] + 2, *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);
	const struct dl_opt *o = find(groups, word, len);

	if (!o)
		return dl_opt_usage(verb, groups, "unknown option '%s'",
				    argv[*i]);
	if (o->type == DL_OPT_FLAG) {
		if (value)
			return dl_opt_usage(verb, groups,
					    "--%s takes no value", o->name);
		*(bool *)o->dest = true;
		return 0;
	}
	if (value)
		value++;
	else if (*i + 1 < argc)
		value = argv[++*i];
	else
		return dl_opt_usage(verb, groups, "--%s needs a value: %s",
				    o->name, o->arg);
	if (o->type != DL_OPT_STRING)
		return take_number(verb, groups, o, value);
	if (!value[0])
		return dl_opt_usage(verb, groups, "--%s: the value is empty",
				    o->name);
	*(const char **)o->dest = value;
	return 0;
}

/* Help is given whatever else is wrong; JSON errors need --json to be known. */
static void look_ahead(int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			help = true;
		if (!strcmp(argv[i], "--json"))
			dl_json_set(true);
	}
}

static int check_required(const struct dl_verb *verb,
			  const struct dl_opt_group *groups)
{
	const struct dl_opt_group *g;
	const struct dl_opt *o;

	for (g = groups; g->opts; g++)
		for (o = g->opts; o->name; o++)
			if (o->required && !*(const char **)o->dest)
				return dl_opt_usage(verb, groups,
						    "--%s %s is missing",
						    o->name, o->arg);
	return 0;
}

int dl_opt_parse(const struct dl_verb *verb, const struct dl_opt_group *groups,
		 int argc, char **argv, const char *args[DL_OPT_MAX_ARGS])
{
	bool options = true;
	int i, n = 0, rc;

	memset(args, 0, sizeof(*args) * DL_OPT_MAX_ARGS);
	look_ahead(argc, argv);
	if (help) {
		print_help(verb, groups);
		return DL_OPT_HELP;
	}
	for (i = 0; i < argc; i++) {
		if (options && !strcmp(argv[i], "--")) {
			options = false;
		} else if (options && !strncmp(argv[i], "--", 2)) {
			rc = take(verb, groups, argc, argv, &i);
			if (rc)
				return rc;
		} else if (options && argv[i][0] == '-' && argv[i][1] &&
			   argv[i][1] != '>') {
			/* But for the rule of a policy "-> block". */
			return dl_opt_usage(verb, groups, "unknown option '%s'",
					    argv[i]);
		} else if (n == verb->max_args) {
			return dl_opt_usage(verb, groups, "'%s' is too much",
					    argv[i]);
		} else {
			args[n++] = argv[i];
		}
	}
	if (n < verb->min_args)
		return dl_opt_usage(verb, groups, "%s is missing", verb->args);
	return check_required(verb, groups);
}

/* The characters that device-mapper names need no escapes for. */
bool dl_opt_name_ok(const char *name)
{
	static const char fine[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#+-.:=@_";
	size_t len = strlen(name);

	if (len && len < 128 && strspn(name, fine) == len && strcmp(name, ".") &&
	    strcmp(name, "..") && strcmp(name, "control"))
		return true;
	dl_err(DL_EXIT_USAGE,
	       "'%s' cannot be a device's name: 1 to 127 letters, digits and any of #+-.:=@_ are allowed",
	       name);
	return false;
}
