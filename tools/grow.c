// SPDX-License-Identifier: GPL-2.0
/* deltalog grow: let the log of a running volume use all of its device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "kmsg.h"
#include "verbs.h"

static const struct dl_opt opts[] = { DL_OPT_END };

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

/* "BEFORE AFTER", in sectors. */
static bool parse(char *text, uint64_t *before, uint64_t *after)
{
	char *end = strchr(text, ' ');

	if (!end)
		return false;
	*end++ = '\0';
	end[strcspn(end, "\n")] = '\0';
	return dl_human_number(text, false, before) &&
	       dl_human_number(end, false, after) && *after >= *before &&
	       *after < UINT64_MAX >> 9;
}

static int ask(const char *name, uint64_t *before, uint64_t *after)
{
	int kmsg = dl_kmsg_mark(), rc;
	char *text = NULL, why[512];

	rc = dl_dm_ask(name, "grow", &text);
	/* That it has grown is no reason. */
	if (!rc) {
		dl_kmsg_drop(kmsg);
		if (!parse(text, before, after))
			rc = dl_err(DL_EXIT_KERNEL,
				    "%s: its module's answer cannot be understood; is it of another release?",
				    name);
		free(text);
		return rc;
	}
	dl_kmsg_last(kmsg, why, sizeof(why));
	return dl_err(rc == -EBUSY ? DL_EXIT_BUSY : DL_EXIT_KERNEL,
		      "%s: its log stays as it is: %s", name,
		      why[0] ? why : strerror(-rc));
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	uint64_t before, after;
	struct json_object *o;
	char a[32], b[32];
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	rc = rc ?: dl_dm_get(args[0], &v);
	rc = rc ?: ask(v.name, &before, &after);
	if (rc)
		return rc;
	dl_human_bytes(a, sizeof(a), before << 9);
	dl_human_bytes(b, sizeof(b), after << 9);
	if (!dl_json_wanted()) {
		if (after > before)
			printf("%s: its log has grown from %s to %s\n", v.name,
			       a, b);
		else
			printf("%s: its log has all of its device already (%s); make device %s larger first\n",
			       v.name, a, v.log);
		return 0;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", after > before ? "grown" : "nothing");
	dl_json_str(o, "name", v.name);
	dl_json_str(o, "log", v.log);
	dl_json_u64(o, "before_bytes", before << 9);
	dl_json_u64(o, "after_bytes", after << 9);
	dl_json_print(o);
	return 0;
}

const struct dl_verb dl_verb_grow = {
	.name = "grow",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "let a volume's log use all of its device, which has become larger",
	.about =
"While it is in use. Make the log's device larger first, as with lvextend; what\n"
"is behind the log on that device is overwritten. The volume itself grows with\n"
"its origin by 'deltalog activate --grow'.",
	.run = run,
};
