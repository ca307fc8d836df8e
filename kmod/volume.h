/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The volume: one origin, one log, and everything between them.
 *
 * A volume belongs to a mapped device, not to a table: a reload finds the one
 * that runs and shares it. It is created (log read, nothing written) by the
 * first constructor, started by the first resume, and destroyed with its last
 * table. @users is guarded by the registry's mutex. Who comes from elsewhere
 * than a table (ioctl, sysfs) is a visitor: its end waits for them to leave.
 *
 * The mode only ever gets worse: RW -> RO (the log device failed; what is
 * there stays readable) -> DETACHED (the origin is a plain disk again).
 */
#ifndef DL_VOLUME_H
#define DL_VOLUME_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/mempool.h>
#include <linux/percpu.h>

#include "base.h"
#include "checkpoint.h"
#include "codec.h"
#include "core/fusion.h"
#include "crypt.h"
#include "event.h"
#include "grain.h"
#include "grainpast.h"
#include "log.h"
#include "map.h"
#include "options.h"
#include "outlook.h"
#include "past.h"
#include "pins.h"
#include "reconcile.h"
#include "runs.h"
#include "scrub.h"
#include "throttle.h"
#include "window.h"
#include "workload.h"

enum dl_mode { DL_MODE_RW, DL_MODE_RO, DL_MODE_DETACHED };

/* Counters of the I/O path, kept per CPU. */
enum dl_stat {
	DL_STAT_WRITES,		/* requests of the user, accepted */
	DL_STAT_USER_BYTES,	/* that they wrote */
	DL_STAT_NEW_PAGES,	/* of these, pages that the log did not have */
	DL_STAT_REWRITTEN,	/* pages replaced in an open frame */
	DL_STAT_READ_LOG,	/* bios served from the log device */
	DL_STAT_READ_RAM,	/* pages from a frame in memory */
	DL_STAT_READ_ZERO,
	DL_STAT_DEFERRED,	/* writes that had to wait */
	DL_STAT_DELTAS,		/* pages recorded as deltas */
	DL_STAT_DELTA_BYTES,
	DL_STAT_UNCHANGED,	/* pages that held already what was written */
	DL_STAT_REBASED,	/* that were logged whole to end a chain */
	DL_STAT_PACKED,		/* records that were compressed */
	DL_STAT_PACKED_BYTES,	/* what they take in the log */
	DL_STAT_PLACEHOLDERS,	/* records with room kept behind them */
	DL_STAT_KEPT_SECTORS,	/* how much that was */
	DL_STAT_FUSED,		/* writes that filled some of it */
	DL_STAT_FUSED_SECTORS,
	DL_STAT_COUNT
};

struct dl_foresee;
struct dl_mover;

struct dl_stats {
	u64 n[DL_STAT_COUNT];
};

struct dl_volume {
	struct list_head registry;
	unsigned int users;
	atomic_t visitors;
	struct mapped_device *md;
	bool making;			/* being set up or taken down */
	struct mutex detach_lock;	/* one detach at a time */
	struct mutex event_lock;	/* @ti, @opts */
	struct dm_target *ti;		/* of the live table, for events */
	char name[32];

	struct dl_blkio origin;
	struct dl_blkio logio;
	u64 sectors;
	struct dl_options opts;
	int mode;			/* enum dl_mode, READ_ONCE */
	bool started;
	bool detaching;			/* the log is stopped for good or error */
	bool resumed;
	u64 horizon;

	struct dl_log log;
	struct dl_map map;
	struct dl_foresee *foresee;
	struct dl_fusion fusion;
	struct dl_grain grain;
	struct dl_grainpast grainpast;
	struct dl_base base;
	struct dl_codec codec;
	struct dl_crypt crypt;
	struct dl_runs runs;
	struct dl_pins pins;
	struct dl_window window;
	struct dl_history past;
	struct dl_mover *mover;
	u64 settled;			/* the origin has all up to here */
	u64 rewound;			/* sequence of the last rewind's mark, or 0 */
	bool counting;			/* segments know what they hold */
	bool full;			/* of snapshots */
	atomic64_t preserved;		/* bytes of the origin kept for them */
	struct mutex snapshot_lock;	/* one change of @pins at a time */
	/* readers of the past who may be at the origin: see preserve.h */
	struct mutex past_lock;
	atomic_t past_readers[2];
	u8 past_phase;
	wait_queue_head_t room_wait;	/* for records of our own */
	struct dl_checkpoint ck;
	struct dl_scrub scrub;
	struct dl_fingerprint fp;
	struct dl_reconcile rc;

	/* writes that found no room, oldest first */
	spinlock_t defer_lock;
	struct bio_list deferred;
	u32 nr_deferred;
	struct work_struct write_work;
	struct dl_throttle throttle;

	struct workqueue_struct *io_wq;	/* write_work and slow reads */
	struct workqueue_struct *meta_wq;
	struct work_struct house_work;
	struct dl_events events;
	struct dl_outlook outlook;
	struct mutex house_lock;	/* summaries against releases */
	u32 sealed_since;		/* segments sealed since a checkpoint */

	mempool_t *pages;		/* bounce pages */
	struct dl_stats __percpu *stats;
	struct dl_workload workload;
	atomic_t nr_lost;		/* entries that became lost, at most */
	u32 lost_max;			/* what a checkpoint has room for */
	bool fixed_records;		/* the table says how many */
	atomic64_t crc_errors;
	atomic64_t read_errors;		/* of the log */
};

static inline void dl_stat_add(struct dl_volume *v, enum dl_stat what, u64 n)
{
	this_cpu_add(v->stats->n[what], n);
}

/* A record was compressed to @sectors. */
static inline void dl_stat_packed(struct dl_volume *v, u8 sectors)
{
	dl_stat_add(v, DL_STAT_PACKED, 1);
	dl_stat_add(v, DL_STAT_PACKED_BYTES, (u64)sectors << DL_SECTOR_SHIFT);
}

/**
 * dl_volume_get() - the volume of a table being loaded
 * @ti: target; ti->error is set on failure
 * @origin: origin device
 * @log: log device
 * @opts: options of the table
 *
 * Context: process, may sleep. Return: the volume or an ERR_PTR.
 */
struct dl_volume *dl_volume_get(struct dm_target *ti, struct dm_dev *origin,
				struct dm_dev *log,
				const struct dl_options *opts);
void dl_volume_put(struct dl_volume *v, struct dm_target *ti);

/**
 * dl_volume_resume() - let I/O in, with the options and size of a table
 * @v: volume
 * @ti: target of the table that becomes live
 * @opts: its options
 *
 * The first time this starts a new life: fresh epoch, durable before anything.
 *
 * Context: process, may sleep. Return: 0 or a negative errno.
 */
int dl_volume_resume(struct dl_volume *v, struct dm_target *ti,
		     const struct dl_options *opts);

/* All I/O has ended: settle, stop all work, mark the log clean. May sleep. */
void dl_volume_suspend(struct dl_volume *v);

/**
 * dl_volume_of() - the active volume that is on a device
 * @bdev: the mapped device's
 *
 * Return: it, with a reference that dl_volume_put() drops, or NULL.
 */
struct dl_volume *dl_volume_of(struct block_device *bdev);

/**
 * dl_volume_enter() - visit the active volume that is on a device
 * @dev: the mapped device's number
 * @next: or, if there is none, on the one with the next higher number
 *
 * It and its devices stay until dl_volume_leave(), even when its table goes,
 * which waits for that: so nothing may be waited for that a removal holds up,
 * user memory included. No device is held open.
 *
 * Context: process, may sleep. Return: the volume, or NULL.
 */
struct dl_volume *dl_volume_enter(dev_t dev, bool next);
void dl_volume_leave(struct dl_volume *v);

/**
 * dl_volume_fail() - the mode gets worse, for good
 * @v: volume
 * @mode: new mode; a better one than the present is ignored
 * @fmt: what happened, for the kernel log
 *
 * Context: any.
 */
__printf(3, 4)
void dl_volume_fail(struct dl_volume *v, enum dl_mode mode,
		    const char *fmt, ...);

/* Metadata of the log could not be written: read-only, and counted. Context: any. */
void dl_volume_log_failed(struct dl_volume *v);

/* Does the log hold anything for @page? */
bool dl_volume_has_record(void *volume, u64 page);

/* Sectors of @page in @mask that a run newer than @seq hides, up to @upper. */
u8 dl_volume_hidden(struct dl_volume *v, u64 page, u8 mask, u64 seq, u64 upper);

/* Bytes of memory in use for this volume, the documented formula. */
u64 dl_volume_memory(struct dl_volume *v);

void dl_volume_housekeep(struct dl_volume *v);

/* Does reconcile settle what is oldest first, whatever is foreseen of it? */
static inline bool dl_reconcile_in_order(const struct dl_volume *v)
{
	return v->opts.reconcile_order == DL_ORDER_OLDEST || !v->opts.foresight;
}

static inline enum dl_mode dl_volume_mode(const struct dl_volume *v)
{
	return READ_ONCE(v->mode);
}

#endif
