# SPDX-License-Identifier: GPL-2.0
# The benchmarks: tests/bench/run.sh says what they are.

BENCH_OUT := $(BUILD)/tests
BENCH_TOOLS := $(addprefix $(BENCH_OUT)/,dlgrain dlpace)

.PHONY: bench bench-tools
## make bench          figures beside the peers' (ONLY=fsync,instr: a part;
##                     BENCH_QUICK=1: smaller)
bench:
	@tests/bench/run.sh $(ONLY)

## make bench-tools   build what the benchmarks run in guests
bench-tools: $(BENCH_TOOLS)

$(BENCH_TOOLS): $(BENCH_OUT)/%: $(TOP)/tests/bench/%.c $(TOP)/tests/bench/ranks.h \
		$(TOP)/tests/model/rng.h
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -o $@ $< -lm
