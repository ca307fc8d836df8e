// SPDX-License-Identifier: GPL-2.0
/*
 * Status lines: state and counters (info), the table line (table), and what
 * identifies the volume (ima). Documentation/target.md lists the keys.
 */
#include <linux/device-mapper.h>

#include "rewind.h"
#include "target.h"
#include "volume.h"

static const char * const mode_names[] = { "rw", "ro", "detached" };

static u64 stat_sum(const struct dl_volume *v, enum dl_stat what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(v->stats, cpu)->n[what];
	return sum;
}

static void emit_info(struct dl_volume *v, char *result, unsigned int maxlen)
{
	struct dl_log *l = &v->log;
	u64 seq, durable, commits, log_bytes, flushes, log_errors;
	u32 live, free;
	unsigned long flags;
	unsigned int sz = 0;

	spin_lock_irqsave(&l->lock, flags);
	seq = l->next_seq - 1;
	durable = l->durable_seq;
	commits = l->nr_commits;
	flushes = l->nr_flushes;
	log_bytes = l->log_sectors << DL_SECTOR_SHIFT;
	log_errors = l->log_errors;
	live = l->segs.nr_live;
	free = l->segs.free_chunks + l->segs.pool_chunks;
	spin_unlock_irqrestore(&l->lock, flags);

	DMEMIT("%s", mode_names[dl_volume_mode(v)]);
	DMEMIT(" log_used %llu log_size %llu segments %u",
	       (u64)(l->segs.nr_chunks - free) * l->segs.chunk_sectors,
	       (u64)l->segs.nr_chunks * l->segs.chunk_sectors, live);
	DMEMIT(" records %u records_max %u runs %u runs_max %u lost %u",
	       dl_map_used(&v->map), v->map.max, READ_ONCE(v->runs.nr),
	       v->runs.max - v->runs.reserve, atomic_read(&v->nr_lost));
	DMEMIT(" seq %llu durable_seq %llu horizon_seq %llu", seq, durable,
	       READ_ONCE(v->horizon));
	DMEMIT(" commits %llu flushes %llu checkpoints %llu", commits, flushes,
	       v->ck.nr_commits);
	DMEMIT(" user_bytes %llu log_bytes %llu rewritten %llu deferred %llu",
	       stat_sum(v, DL_STAT_USER_BYTES), log_bytes,
	       stat_sum(v, DL_STAT_REWRITTEN), stat_sum(v, DL_STAT_DEFERRED));
	DMEMIT(" read_log %llu read_ram %llu read_zero %llu",
	       stat_sum(v, DL_STAT_READ_LOG), stat_sum(v, DL_STAT_READ_RAM),
	       stat_sum(v, DL_STAT_READ_ZERO));
	DMEMIT(" origin_bytes %llu origin_pages %llu cycles %llu",
	       (u64)atomic64_read(&v->rc.sectors) << DL_SECTOR_SHIFT,
	       (u64)atomic64_read(&v->rc.pages), v->rc.cycles);
	DMEMIT(" crc_errors %llu log_errors %llu origin_errors %llu",
	       (u64)atomic64_read(&v->crc_errors),
	       log_errors + (u64)atomic64_read(&v->read_errors),
	       (u64)atomic64_read(&v->rc.origin_errors));
	DMEMIT(" snapshots %u snapshots_max %u past %u past_max %u",
	       dl_pins_named(&v->pins), v->pins.max,
	       dl_history_used(&v->past), v->map.max);
	DMEMIT(" past_bytes %llu preserved_bytes %llu",
	       (u64)READ_ONCE(l->segs.held_chunks) * l->segs.chunk_sectors <<
	       DL_SECTOR_SHIFT, (u64)atomic64_read(&v->preserved));
	DMEMIT(" waiting %u reconciling %u memory_bytes %llu",
	       READ_ONCE(v->nr_deferred), READ_ONCE(v->rc.nr_jobs) > 1,
	       dl_volume_memory(v));
	DMEMIT(" rewind_pending %u", dl_rewind_pending(v));
}

void dl_status(struct dm_target *ti, status_type_t type,
	       unsigned int status_flags, char *result, unsigned int maxlen)
{
	struct dl_target *t = ti->private;
	unsigned int sz = 0;

	switch (type) {
	case STATUSTYPE_INFO:
		emit_info(t->volume, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %s", t->origin->name, t->log->name);
		dl_options_emit(&t->opts, result + sz, maxlen - sz);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",origin_device=%s,log_device=%s,log_uuid=%pU,mode=%s;",
		       t->origin->name, t->log->name, t->volume->ck.sb.uuid,
		       mode_names[dl_volume_mode(t->volume)]);
		break;
	}
}
