/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What kmod/core needs of its surroundings, as the kernel provides it. The
 * user-space twin is tools/port/dl_port.h; the core includes whichever the
 * include path gives it and knows neither.
 */
#ifndef DL_PORT_H
#define DL_PORT_H

#include <linux/build_bug.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/crc32c.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>

/* CRC-32C (Castagnoli) as iSCSI and ext4 define it: all ones in, inverted out. */
static inline u32 dl_crc32c(const void *p, size_t n)
{
	return ~crc32c(~0U, p, n);
}

/* The same in pieces: start with ~0, feed, invert the end. */
static inline u32 dl_crc32c_feed(u32 crc, const void *p, size_t n)
{
	return crc32c(crc, p, n);
}

#endif
