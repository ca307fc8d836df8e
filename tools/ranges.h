/* SPDX-License-Identifier: GPL-2.0 */
/* Ranges of a volume, as a command line has them. */
#ifndef DL_TOOL_RANGES_H
#define DL_TOOL_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json.h"

/* In bytes, whole sectors. */
struct dl_range {
	uint64_t offset, bytes;
};

struct dl_ranges {
	struct dl_range *range;
	size_t nr;
};

/**
 * dl_ranges_parse() - take "START+LENGTH[,START+LENGTH...]" apart
 * @r: out: in order of offset, those that touch or overlap made one;
 * dl_ranges_free() is due in either case
 * @text: numbers are sectors, or bytes if they end in B, K, M, G or T
 * @why: out: in words what is wrong
 * @size: of @why
 *
 * Return: whether it could be understood.
 */
bool dl_ranges_parse(struct dl_ranges *r, const char *text, char *why,
		     size_t size);

/* Add a range behind all others, as it is. Return: 0 or -ENOMEM. */
int dl_ranges_add(struct dl_ranges *r, uint64_t offset, uint64_t bytes);
void dl_ranges_free(struct dl_ranges *r);

uint64_t dl_ranges_bytes(const struct dl_ranges *r);

/* The first byte behind all of them. */
uint64_t dl_ranges_end(const struct dl_ranges *r);

/* A list of objects with start and length, in sectors. */
struct json_object *dl_ranges_json(const struct dl_ranges *r);

#endif
