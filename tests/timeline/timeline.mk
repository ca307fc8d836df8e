# SPDX-License-Identifier: GPL-2.0
# Snapshots and views against a naive model; included by the top-level
# Makefile, which sets TOP and BUILD. Borrows objects of the content model.

TIMELINE_OUT := $(BUILD)/tests
TIMELINE_OBJ := $(patsubst $(TOP)/tests/timeline/%.c,\
	$(TIMELINE_OUT)/timeline-obj/%.o,$(wildcard $(TOP)/tests/timeline/*.c))

.PHONY: timeline-tools check-timeline-self check-timeline-long

## make timeline-tools  build the test of snapshots and views
timeline-tools: $(TIMELINE_OUT)/dltime

$(TIMELINE_OUT)/timeline-obj/%.o: $(TOP)/tests/timeline/%.c
	@mkdir -p $(@D)
	$(CC) $(CRASH_CFLAGS) -c -o $@ $<

$(TIMELINE_OUT)/dltime: $(TIMELINE_OBJ) $(call CRASH_OBJ,util key stamp)
	$(CC) -pthread -o $@ $^

-include $(wildcard $(TIMELINE_OUT)/timeline-obj/*.d)

# The test itself: fakes that are wrong in known ways must be found wrong.
check-timeline-self: $(TIMELINE_OUT)/dltime
	$< --self-test

## make check-timeline-long
##                      50,000 schedules of snapshots, views, restarts, crashes
check-timeline-long: timeline-tools
	tests/timeline/run.sh --schedules 50000
