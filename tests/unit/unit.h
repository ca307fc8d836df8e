/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every unit test includes.
 */
#ifndef DL_TEST_UNIT_H
#define DL_TEST_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "status.h"

/* Statuses as words: a failure is to be readable. */
#define assert_status(got, want) \
	assert_string_equal(dl_status_text(got), dl_status_text(want))

/* Compare @p with golden bytes, the rest of its @n bytes with zero. */
static inline void assert_golden(const void *p, size_t n, const u8 *golden,
				 size_t golden_n)
{
	const u8 *b = p;
	size_t i;

	assert_true(golden_n <= n);
	assert_memory_equal(b, golden, golden_n);
	for (i = golden_n; i < n; i++)
		if (b[i])
			fail_msg("byte %zu is %#x and should be zero", i, b[i]);
}

#endif
