/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: Documentation/tracing.md. One that is off is a jump that is not
 * there; so what a call passes costs nothing to get, and everything else is
 * worked out here.
 *
 * Those of the log name the log's device, all others the volume's.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM deltalog

#if !defined(DL_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define DL_TRACE_H

#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/tracepoint.h>

#include "frame.h"
#include "log.h"

#define dl_trace_dev(dev)	MAJOR(dev), MINOR(dev)

TRACE_EVENT(deltalog_record,
	TP_PROTO(struct mapped_device *md, u64 seq,
		 const struct dl_disk_desc *desc),
	TP_ARGS(md, seq, desc),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, seq)
		__field(u64, at)
		__field(u32, sectors)
		__field(u32, bytes)
		__field(u16, client)
		__field(u8, type)
		__field(u8, level)
		__field(u8, temperature)
	),
	TP_fast_assign(
		__entry->dev = disk_devt(dm_disk(md));
		__entry->seq = seq;
		__entry->type = desc->type;
		__entry->level = desc->level;
		__entry->temperature = desc->temperature;
		__entry->client = le16_to_cpu(desc->client);
		__entry->bytes = le16_to_cpu(desc->stored);
		if (desc->type != DL_REC_DELTA)
			__entry->bytes <<= DL_SECTOR_SHIFT;
		__entry->at = le64_to_cpu(desc->addr);
		__entry->sectors = desc->sectors;
		if (desc->type == DL_REC_ZERO_RUN)
			__entry->sectors = le32_to_cpu(desc->payload);
		else if (desc->type != DL_REC_MARK &&
			 desc->type != DL_REC_INDEX)
			__entry->at = (__entry->at << DL_PAGE_SECTOR_SHIFT) +
				desc->first;
	),
	TP_printk("%u:%u seq %llu %s at %llu sectors %u bytes %u level %u temperature %u client %u",
		  dl_trace_dev(__entry->dev), __entry->seq,
		  __print_symbolic(__entry->type,
				   { DL_REC_DATA, "data" },
				   { DL_REC_ZERO, "zero" },
				   { DL_REC_ZERO_RUN, "zero_run" },
				   { DL_REC_BASE, "base" },
				   { DL_REC_INDEX, "index" },
				   { DL_REC_MARK, "mark" },
				   { DL_REC_DELTA, "delta" }),
		  __entry->at, __entry->sectors, __entry->bytes,
		  __entry->level, __entry->temperature, __entry->client)
);

TRACE_EVENT(deltalog_frame_write,
	TP_PROTO(struct dl_log *l, const struct dl_frame *f),
	TP_ARGS(l, f),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, commit)
		__field(u64, first_seq)
		__field(u64, start)
		__field(u32, records)
		__field(u32, payload)
		__field(bool, fua)
		__field(bool, preflush)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->commit = f->commit;
		__entry->first_seq = f->first_seq;
		__entry->start = f->start;
		__entry->records = f->nr_descs;
		__entry->payload = f->used;
		__entry->fua = f->fua;
		__entry->preflush = f->preflush;
	),
	TP_printk("log %u:%u commit %llu first_seq %llu records %u sector %llu payload %u%s%s",
		  dl_trace_dev(__entry->dev), __entry->commit,
		  __entry->first_seq, __entry->records, __entry->start,
		  __entry->payload, __entry->preflush ? " preflush" : "",
		  __entry->fua ? " fua" : "")
);

TRACE_EVENT(deltalog_frame_done,
	TP_PROTO(struct dl_log *l, const struct dl_frame *f, int error),
	TP_ARGS(l, f, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, commit)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->commit = f->commit;
		__entry->error = error;
	),
	TP_printk("log %u:%u commit %llu error %d",
		  dl_trace_dev(__entry->dev), __entry->commit,
		  __entry->error)
);

TRACE_EVENT(deltalog_durable,
	TP_PROTO(struct dl_log *l),
	TP_ARGS(l),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, commit)
		__field(u64, seq)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->commit = l->durable;
		__entry->seq = l->durable_seq;
	),
	TP_printk("log %u:%u commit %llu seq %llu",
		  dl_trace_dev(__entry->dev), __entry->commit, __entry->seq)
);

DECLARE_EVENT_CLASS(deltalog_segment,
	TP_PROTO(struct dl_log *l, const struct dl_segment *seg),
	TP_ARGS(l, seg),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, id)
		__field(u64, start)
		__field(u64, first_seq)
		__field(u64, last_seq)
		__field(u32, sectors)
		__field(u32, used)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->id = seg->id;
		__entry->start = seg->start;
		__entry->first_seq = seg->first_seq;
		__entry->last_seq = seg->last_seq;
		__entry->sectors = seg->sectors;
		__entry->used = seg->used;
	),
	TP_printk("log %u:%u segment %llu sector %llu sectors %u used %u seq %llu to %llu",
		  dl_trace_dev(__entry->dev), __entry->id, __entry->start,
		  __entry->sectors, __entry->used, __entry->first_seq,
		  __entry->last_seq)
);

DEFINE_EVENT(deltalog_segment, deltalog_segment_open,
	TP_PROTO(struct dl_log *l, const struct dl_segment *seg),
	TP_ARGS(l, seg)
);

DEFINE_EVENT(deltalog_segment, deltalog_segment_seal,
	TP_PROTO(struct dl_log *l, const struct dl_segment *seg),
	TP_ARGS(l, seg)
);

DEFINE_EVENT(deltalog_segment, deltalog_segment_release,
	TP_PROTO(struct dl_log *l, const struct dl_segment *seg),
	TP_ARGS(l, seg)
);

TRACE_EVENT(deltalog_reconcile_begin,
	TP_PROTO(struct mapped_device *md, u64 horizon, u64 goal),
	TP_ARGS(md, horizon, goal),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, horizon)
		__field(u64, goal)
	),
	TP_fast_assign(
		__entry->dev = disk_devt(dm_disk(md));
		__entry->horizon = horizon;
		__entry->goal = goal;
	),
	TP_printk("%u:%u horizon %llu goal %llu",
		  dl_trace_dev(__entry->dev), __entry->horizon, __entry->goal)
);

TRACE_EVENT(deltalog_reconcile_end,
	TP_PROTO(struct mapped_device *md, u64 horizon, int error),
	TP_ARGS(md, horizon, error),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, horizon)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->dev = disk_devt(dm_disk(md));
		__entry->horizon = horizon;
		__entry->error = error;
	),
	TP_printk("%u:%u horizon %llu error %d",
		  dl_trace_dev(__entry->dev), __entry->horizon,
		  __entry->error)
);

DECLARE_EVENT_CLASS(deltalog_snapshot,
	TP_PROTO(struct mapped_device *md, u64 id, u64 seq, const char *name),
	TP_ARGS(md, id, seq, name),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, id)
		__field(u64, seq)
		__array(char, name, DL_PIN_NAME_BYTES)
	),
	TP_fast_assign(
		__entry->dev = disk_devt(dm_disk(md));
		__entry->id = id;
		__entry->seq = seq;
		memcpy(__entry->name, name, DL_PIN_NAME_BYTES);
	),
	TP_printk("%u:%u snapshot %llu seq %llu '%s'",
		  dl_trace_dev(__entry->dev), __entry->id, __entry->seq,
		  __entry->name)
);

DEFINE_EVENT(deltalog_snapshot, deltalog_snapshot_create,
	TP_PROTO(struct mapped_device *md, u64 id, u64 seq, const char *name),
	TP_ARGS(md, id, seq, name)
);

DEFINE_EVENT(deltalog_snapshot, deltalog_snapshot_delete,
	TP_PROTO(struct mapped_device *md, u64 id, u64 seq, const char *name),
	TP_ARGS(md, id, seq, name)
);

TRACE_EVENT(deltalog_rewind,
	TP_PROTO(struct mapped_device *md, u64 id, u64 to, u64 seq),
	TP_ARGS(md, id, to, seq),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, id)
		__field(u64, to)
		__field(u64, seq)
	),
	TP_fast_assign(
		__entry->dev = disk_devt(dm_disk(md));
		__entry->id = id;
		__entry->to = to;
		__entry->seq = seq;
	),
	TP_printk("%u:%u to snapshot %llu seq %llu by mark %llu",
		  dl_trace_dev(__entry->dev), __entry->id, __entry->to,
		  __entry->seq)
);

TRACE_EVENT(deltalog_stall,
	TP_PROTO(struct dl_log *l, int why),
	TP_ARGS(l, why),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(int, why)
		__field(u64, seq)
		__field(u32, pool)
		__field(u32, free)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->why = why;
		__entry->seq = l->next_seq;
		__entry->pool = l->segs.nr_pool;
		__entry->free = l->segs.free_chunks;
	),
	TP_printk("log %u:%u for a %s seq %llu pool %u free chunks %u",
		  dl_trace_dev(__entry->dev),
		  __print_symbolic(__entry->why,
				   { DL_STARVED_FRAME, "frame" },
				   { DL_STARVED_SEGMENT, "segment" }),
		  __entry->seq, __entry->pool, __entry->free)
);

TRACE_EVENT(deltalog_plan,
	TP_PROTO(struct dl_log *l, const struct dl_plan *p),
	TP_ARGS(l, p),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u32, chunks)
		__field(u32, pool)
		__field(u32, frames)
		__field(u64, burst)
	),
	TP_fast_assign(
		__entry->dev = l->io->bdev->bd_dev;
		__entry->chunks = p->seg_chunks;
		__entry->pool = p->pool;
		__entry->frames = p->frames;
		__entry->burst = p->burst;
	),
	TP_printk("log %u:%u segments of %u chunks pool %u frames %u for %llu bytes",
		  dl_trace_dev(__entry->dev), __entry->chunks, __entry->pool,
		  __entry->frames, __entry->burst)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
