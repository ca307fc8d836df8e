// SPDX-License-Identifier: GPL-2.0
/*
 * Status lines: state and counters (info), the table line (table), and what
 * identifies the volume (ima). Documentation/target.md lists the keys.
 */
#include <linux/device-mapper.h>

#include "foresee.h"
#include "rewind.h"
#include "status.h"
#include "target.h"

#define KEY(name) { #name, offsetof(struct dl_ctl_status, name) }

const struct dl_status_key dl_status_keys[] = {
	KEY(log_used),
	KEY(log_size),
	KEY(segments),
	KEY(records),
	KEY(records_max),
	KEY(runs),
	KEY(runs_max),
	KEY(lost),
	KEY(seq),
	KEY(durable_seq),
	KEY(horizon_seq),
	KEY(commits),
	KEY(flushes),
	KEY(checkpoints),
	KEY(user_bytes),
	KEY(log_bytes),
	KEY(rewritten),
	KEY(deferred),
	KEY(read_log),
	KEY(read_ram),
	KEY(read_zero),
	KEY(origin_bytes),
	KEY(origin_pages),
	KEY(cycles),
	KEY(crc_errors),
	KEY(log_errors),
	KEY(origin_errors),
	KEY(snapshots),
	KEY(snapshots_max),
	KEY(past),
	KEY(past_max),
	KEY(past_bytes),
	KEY(preserved_bytes),
	KEY(waiting),
	KEY(reconciling),
	KEY(memory_bytes),
	KEY(rewind_pending),
	KEY(events),
	KEY(full),
	KEY(deltas),
	KEY(delta_bytes),
	KEY(unchanged),
	KEY(rebased),
	KEY(chains),
	KEY(chains_max),
	KEY(packed),
	KEY(packed_bytes),
	KEY(placeholders),
	KEY(placeholder_sectors),
	KEY(fused),
	KEY(fused_sectors),
	KEY(full_probability),
	KEY(full_within),
	KEY(alloc_stalls),
	KEY(frame_stalls),
	KEY(pool_segments),
	KEY(pool_kib),
	KEY(segment_kib),
	KEY(segments_small),
	KEY(segments_large),
	KEY(sealed_full),
	KEY(sealed_age),
	KEY(sealed_asked),
	KEY(frames),
	KEY(waited),
	KEY(waited_hits),
	KEY(waited_misses),
	KEY(lag_max_ms),
	KEY(writes),
	KEY(neighbours_said),
	KEY(neighbours_came),
};

const unsigned int dl_status_nr_keys = ARRAY_SIZE(dl_status_keys);

/* No counter without a key. */
static_assert(sizeof(struct dl_ctl_status) ==
	      offsetof(struct dl_ctl_status, log_used) +
	      sizeof(u64) * ARRAY_SIZE(dl_status_keys));

static_assert(DL_CTL_MODE_RW == DL_MODE_RW && DL_CTL_MODE_RO == DL_MODE_RO &&
	      DL_CTL_MODE_DETACHED == DL_MODE_DETACHED);

const char *dl_status_mode(u32 mode)
{
	static const char * const names[] = { "rw", "ro", "detached" };

	return names[mode];
}

const char *dl_status_text_of(const struct dl_ctl_status *st, unsigned int key,
			      char *buf)
{
	u64 value = dl_status_value(st, key);

	/* No other key comes to that. */
	if (value == DL_CTL_NEVER)
		strscpy(buf, "-", DL_STATUS_VALUE);
	else
		snprintf(buf, DL_STATUS_VALUE, "%llu", value);
	return buf;
}

static u64 stat_sum(const struct dl_volume *v, enum dl_stat what)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu_ptr(v->stats, cpu)->n[what];
	return sum;
}

/* What the log's lock guards. */
static void fill_log(struct dl_volume *v, struct dl_ctl_status *st)
{
	struct dl_log *l = &v->log;
	unsigned long flags;
	u32 free, all;

	spin_lock_irqsave(&l->lock, flags);
	st->seq = l->next_seq - 1;
	st->durable_seq = l->durable_seq;
	st->commits = l->nr_commits;
	st->flushes = l->nr_flushes;
	st->log_bytes = l->log_sectors << DL_SECTOR_SHIFT;
	st->log_errors = l->log_errors;
	st->segments = l->segs.nr_live;
	st->alloc_stalls = l->alloc_stalls;
	st->frame_stalls = l->frame_stalls;
	st->pool_segments = l->segs.nr_pool;
	st->pool_kib = ((u64)l->segs.pool_chunks << l->segs.chunk_shift) / 2;
	st->segment_kib = ((u64)dl_log_segment_chunks(l) << l->segs.chunk_shift) / 2;
	st->segments_small = l->segs.nr_size[DL_SEG_SMALL];
	st->segments_large = l->segs.nr_size[DL_SEG_LARGE];
	st->sealed_full = l->sealed[DL_SEALED_FULL];
	st->sealed_age = l->sealed[DL_SEALED_AGE];
	st->sealed_asked = l->sealed[DL_SEALED_ASKED];
	st->frames = l->nr_frames;
	free = l->segs.free_chunks + l->segs.pool_chunks;
	all = l->segs.nr_chunks;
	spin_unlock_irqrestore(&l->lock, flags);
	st->log_errors += (u64)atomic64_read(&v->read_errors);
	st->log_used = (u64)(all - free) * l->segs.chunk_sectors;
	st->log_size = (u64)all * l->segs.chunk_sectors;
	st->past_bytes = (u64)READ_ONCE(l->segs.held_chunks) *
		l->segs.chunk_sectors << DL_SECTOR_SHIFT;
}

static void fill_io(struct dl_volume *v, struct dl_ctl_status *st)
{
	st->writes = stat_sum(v, DL_STAT_WRITES);
	st->user_bytes = stat_sum(v, DL_STAT_USER_BYTES);
	st->rewritten = stat_sum(v, DL_STAT_REWRITTEN);
	st->deferred = stat_sum(v, DL_STAT_DEFERRED);
	st->read_log = stat_sum(v, DL_STAT_READ_LOG);
	st->read_ram = stat_sum(v, DL_STAT_READ_RAM);
	st->read_zero = stat_sum(v, DL_STAT_READ_ZERO);
	st->deltas = stat_sum(v, DL_STAT_DELTAS);
	st->delta_bytes = stat_sum(v, DL_STAT_DELTA_BYTES);
	st->unchanged = stat_sum(v, DL_STAT_UNCHANGED);
	st->rebased = stat_sum(v, DL_STAT_REBASED);
	st->packed = stat_sum(v, DL_STAT_PACKED);
	st->packed_bytes = stat_sum(v, DL_STAT_PACKED_BYTES);
	st->placeholders = stat_sum(v, DL_STAT_PLACEHOLDERS);
	st->placeholder_sectors = stat_sum(v, DL_STAT_KEPT_SECTORS);
	st->fused = stat_sum(v, DL_STAT_FUSED);
	st->fused_sectors = stat_sum(v, DL_STAT_FUSED_SECTORS);
	st->origin_bytes = (u64)atomic64_read(&v->rc.sectors) <<
		DL_SECTOR_SHIFT;
	st->origin_pages = (u64)atomic64_read(&v->rc.pages);
	st->cycles = v->rc.cycles;
	st->waited = READ_ONCE(v->rc.linger.waited);
	st->waited_hits = READ_ONCE(v->rc.linger.hits);
	st->waited_misses = READ_ONCE(v->rc.linger.misses);
	st->lag_max_ms = READ_ONCE(v->rc.lag_ms);
	st->crc_errors = (u64)atomic64_read(&v->crc_errors);
	st->origin_errors = (u64)atomic64_read(&v->rc.origin_errors);
	st->waiting = READ_ONCE(v->nr_deferred);
	st->reconciling = READ_ONCE(v->rc.nr_jobs) > 1;
}

void dl_status_fill(struct dl_volume *v, struct dl_ctl_status *st)
{
	const struct dl_adj_score *adjacent = &v->foresee->learn.adjacency.score;
	struct dl_fullness is;

	st->mode = dl_volume_mode(v);
	fill_log(v, st);
	fill_io(v, st);
	st->records = dl_map_used(&v->map);
	st->records_max = v->map.max;
	st->runs = READ_ONCE(v->runs.nr);
	st->runs_max = v->runs.max - v->runs.reserve;
	st->lost = atomic_read(&v->nr_lost);
	st->horizon_seq = READ_ONCE(v->horizon);
	st->checkpoints = v->ck.nr_commits;
	st->snapshots = dl_pins_named(&v->pins);
	st->snapshots_max = v->pins.max;
	st->past = dl_history_used(&v->past);
	st->past_max = v->map.max;
	st->preserved_bytes = (u64)atomic64_read(&v->preserved);
	st->memory_bytes = dl_volume_memory(v);
	st->rewind_pending = dl_rewind_pending(v);
	st->events = dl_event_nr(v);
	st->full = READ_ONCE(v->full);
	st->chains = READ_ONCE(v->map.chains.nr);
	st->chains_max = READ_ONCE(v->map.chains.max);
	is = dl_outlook_get(v);
	st->full_probability = (u64)is.chance * 1000 >> 16;
	st->full_within = is.within_ms == DL_FULLNESS_NEVER ? DL_CTL_NEVER :
		div_u64(is.within_ms, MSEC_PER_SEC);
	st->neighbours_said = READ_ONCE(adjacent->said);
	st->neighbours_came = READ_ONCE(adjacent->came);
}

static void emit_info(struct dl_volume *v, char *result, unsigned int maxlen)
{
	struct dl_ctl_status st;
	char value[DL_STATUS_VALUE];
	unsigned int sz = 0, i;

	dl_status_fill(v, &st);
	DMEMIT("%s", dl_status_mode(st.mode));
	for (i = 0; i < dl_status_nr_keys; i++)
		DMEMIT(" %s %s", dl_status_keys[i].name,
		       dl_status_text_of(&st, i, value));
}

/*
 * What a table that gives a policy would give now; @text: for it, to be freed. NULL:
 * none, or one that a table cannot give, which the log has.
 */
static const char *policy_of(struct dl_target *t, char **text)
{
	*text = NULL;
	if (!t->policy || !READ_ONCE(t->policy_set))
		return t->policy;
	*text = kzalloc(DL_POLICY_TEXT + 1, GFP_NOIO);
	if (!*text)
		return t->policy;
	dl_grain_text(&t->volume->grain, *text, DL_POLICY_TEXT + 1);
	return strchr(*text, ',') ? NULL : *text;
}

void dl_status(struct dm_target *ti, status_type_t type,
	       unsigned int status_flags, char *result, unsigned int maxlen)
{
	struct dl_target *t = ti->private;
	unsigned int sz = 0;
	const char *policy;
	char *text;

	switch (type) {
	case STATUSTYPE_INFO:
		emit_info(t->volume, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		DMEMIT("%s %s", t->origin->name, t->log->name);
		/* It opens with the key that the volume was told of last. */
		policy = policy_of(t, &text);
		dl_options_emit(&t->opts, t->volume->opts.key, policy,
				result + sz, maxlen - sz);
		kfree(text);
		break;
	case STATUSTYPE_IMA:
		DMEMIT_TARGET_NAME_VERSION(ti->type);
		DMEMIT(",origin_device=%s,log_device=%s,log_uuid=%pU,mode=%s;",
		       t->origin->name, t->log->name, t->volume->ck.sb.uuid,
		       dl_status_mode(dl_volume_mode(t->volume)));
		break;
	}
}
