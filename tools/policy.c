// SPDX-License-Identifier: GPL-2.0
/* deltalog policy: its verbs, of which all but test are here. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "dm.h"
#include "err.h"
#include "family.h"
#include "grains.h"
#include "kmsg.h"
#include "outfile.h"
#include "verbs.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* ---- show */

static int show(const struct dl_dm_volume *v)
{
	char text[DL_POLICY_TEXT + 1];
	struct json_object *o;
	struct dl_policy p;
	int rc = dl_grains_policy(&p, v);

	if (rc)
		return rc;
	if (dl_json_wanted()) {
		o = dl_grains_json_policy(&p);
		dl_json_str(o, "volume", v->name);
		dl_json_print(o);
	} else {
		dl_policy_format(&p, text, sizeof(text));
		fputs(text, stdout);
	}
	return 0;
}

static int run_show(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: dl_dm_get(args[0], &v);
	return rc ?: show(&v);
}

static const struct dl_verb show_verb = {
	.name = "policy show",
	.args = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.brief = "print the policy in force",
	.about =
"It is printed as the kernel keeps it: settings, then the rules, without comments.\n"
"The first rule is number 1.",
	.run = run_show,
};

/* ---- set, load */

static int refused(const struct dl_dm_volume *v, size_t bytes, int rc, int kmsg)
{
	char why[512];

	dl_kmsg_last(kmsg, why, sizeof(why));
	switch (rc) {
	case -E2BIG:
	case -EROFS:
	case -EBUSY:
	case -EIO:
		if (why[0])
			return dl_err(rc == -EBUSY ? DL_EXIT_BUSY :
				      DL_EXIT_KERNEL, "%s: policy: %s", v->name,
				      why);
		break;
	}
	switch (rc) {
	case -E2BIG:
		return dl_err(DL_EXIT_KERNEL,
			      "%s: its log is too small to keep a policy of %zu bytes; the old one stays: make it shorter",
			      v->name, bytes);
	case -EROFS:
		return dl_err(DL_EXIT_KERNEL,
			      "%s: is not read-write, its policy stays as it was; see 'deltalog status %s'",
			      v->name, v->name);
	case -EBUSY:
		return dl_err(DL_EXIT_BUSY,
			      "%s: was not resumed yet, its policy stays as it was; 'dmsetup resume %s' first",
			      v->name, v->name);
	case -EIO:
		return dl_err(DL_EXIT_KERNEL,
			      "%s: the policy is in force, but the log failed and will not keep it; see 'deltalog status %s'",
			      v->name, v->name);
	default:
		return dl_control_failed(v, "setting the policy", rc);
	}
}

static int put(const struct dl_dm_volume *v, const struct dl_policy *p)
{
	char text[DL_POLICY_TEXT + 1];
	struct dl_ctl_policy a = {
		.major = v->major, .minor = v->minor,
		.text = (uintptr_t)text,
	};
	int fd, rc, kmsg;

	a.bytes = (uint32_t)dl_policy_format(p, text, sizeof(text));
	rc = dl_control_open(&fd);
	if (rc)
		return rc;
	kmsg = dl_kmsg_mark();
	rc = dl_control_call(fd, DL_CTL_POLICY_SET, &a);
	close(fd);
	if (rc)
		return refused(v, a.bytes, rc, kmsg);
	dl_kmsg_drop(kmsg);
	if (a.line)
		return dl_err(DL_EXIT_KERNEL,
			      "%s: the kernel refuses line %u, column %u of the canonical text: %.*s; is the module of another release?",
			      v->name, a.line, a.column, (int)sizeof(a.reason),
			      a.reason);
	return show(v);
}

/* The arguments are lines. */
static int join(char *text, size_t size, const char *const *args, size_t *bytes)
{
	size_t n, used = 0;
	int i;

	for (i = 0; i < DL_OPT_MAX_ARGS && args[i]; i++) {
		n = strlen(args[i]);
		if (n + 1 > size - used)
			return dl_err(DL_EXIT_USAGE,
				      "the policy is longer than %u bytes: make it shorter",
				      DL_POLICY_TEXT);
		memcpy(text + used, args[i], n);
		used += n;
		text[used++] = '\n';
	}
	*bytes = used;
	return 0;
}

static int run_set(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS + 1] = { NULL };
	char text[DL_POLICY_TEXT];
	struct dl_dm_volume v;
	struct dl_policy p;
	size_t bytes = 0;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (!strcmp(args[1], "default") && !args[2])
		args[1] = dl_policy_default;
	rc = join(text, sizeof(text), args + 1, &bytes);
	/* Before the volume is looked for: that is wrong without one as well. */
	rc = rc ?: dl_grains_parse(&p, "policy", text, bytes);
	rc = rc ?: dl_dm_get(args[0], &v);
	return rc ?: put(&v, &p);
}

static const struct dl_verb set_verb = {
	.name = "policy set",
	.args = "VOLUME LINE [LINE...]",
	.min_args = 2,
	.max_args = DL_OPT_MAX_ARGS,
	.brief = "put a policy in force, and keep it in the log",
	.about =
"A LINE is a line of the policy, or several with ';' between: quote it. The one\n"
"word default is the policy of a volume that was given none. All of it is taken or\n"
"nothing; volumes in use need not be stopped.",
	.run = run_set,
};

static int run_load(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	struct dl_policy p;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: dl_grains_load(&p, args[1]);
	rc = rc ?: dl_dm_get(args[0], &v);
	return rc ?: put(&v, &p);
}

static const struct dl_verb load_verb = {
	.name = "policy load",
	.args = "VOLUME FILE",
	.min_args = 2,
	.max_args = 2,
	.brief = "put the policy of a file in force",
	.about = "FILE is - for standard input.",
	.run = run_load,
};

/* ---- save */

static int write_file(const char *path, const char *text)
{
	FILE *f = dl_outfile_open(path);

	if (!f)
		return DL_EXIT_FAILED;
	fputs(text, f);
	return dl_outfile_close(f, path);
}

static int run_save(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	char text[DL_POLICY_TEXT + 1];
	struct json_object *o;
	struct dl_dm_volume v;
	struct dl_policy p;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (dl_json_wanted() && !strcmp(args[1], "-"))
		return dl_opt_usage(verb, groups,
				    "--json goes with a file; 'policy show' prints JSON");
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: dl_grains_policy(&p, &v);
	if (rc)
		return rc;
	dl_policy_format(&p, text, sizeof(text));
	if (!strcmp(args[1], "-")) {
		fputs(text, stdout);
		return 0;
	}
	rc = write_file(args[1], text);
	if (rc)
		return rc;
	if (!dl_json_wanted()) {
		printf("policy of %s saved as %s\n", v.name, args[1]);
		return 0;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "saved");
	dl_json_str(o, "volume", v.name);
	dl_json_str(o, "file", args[1]);
	dl_json_print(o);
	return 0;
}

static const struct dl_verb save_verb = {
	.name = "policy save",
	.args = "VOLUME FILE",
	.min_args = 2,
	.max_args = 2,
	.brief = "write the policy in force to a file",
	.about = "FILE is - for standard output. 'policy load' takes it back.",
	.run = run_save,
};

/* ---- which of them */

static const struct dl_verb *const verbs[] = {
	&show_verb,
	&set_verb,
	&load_verb,
	&save_verb,
	&dl_verb_policy_test,
	NULL
};

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	return dl_family_run(verb, verbs, argc, argv);
}

const struct dl_verb dl_verb_policy = {
	.name = "policy",
	.args = "VERB",
	.brief = "show, set, load, save and test how finely changes are recorded",
	.about = "Policies: rules that say how finely changes are recorded.",
	.run = run,
};
