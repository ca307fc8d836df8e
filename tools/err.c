// SPDX-License-Identifier: GPL-2.0
/*
 * Messages on stderr. A message that arrives while a progress line stands on
 * the terminal starts on a line of its own.
 */
#include <stdarg.h>
#include <stdio.h>

#include "err.h"
#include "progress.h"

static const char *verb;
static char first[1024];

void dl_err_verb(const char *name)
{
	verb = name;
}

static void __attribute__((format(printf, 2, 0)))
say(const char *kind, const char *fmt, va_list ap)
{
	fflush(stdout);
	dl_progress_clear();
	fprintf(stderr, "deltalog%s%s: %s", verb ? " " : "", verb ? verb : "",
		kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int dl_err(enum dl_exit code, const char *fmt, ...)
{
	va_list ap;

	if (!first[0]) {
		va_start(ap, fmt);
		vsnprintf(first, sizeof(first), fmt, ap);
		va_end(ap);
	}
	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
	return code;
}

void dl_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

const char *dl_err_first(void)
{
	return first;
}

int dl_err_nomem(void)
{
	return dl_err(DL_EXIT_FAILED, "out of memory");
}
