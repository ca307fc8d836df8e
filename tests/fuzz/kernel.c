// SPDX-License-Identifier: GPL-2.0
/*
 * What the module's object files find in the kernel, and a fuzz target does not
 * have: two functions, and a place for what they know of the stack.
 *
 * They are those of the debug kernel, user-mode Linux with KASAN: code for a
 * process, which calls before each access what AddressSanitizer's runtime has by
 * the same name, registers its globals there, and tells undefined behaviour by
 * UBSan's names. So both watch over code that was compiled to run in a kernel.
 * The calls are also how the fuzzer sees where that code has been.
 *
 * Compiled without sanitizers: it is below them.
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dl_port.h"
#include "kernel.h"

/* CONFIG_KASAN_SHADOW_OFFSET of user-mode Linux. */
#define KASAN_SHADOW	0x100000000000UL
#define STACK_BYTES	(8UL << 20)
/* A power of two: a byte for each place of a call, few share one. */
#define PLACES		(1u << 15)

u32 crc32c(u32 crc, const void *p, unsigned int n)
{
	return dl_crc32c_feed(crc, p, n);
}

unsigned long __sw_hweight64(u64 x)
{
	return hweight64(x);
}

/* The objects call what tells and goes on, as a kernel does: it has to end. */
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}

/* What is freed is kept out of use for a while: not so long that caches miss. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=16";
}

/* Cleared and looked at by libFuzzer, as its own counters are. */
__attribute__((section("__libfuzzer_extra_counters")))
static u8 been[PLACES];

static inline void count(const void *place)
{
	been[(uintptr_t)place & (PLACES - 1)]++;
}

#define ACCESS(name)							\
void __wrap___asan_##name##_noabort(const void *p)			\
{									\
	count(__builtin_return_address(0));				\
	__real___asan_##name##_noabort(p);				\
}

#define ACCESS_N(name)							\
void __wrap___asan_##name##_noabort(const void *p, size_t n)		\
{									\
	count(__builtin_return_address(0));				\
	__real___asan_##name##_noabort(p, n);				\
}

ACCESS(load1)
ACCESS(load2)
ACCESS(load4)
ACCESS(load8)
ACCESS(load16)
ACCESS_N(loadN)
ACCESS(store1)
ACCESS(store2)
ACCESS(store4)
ACCESS(store8)
ACCESS(store16)
ACCESS_N(storeN)

static void map(uintptr_t at, size_t bytes, int fd)
{
	void *p = mmap((void *)at, bytes, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, fd, 0);

	if (p == MAP_FAILED) {
		perror("shadow of the stack");
		exit(1);
	}
}

/*
 * What the compiler of the module writes by itself is the red zones around
 * variables on the stack, in the shadow memory where the kernel has it. The same
 * pages become the runtime's shadow of the stack. All that is on it here is of
 * callers, where nothing was poisoned.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	size_t scale, offset, bytes, page = (size_t)sysconf(_SC_PAGESIZE);
	uintptr_t top;
	int fd;

	(void)argc;
	(void)argv;
	__asan_get_shadow_mapping(&scale, &offset);
	bytes = STACK_BYTES >> scale;
	/* Whole pages of shadow, from one above this function's. */
	top = (uintptr_t)__builtin_frame_address(0) >> scale;
	top = (top / page + 2) * page;
	fd = memfd_create("shadow", 0);
	if (fd < 0 || ftruncate(fd, (off_t)bytes)) {
		perror("shadow of the stack");
		exit(1);
	}
	map(top - bytes + offset, bytes, fd);
	map(top - bytes + KASAN_SHADOW, bytes, fd);
	close(fd);
	return 0;
}
