# SPDX-License-Identifier: GPL-2.0
# What tests /dev/deltalog-control by its ioctls; included by the top-level
# Makefile, which sets TOP and BUILD. Borrows objects of the content model.

CONTROL_OUT := $(BUILD)/tests
CONTROL_OBJ := $(patsubst $(TOP)/tests/control/%.c,\
	$(CONTROL_OUT)/control-obj/%.o,$(wildcard $(TOP)/tests/control/*.c))

.PHONY: control-tools
## make control-tools   build the test of /dev/deltalog-control
control-tools: $(CONTROL_OUT)/dlctl

$(CONTROL_OUT)/control-obj/%.o: $(TOP)/tests/control/%.c
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -c -o $@ $<

$(CONTROL_OUT)/dlctl: $(CONTROL_OBJ) $(call CRASH_OBJ,util)
	$(CC) -pthread -o $@ $^

-include $(wildcard $(CONTROL_OUT)/control-obj/*.d)
