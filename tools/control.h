/* SPDX-License-Identifier: GPL-2.0 */
/*
 * /dev/deltalog-control, whose protocol is told in kmod/uapi/deltalog.h.
 */
#ifndef DL_TOOL_CONTROL_H
#define DL_TOOL_CONTROL_H

#include "deltalog.h"

struct dl_dm_volume;

/**
 * dl_control_open() - open it
 * @fd: out
 *
 * Return: 0, or an exit code with the reason said.
 */
int dl_control_open(int *fd);

/* ioctl(2). Return: 0 or a negative errno. */
int dl_control_call(int fd, unsigned long request, void *arg);

/**
 * dl_control_failed() - say why a call failed, if it is for a common reason
 * @v: volume
 * @doing: what failed: "reading the diff"
 * @rc: negative errno
 *
 * Return: exit code.
 */
int dl_control_failed(const struct dl_dm_volume *v, const char *doing, int rc);

#endif
