/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Progress on stderr, for whatever takes longer than a second: a bar on a
 * terminal, now and then a line elsewhere, JSON lines when JSON was asked for.
 * One at a time.
 */
#ifndef DL_TOOL_PROGRESS_H
#define DL_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * dl_progress_begin() - start to measure
 * @what: what is being done, in one word
 * @unit: of the numbers: "B" is shown as KiB, MiB, ...; with "s" the total is how long it
 *	takes
 */
void dl_progress_begin(const char *what, const char *unit);

/* @done of @total is done; prints when it is time to. */
void dl_progress_update(uint64_t done, uint64_t total);

/* Over: the bar goes away. */
void dl_progress_end(void);

/* Take the bar off the terminal until the next update. */
void dl_progress_clear(void);

/**
 * dl_progress_wait_begin() - show the time while one blocking call runs
 * @what: what is being waited for
 *
 * A child does the showing, so that no signal disturbs the call.
 * Return: for dl_progress_wait_end(); -1 when there is none, which is no error.
 */
pid_t dl_progress_wait_begin(const char *what);
void dl_progress_wait_end(pid_t pid);

#endif
