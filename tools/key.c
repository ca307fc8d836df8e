// SPDX-License-Identifier: GPL-2.0
/* deltalog key: from now on the log of a running volume opens with another key. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "json.h"
#include "keyplace.h"
#include "kmsg.h"
#include "verbs.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static int change(const char *name, const char *key)
{
	int first = dl_kmsg_mark(), last = dl_kmsg_mark(), rc;
	char message[300], why[512], end[512];

	snprintf(message, sizeof(message), "key %s", key);
	rc = dl_dm_message(name, message);
	if (!rc) {
		dl_kmsg_drop(first);
		dl_kmsg_drop(last);
		return 0;
	}
	/* What is wrong with the key is said first, what came of it last. */
	dl_kmsg_first(first, why, sizeof(why));
	dl_kmsg_last(last, end, sizeof(end));
	if (!strcmp(why, end))
		end[0] = '\0';
	return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
		      "%s: the kernel refused: %s%s%s", name,
		      why[0] ? why : strerror(-rc), end[0] ? "; " : "", end);
}

static void tell(const struct dl_dm_volume *v, const char *key)
{
	struct json_object *o;

	if (!dl_json_wanted()) {
		printf("%s: its log opens with key '%s' from now on, and with no other\n",
		       v->name, key);
		printf("  to be named by what activates it: /etc/deltalog/%s.conf, tables, scripts\n",
		       v->name);
		return;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "changed");
	dl_json_str(o, "name", v->name);
	dl_json_str(o, "log", v->log);
	dl_json_str(o, "key", key);
	dl_json_print(o);
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (dl_keyplace_wrong(args[1]))
		return dl_opt_usage(verb, groups, "KEY: %s",
				    dl_keyplace_wrong(args[1]));
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: change(v.name, args[1]);
	if (!rc)
		tell(&v, args[1]);
	return rc;
}

const struct dl_verb dl_verb_key = {
	.name = "key",
	.args = "NAME KEY",
	.min_args = 2,
	.max_args = 2,
	.brief = "have an encrypted volume's log open with another key",
	.about =
"KEY says where the new key is: :32:logon:deltalog:NAME, 32 bytes in a keyring of\n"
"the caller, as 'keyctl padd logon deltalog:NAME @u < FILE' puts there. Only the\n"
"superblocks are written: what they wrap, and all that is encrypted with it, stays.",
	.run = run,
};
