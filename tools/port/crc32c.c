// SPDX-License-Identifier: GPL-2.0
/*
 * CRC-32C in user space: the reflected Castagnoli polynomial 0x82f63b78 (G.
 * Castagnoli, S. Braeuer, M. Herrmann, IEEE Trans. on Communications 41(6),
 * 1993), the one of iSCSI (RFC 3720, B.4), ext4 and SSE4.2's crc32.
 *
 * Two ways: the processor's instruction where it has one, else eight tables,
 * one for each byte of a 64-bit word (the "slicing-by-8" of M. Kounavis and
 * F. Berry, 2005). The tables are made once, when the program is loaded, so
 * that no caller has to know and no thread can see them half made.
 */
#include "crc32c.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#define POLY	0x82f63b78u

static u32 table[8][256];

typedef u32 (*feed_fn)(u32 crc, const u8 *p, size_t n);

static u32 feed_tables(u32 crc, const u8 *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		u64 word;

		memcpy(&word, p, 8);
		word = le64_to_cpu(word) ^ crc;
		crc = table[7][word & 0xff] ^
			table[6][word >> 8 & 0xff] ^
			table[5][word >> 16 & 0xff] ^
			table[4][word >> 24 & 0xff] ^
			table[3][word >> 32 & 0xff] ^
			table[2][word >> 40 & 0xff] ^
			table[1][word >> 48 & 0xff] ^
			table[0][word >> 56];
	}
	while (n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2")))
static u32 feed_sse42(u32 crc, const u8 *p, size_t n)
{
	u64 c = crc;

	for (; n >= 8; p += 8, n -= 8) {
		u64 word;

		memcpy(&word, p, 8);
		c = _mm_crc32_u64(c, word);
	}
	while (n--)
		c = _mm_crc32_u8((u32)c, *p++);
	return (u32)c;
}
#endif

static feed_fn feed = feed_tables;

__attribute__((constructor))
static void prepare(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLY : 0);
		table[0][i] = crc;
	}
	for (u32 i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^
				table[0][table[k - 1][i] & 0xff];
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("sse4.2"))
		feed = feed_sse42;
#endif
}

uint32_t dl_crc32c_feed(uint32_t crc, const void *p, size_t n)
{
	return feed(crc, p, n);
}

uint32_t dl_crc32c_feed_tables(uint32_t crc, const void *p, size_t n)
{
	return feed_tables(crc, p, n);
}
