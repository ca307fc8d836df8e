// SPDX-License-Identifier: GPL-2.0
/* The rows of a dump's tables. Sizes and places are in sectors of 512 bytes. */
#include <inttypes.h>
#include <stdio.h>

#include "cipher.h"
#include "human.h"
#include "json.h"
#include "policy.h"
#include "rows.h"

static const char *state_name(u8 state)
{
	switch (state) {
	case DL_SEG_OPEN:
		return "open";
	case DL_SEG_SEALED:
		return "sealed";
	case DL_SEG_NEXT:
		return "next";
	default:
		return "?";
	}
}

static const char *type_name(u8 type)
{
	switch (type) {
	case DL_REC_DATA:
		return "data";
	case DL_REC_ZERO:
		return "zero";
	case DL_REC_ZERO_RUN:
		return "zero-run";
	case DL_REC_LOST:
		return "lost";
	case DL_REC_BASE:
		return "base";
	case DL_REC_INDEX:
		return "index";
	case DL_REC_DELTA:
		return "delta";
	case DL_REC_MARK:
		return "mark";
	default:
		return "?";
	}
}

const char dl_row_segment_header[] =
	"   SEGMENT       START  SECTORS  STATE      USED  FIRST COMMIT   LAST COMMIT     FIRST SEQ      LAST SEQ  READ BY";
const char dl_row_frame_header[] =
	"    COMMIT      SECTOR  SECTORS  PAYLOAD  RECORDS     FIRST SEQ   SEGMENT       DURABLE  TIME";
const char dl_row_record_header[] =
	"       SEQ  TYPE              PAGE  AT LEN    LOG SECTOR  CRC          COMMIT   SEGMENT  LEVEL   TEMP CLIENT  FLAGS";

void dl_row_print_segment(const struct dl_walk_segment_info *info)
{
	const struct dl_cp_segment *s = &info->seg;

	printf("%10" PRIu64 "  %10" PRIu64 "  %7u  %-6s  %7u  %12" PRIu64
	       "  %12" PRIu64 "  %12" PRIu64 "  %12" PRIu64 "  %s%s\n", s->id,
	       s->start, s->sectors, state_name(s->state), s->end,
	       s->first_commit, s->last_commit, s->first_seq, s->last_seq,
	       info->by_summary ? "summary" : "frames",
	       info->from_chain ? ", after the checkpoint" : "");
}

void dl_row_print_frame(const struct dl_frame_head *h, u64 sector)
{
	char when[40];

	printf("%10" PRIu64 "  %10" PRIu64 "  %7u  %7u  %7u  %12" PRIu64
	       "  %8" PRIu64 "  %12" PRIu64 "  %s\n", h->commit, sector,
	       h->total_sectors, h->payload_sectors, h->nr_descs, h->first_seq,
	       h->segment_id, h->durable_commit,
	       dl_human_time(when, sizeof(when), h->time_ns));
}

void dl_row_print_record(const struct dl_rec *rec)
{
	const struct dl_desc *d = &rec->d;
	bool run = d->type == DL_REC_ZERO_RUN;
	char crc[9] = "-", loc[24] = "-";

	if (dl_rec_has_payload(d->type)) {
		snprintf(crc, sizeof(crc), "%08x", d->crc);
		snprintf(loc, sizeof(loc), "%" PRIu64, rec->loc);
	}
	/* A run counts in sectors: page, sector in it, number of sectors. */
	printf("%10" PRIu64 "  %-8s  %12" PRIu64 "  %2u %3u  %12s  %-8s  %9"
	       PRIu64 "  %8" PRIu64 "  %-6s  %2u  %5u  %s%s%s%s%s\n", rec->seq,
	       type_name(d->type),
	       run ? d->addr >> DL_PAGE_SECTOR_SHIFT : d->addr,
	       run ? (unsigned int)(d->addr & (DL_PAGE_SECTORS - 1)) : d->first,
	       run ? d->payload : d->sectors, loc, crc, rec->commit,
	       rec->segment_id,
	       d->type == DL_REC_MARK ? "-" : dl_level_name(d->level),
	       d->temperature, d->client,
	       d->flags & DL_DESC_DISCARD ? "discard " : "",
	       d->flags & DL_DESC_NOUNMAP ? "keep-allocated " : "",
	       d->flags & DL_DESC_SAME ? "same " : "",
	       d->flags & DL_DESC_FORESEEN ? "foreseen " : "",
	       d->flags & DL_DESC_FUSED ? "fused" : "");
}

struct json_object *dl_row_super(const struct dl_logdev *l, int slot,
				 bool in_use)
{
	struct json_object *o = json_object_new_object();
	const struct dl_super *sb = &l->slot[slot];
	char text[DL_HUMAN_UUID];

	dl_json_u64(o, "slot", (u64)slot);
	dl_json_u64(o, "sector", (u64)slot * DL_SUPER_SECTORS);
	dl_json_str(o, "status", l->slot_blank[slot] ? "blank" :
		    dl_status_text(l->slot_st[slot]));
	dl_json_bool(o, "valid", l->slot_st[slot] == DL_OK);
	dl_json_bool(o, "in_use", in_use);
	if (l->slot_st[slot] != DL_OK)
		return o;
	dl_json_str(o, "uuid", dl_human_uuid(text, sb->uuid));
	dl_json_str(o, "label", sb->label);
	dl_json_u64(o, "generation", sb->generation);
	dl_json_str(o, "state", dl_logdev_state(sb->flags));
	dl_json_u64(o, "flags", sb->flags);
	dl_json_u64(o, "compat", sb->compat);
	dl_json_u64(o, "ro_compat", sb->ro_compat);
	dl_json_u64(o, "incompat", sb->incompat);
	snprintf(text, sizeof(text), "%016" PRIx64, sb->epoch);
	dl_json_str(o, "epoch", text);
	dl_json_u64(o, "created_ns", sb->created_ns);
	dl_json_u64(o, "written_ns", sb->written_ns);
	dl_json_u64(o, "block_bytes", sb->block_bytes);
	dl_json_u64(o, "chunk_sectors", sb->chunk_sectors);
	dl_json_u64(o, "chunks", dl_super_chunks(sb));
	dl_json_u64(o, "log_sectors", sb->log_sectors);
	dl_json_u64(o, "data_start", sb->data_start);
	dl_json_u64(o, "volume_sectors", sb->volume_sectors);
	dl_json_u64(o, "cp_sector", sb->cp_sector);
	dl_json_u64(o, "cp_sectors", sb->cp_sectors);
	dl_json_u64(o, "cp_bytes", sb->cp_bytes);
	dl_json_u64(o, "cp_crc", sb->cp_crc);
	json_object_object_add(o, "encryption", dl_cipher_json(sb));
	return o;
}

static struct json_object *samples(const struct dl_logcp *cp)
{
	struct json_object *list = json_object_new_array(), *o;
	u32 i;

	for (i = 0; i < cp->nr_samples; i++) {
		o = json_object_new_object();
		dl_json_u64(o, "page", cp->samples[i].page);
		dl_json_u64(o, "crc", cp->samples[i].crc);
		dl_json_bool(o, "valid",
			     cp->samples[i].flags & DL_SAMPLE_VALID);
		json_object_array_add(list, o);
	}
	return list;
}

static struct json_object *lost(const struct dl_logcp *cp)
{
	struct json_object *list = json_object_new_array(), *o;
	u32 i;

	for (i = 0; i < cp->nr_lost; i++) {
		o = json_object_new_object();
		dl_json_u64(o, "page", cp->lost[i].page);
		dl_json_u64(o, "mask", cp->lost[i].mask);
		json_object_array_add(list, o);
	}
	return list;
}

struct json_object *dl_row_checkpoint(const struct dl_logcp *cp)
{
	struct json_object *o = json_object_new_object();
	const struct dl_cp_head *h = &cp->head;

	dl_json_bool(o, "encrypted", cp->sealed);
	if (cp->sealed)
		return o;
	dl_json_u64(o, "generation", h->generation);
	dl_json_u64(o, "horizon_seq", h->horizon_seq);
	dl_json_u64(o, "next_seq", h->next_seq);
	dl_json_u64(o, "next_commit", h->next_commit);
	dl_json_u64(o, "next_segment_id", h->next_segment_id);
	dl_json_u64(o, "durable_commit", h->durable_commit);
	dl_json_u64(o, "segments", cp->nr_segs);
	json_object_object_add(o, "samples", samples(cp));
	json_object_object_add(o, "lost", lost(cp));
	if (cp->tunables)
		json_object_object_add(o, "tunables",
			json_object_new_string_len(cp->tunables,
						   (int)cp->tunables_bytes));
	if (cp->policy)
		json_object_object_add(o, "policy",
			json_object_new_string_len(cp->policy,
						   (int)cp->policy_bytes));
	dl_json_u64(o, "grain_regions", cp->nr_grains);
	dl_json_u64(o, "snapshot_maps", dl_logcp_maps(cp));
	return o;
}

struct json_object *dl_row_segment(const struct dl_walk_segment_info *info)
{
	struct json_object *o = json_object_new_object();
	const struct dl_cp_segment *s = &info->seg;
	char epoch[20];

	dl_json_u64(o, "id", s->id);
	dl_json_u64(o, "start", s->start);
	dl_json_u64(o, "sectors", s->sectors);
	dl_json_str(o, "state", state_name(s->state));
	dl_json_u64(o, "tier", s->tier);
	dl_json_u64(o, "used", s->end);
	snprintf(epoch, sizeof(epoch), "%016" PRIx64, s->epoch);
	dl_json_str(o, "epoch", epoch);
	dl_json_u64(o, "first_commit", s->first_commit);
	dl_json_u64(o, "last_commit", s->last_commit);
	dl_json_u64(o, "first_seq", s->first_seq);
	dl_json_u64(o, "last_seq", s->last_seq);
	dl_json_bool(o, "by_summary", info->by_summary);
	dl_json_bool(o, "after_checkpoint", info->from_chain);
	dl_json_u64(o, "next_id", info->next_id);
	dl_json_u64(o, "next_start", info->next_start);
	dl_json_u64(o, "next_sectors", info->next_sectors);
	return o;
}

struct json_object *dl_row_frame(const struct dl_frame_head *h, u64 sector)
{
	struct json_object *o = json_object_new_object();

	dl_json_u64(o, "commit", h->commit);
	dl_json_u64(o, "sector", sector);
	dl_json_u64(o, "sectors", h->total_sectors);
	dl_json_u64(o, "payload_sectors", h->payload_sectors);
	dl_json_u64(o, "records", h->nr_descs);
	dl_json_u64(o, "first_seq", h->first_seq);
	dl_json_u64(o, "segment", h->segment_id);
	dl_json_u64(o, "durable_commit", h->durable_commit);
	dl_json_u64(o, "time_ns", h->time_ns);
	dl_json_u64(o, "flags", h->flags);
	return o;
}

struct json_object *dl_row_record(const struct dl_rec *rec)
{
	struct json_object *o = json_object_new_object();
	const struct dl_desc *d = &rec->d;

	dl_json_u64(o, "seq", rec->seq);
	dl_json_str(o, "type", type_name(d->type));
	if (d->type == DL_REC_ZERO_RUN) {
		dl_json_u64(o, "sector", d->addr);
		dl_json_u64(o, "sectors", d->payload);
	} else if (d->type == DL_REC_INDEX) {
		dl_json_u64(o, "versions", d->addr);
	} else if (d->type == DL_REC_MARK) {
		dl_json_u64(o, "snapshot", d->addr);
		dl_json_u64(o, "kind", d->level);
	} else {
		dl_json_u64(o, "page", d->addr);
		dl_json_u64(o, "first", d->first);
		dl_json_u64(o, "sectors", d->sectors);
	}
	if (dl_rec_has_payload(d->type)) {
		dl_json_u64(o, "log_sector", rec->loc);
		dl_json_u64(o, "stored", dl_desc_span(d));
		dl_json_u64(o, "bytes", dl_desc_bytes(d));
		dl_json_str(o, "codec", d->codec == DL_CODEC_LZ4 ? "lz4" : "none");
		dl_json_u64(o, "crc", d->crc);
	}
	dl_json_u64(o, "commit", rec->commit);
	dl_json_u64(o, "segment", rec->segment_id);
	dl_json_bool(o, "discard", d->flags & DL_DESC_DISCARD);
	dl_json_bool(o, "nounmap", d->flags & DL_DESC_NOUNMAP);
	dl_json_bool(o, "same", d->flags & DL_DESC_SAME);
	dl_json_bool(o, "foreseen", d->flags & DL_DESC_FORESEEN);
	dl_json_bool(o, "fused", d->flags & DL_DESC_FUSED);
	if (d->type != DL_REC_MARK)
		dl_json_str(o, "level", dl_level_name(d->level));
	dl_json_u64(o, "confidence", d->confidence);
	dl_json_u64(o, "temperature", d->temperature);
	dl_json_u64(o, "client", d->client);
	return o;
}
