/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the fuzz targets share: input taken piece by piece, and a check that
 * ends the program in a way the fuzzer reports.
 */
#ifndef DL_FUZZ_H
#define DL_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "dl_port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(cond) do {							\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

/* The target that is built with the module's objects, and the other one. */
int fuzz_module(const uint8_t *data, size_t size);
int fuzz_twin(const uint8_t *data, size_t size);
extern u32 module_seen, twin_seen;

/*
 * What came out, told to whoever compares it with what came out of another
 * build of the same (twin.c): bytes and numbers that follow from the input.
 */
extern u32 fuzz_seen;
__attribute__((weak)) u32 fuzz_seen;

static inline void saw(const void *p, size_t n)
{
	fuzz_seen = dl_crc32c_feed(fuzz_seen, p, n);
}

static inline void saw_int(u64 v)
{
	saw(&v, sizeof(v));
}

struct input {
	const u8 *p;
	size_t left;
};

/* Up to @n bytes; what the input lacks is zero. */
static inline void take(struct input *in, void *out, size_t n)
{
	size_t got = in->left < n ? in->left : n;

	memset(out, 0, n);
	if (got)
		memcpy(out, in->p, got);
	in->p += got;
	in->left -= got;
}

static inline u64 take_int(struct input *in, size_t bytes)
{
	u8 b[8] = { 0 };
	u64 v = 0;
	int i;

	take(in, b, bytes);
	for (i = 7; i >= 0; i--)
		v = v << 8 | b[i];
	return v;
}

/*
 * Memory of exactly @n bytes, aligned as disk buffers are, so that the
 * sanitizer sees a read one byte too far.
 */
static inline void *exactly(size_t n)
{
	void *p = malloc(n ? n : 1);

	must(p);
	return p;
}

#endif
