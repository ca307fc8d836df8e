// SPDX-License-Identifier: GPL-2.0
/* deltalog activate: bring a volume up again. */
#include <stdio.h>

#include "dm.h"
#include "err.h"
#include "human.h"
#include "logdev.h"
#include "table.h"
#include "verbs.h"
#include "volume.h"

static const char *origin, *log_path;
static bool grow;

static const struct dl_opt opts[] = {
	DL_REQUIRED("origin", &origin, "DEV",
		    "the disk that the log belongs to"),
	DL_REQUIRED("log", &log_path, "DEV", "the log"),
	DL_FLAG("grow", &grow,
		"let the volume grow to the origin's present size"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ "If it is refused", dl_table_activate_opts },
	{ "Options of the target", dl_table_opts },
	{ NULL, NULL }
};

/* What can be told without the kernel, for a precise answer. */
static int judge(const struct dl_volume *v, const struct dl_super *sb)
{
	uint64_t sectors = v->origin.bytes >> DL_SECTOR_SHIFT;
	char when[40];

	if (sb->flags & DL_SUPER_DETACHED)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s was detached on %s, its origin is a plain disk; use that, or 'deltalog create' a new volume",
			      v->log.path,
			      dl_human_time(when, sizeof(when),
					    sb->written_ns));
	if (sb->incompat & DL_FEATURE_CRYPT && !dl_table_keyed())
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is encrypted: say where its key is with --key :32:logon:deltalog:NAME, after 'keyctl padd logon deltalog:NAME @u < FILE'",
			      v->log.path);
	if (sb->incompat & DL_FEATURE_CRYPT && !dl_super_sealed(sb))
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is to be encrypted and has no key yet: either 'deltalog create' did not come to its end, then create it anew with --force, or somebody has tampered with it",
			      v->log.path);
	if (!(sb->incompat & DL_FEATURE_CRYPT) && dl_table_keyed())
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is not encrypted, which only 'deltalog create' could change; leave --key out",
			      v->log.path);
	if (v->log.bytes >> DL_SECTOR_SHIFT < sb->log_sectors)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is truncated: it has %llu sectors, its superblock says %llu; restore the device's size",
			      v->log.path,
			      (unsigned long long)(v->log.bytes >>
						   DL_SECTOR_SHIFT),
			      (unsigned long long)sb->log_sectors);
	if (sb->block_bytes < v->log.logical)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s has blocks of %u bytes, this log was made with %u; move it to a device with smaller blocks",
			      v->log.path, v->log.logical, sb->block_bytes);
	if (sectors < sb->volume_sectors)
		return dl_err(DL_EXIT_REFUSED,
			      "origin %s is smaller than the volume (%llu of %llu sectors); is it the right one?",
			      v->origin.path, (unsigned long long)sectors,
			      (unsigned long long)sb->volume_sectors);
	return 0;
}

static int start(struct dl_volume *v, const char *name)
{
	struct dl_logdev l;
	struct dl_logcp cp;
	uint64_t sectors;
	int rc, slot;

	dl_logdev_load(&l, &v->log);
	slot = dl_logdev_pick(&l, &cp);
	if (slot < 0)
		return dl_logdev_explain(&l);
	dl_logcp_free(&cp);
	rc = judge(v, &l.slot[slot]);
	rc = rc ?: dl_dm_ready();
	rc = rc ?: dl_volume_name_free(name);
	if (rc)
		return rc;
	sectors = grow ? v->origin.bytes >> DL_SECTOR_SHIFT :
		l.slot[slot].volume_sectors;
	rc = dl_volume_start(v, name, &l.slot[slot], sectors);
	if (!rc)
		dl_volume_tell(v, name, "activated", &l.slot[slot], sectors);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dl_volume v;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	if (!dl_opt_name_ok(args[0]))
		return DL_EXIT_USAGE;
	if (dl_table_wrong())
		return dl_opt_usage(verb, groups, "%s", dl_table_wrong());
	rc = dl_table_load();
	if (rc)
		return rc;
	rc = dl_volume_open(&v, origin, log_path, 0);
	rc = rc ?: start(&v, args[0]);
	dl_volume_close(&v);
	return rc;
}

const struct dl_verb dl_verb_activate = {
	.name = "activate",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "bring a volume up from its origin and log",
	.about =
"After a crash this recovers. The kernel compares samples of the origin with\n"
"what the log remembers of it, and refuses an origin that somebody wrote to\n"
"meanwhile; --accept-origin says that this is known and wanted.",
	.run = run,
};
