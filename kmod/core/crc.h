/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checksum of a structure that holds its own checksum.
 */
#ifndef DL_CORE_CRC_H
#define DL_CORE_CRC_H

#include "dl_port.h"

/**
 * dl_crc32c_around() - CRC-32C of @n bytes with one 32-bit field taken as zero
 * @p: bytes, not changed: they may be somebody else's, or read-only
 * @n: their number, at least @field + 4
 * @field: offset of the field
 */
static inline u32 dl_crc32c_around(const void *p, size_t n, size_t field)
{
	const u8 *b = p;
	const __le32 zero = cpu_to_le32(0);
	u32 crc = dl_crc32c_feed(~0U, b, field);

	crc = dl_crc32c_feed(crc, &zero, sizeof(zero));
	field += sizeof(zero);
	return ~dl_crc32c_feed(crc, b + field, n - field);
}

#endif
