// SPDX-License-Identifier: GPL-2.0
/* deltalog deactivate: flush and remove the device; the log stays as it is. */
#include <stdio.h>
#include <string.h>

#include "dm.h"
#include "down.h"
#include "err.h"
#include "json.h"
#include "verbs.h"
#include "volstat.h"

static bool force;

static const struct dl_opt opts[] = {
	DL_FLAG("force", &force,
		"also when what was written cannot be flushed any more"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_dm_volume v;
	struct dl_volstat s;
	struct json_object *o;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	rc = dl_dm_get(args[0], &v);
	rc = rc ?: dl_down_idle(&v);
	rc = rc ?: dl_volstat_read(&s, v.name);
	if (rc)
		return rc;
	/* Of a volume that is detached nothing is left to flush. */
	if (!v.suspended && strcmp(s.mode, "detached")) {
		rc = dl_dm_message(v.name, "flush");
		if (rc && !force)
			return dl_err(DL_EXIT_KERNEL,
				      "%s: flush failed: %s; 'deltalog status %s' tells its state, --force removes it as it is",
				      v.name, strerror(-rc), v.name);
		if (rc)
			dl_warn("%s: flush failed: %s; writes since the last flush may be lost",
				v.name, strerror(-rc));
	}
	rc = dl_down_remove(&v);
	if (rc)
		return rc;
	if (!dl_json_wanted()) {
		printf("%s deactivated\n", v.name);
		return 0;
	}
	o = json_object_new_object();
	dl_json_bool(o, "ok", true);
	dl_json_str(o, "did", "deactivated");
	dl_json_str(o, "name", v.name);
	dl_json_print(o);
	return 0;
}

const struct dl_verb dl_verb_deactivate = {
	.name = "deactivate",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "flush a volume and take it down; origin and log stay a pair",
	.about =
"What is in the log stays there. Until the next activation the origin alone is\n"
"not current and must not be written to.",
	.run = run,
};
