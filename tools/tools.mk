# SPDX-License-Identifier: GPL-2.0
# The tool: build/tools/deltalog, and with AddressSanitizer and UBSan
# build/tools-san/deltalog. Objects of kmod/core lie in a folder of their own,
# because both have a status.c.

TOOL_CC	?= gcc
TOOL_DEPS := libdevmapper-dev:libdevmapper.h libblkid-dev:blkid/blkid.h \
	libjson-c-dev:json-c/json.h libmount-dev:libmount/libmount.h
TOOL_SRCS := $(sort $(notdir $(wildcard $(TOP)/tools/*.c)))
TOOL_PORT := $(sort $(notdir $(wildcard $(TOP)/tools/port/*.c)))
TOOL_CORE := $(sort $(notdir $(wildcard $(TOP)/kmod/core/*.c)))

TOOL_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wshadow -Wvla \
	-Wmissing-prototypes -Wstrict-prototypes -Wformat=2 \
	-D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DDL_VERSION='"$(VERSION)"' \
	-fstack-protector-strong -fPIE
TOOL_INCS := -iquote $(TOP)/tools -iquote $(TOP)/tools/port \
	-iquote $(TOP)/kmod/core -iquote $(TOP)/kmod/uapi
TOOL_LIBS := -ldevmapper -lblkid -lmount -ljson-c -lm
TOOL_SAN := -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer

.PHONY: tools tools-san tools-deps
## make tools           build/tools/deltalog
tools: $(BUILD)/tools/deltalog
## make tools-san       the same with AddressSanitizer and UBSan, for tests
tools-san: $(BUILD)/tools-san/deltalog $(BUILD)/tools-san/mkimage

# One line for a header that is not there, before the compiler has its say.
tools-deps:
	@for dep in $(TOOL_DEPS); do \
		echo "#include <$${dep#*:}>" | \
		$(TOOL_CC) -E -xc - >/dev/null 2>&1 && continue; \
		echo "tools: <$${dep#*:}> is missing: install the Debian package" \
			"$${dep%%:*} (scripts/setup.sh does)" >&2; exit 1; \
	done

# $(1): folder below build; $(2): more compiler flags
define TOOL_RULES
$(BUILD)/$(1)/obj/%.o: $(TOP)/tools/%.c $(TOP)/tools/tools.mk $(TOP)/Makefile | tools-deps
	@mkdir -p $$(@D)
	@$(TOOL_CC) $(TOOL_CFLAGS) $(2) $(TOOL_INCS) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/core/%.o: $(TOP)/kmod/core/%.c $(TOP)/tools/tools.mk
	@mkdir -p $$(@D)
	@$(TOOL_CC) $(TOOL_CFLAGS) $(2) $(TOOL_INCS) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/port/%.o: $(TOP)/tools/port/%.c $(TOP)/tools/tools.mk
	@mkdir -p $$(@D)
	@$(TOOL_CC) $(TOOL_CFLAGS) $(2) $(TOOL_INCS) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/test/%.o: $(TOP)/tests/tool/%.c $(TOP)/tools/tools.mk
	@mkdir -p $$(@D)
	@$(TOOL_CC) $(TOOL_CFLAGS) $(2) $(TOOL_INCS) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/deltalog: \
		$(TOOL_SRCS:%.c=$(BUILD)/$(1)/obj/%.o) \
		$(TOOL_CORE:%.c=$(BUILD)/$(1)/core/%.o) \
		$(TOOL_PORT:%.c=$(BUILD)/$(1)/port/%.o)
	@$(TOOL_CC) -pie $(2) $$^ $(TOOL_LIBS) -o $$@
	@echo $$@

$(BUILD)/$(1)/test/%.o: $(TOP)/tests/unit/%.c $(TOP)/tools/tools.mk
	@mkdir -p $$(@D)
	@$(TOOL_CC) $(TOOL_CFLAGS) $(2) $(TOOL_INCS) -MMD -MP -c $$< -o $$@

# Makes log images to check and dump.
$(BUILD)/$(1)/mkimage: $(BUILD)/$(1)/test/mkimage.o \
		$(BUILD)/$(1)/test/logbuild.o \
		$(TOOL_CORE:%.c=$(BUILD)/$(1)/core/%.o) \
		$(TOOL_PORT:%.c=$(BUILD)/$(1)/port/%.o)
	@$(TOOL_CC) -pie $(2) $$^ -o $$@
	@echo $$@

-include $(wildcard $(BUILD)/$(1)/*/*.d)
endef

$(eval $(call TOOL_RULES,tools,))
$(eval $(call TOOL_RULES,tools-san,$(TOOL_SAN)))

.PHONY: check-tool
## make check-tool      the tool on image files, and its wrong usages
check-tool: tools tools-san
	@tests/tool/host.sh
	@tests/tool/completion.sh
