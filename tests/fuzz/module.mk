# SPDX-License-Identifier: GPL-2.0
# The same fuzz targets, linked with the module's own object files: those of
# kmod/core that kbuild made for the debug kernel (see kernel.c), as they are.
# Each program has the target twice (see twin.c), the second time as `make fuzz`
# has it. Included by fuzz.mk.
#
## fuzz-module  the fuzz targets over the module's own object files, each for
##              FUZZ_RUNS inputs; fuzz-module-quick: for about five seconds

FUZZ_ACCESS := $(foreach what,load store,$(foreach n,1 2 4 8 16 N,\
	-Wl,--wrap=__asan_$(what)$(n)_noabort))
FUZZ_MOUT   := $(BUILD)/tests/fuzz-module
FUZZ_MPROGS := $(FUZZ_NAMES:%=$(FUZZ_MOUT)/%)
FUZZ_MLIB   := $(patsubst %,$(FUZZ_MOUT)/%.o,\
	tests/fuzz/kernel tools/port/crc32c tests/unit/logbuild) \
	$(FUZZ_OUT)/tests/fuzz/twin.o

.PHONY: fuzz-module fuzz-module-quick fuzz-module-build

# Which folder the objects are in only the kernel's says, once it was built.
fuzz-module fuzz-module-quick fuzz-module-build:
	@kdir=$$(tests/uml/build.sh debug) && \
		$(MAKE) --no-print-directory FUZZ_KDIR="$$kdir" $@-with

ifneq ($(FUZZ_KDIR),)
FUZZ_MODULE := $(BUILD)/$(shell cat '$(FUZZ_KDIR)/.complete')
# What is in the module, not what lies there.
FUZZ_MOBJS  := $(CORE_SRCS:%.c=$(FUZZ_MODULE)/src/%.o)

.PHONY: fuzz-module-with fuzz-module-quick-with fuzz-module-build-with \
	$(FUZZ_NAMES:%=fuzz-module-run-%) $(FUZZ_NAMES:%=fuzz-module-try-%)
fuzz-module-build-with: $(FUZZ_MPROGS)
fuzz-module-with: $(FUZZ_NAMES:%=fuzz-module-run-%)
fuzz-module-quick-with: $(FUZZ_NAMES:%=fuzz-module-try-%)

$(FUZZ_NAMES:%=fuzz-module-try-%): fuzz-module-try-%: $(FUZZ_MOUT)/%
	@$(call FUZZ_DO,-seed=1 -runs=1000000 -max_total_time=5,)

$(FUZZ_NAMES:%=fuzz-module-run-%): fuzz-module-run-%: $(FUZZ_MOUT)/%
	@mkdir -p $(FUZZ_MOUT)/corpus/$*
	@$(call FUZZ_DO,-runs=$(FUZZ_RUNS),$(FUZZ_MOUT)/corpus/$*)

# The module is the last that kbuild makes.
$(FUZZ_MODULE)/dm-deltalog.ko: Kbuild $(shell find kmod -type f)
	@$(MAKE) -s module KDIR='$(FUZZ_KDIR)' ARCH=um >/dev/null

# Code that the kernel's compiler made knows its place: no PIE.
$(FUZZ_MPROGS): $(FUZZ_MOUT)/%: $(FUZZ_MOUT)/tests/fuzz/%.o $(FUZZ_MOUT)/%-twin.o \
		$(FUZZ_MLIB) $(FUZZ_MODULE)/dm-deltalog.ko
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -no-pie $(FUZZ_ACCESS) \
		-o $@ $(filter %.o,$^) $(FUZZ_MOBJS)

# Where a target has been the twin tells the fuzzer; to be told twice is slow.
$(FUZZ_MOUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(FUZZ_CFLAGS) -DLLVMFuzzerTestOneInput=fuzz_module \
		-Dfuzz_seen=module_seen -MMD -MP -c -o $@ $<

# Sections in groups would be taken for those of the other copy.
$(FUZZ_MOUT)/%-twin.o: $(FUZZ_OUT)/tests/fuzz/%.o \
		$(filter-out %/crc32c.o,$(FUZZ_LIB))
	@mkdir -p $(@D)
	@ld -r --force-group-allocation -o $@.tmp $^
	@objcopy --redefine-sym LLVMFuzzerTestOneInput=fuzz_twin \
		--redefine-sym fuzz_seen=twin_seen --keep-global-symbol=fuzz_twin \
		--keep-global-symbol=twin_seen $@.tmp $@
	@rm $@.tmp

# Below the sanitizers.
$(FUZZ_MOUT)/tests/fuzz/kernel.o: tests/fuzz/kernel.c
	@mkdir -p $(@D)
	@$(FUZZ_CC) -D_GNU_SOURCE -Itools/port -std=gnu11 -Wall -Wextra -Werror \
		-g -O2 -MMD -MP -c -o $@ $<

.PRECIOUS: $(FUZZ_MOUT)/%.o $(FUZZ_MOUT)/%-twin.o
-include $(FUZZ_MLIB:.o=.d) $(FUZZ_SRCS:%.c=$(FUZZ_MOUT)/%.d)
endif
