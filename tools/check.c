// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog check: read a log that is not active and verify all of it, from the
 * superblock slots to the last payload. Nothing is written.
 *
 * What recovery would trust is walked by the core, with the same code that the
 * kernel recovers with; on top of that, the spare slot and its checkpoint are
 * checked, which recovery would not look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cipher.h"
#include "err.h"
#include "finding.h"
#include "human.h"
#include "inuse.h"
#include "json.h"
#include "samples.h"
#include "scan.h"
#include "verbs.h"

static const char *origin_path;
static bool quick, force;

static const struct dl_opt opts[] = {
	DL_STRING("origin", &origin_path, "DEV",
		  "compare the log's samples of the origin with it"),
	DL_FLAG("quick", &quick, "read payloads only where nothing else proves a frame"),
	DL_FLAG("force", &force,
		"also a log in use, which may show damage that is none"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct check {
	struct dl_logdev log;
	struct dl_logcp cp;
	int slot;
	bool walked;
	struct dl_findings found;
	struct dl_scan scan;
	u64 payload_bytes;
	/* the samples' pages that a record concerns */
	bool *touched;
	bool compared;
	struct dl_samples samples;
};

static void slot_finding(struct check *c, enum dl_note_kind kind,
			 enum dl_status why, int slot, const char *what)
{
	char text[96];

	snprintf(text, sizeof(text), "%s, slot %d", what, slot);
	dl_findings_add(&c->found, kind, why, text,
			(u64)slot * DL_SUPER_SECTORS);
}

static void check_spare(struct check *c, int slot)
{
	const struct dl_super *sb = &c->log.slot[slot];
	enum dl_status st = c->log.slot_st[slot];
	struct dl_logcp cp;
	char text[128];

	if (st != DL_OK) {
		slot_finding(c, DL_NOTE_REPAIRED, st, slot, "superblock");
		return;
	}
	if (memcmp(sb->uuid, c->log.slot[c->slot].uuid, sizeof(sb->uuid)))
		slot_finding(c, DL_NOTE_DAMAGE, DL_BAD_IDENTITY, slot,
			     "superblock of another log");
	st = dl_logcp_load(&cp, &c->log, slot);
	if (st == DL_OK || st == DL_NO_KEY) {
		dl_logcp_free(&cp);
		return;
	}
	snprintf(text, sizeof(text), "%s, slot %d", cp.part, slot);
	dl_findings_add(&c->found, DL_NOTE_REPAIRED, st, text, sb->cp_sector);
}

/* Both slots and checkpoints; c->slot is -1 when the log has no start. */
static void check_start(struct check *c)
{
	enum dl_status st;
	struct dl_logcp cp;
	char text[128];
	int i;

	c->slot = dl_logdev_pick(&c->log, &c->cp);
	if (c->slot >= 0) {
		check_spare(c, !c->slot);
		return;
	}
	for (i = 0; i < DL_SUPER_SLOTS; i++) {
		if (c->log.slot_st[i] != DL_OK) {
			slot_finding(c, DL_NOTE_FATAL, c->log.slot_st[i], i,
				     "superblock");
			continue;
		}
		st = dl_logcp_load(&cp, &c->log, i);
		snprintf(text, sizeof(text), "%s, slot %d", cp.part, i);
		dl_findings_add(&c->found, DL_NOTE_FATAL, st, text,
				c->log.slot[i].cp_sector);
	}
}

static bool size_fits(struct check *c)
{
	u64 have = c->log.dev->bytes >> DL_SECTOR_SHIFT;

	if (have >= c->log.slot[c->slot].log_sectors)
		return true;
	dl_findings_add(&c->found, DL_NOTE_FATAL, DL_BAD_SIZE,
			"device, cut short", have);
	return false;
}

static void on_note(void *ctx, const struct dl_note *note)
{
	struct check *c = ctx;

	dl_findings_note(&c->found, note);
}

static int on_record(void *ctx, const struct dl_rec *rec)
{
	struct check *c = ctx;
	u64 first = rec->d.addr, last = first;
	u32 i;

	if (dl_rec_has_payload(rec->d.type))
		c->payload_bytes += dl_desc_bytes(&rec->d);
	/* Up to the horizon the origin is what the samples say. */
	if (rec->seq <= c->cp.head.horizon_seq || !dl_rec_present(rec))
		return 0;
	dl_lost_cover(c->cp.lost, c->cp.nr_lost, rec);
	if (rec->d.type == DL_REC_ZERO_RUN) {
		last = (first + rec->d.payload - 1) >> DL_PAGE_SECTOR_SHIFT;
		first >>= DL_PAGE_SECTOR_SHIFT;
	}
	for (i = 0; i < c->cp.nr_samples; i++)
		if (c->cp.samples[i].page >= first &&
		    c->cp.samples[i].page <= last)
			c->touched[i] = true;
	return 0;
}

/* What was given up earlier, and nothing has been written there since. */
static void check_lost(struct check *c)
{
	struct dl_note n = {
		.kind = DL_NOTE_DAMAGE,
		.why = DL_IO_ERROR,
		.what = "sectors lost to earlier damage",
		.sector = c->log.slot[c->slot].cp_sector,
	};
	u32 i;

	for (i = 0; i < c->cp.nr_lost; i++) {
		n.page = c->cp.lost[i].page;
		if (c->cp.lost[i].mask)
			dl_findings_note(&c->found, &n);
	}
}

static int walk(struct check *c)
{
	int rc;

	c->touched = calloc(c->cp.nr_samples + 1, sizeof(*c->touched));
	if (!c->touched)
		return dl_err_nomem();
	c->scan = (struct dl_scan) {
		.log = &c->log,
		.sb = &c->log.slot[c->slot],
		.cp = &c->cp,
		.flags = DL_WALK_FRAMES | (quick ? 0 : DL_WALK_PAYLOADS),
		.go_on = true,
		.progress = "checking",
		.ctx = c,
		.record = on_record,
		.note = on_note,
	};
	c->walked = true;
	rc = dl_scan_run(&c->scan);
	if (!rc)
		check_lost(c);
	return rc;
}

static bool was_touched(void *ctx, u64 page)
{
	struct check *c = ctx;
	u32 i;

	for (i = 0; i < c->cp.nr_samples; i++)
		if (c->cp.samples[i].page == page)
			return c->touched[i];
	return false;
}

static int check_origin(struct check *c)
{
	u64 volume = c->log.slot[c->slot].volume_sectors << DL_SECTOR_SHIFT;
	struct dl_blkdev origin;
	struct dl_note n = { .kind = DL_NOTE_DAMAGE, .page = U64_MAX };
	int rc;

	rc = dl_blkdev_open(&origin, "origin", origin_path, DL_BLKDEV_FILE);
	if (rc)
		return rc;
	if (origin.bytes < volume) {
		n.why = DL_BAD_SIZE;
		n.what = "origin, smaller than the volume";
		dl_findings_note(&c->found, &n);
	}
	rc = dl_samples_compare(&c->cp, &origin, was_touched, c, &c->samples);
	c->compared = !rc;
	if (!rc && c->samples.differ) {
		n.why = DL_BAD_CRC;
		n.what = "origin, changed behind the log's back";
		n.page = c->samples.first;
		dl_findings_note(&c->found, &n);
	}
	dl_blkdev_close(&origin);
	return rc;
}

static void report_json(struct check *c, int rc)
{
	struct json_object *o = json_object_new_object();
	const struct dl_super *sb;
	char uuid[DL_HUMAN_UUID];

	dl_json_bool(o, "ok", rc == DL_EXIT_OK);
	dl_json_u64(o, "exit", (uint64_t)rc);
	dl_json_str(o, "log", c->log.dev->path);
	if (c->slot >= 0) {
		sb = &c->log.slot[c->slot];
		dl_json_str(o, "uuid", dl_human_uuid(uuid, sb->uuid));
		dl_json_str(o, "label", sb->label);
		dl_json_str(o, "state", dl_logdev_state(sb->flags));
		dl_json_u64(o, "generation", sb->generation);
	}
	/* All is in it that follows: without the key nothing is known of it. */
	json_object_object_add(o, "encryption", c->slot >= 0 ?
			       dl_cipher_json(&c->log.slot[c->slot]) : NULL);
	dl_json_bool(o, "records_checked", c->walked);
	dl_json_bool(o, "payloads", !quick);
	dl_json_u64(o, "segments", c->scan.nr_segments);
	dl_json_u64(o, "frames", c->scan.walk.nr_frames);
	dl_json_u64(o, "records", c->scan.walk.nr_records);
	dl_json_u64(o, "payload_bytes", c->payload_bytes);
	dl_json_u64(o, "samples_compared", c->samples.compared);
	json_object_object_add(o, "findings", dl_findings_json(&c->found));
	dl_json_u64(o, "problems", dl_findings_problems(&c->found));
	dl_json_print(o);
}

static void report(struct check *c)
{
	const struct dl_super *sb;
	char uuid[DL_HUMAN_UUID], bytes[40];

	if (c->slot >= 0) {
		sb = &c->log.slot[c->slot];
		printf("%s: log '%s', uuid %s, %s, generation %llu\n",
		       c->log.dev->path, sb->label,
		       dl_human_uuid(uuid, sb->uuid),
		       dl_logdev_state(sb->flags),
		       (unsigned long long)sb->generation);
	}
	dl_findings_print(&c->found);
	if (c->walked)
		printf("checked %u segments, %llu frames, %llu records, %s of payloads%s\n",
		       c->scan.nr_segments,
		       (unsigned long long)c->scan.walk.nr_frames,
		       (unsigned long long)c->scan.walk.nr_records,
		       dl_human_bytes(bytes, sizeof(bytes), c->payload_bytes),
		       quick ? " (read only where nothing else proves a frame)" : "");
	if (c->cp.sealed)
		puts("checked superblocks and checksums of checkpoints; what is in these, and all frames and records, is encrypted: 'deltalog scrub' of the active volume verifies it");
	if (c->compared)
		printf("compared %u samples of the origin, %u could not be\n",
		       c->samples.compared, c->samples.skipped);
	dl_findings_sum(&c->found);
}

static int check(struct check *c, struct dl_blkdev *dev)
{
	int rc = 0;

	dl_logdev_load(&c->log, dev);
	if (!dl_logdev_any(&c->log))
		return dl_logdev_explain(&c->log);
	check_start(c);
	/* A log that is too new is not damaged: say that, and that alone. */
	if (c->slot < 0 && dl_logdev_too_new(&c->log))
		return dl_logdev_explain(&c->log);
	if (c->cp.sealed && origin_path)
		return dl_err(DL_EXIT_REFUSED,
			      "log %s is encrypted, and the samples of the origin are in it; leave --origin out: the kernel compares them at each activation",
			      c->log.dev->path);
	if (c->slot >= 0 && size_fits(c) && !c->cp.sealed)
		rc = walk(c);
	if (!rc && c->slot >= 0 && origin_path && c->walked)
		rc = check_origin(c);
	if (rc)
		return rc;
	rc = dl_findings_exit(&c->found);
	if (dl_json_wanted())
		report_json(c, rc);
	else
		report(c);
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct check c = { .slot = -1 };
	struct dl_blkdev dev;
	int claim = -1, rc;

	rc = dl_opt_parse(verb, groups, argc, argv, args);
	if (rc)
		return rc;
	rc = dl_blkdev_open(&dev, "log", args[0], DL_BLKDEV_FILE);
	if (rc)
		return rc;
	if (!force)
		rc = dl_inuse_claim(&dev, &claim);
	rc = rc ?: check(&c, &dev);
	if (claim >= 0)
		close(claim);
	dl_findings_free(&c.found);
	dl_logcp_free(&c.cp);
	free(c.touched);
	dl_blkdev_close(&dev);
	return rc;
}

const struct dl_verb dl_verb_check = {
	.name = "check",
	.args = "LOGDEV",
	.min_args = 1,
	.max_args = 1,
	.brief = "verify every structure and checksum of a log, read-only",
	.about =
"LOGDEV is a log device that is not active, or an image of one. Each finding\n"
"says how serious it is, what it is and where. The last line says \"clean\" or\n"
"how many problems there are. Of an encrypted log only the superblocks and the\n"
"checksums of the checkpoints can be verified: for the rest there is 'deltalog\n"
"scrub' of the active volume.",
	.run = run,
};
