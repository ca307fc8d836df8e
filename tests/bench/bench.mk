# SPDX-License-Identifier: GPL-2.0
# The benchmarks: tests/bench/run.sh says what they are.

BENCH_OUT := $(BUILD)/tests

.PHONY: bench bench-tools
## make bench          figures beside the peers' (ONLY=fsync,instr: a part;
##                     BENCH_QUICK=1: smaller)
bench:
	@tests/bench/run.sh $(ONLY)

## make bench-tools   build what the benchmarks run in guests
bench-tools: $(BENCH_OUT)/dlgrain

$(BENCH_OUT)/dlgrain: $(TOP)/tests/bench/dlgrain.c $(TOP)/tests/model/rng.h
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -o $@ $<
