// SPDX-License-Identifier: GPL-2.0
/* Prints what the kernel tells udev of volumes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "../model/util.h"
#include "ctl.h"

/* The value behind "@key=" in a message of strings, or NULL. */
static const char *value(const char *text, size_t bytes, const char *key)
{
	size_t len = strlen(key);
	const char *p;

	for (p = text; p < text + bytes; p += strlen(p) + 1)
		if (!strncmp(p, key, len) && p[len] == '=')
			return p + len + 1;
	return NULL;
}

int uevents(unsigned int want)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM, NETLINK_KOBJECT_UEVENT);
	char text[8192];
	ssize_t n;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("uevents: %s", strerror(errno));
	/* For who started this: from here on none is missed. */
	puts("listening");
	fflush(stdout);
	while (want) {
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			die("uevents: %s", strerror(errno));
		text[n] = 0;
		if (!value(text, (size_t)n, "DELTALOG_EVENT"))
			continue;
		printf("%s %s %s %s\n", value(text, (size_t)n, "ACTION"),
		       value(text, (size_t)n, "DEVNAME"),
		       value(text, (size_t)n, "DELTALOG_EVENT"),
		       value(text, (size_t)n, "DELTALOG_EVENT_NR"));
		fflush(stdout);
		want--;
	}
	close(fd);
	return 0;
}
