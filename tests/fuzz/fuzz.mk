# SPDX-License-Identifier: GPL-2.0
# Fuzz targets over the core's own sources: libFuzzer with the address and
# undefined behaviour sanitizers.
#
## fuzz-quick  each fuzz target for about ten seconds
## fuzz        each for FUZZ_RUNS inputs (default 5000000); keeps what it finds

CORE_SRCS ?= $(wildcard kmod/core/*.c)

FUZZ_RUNS   ?= 5000000
FUZZ_CC     ?= clang
FUZZ_OUT    := $(BUILD)/tests/fuzz
FUZZ_CFLAGS := -Ikmod/core -Itools/port -Itests/unit -std=gnu11 -Wall -Wextra \
	-Werror -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_LIB    := $(patsubst %.c,$(FUZZ_OUT)/%.o,\
	$(CORE_SRCS) tools/port/crc32c.c tests/unit/logbuild.c)
FUZZ_SRCS   := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_NAMES  := $(notdir $(FUZZ_SRCS:.c=))

# A superblock is a page; what a walk is told to change is a list.
FUZZ_LEN_fuzz_super := 4200
# A delta of the longest that is accepted, and longer ones.
FUZZ_LEN_fuzz_delta := 2100
# A policy is up to 4000 bytes, and words.
FUZZ_LEN_fuzz_policy := 4100
FUZZ_LEN = -max_len=$(or $(FUZZ_LEN_$(1)),2048)

.PHONY: fuzz fuzz-quick fuzz-build $(FUZZ_NAMES:%=fuzz-run-%) \
	$(FUZZ_NAMES:%=fuzz-try-%)
fuzz-build: $(FUZZ_NAMES:%=$(FUZZ_OUT)/%)
fuzz: $(FUZZ_NAMES:%=fuzz-run-%)
fuzz-quick: $(FUZZ_NAMES:%=fuzz-try-%)

# FUZZ_DO(options, corpus): run the first prerequisite. An input that fails stays
# in the output folder and is named in the log.
FUZZ_DO = $< $(1) $(call FUZZ_LEN,$*) -artifact_prefix=$(dir $<) $(2) \
	>$<.log 2>&1 && echo "$*: $$(tail -n 1 $<.log)" || \
	{ tail -n 60 $<.log; echo "$*: FAILED"; exit 1; }

# The seed is fixed: a quick run that passed passes again.
$(FUZZ_NAMES:%=fuzz-try-%): fuzz-try-%: $(FUZZ_OUT)/%
	@$(call FUZZ_DO,-seed=1 -runs=1000000 -max_total_time=10,)

$(FUZZ_NAMES:%=fuzz-run-%): fuzz-run-%: $(FUZZ_OUT)/%
	@mkdir -p $(FUZZ_OUT)/corpus/$*
	@$(call FUZZ_DO,-runs=$(FUZZ_RUNS),$(FUZZ_OUT)/corpus/$*)

$(FUZZ_NAMES:%=$(FUZZ_OUT)/%): $(FUZZ_OUT)/%: $(FUZZ_OUT)/tests/fuzz/%.o $(FUZZ_LIB)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^

$(FUZZ_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

.PRECIOUS: $(FUZZ_OUT)/%.o
-include $(FUZZ_LIB:.o=.d) $(FUZZ_SRCS:%.c=$(FUZZ_OUT)/%.d)

include tests/fuzz/module.mk
