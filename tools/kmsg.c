// SPDX-License-Identifier: GPL-2.0
/* Reading the kernel's log: /dev/kmsg gives one record for each read. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
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

void dl_kmsg_drop(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* What a message of @target is worth here, and where its words begin; 0: it is
 * not of that target.
 */
static int judge_target(const char *target, int level, char *text, char **words)
{
	static const char dm[] = "device-mapper";
	size_t n = sizeof(dm) - 1;
	char mark[32], *at;

	if (strncmp(text, dm, n))
		return 0;
	snprintf(mark, sizeof(mark), ": %s: ", target);
	at = strstr(text + n, mark);
	if (!at)
		return 0;
	*words = at + strlen(mark);
	if (at != text + n)
		return 2;	/* device-mapper's, of a table */
	return level <= 3 ? 3 : 1;
}

static int judge(int level, char *text, char **words)
{
	return judge_target("deltalog", level, text, words) ?:
		judge_target("deltalog-view", level, text, words);
}

static void most_telling(int fd, char *buf, size_t size, bool first)
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
		if (!worth || worth < best || (first && worth == best))
			continue;
		best = worth;
		snprintf(buf, size, "%s", words);
	}
	close(fd);
}

void dl_kmsg_last(int fd, char *buf, size_t size)
{
	most_telling(fd, buf, size, false);
}

void dl_kmsg_first(int fd, char *buf, size_t size)
{
	most_telling(fd, buf, size, true);
}
