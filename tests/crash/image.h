/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Crash states: what the devices may hold when the power goes at some time of
 * a stream. Everything durable by then is there; of every other change that
 * had been submitted all, nothing or some blocks may be, each on its own.
 */
#ifndef DLT_IMAGE_H
#define DLT_IMAGE_H

#include "../model/rng.h"
#include "stream.h"

/* How to choose among what may be there. */
enum fate {
	FATE_ALL,		/* the cache was written out */
	FATE_NONE,		/* the cache was lost */
	FATE_SOME,		/* each change by chance */
	FATE_FEW,
	FATE_MOST,
	FATE_BUT_ONE,
	FATE_ONE,
	FATE_ORIGIN,		/* the origin's cache survived, the log's not */
	FATE_LOG,
	NR_FATES
};

struct image {
	const struct stream *s;
	const struct layout *l;
	uint32_t block;		/* sectors that are written whole or not */
	char *durable;		/* content of both devices at time now */
	uint32_t *last;		/* by sector: change + 1 it is from */
	uint32_t *by_durable;	/* changes in the order they got durable */
	uint32_t nr_applied;
	uint64_t now;
};

/* What was decided for one crash state, for reports. */
struct choice {
	enum fate fate;
	uint32_t nr_open;	/* changes that may be there or not */
	uint32_t nr_there;
	uint32_t nr_torn;
};

/* @base: content of both devices when the stream began; copied. */
void image_init(struct image *im, const struct stream *s,
		const struct layout *l, uint32_t block, const char *base);
void image_exit(struct image *im);

/* Go on to @time, which never goes back. */
void image_advance(struct image *im, uint64_t time);

/**
 * image_crash() - make a crash state at the image's time
 * @im: image
 * @r: what decides
 * @fate: how; NR_FATES: choose at random
 * @tear: whether changes that are there may be so in parts
 * @to: out: content of both devices
 * @c: out
 */
void image_crash(struct image *im, struct rng *r, enum fate fate, bool tear,
		 char *to, struct choice *c);

const char *fate_text(enum fate fate);

#endif
