/* SPDX-License-Identifier: GPL-2.0 */
/* Who has a block device open without having claimed it. */
#ifndef DL_TOOL_OPENER_H
#define DL_TOOL_OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

/**
 * dl_opener_loop() - find a loop device over a block device
 * @dev: the device
 * @buf: out: path of the loop device
 */
bool dl_opener_loop(dev_t dev, char *buf, size_t size);

/**
 * dl_opener_loop_file() - find a loop device over a file
 * @st: the file
 * @buf: out: path of the loop device
 */
bool dl_opener_loop_file(const struct stat *st, char *buf, size_t size);

/**
 * dl_opener_process() - find a process that has a block device open
 * @dev: the device
 * @writing: only one that can write to it
 * @buf: out: in words: "qemu (process 1234)"
 *
 * This process does not count.
 */
bool dl_opener_process(dev_t dev, bool writing, char *buf, size_t size);

#endif
