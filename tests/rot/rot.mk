# SPDX-License-Identifier: GPL-2.0
# The bit-rot test; included by the top-level Makefile, which sets TOP and
# BUILD. Borrows the crash tests' objects and the tool's build of the core.

ROT_OUT := $(BUILD)/tests
ROT_CFLAGS = $(CRASH_CFLAGS) -iquote $(TOP)/kmod/core -iquote $(TOP)/tools/port
ROT_OBJ := $(patsubst $(TOP)/tests/rot/%.c,$(ROT_OUT)/rot-obj/%.o,\
	$(wildcard $(TOP)/tests/rot/*.c))
ROT_BORROWED = $(call CRASH_OBJ,util key stamp history run stream dm stack) \
	$(TOOL_CORE:%.c=$(BUILD)/tools/core/%.o) $(BUILD)/tools/port/crc32c.o

.PHONY: rot-tools check-rot

## make rot-tools     build the bit-rot test
rot-tools: $(ROT_OUT)/rot

$(ROT_OUT)/rot-obj/%.o: $(TOP)/tests/rot/%.c
	@mkdir -p $(@D)
	$(CC) $(ROT_CFLAGS) -c -o $@ $<

$(ROT_OUT)/rot: $(ROT_OBJ) $(ROT_BORROWED)
	$(CC) -pthread -o $@ $^ -ldevmapper

-include $(wildcard $(ROT_OUT)/rot-obj/*.d)

## make check-rot     every byte of a small log, damaged in turn
check-rot: rot-tools
	tests/rot/run.sh --all
