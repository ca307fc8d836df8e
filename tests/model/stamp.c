// SPDX-License-Identifier: GPL-2.0
/*
 * Stamped sectors, see stamp.h.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "rng.h"
#include "stamp.h"

#define STAMP_MAGIC	0x4c444f4d4c44ULL	/* "DLMODL" */
#define HEAD_WORDS	4
#define SECTOR_WORDS	(SECTOR_BYTES / 8)

static void make(uint64_t *w, uint64_t seed, uint64_t sector, uint32_t id)
{
	uint64_t x, add;
	unsigned int i;

	w[0] = htole64(STAMP_MAGIC);
	w[1] = htole64(seed);
	w[2] = htole64(sector);
	w[3] = htole64(id);
	switch (rng_mix(seed ^ id) % 5) {
	case 0:
		x = rng_mix(seed ^ (sector << 32) ^ id);
		break;
	case 1:
	case 2:
	case 3:
		x = rng_mix(seed ^ (sector << 32));
		break;
	default:
		memset(w + HEAD_WORDS, 0, SECTOR_BYTES - HEAD_WORDS * 8);
		return;
	}
	/* A chain of multiplications would be the slowest part of a test. */
	add = x | 1;
	for (i = HEAD_WORDS; i < SECTOR_WORDS; i++) {
		x += add;
		w[i] = htole64(x ^ (x >> 29));
	}
}

void stamp_make(void *buf, uint64_t seed, uint64_t sector, uint32_t id)
{
	uint64_t w[SECTOR_WORDS];

	make(w, seed, sector, id);
	memcpy(buf, w, sizeof(w));
}

void stamp_fill(void *buf, uint64_t seed, uint64_t sector, uint32_t n,
		uint32_t id)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		stamp_make((char *)buf + (size_t)i * SECTOR_BYTES, seed,
			   sector + i, id);
}

uint32_t stamp_read(const void *buf, uint64_t seed, uint64_t sector)
{
	uint64_t want[SECTOR_WORDS], got[HEAD_WORDS], id;

	memcpy(got, buf, sizeof(got));
	if (le64toh(got[0]) == STAMP_MAGIC) {
		id = le64toh(got[3]);
		if (id > VAL_MAX_ID)
			return VAL_ALIEN;
		make(want, seed, sector, (uint32_t)id);
		return memcmp(want, buf, SECTOR_BYTES) ? VAL_ALIEN :
							 (uint32_t)id;
	}
	memset(want, 0, sizeof(want));
	return memcmp(want, buf, SECTOR_BYTES) ? VAL_ALIEN : VAL_ZERO;
}

const char *stamp_value_text(uint32_t val, char *out, size_t size)
{
	switch (val) {
	case 0:
		snprintf(out, size, "the origin's first content");
		break;
	case VAL_ZERO:
		snprintf(out, size, "zeros");
		break;
	case VAL_ALIEN:
		snprintf(out, size, "bytes nobody wrote there");
		break;
	case VAL_ERROR:
		snprintf(out, size, "a read error");
		break;
	default:
		snprintf(out, size, "write %u", val);
	}
	return out;
}

void stamp_describe(const void *buf, uint64_t seed, uint64_t sector,
		    char *out, size_t size)
{
	uint32_t val = stamp_read(buf, seed, sector);
	uint64_t want[SECTOR_WORDS], w[SECTOR_WORDS];
	unsigned int i;

	memcpy(w, buf, sizeof(w));
	if (val != VAL_ALIEN) {
		stamp_value_text(val, out, size);
		return;
	}
	if (le64toh(w[0]) != STAMP_MAGIC) {
		snprintf(out, size, "no stamp: starts with %016llx %016llx",
			 (unsigned long long)le64toh(w[0]),
			 (unsigned long long)le64toh(w[1]));
		return;
	}
	if (le64toh(w[1]) != seed || le64toh(w[2]) != sector) {
		snprintf(out, size,
			 "the stamp of sector %llu, write %llu, seed %llu",
			 (unsigned long long)le64toh(w[2]),
			 (unsigned long long)le64toh(w[3]),
			 (unsigned long long)le64toh(w[1]));
		return;
	}
	make(want, seed, sector, (uint32_t)le64toh(w[3]));
	for (i = 0; i < SECTOR_WORDS && w[i] == want[i]; i++)
		;
	snprintf(out, size, "write %llu damaged from byte %u on",
		 (unsigned long long)le64toh(w[3]), i * 8);
}
