// SPDX-License-Identifier: GPL-2.0
/*
 * One input for two copies of a fuzz target: one that is linked with the
 * module's object files, and its twin, with the same sources as clang compiles
 * them for the fuzzer. They must see the same. The twin also tells the fuzzer
 * what it cannot know of the module's objects, what numbers are compared with.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	module_seen = 0;
	twin_seen = 0;
	fuzz_module(data, size);
	fuzz_twin(data, size);
	must(module_seen == twin_seen);
	return 0;
}
