// SPDX-License-Identifier: GPL-2.0
/* Reading the kernel's log: /dev/kmsg gives one record for each read. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"

int dl_kmsg_mark(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* What a message is worth here, and where its words begin; 0: it is not ours. */
static int judge(int level, char *text, char **words)
{
	static const char own[] = "device-mapper: deltalog: ";
	static const char table[] = ": deltalog: ";
	char *at;

	if (!strncmp(text, own, sizeof(own) - 1)) {
		*words = text + sizeof(own) - 1;
		return level <= 3 ? 3 : 1;
	}
	at = strstr(text, table);
	if (strncmp(text, "device-mapper: ", 15) || !at)
		return 0;
	*words = at + sizeof(table) - 1;
	return 2;
}

void dl_kmsg_last(int fd, char *buf, size_t size)
{
	char rec[8192], *text, *words;
	int best = 0, worth;
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
		worth = judge(atoi(rec) & 7, text, &words);
		if (!worth || worth < best)
			continue;
		best = worth;
		snprintf(buf, size, "%s", words);
	}
	close(fd);
}
