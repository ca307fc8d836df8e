/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing the origin up to date, and waiting for it. */
#ifndef DL_TOOL_DRAIN_H
#define DL_TOOL_DRAIN_H

#include <stddef.h>
#include <stdint.h>

#include "volstat.h"

/* How much the origin still lacks. */
uint64_t dl_drain_left(const struct dl_volstat *s);

/**
 * dl_drain() - drain a volume, and show how far it is
 * @name: the volume
 * @why: out: in words what failed
 * @size: of @why
 *
 * Interrupts have to be caught (interrupt.h), or the volume goes on draining
 * without us. Nothing is said.
 * Return: 0; -EINTR when interrupted, then the volume is active as before;
 * another negative errno.
 */
int dl_drain(const char *name, char *why, size_t size);

#endif
