/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program needs: memory that is there or the program ends,
 * and messages that name the program.
 */
#ifndef DLT_UTIL_H
#define DLT_UTIL_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory; ends the program when there is none. n may be 0. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);

/* Memory for O_DIRECT. */
void *xalloc_pages(size_t bytes);

/* "PROGRAM: message" on stderr; die() ends with status 2: the test itself
 * could not run, as against 1: what it tests is wrong.
 */
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* A number with an optional suffix k, M or G; ends the program if it is none. */
uint64_t parse_number(const char *what, const char *s);

/* Seconds of a monotonic clock. */
double now_seconds(void);

#endif
