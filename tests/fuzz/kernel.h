/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's objects call before each access to memory: the linker gives
 * the calls to __wrap_..., and has what they were to as __real_... (--wrap).
 */
#ifndef DL_FUZZ_KERNEL_H
#define DL_FUZZ_KERNEL_H

#include <stddef.h>

typedef void access_fn(const void *p);
typedef void access_n_fn(const void *p, size_t n);

#define CALLED(type, name)						\
	type __real___asan_##name##_noabort, __wrap___asan_##name##_noabort

CALLED(access_fn, load1);
CALLED(access_fn, load2);
CALLED(access_fn, load4);
CALLED(access_fn, load8);
CALLED(access_fn, load16);
CALLED(access_n_fn, loadN);
CALLED(access_fn, store1);
CALLED(access_fn, store2);
CALLED(access_fn, store4);
CALLED(access_fn, store8);
CALLED(access_fn, store16);
CALLED(access_n_fn, storeN);

#undef CALLED

#endif
