/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the test of the checksum needs beyond dl_port.h.
 */
#ifndef DL_CRC32C_H
#define DL_CRC32C_H

#include "dl_port.h"

/* dl_crc32c_feed() by tables, whatever the processor has. */
uint32_t dl_crc32c_feed_tables(uint32_t crc, const void *p, size_t n);

#endif
