# SPDX-License-Identifier: GPL-2.0
# Unit tests of the core: one program each, with the address and undefined
# behaviour sanitizers. `make unit` stops at the first that fails.
#
## unit        build the core's unit tests with sanitizers, run them

CORE_SRCS ?= $(wildcard kmod/core/*.c)

UNIT_OUT    := $(BUILD)/tests
UNIT_CC     ?= gcc
UNIT_CFLAGS := -Ikmod/core -Itools/port -Itests/unit -std=gnu11 -Wall -Wextra \
	-Werror -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_LIB    := $(patsubst %.c,$(UNIT_OUT)/%.o,\
	$(CORE_SRCS) tools/port/crc32c.c tests/unit/logbuild.c)
UNIT_SRCS   := $(wildcard tests/unit/test_*.c)
UNIT_NAMES  := $(notdir $(UNIT_SRCS:.c=))

.PHONY: unit unit-build $(UNIT_NAMES:%=unit-%)
unit: $(UNIT_NAMES:%=unit-%)
unit-build: $(UNIT_NAMES:%=$(UNIT_OUT)/%)

# A passing program is one line, a failing one is everything it said.
$(UNIT_NAMES:%=unit-%): unit-%: $(UNIT_OUT)/%
	@$< >$<.log 2>&1 && echo "$*: $$(tail -n 1 $<.log)" || \
		{ cat $<.log; echo "$*: FAILED"; exit 1; }

$(UNIT_NAMES:%=$(UNIT_OUT)/%): $(UNIT_OUT)/%: $(UNIT_OUT)/tests/unit/%.o $(UNIT_LIB)
	@$(UNIT_CC) $(UNIT_CFLAGS) -o $@ $^ -lcmocka -lm

$(UNIT_OUT)/%.o: %.c
	@mkdir -p $(@D)
	@$(UNIT_CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

.PRECIOUS: $(UNIT_OUT)/%.o
-include $(UNIT_LIB:.o=.d) $(UNIT_SRCS:%.c=$(UNIT_OUT)/%.d)
