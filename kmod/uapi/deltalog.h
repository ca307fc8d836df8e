/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/deltalog-control: what programs ask of dm-deltalog by ioctl(2).
 *
 * The device is there while the module is loaded. Its mode is 0600; opening it
 * to read is enough, and every call needs CAP_SYS_ADMIN in the initial user
 * namespace. The calls do what the target's messages and its status line do
 * (Documentation/target.md), by the same functions; what they add is a diff of
 * snapshots, waiting for events, and answers of any length.
 *
 * Conventions
 * -----------
 *
 * Versions. The request number holds the size of its structure, as _IOWR()
 * makes it. Structures grow at their end only. A kernel that knows a longer one
 * takes what the caller does not have for zero, and writes back no more than
 * the caller has. A kernel that knows a shorter one refuses, with E2BIG, a
 * caller whose additional bytes are not all zero, and else leaves them alone. A
 * structure shorter than it was at first is EINVAL. So programs older or newer
 * than the kernel go on working; the number that DL_CTL_VERSION gives tells
 * what there is to be had.
 *
 * Fields. All are in the byte order of the machine, at the same place for 32-bit
 * and 64-bit programs. @flags and @pad have to be zero unless a flag is defined
 * here; else EINVAL. Fields marked "out" are ignored on the way in. When a call
 * fails the structure is left as it was.
 *
 * Volumes are named by the device number of their mapped device, @major and
 * @minor, as stat(2) tells it of /dev/mapper/NAME in st_rdev. Names of
 * snapshots are 1 to 63 of A-Z a-z 0-9 _ . : + -, neither - nor . first, and a
 * zero byte behind them.
 *
 * Lists (volumes, snapshots, extents, regions, forecasts) go to a buffer of the
 * caller's, piece by piece:
 *
 *   @buffer  address of an array of @count elements, as a 64-bit number
 *   @count   in: elements the buffer has room for, at least 1; out: elements
 *            written. May be less although there are more: the kernel bounds
 *            the work of one call
 *   @cursor  in: 0 to begin, else what the call before gave; out: where to go
 *            on, 0: there is no more
 *
 * A caller repeats the call with everything else the same until @cursor comes
 * back as zero (but see DL_CTL_WORKLOAD). Nothing is held between two calls, and a
 * cursor stays good for as long as the volume is active. What is there throughout is
 * seen exactly once, in ascending order unless it is said otherwise; what comes or
 * goes meanwhile may be seen.
 *
 * While a call is inside a volume, removing that device waits for it, as it
 * does for a message. An open file holds no volume, only the module.
 *
 * Errors of every call
 *
 *   EPERM    the caller has no CAP_SYS_ADMIN
 *   ENOTTY   no such request: the kernel is too old for it, or it is none
 *   EINVAL   a structure too short, an unknown flag, padding that is not zero, a
 *            name that does not end within its field, a @count of 0
 *   E2BIG    the structure has more than this kernel knows, and it is not zero
 *   EFAULT   an address that cannot be read or written
 *   ENODEV   no active deltalog volume has that device number
 *   ENOMEM
 *
 * and more for some, see there. Of those the reason is in the kernel's log.
 */
#ifndef _UAPI_LINUX_DELTALOG_H
#define _UAPI_LINUX_DELTALOG_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DL_CTL_NODE		"deltalog-control"	/* in /dev */
/*
 * Of this header. Higher ones have all that lower ones have.
 *
 *   2  DL_CTL_POLICY_GET, DL_CTL_POLICY_SET, DL_CTL_GRANULARITY; counters of
 *      deltas in DL_CTL_STATUS
 *   3  dl_ctl_regions.snapshot
 *   4  DL_CTL_FORECAST, DL_CTL_WORKLOAD, DL_CTL_EVENT_FORECAST; what is behind
 *      packed_bytes in DL_CTL_STATUS: placeholders, the chance that the log is full,
 *      the pool of segments, pages that waited, writes and their neighbours
 */
#define DL_CTL_ABI		4

#define DL_CTL_SNAPSHOT_NAME	64	/* bytes, with the zero at its end */
#define DL_CTL_DEVICE_NAME	128	/* likewise */

/* DL_CTL_VERSION: what kernel is this. Needs no volume. */
struct dl_ctl_version {
	__u32 flags;		/* 0 */
	__u32 abi;		/* out: DL_CTL_ABI of the kernel */
	__u32 target[3];	/* out: version of the target deltalog */
	__u32 page_bytes;	/* out: unit in which writes are recorded */
	__u64 events;		/* out: DL_CTL_EVENT_*, kinds there may be */
};

/* Modes, only ever getting worse; see Documentation/target.md. */
#define DL_CTL_MODE_RW		0	/* in order */
#define DL_CTL_MODE_RO		1	/* the log failed: reads only */
#define DL_CTL_MODE_DETACHED	2	/* the origin is a plain disk again */

/* An element of DL_CTL_VOLUME_LIST. */
struct dl_ctl_volume {
	__u32 major, minor;	/* of the mapped device */
	__u32 mode;		/* DL_CTL_MODE_* */
	__u32 pad;		/* 0 */
	__u64 sectors;		/* size, in 512-byte sectors */
	__u8 log_uuid[16];	/* of its log */
	char name[DL_CTL_DEVICE_NAME];	/* of the device, as dmsetup shows it */
};

/* DL_CTL_VOLUME_LIST: the active volumes. A list, see above. */
struct dl_ctl_volumes {
	__u32 flags;		/* 0 */
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_volume [count] */
	__u64 cursor;		/* in and out */
};

#define DL_CTL_NEVER	(~0ULL)	/* as a time that is expected: it is not */

/*
 * DL_CTL_STATUS: mode and counters, with the names and meanings of the keys of
 * the status line (Documentation/target.md). Each is right, but they are not all
 * of one instant.
 */
struct dl_ctl_status {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 mode;		/* out, like all that follows: DL_CTL_MODE_* */
	__u64 log_used;		/* sectors */
	__u64 log_size;		/* sectors */
	__u64 segments;
	__u64 records;
	__u64 records_max;
	__u64 runs;
	__u64 runs_max;
	__u64 lost;
	__u64 seq;
	__u64 durable_seq;
	__u64 horizon_seq;
	__u64 commits;
	__u64 flushes;
	__u64 checkpoints;
	__u64 user_bytes;	/* bytes */
	__u64 log_bytes;	/* bytes */
	__u64 rewritten;
	__u64 deferred;
	__u64 read_log;
	__u64 read_ram;
	__u64 read_zero;
	__u64 origin_bytes;	/* bytes */
	__u64 origin_pages;
	__u64 cycles;
	__u64 crc_errors;
	__u64 log_errors;
	__u64 origin_errors;
	__u64 snapshots;
	__u64 snapshots_max;
	__u64 past;
	__u64 past_max;
	__u64 past_bytes;	/* bytes */
	__u64 preserved_bytes;	/* bytes */
	__u64 waiting;
	__u64 reconciling;	/* 0 or 1 */
	__u64 memory_bytes;	/* bytes */
	__u64 rewind_pending;	/* 0 or 1 */
	__u64 events;		/* raised so far, see DL_CTL_WAIT_EVENT */
	__u64 full;		/* 0 or 1: of what snapshots hold */
	__u64 deltas;		/* pages recorded as deltas */
	__u64 delta_bytes;	/* bytes of these */
	__u64 unchanged;	/* pages that held already what was written */
	__u64 rebased;		/* pages logged whole to end a chain of deltas */
	__u64 chains;		/* pages whose newest record is a delta */
	__u64 chains_max;
	__u64 packed;		/* records that were compressed */
	__u64 packed_bytes;	/* what these take in the log */
	__u64 placeholders;	/* records with room kept for what should follow */
	__u64 placeholder_sectors;	/* how much room */
	__u64 fused;		/* writes that went there instead of a record */
	__u64 fused_sectors;	/* how much they filled */
	__u64 full_probability;	/* that the log is full within full_within_secs, of 1000 */
	__u64 full_within;	/* expected s until then, or DL_CTL_NEVER */
	__u64 alloc_stalls;	/* writes that waited for memory to be had */
	__u64 frame_stalls;	/* of these, for a frame */
	__u64 pool_segments;	/* allocated ahead */
	__u64 pool_kib;		/* KiB of these */
	__u64 segment_kib;	/* KiB of a new segment, now */
	__u64 segments_small;	/* of @segments: smaller than without foresight */
	__u64 segments_large;	/* and larger */
	__u64 sealed_full;	/* segments sealed because they were full */
	__u64 sealed_age;	/* because they had been open for long */
	__u64 sealed_asked;	/* because somebody wanted them settled */
	__u64 frames;		/* in memory */
	__u64 waited;		/* pages logged again, instead of settled */
	__u64 waited_hits;	/* of these: written again in time */
	__u64 waited_misses;	/* of these: settled after all */
	__u64 lag_max_ms;	/* the longest that a record had to wait so far */
	__u64 writes;		/* write requests */
	__u64 neighbours_said;	/* of these: that the sectors behind are written next */
	__u64 neighbours_came;	/* of those: they were, soon */
};

/* Its past is damaged: it cannot be viewed, only deleted. */
#define DL_CTL_SNAPSHOT_DAMAGED	0x1

struct dl_ctl_snapshot {
	__u64 id;		/* never used twice in a log, never 0 */
	__u64 seq;		/* it holds all up to this record, none behind */
	__u64 time_ns;		/* when it was made, nanoseconds since 1970 */
	__u64 sectors;		/* size of the volume, then */
	__u32 views;		/* open ones, diffs under way included */
	__u32 flags;		/* DL_CTL_SNAPSHOT_* */
	char name[DL_CTL_SNAPSHOT_NAME];
};

/*
 * DL_CTL_SNAPSHOT_CREATE: a snapshot of now. When it returns it is durable, and
 * so is everything accepted before.
 * DL_CTL_SNAPSHOT_DELETE: delete one. When it returns that is durable; the space
 * comes back in the background.
 *
 *   EINVAL   create: the name
 *   EEXIST   create: there is one of that name
 *   ENOENT   delete: there is none
 *   EBUSY    delete: it is viewed, or a diff of it is under way; both: the
 *            volume is being detached
 *   ENOSPC   create: too many, or the log is full
 *   EROFS    the volume is not read-write
 *   EIO      the log failed
 */
struct dl_ctl_snapshot_arg {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 pad;		/* 0 */
	char name[DL_CTL_SNAPSHOT_NAME];
	struct dl_ctl_snapshot snapshot;	/* out: create: the new one */
};

/*
 * DL_CTL_SNAPSHOT_RENAME: give @name the name @other. Errors: as for create,
 * and
 *
 *   ENOENT   there is no @name
 *
 * DL_CTL_REWIND: the volume becomes what snapshot @name holds, or what it held
 * at a sequence of its window if @name is "@" and a number; what it is now
 * becomes a snapshot called @other. It has to be suspended, and nobody may keep
 * its pages in memory: see Documentation/timeline.md before using it. Errors:
 * as for rename, and
 *
 *   EBUSY    it is not suspended, or the last rewind has not settled
 *   EUCLEAN  the snapshot's past is damaged
 */
struct dl_ctl_snapshot_pair {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 pad;		/* 0 */
	char name[DL_CTL_SNAPSHOT_NAME];
	char other[DL_CTL_SNAPSHOT_NAME];
	struct dl_ctl_snapshot snapshot;	/* out: rewind: that of before */
};

/* DL_CTL_SNAPSHOT_LIST: all of them, by @id. A list, see above. */
struct dl_ctl_snapshots {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_snapshot [count] */
	__u64 cursor;		/* in and out */
};

/* [start, start + sectors), in 512-byte sectors. */
struct dl_ctl_extent {
	__u64 start;
	__u64 sectors;
};

/*
 * DL_CTL_DIFF: the sectors in which two moments differ, ascending. Whatever
 * differs is in it. What was written in between is in it as well, even if it
 * is the same again; so is the end of a volume that has grown in between.
 *
 * From snapshot @from to snapshot @to, in either order; to now if @to is empty.
 * "@" and a number is what the volume held at that sequence, if it is in the
 * window that is kept; its @from_id or @to_id is 0.
 * Extents do not overlap; the last of one call and the first of the next may
 * adjoin. A list, see above: @cursor is a sector.
 *
 * While a call is under way neither snapshot can be deleted. Between two calls
 * it can: so give back @from_id and @to_id as they came from the first call,
 * and another snapshot that took the name meanwhile is not taken for it.
 *
 * To now: what changes during the calls may or may not be seen. What had been
 * accepted before the first call is seen.
 *
 *   EINVAL   a cursor behind the end of the volume
 *   ENOENT   there is no such snapshot
 *   ESTALE   @from_id or @to_id is not 0, and the name is another snapshot's
 *   EUCLEAN  the past of one is damaged: what it holds cannot be told
 *   EINTR    a signal
 */
struct dl_ctl_diff {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_extent [count] */
	__u64 cursor;		/* in and out */
	__u64 from_id, to_id;	/* in: 0, or as given; out; of now: 0 */
	__u64 sectors;		/* out: size of the larger of the two */
	char from[DL_CTL_SNAPSHOT_NAME];
	char to[DL_CTL_SNAPSHOT_NAME];	/* "": now */
};

/* Kinds of events. */
#define DL_CTL_EVENT_MODE	0x1	/* the mode got worse */
#define DL_CTL_EVENT_PRESSURE	0x2	/* high_watermark was reached; not told
					 * again before low_watermark was
					 */
#define DL_CTL_EVENT_FULL	0x4	/* of what snapshots hold: writes fail or wait */
#define DL_CTL_EVENT_ROOM	0x8	/* and it is no longer */
#define DL_CTL_EVENT_FORECAST	0x10	/* the log is likely full within full_within_secs;
					 * not told again until it was not
					 */

#define DL_CTL_FOREVER		0xffffffffu

/*
 * DL_CTL_WAIT_EVENT: wait until more than @event_nr events have been raised
 * since the volume was activated. Does not hold the volume: when that is
 * removed the call ends with ENODEV.
 *
 * To miss none, begin with the @events of DL_CTL_STATUS, then give back what
 * came. With another activation numbers begin anew: an @event_nr higher than
 * there is returns at once, @happened being all kinds there were since.
 *
 * The same events are device-mapper events (dmsetup wait) and uevents of the
 * disk: CHANGE with DELTALOG_EVENT=mode, pressure, full, room or forecast, and
 * DELTALOG_EVENT_NR. Several of one kind in a row may become one of these.
 *
 *   EINTR    a signal
 */
struct dl_ctl_wait {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 timeout_ms;	/* 0: only look; DL_CTL_FOREVER: none */
	__u64 event_nr;		/* in: number known; out: number now */
	__u64 happened;		/* out: DL_CTL_EVENT_* since; 0: timeout */
};

#define DL_CTL_POLICY_TEXT	4000	/* bytes of a policy, at most */
#define DL_CTL_POLICY_REASON	112	/* bytes, with the zero at its end */

/*
 * DL_CTL_POLICY_GET: the policy in force, as canonical text
 * (Documentation/policy.md). @bytes is the length of @text's buffer, and then that
 * of the policy; what does not fit is left out, and there is no zero byte behind it.
 * A buffer of DL_CTL_POLICY_TEXT bytes is always enough.
 *
 * DL_CTL_POLICY_SET: put the policy that is at @text, @bytes long, in force, and
 * keep it in the log; "default" is the default one. All of it or none. Writes go on
 * meanwhile, under the old one or the new.
 *
 * When the kernel does not understand a policy the call succeeds and does nothing
 * but tell so: @line is not 0 then. Whoever sets a policy looks at @line.
 *
 *   E2BIG    set: the checkpoints of this log have no room for so much text
 *   EBUSY    set: the volume was not resumed yet
 *   EROFS    set: the volume is not read-write
 *   EIO      set: it is in force, but could not be kept
 */
struct dl_ctl_policy {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 bytes;		/* in; get: and out */
	__u64 text;		/* address, as a 64-bit number */
	__u32 line, column;	/* out: set: where it is wrong, both from 1; or 0 */
	char reason[DL_CTL_POLICY_REASON];	/* out: set: why, or "" */
};

/* Levels: how finely changes are recorded. */
#define DL_CTL_LEVEL_UNSAID	0	/* none was decided upon yet */
#define DL_CTL_LEVEL_COARSE	1
#define DL_CTL_LEVEL_BLOCK	2
#define DL_CTL_LEVEL_SUB	3
#define DL_CTL_LEVEL_BIT	4

#define DL_CTL_REGION_SECTORS	128	/* 64 KiB */

#define DL_CTL_REGION_SEQUENTIAL	0x1	/* it is written in order */
#define DL_CTL_REGION_NO_RULE		0xffff

/*
 * An element of DL_CTL_GRANULARITY. Rates are writes an hour, as of now, or as of
 * when the snapshot was made.
 */
struct dl_ctl_region {
	__u64 start;		/* in 512-byte sectors */
	__u32 rate;		/* of the region */
	__u32 page_rate;	/* of its page that is written most; of a snapshot 0 */
	__u32 delta;		/* mean bytes of a delta, 0: there was none */
	__u16 rule;		/* rule of the policy that its next write hits by
				 * these figures, from 0; of a snapshot
				 * DL_CTL_REGION_NO_RULE
				 */
	__u8 level;		/* DL_CTL_LEVEL_*, of its last write */
	__u8 flags;		/* DL_CTL_REGION_* */
};

/*
 * DL_CTL_GRANULARITY: the granularity map: regions that were written, as far as the
 * kernel has memory for them. A list, see above, but in no order.
 *
 * With @snapshot as it was when that one was made: of the regions that were known
 * then the hottest, as many as there was room for, the hottest first. Those of older
 * snapshots may become fewer, also between two calls, or none.
 *
 *   ENOENT   there is no snapshot of that number
 *   ENODATA  no map was kept with it: it is of a moment of the window, older than
 *            this feature, or there was no room or memory (any more)
 */
struct dl_ctl_regions {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_region [count] */
	__u64 cursor;		/* in and out */
	__u64 snapshot;		/* its number, dl_ctl_snapshot.id; 0: of now */
	__u32 known;		/* out: regions known then; of now 0 */
	__u32 pad;		/* 0 */
};

/* What a forecast is of. */
#define DL_CTL_SERIES_WRITES	0	/* write requests */
#define DL_CTL_SERIES_BYTES	1	/* that they write */
#define DL_CTL_SERIES_NEW	2	/* of these, to pages that the log does not have */
#define DL_CTL_SERIES_SIZE	3	/* mean bytes of a write */
#define DL_CTL_SERIES_SHARE	4	/* of a client, of all bytes; of 65536 */
#define DL_CTL_SERIES_LOG	5	/* bytes that go to the log */

/*
 * An element of DL_CTL_FORECAST: one series at one pace. Errors are of the base-2
 * logarithm of 1 + x, times 65536, rolling means; 65536 is a factor of two. Numbers of
 * series are right to about five digits. Without intervals so far, @value, @low, @last
 * and @confidence are 0, and @high is ~0.
 *
 * Intervals of SIZE and SHARE are only those in which anything was written.
 */
struct dl_ctl_forecast_entry {
	__u32 series;		/* DL_CTL_SERIES_* */
	__u32 horizon_ms;	/* the interval: 50, 500, 5000, 60000 or 1800000 */
	__u64 client;		/* SHARE: number of the cgroup, its lowest 16 bits; or 0 */
	__u64 value;		/* foreseen for the interval that runs */
	__u64 low, high;	/* nine in ten are to be between these */
	__u64 last;		/* what the interval before had */
	__u64 foreseen;		/* and what had been foreseen for it */
	__u64 seen;		/* intervals so far */
	__u32 error;		/* of the forecast */
	__u32 naive;		/* of "as last time" */
	__u32 held;		/* outcomes between low and high, of 65536, lately */
	__u8 confidence;	/* 0: none, and nothing acts on it; 255: as good as known */
	__u8 known;		/* 0: @foreseen is not: of the first interval, or of the
				 * last one before the activation
				 */
	__u8 pad[2];		/* 0 */
};

/*
 * DL_CTL_FORECAST: what is foreseen, and how good that was: each series but SHARE at
 * each pace, then SHARE of the clients that write most, no more than eight. A list, see
 * above, in that order; a cursor behind the end has nothing behind it.
 */
struct dl_ctl_forecast {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_forecast_entry [count] */
	__u64 cursor;		/* in and out */
};

/* An element of DL_CTL_WORKLOAD: a write request as it came. */
struct dl_ctl_sample {
	__u64 time_ns;		/* wall clock, to a few ms */
	__u64 sector;		/* first */
	__u64 client;		/* number of the cgroup, its lowest 16 bits; 0: not known */
	__u32 sectors;
	__u32 op;		/* DL_CTL_SAMPLE_* */
};

#define DL_CTL_SAMPLE_WRITE	0
#define DL_CTL_SAMPLE_DISCARD	1
#define DL_CTL_SAMPLE_ZEROES	2

/*
 * DL_CTL_WORKLOAD: the last writes, as far as they are remembered, oldest first but
 * for those that came at the same time, or while one was told of another.
 *
 * A list, see above, that has no end: @cursor is never zero on the way out, and stays
 * good for those that are yet to come. There are no more yet when @count comes back as
 * zero; no matter how long it takes until the next call, none is told twice. Of what is
 * forgotten before it was asked for @missed tells how much it was; beginning with a
 * @cursor of 0 nothing was missed before the first.
 *
 *   EINVAL   a cursor that no call can have given: of an earlier activation
 *   ENODATA  none are remembered: the table says workload_kib 0
 */
struct dl_ctl_workload {
	__u32 flags;		/* 0 */
	__u32 major, minor;
	__u32 count;		/* in and out */
	__u64 buffer;		/* struct dl_ctl_sample [count] */
	__u64 cursor;		/* in and out */
	__u64 missed;		/* out: came between what was told and this, and are gone */
};

#define DL_CTL_MAGIC	0xfc

#define DL_CTL_VERSION		_IOWR(DL_CTL_MAGIC, 0, struct dl_ctl_version)
#define DL_CTL_VOLUME_LIST	_IOWR(DL_CTL_MAGIC, 1, struct dl_ctl_volumes)
#define DL_CTL_STATUS		_IOWR(DL_CTL_MAGIC, 2, struct dl_ctl_status)
#define DL_CTL_SNAPSHOT_CREATE	\
	_IOWR(DL_CTL_MAGIC, 3, struct dl_ctl_snapshot_arg)
#define DL_CTL_SNAPSHOT_DELETE	\
	_IOWR(DL_CTL_MAGIC, 4, struct dl_ctl_snapshot_arg)
#define DL_CTL_SNAPSHOT_RENAME	\
	_IOWR(DL_CTL_MAGIC, 5, struct dl_ctl_snapshot_pair)
#define DL_CTL_SNAPSHOT_LIST	_IOWR(DL_CTL_MAGIC, 6, struct dl_ctl_snapshots)
#define DL_CTL_REWIND		_IOWR(DL_CTL_MAGIC, 7, struct dl_ctl_snapshot_pair)
#define DL_CTL_DIFF		_IOWR(DL_CTL_MAGIC, 8, struct dl_ctl_diff)
#define DL_CTL_WAIT_EVENT	_IOWR(DL_CTL_MAGIC, 9, struct dl_ctl_wait)
#define DL_CTL_POLICY_GET	_IOWR(DL_CTL_MAGIC, 10, struct dl_ctl_policy)
#define DL_CTL_POLICY_SET	_IOWR(DL_CTL_MAGIC, 11, struct dl_ctl_policy)
#define DL_CTL_GRANULARITY	_IOWR(DL_CTL_MAGIC, 12, struct dl_ctl_regions)
#define DL_CTL_FORECAST		_IOWR(DL_CTL_MAGIC, 13, struct dl_ctl_forecast)
#define DL_CTL_WORKLOAD		_IOWR(DL_CTL_MAGIC, 14, struct dl_ctl_workload)

#endif
