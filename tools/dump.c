// SPDX-License-Identifier: GPL-2.0
/*
 * deltalog dump: what is in a log, as tables. One walk for each table, and
 * each row is printed as it is met, so that the size of a log does not matter.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cipher.h"
#include "err.h"
#include "human.h"
#include "json.h"
#include "rows.h"
#include "scan.h"
#include "verbs.h"

static bool super, segments, frames, records;
static uint64_t page = UINT64_MAX;

static const struct dl_opt opts[] = {
	DL_FLAG("super", &super, "both superblocks and the checkpoint"),
	DL_FLAG("segments", &segments, "the segments"),
	DL_FLAG("frames", &frames, "the frames"),
	DL_FLAG("records", &records, "the records"),
	DL_NUMBER("page", DL_OPT_NUMBER, &page, "N", 0, DL_PAGE_MAX,
		  "with --records: those that concern this 4 KiB page"),
	DL_OPT_END
};

static const struct dl_opt_group groups[] = {
	{ "Options", opts },
	{ NULL, NULL }
};

struct dump {
	struct dl_logdev log;
	struct dl_logcp cp;
	int slot;
	bool damaged;		/* a walk met damage */
};

/* ---- superblocks and checkpoint ---------------------------------------- */

static void print_slot(const struct dump *d, int i)
{
	const struct dl_super *sb = &d->log.slot[i];
	char uuid[DL_HUMAN_UUID], when[40], size[40];

	printf("superblock %d at sector %d", i, i * (int)DL_SUPER_SECTORS);
	if (d->log.slot_st[i] != DL_OK) {
		printf(": %s\n", d->log.slot_blank[i] ? "blank" :
		       dl_status_text(d->log.slot_st[i]));
		return;
	}
	printf("%s\n", i == d->slot ? ", in use" : "");
	printf("  uuid           %s\n", dl_human_uuid(uuid, sb->uuid));
	printf("  label          %s\n", sb->label);
	printf("  generation     %" PRIu64 "\n", sb->generation);
	printf("  flags          %s\n", dl_logdev_state(sb->flags));
	printf("  features       compat %#" PRIx64 ", ro_compat %#" PRIx64
	       ", incompat %#" PRIx64 "\n", sb->compat, sb->ro_compat,
	       sb->incompat);
	printf("  epoch          %016" PRIx64 "\n", sb->epoch);
	printf("  created        %s\n",
	       dl_human_time(when, sizeof(when), sb->created_ns));
	printf("  written        %s\n",
	       dl_human_time(when, sizeof(when), sb->written_ns));
	printf("  block          %u bytes\n", sb->block_bytes);
	printf("  chunk          %u sectors, %u of them\n", sb->chunk_sectors,
	       dl_super_chunks(sb));
	printf("  log            %" PRIu64 " sectors, %s, data from sector %"
	       PRIu64 "\n", sb->log_sectors,
	       dl_human_bytes(size, sizeof(size),
			      sb->log_sectors << DL_SECTOR_SHIFT),
	       sb->data_start);
	printf("  volume         %" PRIu64 " sectors, %s\n",
	       sb->volume_sectors,
	       dl_human_bytes(size, sizeof(size),
			      sb->volume_sectors << DL_SECTOR_SHIFT));
	printf("  checkpoint     sector %" PRIu64 ", %u bytes of %u sectors, crc %08x\n",
	       sb->cp_sector, sb->cp_bytes, sb->cp_sectors, sb->cp_crc);
	if (sb->incompat & DL_FEATURE_CRYPT)
		printf("  encryption     %s, %s\n",
		       dl_cipher_name(sb->crypt.cipher), dl_super_sealed(sb) ?
		       "with a key of its own, wrapped with the user's" :
		       "no key drawn yet: the first activation does");
}

static void print_checkpoint(const struct dl_logcp *cp)
{
	const struct dl_cp_head *h = &cp->head;
	unsigned int valid = 0;
	u32 i;

	if (cp->sealed) {
		puts("checkpoint, encrypted as all that follows; its checksum is right");
		return;
	}
	for (i = 0; i < cp->nr_samples; i++)
		valid += !!(cp->samples[i].flags & DL_SAMPLE_VALID);
	printf("checkpoint, generation %" PRIu64 "\n", h->generation);
	printf("  horizon        sequence %" PRIu64 "\n", h->horizon_seq);
	printf("  next           sequence %" PRIu64 ", commit %" PRIu64
	       ", segment %" PRIu64 "\n", h->next_seq, h->next_commit,
	       h->next_segment_id);
	printf("  durable        commit %" PRIu64 "\n", h->durable_commit);
	printf("  segments       %u\n", cp->nr_segs);
	printf("  samples        %u, %u of them valid\n", cp->nr_samples,
	       valid);
	if (cp->nr_lost)
		printf("  lost           sectors of %u pages\n", cp->nr_lost);
	if (cp->tunables)
		printf("  tunables       %zu bytes\n%.*s", cp->tunables_bytes,
		       (int)cp->tunables_bytes, cp->tunables);
	if (cp->policy)
		printf("  policy         %zu bytes\n%.*s", cp->policy_bytes,
		       (int)cp->policy_bytes, cp->policy);
	if (cp->nr_grains)
		printf("  granularity    %u regions; 'deltalog map --log' shows them\n",
		       cp->nr_grains);
	if (dl_logcp_maps(cp))
		printf("                maps of %u snapshots\n", dl_logcp_maps(cp));
}

static void dump_super(const struct dump *d)
{
	int i;

	if (dl_json_wanted()) {
		dl_json_stream_open("superblocks");
		for (i = 0; i < DL_SUPER_SLOTS; i++)
			dl_json_stream_element(dl_row_super(&d->log, i,
							    i == d->slot));
		dl_json_stream_close();
		if (d->slot >= 0)
			dl_json_stream_member("checkpoint",
					      dl_row_checkpoint(&d->cp));
		return;
	}
	for (i = 0; i < DL_SUPER_SLOTS; i++)
		print_slot(d, i);
	if (d->slot >= 0)
		print_checkpoint(&d->cp);
}

/* ---- tables that take a walk ------------------------------------------- */

static int on_segment(void *ctx, const struct dl_walk_segment_info *info)
{
	(void)ctx;
	if (dl_json_wanted())
		dl_json_stream_element(dl_row_segment(info));
	else
		dl_row_print_segment(info);
	return 0;
}

/* A frame known by its summary: its header has what the summary lacks. */
static void complete(struct dump *d, struct dl_frame_head *h, u64 sector)
{
	u8 block[DL_BLOCK_MAX] __attribute__((aligned(8)));
	u32 bytes = d->log.slot[d->slot].block_bytes;
	struct dl_frame_head own;

	if (h->total_sectors ||
	    dl_logdev_read(&d->log, sector, bytes >> DL_SECTOR_SHIFT, block) ||
	    dl_frame_unpack(&own, (struct dl_disk_frame *)block, bytes) != DL_OK)
		return;
	if (own.commit == h->commit && own.epoch == h->epoch)
		*h = own;
}

static int on_frame(void *ctx, const struct dl_frame_head *h, u64 sector)
{
	struct dl_frame_head full = *h;

	complete(ctx, &full, sector);
	if (dl_json_wanted())
		dl_json_stream_element(dl_row_frame(&full, sector));
	else
		dl_row_print_frame(&full, sector);
	return 0;
}

static bool concerns(const struct dl_rec *rec, u64 want)
{
	u64 first = rec->d.addr, last;

	if (rec->d.type != DL_REC_ZERO_RUN)
		return first == want &&
			(dl_rec_present(rec) || rec->d.type == DL_REC_BASE);
	last = (first + rec->d.payload - 1) >> DL_PAGE_SECTOR_SHIFT;
	return first >> DL_PAGE_SECTOR_SHIFT <= want && want <= last;
}

static int on_record(void *ctx, const struct dl_rec *rec)
{
	(void)ctx;
	if (page != UINT64_MAX && !concerns(rec, page))
		return 0;
	if (dl_json_wanted())
		dl_json_stream_element(dl_row_record(rec));
	else
		dl_row_print_record(rec);
	return 0;
}

/* A table ends where the log can be read no further; say where that is. */
static void on_note(void *ctx, const struct dl_note *note)
{
	struct dump *d = ctx;

	if (note->kind != DL_NOTE_FATAL && note->kind != DL_NOTE_DAMAGE)
		return;
	if (!d->damaged)
		dl_warn("%s: %s at sector %" PRIu64 ", %s; 'deltalog check' tells all",
			note->what, dl_status_text(note->why), note->sector,
			note->kind == DL_NOTE_FATAL ?
			"what follows cannot be shown" :
			"what is shown of it cannot be trusted");
	d->damaged = true;
}

static int walk(struct dump *d, const char *key, const char *header,
		struct dl_scan *s)
{
	int rc;

	s->log = &d->log;
	s->sb = &d->log.slot[d->slot];
	s->cp = &d->cp;
	s->ctx = d;
	s->note = on_note;
	if (dl_json_wanted())
		dl_json_stream_open(key);
	else
		printf("%s\n", header);
	rc = dl_scan_run(s);
	if (dl_json_wanted())
		dl_json_stream_close();
	return rc;
}

static int dump_tables(struct dump *d)
{
	struct dl_scan seg = { .segment = on_segment };
	struct dl_scan frm = { .frame = on_frame };
	struct dl_scan rec = { .record = on_record };
	int rc = 0;

	if (segments)
		rc = walk(d, "segments", dl_row_segment_header, &seg);
	if (!rc && frames)
		rc = walk(d, "frames", dl_row_frame_header, &frm);
	if (!rc && records)
		rc = walk(d, "records", dl_row_record_header, &rec);
	return rc;
}

static int say_sealed(const struct dump *d)
{
	return dl_err(DL_EXIT_REFUSED,
		      "log %s is encrypted: segments, frames and records cannot be shown without its key, which is for the kernel alone; --super shows the superblocks",
		      d->log.dev->path);
}

static int dump(struct dump *d)
{
	int rc = 0;

	/* The superblocks of a log that cannot be used are shown as well. */
	if (d->slot < 0 && (!super || !dl_logdev_any(&d->log)))
		return dl_logdev_explain(&d->log);
	if (d->cp.sealed && !super)
		return say_sealed(d);
	if (dl_json_wanted())
		dl_json_stream_begin();
	if (super)
		dump_super(d);
	if (d->slot >= 0 && !d->cp.sealed)
		rc = dump_tables(d);
	if (dl_json_wanted())
		dl_json_stream_end();
	if (!rc && d->slot < 0)
		rc = dl_logdev_explain(&d->log);
	if (!rc && d->cp.sealed && (segments || frames || records))
		rc = say_sealed(d);
	if (!rc && d->damaged)
		rc = DL_EXIT_CORRUPT;
	return rc;
}

static int run(const struct dl_verb *verb, int argc, char **argv)
{
	const char *args[DL_OPT_MAX_ARGS];
	struct dump d = { .slot = -1 };
	struct dl_blkdev dev;
	bool any;
	int rc;

	rc = dl_opt_parse(verb, groups, argc, argv, args);
	if (rc)
		return rc;
	if (page != UINT64_MAX && !records)
		return dl_opt_usage(verb, groups,
				    "--page goes with --records");
	any = !super && !segments && !frames && !records;
	rc = dl_blkdev_open(&dev, "log", args[0], DL_BLKDEV_FILE);
	if (rc)
		return rc;
	dl_logdev_load(&d.log, &dev);
	d.slot = dl_logdev_pick(&d.log, &d.cp);
	if (any) {
		super = true;
		segments = !d.cp.sealed;
	}
	rc = dump(&d);
	dl_logcp_free(&d.cp);
	dl_blkdev_close(&dev);
	return rc;
}

const struct dl_verb dl_verb_dump = {
	.name = "dump",
	.args = "LOGDEV",
	.min_args = 1,
	.max_args = 1,
	.brief = "print what is in a log: superblocks, segments, frames, records",
	.about =
"LOGDEV is a log device or an image of one. Without a choice of tables it is\n"
"--super --segments. Of a log in use the end may be out of date. Of one that is\n"
"encrypted there is --super alone.",
	.run = run,
};
