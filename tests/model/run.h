/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Carrying out a plan on a block device, with as many threads as it names, and
 * reading the device back.
 */
#ifndef DLT_RUN_H
#define DLT_RUN_H

#include "history.h"

/* A mark for the clock: op @id starts, or is done. */
#define MARK_START(id)	((uint64_t)(id) << 1)
#define MARK_END(id)	((uint64_t)(id) << 1 | 1)

struct run_hooks {
	void *ctx;
	/*
	 * Note @mark in the clock before going on; returns its time. NULL: the
	 * clock is a counter. Called from all threads.
	 */
	uint64_t (*mark)(void *ctx, uint64_t mark);
	/*
	 * Carry out control op @op; 0, or -1 to stop the run. It may turn @op
	 * into an OP_FLUSH if what it did promises as much.
	 */
	int (*control)(void *ctx, struct op *op);
};

struct run_result {
	uint32_t nr_done;
	uint32_t nr_failed;	/* ops that returned an error */
	int first_error;	/* errno of the first of them */
	uint32_t first_failed;	/* its id */
};

/* Whether a failed op ends the run. */
#define RUN_STOP_ON_ERROR	(1u << 0)

/**
 * run_plan() - carry out a plan
 * @h: from plan_make(); start and end of the ops are filled in. A failed op
 *	keeps end == NEVER: it may have happened or not.
 * @dev: path of the block device, opened once for each thread
 * @hooks: may be NULL
 * @flags: RUN_*
 * @res: out
 *
 * Return: 0, or -1 with errno when the device could not be opened.
 */
int run_plan(struct history *h, const char *dev, const struct run_hooks *hooks,
	     unsigned int flags, struct run_result *res);

/* Fill a device with the stamps of write 0; 0 or -1 with errno. */
int device_fill(const char *dev, uint64_t seed, uint32_t sectors);

/**
 * device_read() - what each sector of a device shows
 * @fd: open with O_DIRECT
 * @buf: page-aligned, READ_BYTES long
 * @seed: of the stamps
 * @sectors: how many
 * @align: logical block in sectors: how small to read where reading fails
 * @val: out
 */
void device_read(int fd, void *buf, uint64_t seed, uint32_t sectors,
		 uint32_t align, uint32_t *val);

#define READ_BYTES	(1u << 20)

/* Size of a block device in sectors; 0 with errno if it has none. */
uint64_t device_sectors(int fd);

#endif
