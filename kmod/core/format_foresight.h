/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is on a log device of what was foreseen: the bytes of two sections of a
 * checkpoint, FORESIGHT and OUTLOOK. See format.h, whose invariants hold here, too.
 *
 * Ownership: bytes and nothing else. The nouns are series.h, cascade.h, burst.h and
 * flow.h; whose values are not sound is not loaded.
 */
#ifndef DL_CORE_FORMAT_FORESIGHT_H
#define DL_CORE_FORMAT_FORESIGHT_H

#include "dl_port.h"

/*
 * State of a forecaster (series.h): logarithms with 16 bits behind the point, and as
 * said there. What is beyond the numbers seen or the season is zero.
 */
struct dl_disk_series {
	__le64 n;
	__le16 season;
	__le16 phase;
	__le32 last[3];
	__le32 least, most;
	__le32 smooth[5];
	__le32 level, trend, mean;
	__le32 error[13];
	__le32 own, naive, held;
	__le32 under, over;
	__le32 weight[3][6];
	__le16 usual[60];
	__le16 lap[60];
	__le32 reserved[2];
};

/* One quantity at several paces (cascade.h). */
#define DL_CASCADE_MAGIC	0x46434c44u	/* "DLCF" */
#define DL_CASCADE_VERSION	1u

struct dl_disk_cascade_level {
	__le32 left;		/* ticks until its interval ends */
	__le32 reserved;
	__le64 amount;		/* so far in it */
	__le64 weight;
	struct dl_disk_series series;
};

struct dl_disk_cascade {
	__le32 magic;
	__le32 version;		/* of the models as well as of the layout */
	__le32 crc;		/* CRC-32C of all of it with this as zero */
	__le32 gauge;		/* 0: counter, 1 */
	struct dl_disk_cascade_level level[5];
};

/* FORESIGHT: behind this @nr forecasters, @bytes each (cascade.h), then the bursts. */
struct dl_disk_foresight {
	__le64 time_ns;		/* wall clock */
	__le32 nr;
	__le32 bytes;		/* a multiple of 8 */
};

#define DL_DISK_BURSTS		16u

/* Bursts that came, the oldest first: core/burst.h. */
struct dl_disk_bursts {
	__le64 since_ms;	/* the last one's end */
	__le32 nr;
	__le32 reserved;
	struct {
		__le64 peak;	/* bytes */
		__le64 gap_ms;	/* from the one before it */
	} burst[DL_DISK_BURSTS];
};

#define DL_DISK_FLOW_BLOCKS	128u

/* Bytes that came, by blocks of time, the oldest first: core/flow.h. */
struct dl_disk_flow {
	__le32 block_ms;
	__le32 nr;
	__le64 since_ms;	/* the end of the last of them */
	__le64 now;		/* bytes since then, signed as those below */
	__le64 sum[DL_DISK_FLOW_BLOCKS];
};

/* What space is foreseen by. */
struct dl_disk_outlook {
	__le64 time_ns;		/* wall clock */
	__le64 drain;		/* bytes a second that reconcile frees; 0: not known */
	__le32 within_secs;	/* that the flows are for */
	__le32 saved;		/* of a page that is settled, kept; of 65536 */
	__le32 kept;		/* 1: something is kept for snapshots or the window */
	__le32 reserved;
	struct dl_disk_flow log, held;
	struct dl_disk_bursts bursts;
};

#endif /* DL_CORE_FORMAT_FORESIGHT_H */
