# SPDX-License-Identifier: GPL-2.0
# dm-deltalog: `make help` lists what there is to make.

TOP	:= $(CURDIR)
BUILD	:= $(TOP)/build
KDIR	?= /lib/modules/$(shell uname -r)/build
ARCH_ARG = $(if $(ARCH),ARCH=$(ARCH))
VERSION	:= 0.1.0

.PHONY: all module tools help clean
all: module tools

# Leaves build/<kernel release>/dm-deltalog.ko. Each release gets a build
# folder of its own, so that several kernels can be built side by side.
module:
	@scripts/build-module.sh '$(KDIR)' '$(BUILD)' '$(ARCH)' $(MODFLAGS)

clean:
	rm -rf '$(BUILD)'

-include tools/tools.mk
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/crash/crash.mk
-include tests/bench/bench.mk
-include tests/check.mk
-include scripts/install.mk

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)
