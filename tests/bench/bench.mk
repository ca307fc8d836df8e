# SPDX-License-Identifier: GPL-2.0
# The benchmarks: tests/bench/run.sh says what they are.

.PHONY: bench
## make bench          figures beside the peers' (ONLY=fsync,instr: a part;
##                     BENCH_QUICK=1: smaller)
bench:
	@tests/bench/run.sh $(ONLY)
