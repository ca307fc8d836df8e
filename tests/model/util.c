// SPDX-License-Identifier: GPL-2.0
/*
 * Small helpers, see util.h.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

extern char *program_invocation_short_name;

static void say(const char *fmt, va_list ap)
{
	/* What was reported before must come out before. */
	fflush(stdout);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

void warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(fmt, ap);
	va_end(ap);
	exit(2);
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

void *xrealloc(void *p, size_t n, size_t size)
{
	p = reallocarray(p, n ? n : 1, size);
	if (!p)
		die("out of memory (%zu x %zu bytes)", n, size);
	return p;
}

void *xalloc_pages(size_t bytes)
{
	void *p;

	if (posix_memalign(&p, 4096, bytes))
		die("out of memory (%zu bytes)", bytes);
	memset(p, 0, bytes);
	return p;
}

uint64_t parse_number(const char *what, const char *s)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(s, &end, 0);
	if (errno || end == s || *s == '-')
		die("%s: '%s' is not a number", what, s);
	switch (*end) {
	case 'G':
		n <<= 10;
		/* fall through */
	case 'M':
		n <<= 10;
		/* fall through */
	case 'k':
	case 'K':
		n <<= 10;
		end++;
		break;
	}
	if (*end)
		die("%s: '%s' is not a number", what, s);
	return n;
}

double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}
