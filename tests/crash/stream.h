/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What reached the devices below a volume, and when: the stream that crash
 * states are made from. Two sources give one: the recorder (record/) and the
 * log of dm-log-writes.
 *
 * Time is the number of an event. A crash at time p means: what has a number
 * below p happened.
 */
#ifndef DLT_STREAM_H
#define DLT_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../model/history.h"

enum { DEV_ORIGIN, DEV_LOG, NR_DEVS };

/* A request that changes a device. */
struct change {
	uint64_t submit;	/* from here on parts of it may be there */
	uint64_t done;		/* NEVER: not done, or failed */
	uint64_t durable;	/* from here on all of it is there for good */
	uint64_t order;		/* when it went to the device */
	const char *data;	/* NULL: zeros */
	uint32_t at;		/* sector, counted over both devices */
	uint32_t sectors;
	uint8_t dev;
	bool fua;
};

struct mark {
	uint64_t number;
	uint64_t time;
};

struct stream {
	uint64_t end;		/* the time after the last event */
	struct change *changes;	/* in the order they went to their device */
	uint32_t nr_changes;
	uint64_t *boundaries;	/* just before and after a flush or FUA write */
	uint32_t nr_boundaries;	/* was done */
	struct mark *marks;
	uint32_t nr_marks;
	uint32_t nr_flushes[NR_DEVS];
	bool cut;		/* the recording was full before the end */
	char *buf;		/* what the data pointers point into */
};

/* Where the devices are in what is treated as one array of sectors. */
struct layout {
	uint32_t start[NR_DEVS];
	uint32_t sectors[NR_DEVS];
};

static inline uint32_t layout_sectors(const struct layout *l)
{
	uint32_t end[NR_DEVS], i;

	for (i = 0; i < NR_DEVS; i++)
		end[i] = l->start[i] + l->sectors[i];
	return end[0] > end[1] ? end[0] : end[1];
}

/* The recorder's stream; @fd is /dev/dl-record, stopped. Ends on errors. */
void stream_from_recorder(struct stream *s, int fd, const struct layout *l);

/*
 * The log of dm-log-writes on @fd. Its entries are logged when they are known
 * to be durable or a flush carries them away, so a plain write has its place
 * just before the flush that follows it; and the two devices, being one to it,
 * share their flushes.
 */
void stream_from_log_writes(struct stream *s, int fd, const struct layout *l);

void stream_exit(struct stream *s);

/* Give the ops of @h their times from the marks. */
void stream_times(const struct stream *s, struct history *h);

/* The time of the first mark @number, or NEVER. */
uint64_t stream_mark(const struct stream *s, uint64_t number);

/* Every change, a line each, for a person to read. */
void stream_print(const struct stream *s, const struct layout *l, FILE *f);

#endif
