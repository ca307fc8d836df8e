// SPDX-License-Identifier: GPL-2.0
/*
 * Changes a field of a log's superblocks or checkpoints and makes the checksum
 * right again: what a newer release, another volume or an attacker might have
 * written. Knows the format from its description only, not from the core.
 *
 * Usage: dlforge LOG super  SLOT OFFSET BYTES VALUE    slot 0, 1, or all
 *        dlforge LOG raw    SECTOR OFFSET BYTES VALUE  no checksum is touched
 *        dlforge LOG cp     SLOT OFFSET BYTES VALUE    offset in the checkpoint
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../model/util.h"

#define SUPER_BYTES	4096u
#define SUPER_CRC	12	/* offsets in a superblock */
#define SUPER_CP_SECTOR	104
#define SUPER_CP_BYTES	112
#define SUPER_CP_CRC	116

static uint32_t crc32c(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0U;
	unsigned int bit;

	while (n--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? (crc >> 1) ^ 0x82f63b78U : crc >> 1;
	}
	return ~crc;
}

static void get(int fd, void *p, size_t n, uint64_t at)
{
	if (pread(fd, p, n, (off_t)at) != (ssize_t)n)
		die("cannot read at %llu: %s", (unsigned long long)at,
		    strerror(errno));
}

static void put(int fd, const void *p, size_t n, uint64_t at)
{
	if (pwrite(fd, p, n, (off_t)at) != (ssize_t)n)
		die("cannot write at %llu: %s", (unsigned long long)at,
		    strerror(errno));
}

static void seal(uint8_t *sb)
{
	uint32_t crc;

	memset(sb + SUPER_CRC, 0, 4);
	crc = htole32(crc32c(sb, SUPER_BYTES));
	memcpy(sb + SUPER_CRC, &crc, 4);
}

static void forge_super(int fd, unsigned int slot, uint64_t offset,
			const void *value, size_t n)
{
	uint8_t sb[SUPER_BYTES];

	if (offset + n > SUPER_BYTES)
		die("beyond the superblock");
	get(fd, sb, sizeof(sb), (uint64_t)slot * SUPER_BYTES);
	memcpy(sb + offset, value, n);
	seal(sb);
	put(fd, sb, sizeof(sb), (uint64_t)slot * SUPER_BYTES);
}

static void forge_cp(int fd, unsigned int slot, uint64_t offset,
		     const void *value, size_t n)
{
	uint8_t sb[SUPER_BYTES], *cp;
	uint64_t sector;
	uint32_t bytes, crc;

	get(fd, sb, sizeof(sb), (uint64_t)slot * SUPER_BYTES);
	memcpy(&sector, sb + SUPER_CP_SECTOR, 8);
	memcpy(&bytes, sb + SUPER_CP_BYTES, 4);
	sector = le64toh(sector);
	bytes = le32toh(bytes);
	if (offset + n > bytes)
		die("beyond the checkpoint's %u bytes", bytes);
	cp = xcalloc(1, bytes);
	get(fd, cp, bytes, sector * 512);
	memcpy(cp + offset, value, n);
	put(fd, cp, bytes, sector * 512);
	crc = htole32(crc32c(cp, bytes));
	memcpy(sb + SUPER_CP_CRC, &crc, 4);
	seal(sb);
	put(fd, sb, sizeof(sb), (uint64_t)slot * SUPER_BYTES);
	free(cp);
}

int main(int argc, char **argv)
{
	uint64_t offset, value, where;
	unsigned int slot, first, last;
	size_t n;
	int fd;

	if (argc != 7)
		die("usage: dlforge LOG super|cp|raw SLOT OFFSET BYTES VALUE");
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", argv[1], strerror(errno));
	offset = parse_number("OFFSET", argv[4]);
	n = parse_number("BYTES", argv[5]);
	value = htole64(parse_number("VALUE", argv[6]));
	if (n != 1 && n != 2 && n != 4 && n != 8)
		die("BYTES: 1, 2, 4 or 8");
	if (!strcmp(argv[2], "raw")) {
		where = parse_number("SECTOR", argv[3]) * 512 + offset;
		put(fd, &value, n, where);
	} else {
		first = last = 0;
		if (!strcmp(argv[3], "all"))
			last = 1;
		else
			first = last = (unsigned int)parse_number("SLOT",
								  argv[3]);
		for (slot = first; slot <= last; slot++) {
			if (!strcmp(argv[2], "super"))
				forge_super(fd, slot, offset, &value, n);
			else if (!strcmp(argv[2], "cp"))
				forge_cp(fd, slot, offset, &value, n);
			else
				die("super, cp or raw, not '%s'", argv[2]);
		}
	}
	if (fsync(fd) || close(fd))
		die("%s: %s", argv[1], strerror(errno));
	return 0;
}
