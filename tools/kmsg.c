// SPDX-License-Identifier: GPL-2.0
/* Reading the kernel's log: /dev/kmsg gives one record for each read. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

static const char own[] = "device-mapper: deltalog: ";

int dl_kmsg_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

void dl_kmsg_last(int fd, char *buf, size_t size)
{
	char rec[8192], *text;
	bool have_own = false, is_own;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return;
	for (;;) {
		n = read(fd, rec, sizeof(rec) - 1);
		if (n < 0 && (errno == EINTR || errno == EPIPE))
			continue;	/* EPIPE: older records were lost */
		if (n <= 0)
			break;
		rec[n] = '\0';
		text = strchr(rec, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		is_own = !strncmp(text, own, sizeof(own) - 1);
		if (have_own && !is_own)
			continue;
		if (!strstr(text, "deltalog"))
			continue;
		have_own |= is_own;
		snprintf(buf, size, "%s", is_own ? text + sizeof(own) - 1 : text);
	}
	close(fd);
}
