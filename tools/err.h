/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tool says when something is wrong: one line on stderr that names
 * the thing, what is wrong with it and what to do, and the exit code with it.
 */
#ifndef DL_TOOL_ERR_H
#define DL_TOOL_ERR_H

#include "exits.h"

/* The verb whose name goes in front of every message; NULL for none. */
void dl_err_verb(const char *verb);

/**
 * dl_err() - report the error that ends the run
 * @code: exit code
 * @fmt: message: what, what is wrong; what to do
 *
 * The first message is kept for dl_err_first(), so that JSON output can carry
 * it. Return: @code, so that a caller can say `return dl_err(...)`.
 */
int dl_err(enum dl_exit code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Tell of something that does not end the run. */
void dl_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The first message given to dl_err(), or "" when there was none. */
const char *dl_err_first(void);

/* Out of memory: says so. Return: DL_EXIT_FAILED. */
int dl_err_nomem(void);

#endif
