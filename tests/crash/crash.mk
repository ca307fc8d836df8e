# SPDX-License-Identifier: GPL-2.0
# The content model, the crash tests, and what they need; included by the
# top-level Makefile, which sets TOP and BUILD.

CRASH_OUT := $(BUILD)/tests
CRASH_CFLAGS := -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -O2 -pthread -MMD
CRASH_MODEL := util key stamp history judge order serial plan run
CRASH_REPLAY := stream image dm stack nonce round explore case fs dlreplay
CRASH_OBJ = $(patsubst %,$(CRASH_OUT)/crash-obj/%.o,$(1))

.PHONY: crash-tools check-judge check-crash prove-crash

## make crash-tools   build the content model and the crash tests
crash-tools: $(CRASH_OUT)/dlmodel $(CRASH_OUT)/dlreplay $(CRASH_OUT)/test_judge \
	$(CRASH_OUT)/dlforge

$(CRASH_OUT)/crash-obj/%.o: $(TOP)/tests/model/%.c
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -c -o $@ $<

$(CRASH_OUT)/crash-obj/%.o: $(TOP)/tests/crash/%.c
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -c -o $@ $<

$(CRASH_OUT)/crash-obj/%.o: $(TOP)/tests/load/%.c
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -c -o $@ $<

$(CRASH_OUT)/dlforge: $(call CRASH_OBJ,util dlforge)
	$(CC) -o $@ $^

$(CRASH_OUT)/dlmodel: $(call CRASH_OBJ,$(CRASH_MODEL) dlmodel)
	$(CC) -pthread -o $@ $^

$(CRASH_OUT)/test_judge: $(call CRASH_OBJ,$(CRASH_MODEL) test_judge)
	$(CC) -pthread -o $@ $^

$(CRASH_OUT)/dlreplay: $(call CRASH_OBJ,$(CRASH_MODEL) $(CRASH_REPLAY))
	$(CC) -pthread -o $@ $^ -ldevmapper

-include $(wildcard $(CRASH_OUT)/crash-obj/*.d)

# The judge against hand-written histories and against enumeration.
check-judge: $(CRASH_OUT)/test_judge
	$<

## make check-crash   20,000 crash states, 1,000 under the debug kernel, and
##                      what make check-timeline-long runs
check-crash: crash-tools
	tests/crash/run.sh --states 20000
	tests/crash/run.sh --states 1000 --debug --seed 7
	@$(MAKE) --no-print-directory check-timeline-long

## make prove-crash   break the module in known ways: the crash tests must see it
prove-crash: crash-tools
	tests/crash/prove.sh
