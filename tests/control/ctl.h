/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tries /dev/deltalog-control: one verb a file, see dlctl.c for what they are.
 */
#ifndef DLC_CTL_H
#define DLC_CTL_H

#include <stddef.h>
#include <stdint.h>

#include "../../kmod/uapi/deltalog.h"

#define NODE	"/dev/" DL_CTL_NODE

struct devno {
	uint32_t major, minor;
};

/* Open the device; ends the program if that fails. */
int ctl_open(void);

/* ioctl(2): 0 or a negative errno. */
int ctl(int fd, unsigned long request, void *arg);

/* The name of a request, the size of its structure, and what it was at first. */
struct request {
	const char *name;
	unsigned long number;
	size_t size, least;
};

extern const struct request requests[];
extern const unsigned int nr_requests;

/* Each return what the program is to end with. */
int errors(struct devno dev);
int refused(struct devno dev);
int fuzz(struct devno dev, uint64_t seed);
int uevents(unsigned int want);
int workload_race(struct devno dev, const char *path);

#endif
