// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel said, see rot.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "../model/util.h"
#include "rot.h"

static int kmsg = -1;
static char text[1 << 16];
static size_t used;

void klog_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg < 0 || lseek(kmsg, 0, SEEK_END) < 0)
		die("/dev/kmsg: %s", strerror(errno));
}

static void take_in(void)
{
	char line[8192], *msg, *end;
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 ||
	       errno == EPIPE || errno == EINTR) {
		if (n <= 0) {
			/* Older lines were overwritten: go on with what is there. */
			errno = 0;
			continue;
		}
		line[n] = 0;
		msg = strchr(line, ';');
		end = strchr(line, '\n');
		if (!msg || !end)
			continue;
		n = end - msg;
		if (used + (size_t)n + 1 > sizeof(text))
			continue;
		memcpy(text + used, msg + 1, (size_t)n);
		used += (size_t)n;
		text[used] = 0;
	}
}

void klog_empty(void)
{
	take_in();
	used = 0;
	text[0] = 0;
}

const char *klog_all(void)
{
	take_in();
	return text;
}

const char *klog_find(const char *first, ...)
{
	static char line[1024];
	char *at, *end;

	take_in();
	for (at = text; *at; at = end + 1) {
		const char *s = first;
		va_list ap;
		size_t n;

		end = strchr(at, '\n');
		n = (size_t)(end - at);
		if (n >= sizeof(line))
			n = sizeof(line) - 1;
		memcpy(line, at, n);
		line[n] = 0;
		va_start(ap, first);
		while (s && strstr(line, s))
			s = va_arg(ap, const char *);
		va_end(ap);
		if (!s)
			return line;
	}
	return NULL;
}
