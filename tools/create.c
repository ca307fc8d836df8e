// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog create: everything is checked before the first byte is written, and
 * what was written is taken back if the volume does not come up.
 */
#include <stdio.h>
#include <string.h>

#include "cipher.h"
#include "dm.h"
#include "err.h"
#include "human.h"
#include "logdev.h"
#include "mklog.h"
#include "probe.h"
#include "scan.h"
#include "table.h"
#include "verbs.h"
#include "volume.h"

#define LABEL_MAX	(sizeof(((struct dl_super *)NULL)->label) - 1)

static const char *origin, *log_path, *label, *cipher;
static uint64_t block;
static bool force;

static const struct dl_opt opts[] = {
	DL_REQUIRED("origin", &origin, "DEV", "the disk; it keeps its data"),
	DL_REQUIRED("log", &log_path, "DEV",
		    "the fast device that takes the log; its content is lost"),
	DL_NUMBER("block-size", DL_OPT_BYTES, &block, "BYTES", 512, 4096,
		  "log block, 512..4096 (default: physical block of the log)"),
	DL_STRING("cipher", &cipher, "NAME",
		  "with --key: aes-gcm (default) or chacha20-poly1305"),
	DL_STRING("label", &label, "TEXT",
		  "stored in the log, for people (default: NAME)"),
	DL_FLAG("force", &force,
		"overwrite what is recognised on the log device"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ "Options of the target", dl_table_opts },
	{ NULL, NULL }
};

static uint32_t clamp_block(uint32_t n)
{
	return n < DL_BLOCK_MIN ? DL_BLOCK_MIN :
		n > DL_BLOCK_MAX ? DL_BLOCK_MAX : n;
}

/* Sizes and layout; changes nothing. */
static int lay_out(const struct dl_volume *v, const char *name,
		   struct dl_super *sb)
{
	uint64_t log = v->log.bytes >> DL_SECTOR_SHIFT;
	uint64_t volume = v->origin.bytes >> DL_SECTOR_SHIFT;
	uint32_t bytes = (uint32_t)block;
	char have[40], need[40];
	enum dl_status st;

	/* A block is what is encrypted at once. */
	if (dl_table_keyed())
		bytes = DL_PAGE_BYTES;
	else if (!bytes)
		bytes = clamp_block(v->log.physical);
	if (bytes < v->log.logical)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s has blocks of %u bytes, which a log block of %u cannot go below; %s",
			      v->log.path, v->log.logical, bytes,
			      v->log.logical > DL_BLOCK_MAX ?
			      "use another device" : "leave --block-size out");
	if (volume < DL_PAGE_SECTORS)
		return dl_err(DL_EXIT_REFUSED,
			      "origin %s is too small: %s, at least 4 KiB are needed",
			      v->origin.path,
			      dl_human_bytes(have, sizeof(have),
					     v->origin.bytes));
	st = dl_super_layout(sb, log, volume, bytes, 0);
	if (st == DL_NO_SPACE)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is too small: %s, at least %s are needed",
			      v->log.path,
			      dl_human_bytes(have, sizeof(have), v->log.bytes),
			      dl_human_bytes(need, sizeof(need),
					     (uint64_t)DL_LOG_SECTORS_MIN <<
					     DL_SECTOR_SHIFT));
	if (st != DL_OK)
		return dl_err(DL_EXIT_REFUSED,
			      "origin %s (%s) over log %s: %s", v->origin.path,
			      dl_human_bytes(have, sizeof(have),
					     v->origin.bytes),
			      v->log.path, dl_status_text(st));
	snprintf(sb->label, sizeof(sb->label), "%.*s",
		 (int)sizeof(sb->label) - 1, label ?: name);
	/* The key of the volume is the kernel's to draw, when it starts. */
	if (dl_table_keyed()) {
		sb->incompat |= DL_FEATURE_CRYPT;
		sb->crypt.cipher = cipher ? dl_cipher_of(cipher) :
			DL_CIPHER_AES_GCM;
	}
	return 0;
}

/* What overwriting a log would lose, in words. */
static void loss(struct dl_logdev *l, char *buf, size_t size)
{
	char uuid[DL_HUMAN_UUID], bytes[40];
	struct dl_logcp cp;
	u64 records, sum;
	int slot = dl_logdev_pick(l, &cp);
	bool all;

	if (slot < 0) {
		snprintf(buf, size,
			 "a deltalog log that cannot be read (%s, %s), with whatever is not in its origin yet",
			 dl_status_text(l->slot_st[0]),
			 dl_status_text(l->slot_st[1]));
		return;
	}
	if (cp.sealed) {
		snprintf(buf, size,
			 "the log '%s' (%s), which is encrypted, so that it cannot be told what is in it and not in its origin yet",
			 l->slot[slot].label,
			 dl_human_uuid(uuid, l->slot[slot].uuid));
		return;
	}
	all = dl_scan_loss(l, slot, &cp, &records, &sum);
	snprintf(buf, size,
		 "the log '%s' (%s), and with it %s%llu records, %s, that are not in its origin yet",
		 l->slot[slot].label,
		 dl_human_uuid(uuid, l->slot[slot].uuid),
		 all ? "" : "at least ", (unsigned long long)records,
		 dl_human_bytes(bytes, sizeof(bytes), sum));
	dl_logcp_free(&cp);
}

static int judge_old_log(struct dl_volume *v)
{
	struct dl_logdev l;
	char what[320];

	dl_logdev_load(&l, &v->log);
	if (!dl_logdev_any(&l) || dl_logdev_detached(&l))
		return 0;
	loss(&l, what, sizeof(what));
	if (!force)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is in use as a log: creating would lose %s; activate and detach that volume first, or lose it with --force",
			      v->log.path, what);
	dl_warn("log %s: --force: lost is %s", v->log.path, what);
	return 0;
}

static int judge_signatures(const struct dl_volume *v, struct dl_probe *p)
{
	const struct dl_signature *s = p->sig;
	int rc = dl_probe_device(&v->log, p);
	unsigned int i;

	if (rc || !p->nr)
		return rc;
	if (!force)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s holds something: %s, %s, at byte %llu; name another device, or wipe it (wipefs) or overwrite it with --force",
			      v->log.path, s->usage, s->type,
			      (unsigned long long)s->offset);
	for (i = 0; i < p->nr; i++, s++)
		dl_warn("log %s: --force: wiping %s, %s, at byte %llu",
			v->log.path, s->usage, s->type,
			(unsigned long long)s->offset);
	return 0;
}

/* The origin may hold anything, but not something that starts by itself. */
static int judge_origin(struct dl_volume *v)
{
	struct dl_logdev l;
	struct dl_probe p;
	unsigned int i;
	int rc;

	dl_logdev_load(&l, &v->origin);
	/* Not even with --force: the other way round it would wipe a disk. */
	if (dl_logdev_any(&l) && !dl_logdev_detached(&l))
		return dl_err(DL_EXIT_REFUSED,
			      "origin %s holds a deltalog log; are origin and log swapped? If it is meant, zero its first 8 KiB",
			      v->origin.path);
	rc = dl_probe_device(&v->origin, &p);
	for (i = 0; i < p.nr && !rc; i++)
		if (strstr(p.sig[i].usage, "RAID"))
			dl_warn("origin %s is a %s (%s): keep that from starting on %s itself, or it writes behind the log's back",
				v->origin.path, p.sig[i].usage, p.sig[i].type,
				v->origin.path);
	return rc;
}

static int make(struct dl_volume *v, const char *name, struct dl_super *sb,
		const struct dl_probe *p)
{
	struct dl_mklog m;
	int rc, undone;

	rc = dl_mklog_write(&m, &v->log, sb, p);
	if (!rc) {
		dl_table_new_key();
		rc = dl_volume_start(v, name, sb, sb->volume_sectors);
		if (rc) {
			undone = dl_mklog_undo(&m);
			if (undone)
				dl_err(DL_EXIT_FAILED,
				       "log %s: what was there before could not be put back: %s",
				       v->log.path, strerror(-undone));
			else
				dl_warn("log %s holds again what it held before",
					v->log.path);
		}
	}
	dl_mklog_forget(&m);
	return rc;
}

/* Labels end up on terminals. */
static bool printable(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

/* What the options must obey. */
static int judge_options(const struct dl_verb *verb)
{
	if (block & (block - 1))
		return dl_opt_usage(verb, groups,
				    "--block-size: %llu is not a power of two",
				    (unsigned long long)block);
	if (label && strlen(label) > LABEL_MAX)
		return dl_opt_usage(verb, groups, "--label: more than %zu bytes",
				    LABEL_MAX);
	if (label && !printable(label))
		return dl_opt_usage(verb, groups,
				    "--label: control characters are not allowed");
	if (dl_table_wrong())
		return dl_opt_usage(verb, groups, "%s", dl_table_wrong());
	if (cipher && !dl_table_keyed())
		return dl_opt_usage(verb, groups,
				    "--cipher goes with --key, which says where the key is");
	if (cipher && !dl_cipher_of(cipher))
		return dl_opt_usage(verb, groups,
				    "--cipher is aes-gcm or chacha20-poly1305, not '%s'",
				    cipher);
	if (block && block != DL_PAGE_BYTES && dl_table_keyed())
		return dl_opt_usage(verb, groups,
				    "--block-size: an encrypted log has blocks of %u bytes, not %llu; leave it out",
				    (unsigned int)DL_PAGE_BYTES,
				    (unsigned long long)block);
	return dl_table_load();
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS], *name;
	struct dl_volume v;
	struct dl_super sb;
	struct dl_probe p;
	int rc = dl_opt_parse(verb, groups, argc, argv, args);

	if (rc)
		return rc;
	name = args[0];
	if (!dl_opt_name_ok(name))
		return DL_EXIT_USAGE;
	rc = judge_options(verb);
	if (rc)
		return rc;

	rc = dl_volume_open(&v, origin, log_path, DL_BLKDEV_WRITE);
	rc = rc ?: lay_out(&v, name, &sb);
	rc = rc ?: judge_origin(&v);
	rc = rc ?: judge_signatures(&v, &p);
	rc = rc ?: judge_old_log(&v);
	rc = rc ?: dl_dm_ready();
	rc = rc ?: dl_volume_name_free(name);
	rc = rc ?: make(&v, name, &sb, &p);
	if (!rc)
		dl_volume_tell(&v, name, "created", &sb, sb.volume_sectors);
	dl_volume_close(&v);
	return rc;
}

const struct dl_verb dl_verb_create = {
	.name = "create",
	.args = "NAME",
	.min_args = 1,
	.max_args = 1,
	.brief = "put a log in front of a disk, and activate the volume",
	.about =
"The origin is not written to and may hold data. The log device is formatted.\n"
"Refused are devices that are in use, too small, or not two, and, unless\n"
"--force is given, a log device on which something is recognised.",
	.run = run,
};
