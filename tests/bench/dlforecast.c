// SPDX-License-Identifier: GPL-2.0
/*
 * Feeds a cascade of forecasters, so that what it takes can be counted by whoever runs
 * this (forecast.sh).
 *
 * Usage: dlforecast KIND TICKS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cascade.h"
#include "../model/rng.h"

/* Bytes in a tick. */
static u64 bytes(struct rng *r, const char *kind, u64 tick)
{
	const u64 any = rng_next(r);

	if (!strcmp(kind, "steady"))
		return 1 << 20;
	if (!strcmp(kind, "idle"))
		return 0;
	if (!strcmp(kind, "random"))
		return any >> (rng_next(r) & 63);
	if (!strcmp(kind, "bursts"))
		return tick / 50 & 1 ? 100000 + any % 1000000 : 0;
	if (!strcmp(kind, "hostile"))
		return tick & 1 ? U64_MAX : any & 1;
	fprintf(stderr, "dlforecast: there is no kind '%s'\n", kind);
	exit(2);
}

int main(int argc, char **argv)
{
	struct rng r = { .state = 1 };
	struct dl_forecast f;
	struct dl_cascade c;
	u64 tick, ticks;

	if (argc != 3) {
		fputs("usage: dlforecast KIND TICKS\n", stderr);
		return 2;
	}
	ticks = strtoull(argv[2], NULL, 10);
	dl_cascade_init(&c, false, 0);
	for (tick = 0; tick <= ticks; tick++)
		dl_cascade_add(&c, tick, bytes(&r, argv[1], tick), 0);
	dl_cascade_ahead(&c, 100, &f);
	printf("%s: %llu bytes in the next 100 ticks, confidence %u\n", argv[1],
	       (unsigned long long)f.value, f.confidence);
	return 0;
}
