/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The devices of a crash test. One piece of memory holds origin and log:
 *
 *      volume            deltalog, or a stand-in
 *      /    \
 *  origin    log         slices that record (dl-record), or, for recording
 *      \    /            with dm-log-writes, linear slices of it
 *      loop              over a memory file that is mapped here: a crash state
 *                        is put in place by writing to memory
 */
#ifndef DLT_STACK_H
#define DLT_STACK_H

#include "stream.h"

enum via { VIA_RECORDER, VIA_LOG_WRITES };

struct stack {
	struct layout l;
	uint32_t block;		/* logical block in sectors: 1 or 8 */
	enum via via;		/* how it records now */
	const char *target;	/* "deltalog", or a stand-in */
	char options[368];	/* of its table line */
	char *mem;		/* content of origin and log */
	size_t bytes;
	int mem_fd, loop_fd, record_fd;
	char loop[32];
	/* dm-log-writes' log, and what it was filled with */
	int log_fd, log_loop_fd, volume_fd;
	char log_loop[32];
	bool active;
};

#define VOLUME		"dlt-volume"

/* Memory for the largest layout wanted; the devices come with stack_build(). */
void stack_init(struct stack *st, const char *target);
void stack_exit(struct stack *st);

/**
 * stack_build() - make the devices for one round
 * @st: stack
 * @l: layout
 * @block: logical block of both devices in sectors
 * @hold_us: how long the recorder may hold back requests, for each device
 * @via: what to record with
 * @seed: of the order in which held requests are released
 */
void stack_build(struct stack *st, const struct layout *l, uint32_t block,
		 const uint32_t hold_us[NR_DEVS], enum via via, uint64_t seed);
void stack_tear_down(struct stack *st);

/* Start and stop recording with the recorder. */
void stack_record(struct stack *st, bool on);
/* Read what was recorded. With dm-log-writes this takes its device down and
 * leaves recording slices in its place.
 */
void stack_stream(struct stack *st, struct stream *s);

/* Put a mark into what is recorded; called from several threads. */
uint64_t stack_mark(void *st, uint64_t mark);

/* Activate the volume: 0, or errno. */
int stack_activate(struct stack *st);
/* Remove it as an admin would; 0 or errno. */
int stack_deactivate(struct stack *st);
/* The same table again, in place. */
int stack_reload(struct stack *st);

/* The last lines of the kernel's log; static. */
const char *kernel_says(void);
/* Add a line of our own to it. */
void kernel_note(const char *text);

#endif
