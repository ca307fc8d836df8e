/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small seeded random numbers: the same seed gives the same run on every
 * machine, which the C library's generators do not promise.
 */
#ifndef DLT_RNG_H
#define DLT_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* One step of a Weyl sequence through a 64-bit finaliser. */
static inline uint64_t rng_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	return x;
}

static inline uint64_t rng_next(struct rng *r)
{
	r->state += 0x9e3779b97f4a7c15ULL;
	return rng_mix(r->state);
}

static inline void rng_seed(struct rng *r, uint64_t seed, uint64_t stream)
{
	r->state = rng_mix(seed + 1) ^ rng_mix(~stream);
	rng_next(r);
}

/* Uniform in [0, n); n > 0. The bias of the multiplication is below 2^-32. */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)(((rng_next(r) >> 32) * n) >> 32);
}

/* True in @pct of 100 cases. */
static inline bool rng_chance(struct rng *r, uint32_t pct)
{
	return rng_below(r, 100) < pct;
}

#endif
