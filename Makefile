# SPDX-License-Identifier: GPL-2.0
# dm-deltalog: `make help` lists what there is to make.

TOP	:= $(CURDIR)
BUILD	:= $(TOP)/build
VERSION	:= 0.1.0

# Kernels to build for: the one named, else the one that runs, else, as when
# the one that runs has no headers, all that have.
KDIR	?=
KDIRS	= $(or $(KDIR),$(wildcard /lib/modules/$(shell uname -r)/build),$\
	$(wildcard /lib/modules/*/build),/lib/modules/$(shell uname -r)/build)

.PHONY: all deps module tools help clean
## make                 the module for the running kernel, and the tool
all: deps
	@$(MAKE) --no-print-directory module tools

# On a fresh Debian as root: compiler, libraries, headers.  Done at once when
# they are there; on other systems the compiler says what is missing.
deps:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		scripts/setup.sh build; fi

## make module          build/<kernel release>/dm-deltalog.ko
##                      (KDIR=<kernel build folder> [ARCH=um] [MODFLAGS=W=1])
# Each release has a build folder of its own: several can be built side by side.
module:
	@for kdir in $(KDIRS); do \
		scripts/build-module.sh "$$kdir" '$(BUILD)' '$(ARCH)' $(MODFLAGS) || \
		exit; \
	done

## make clean           remove the build folder (not the cache of kernels)
clean:
	rm -rf '$(BUILD)'

-include tools/tools.mk
include scripts/install.mk
-include scripts/demo.mk
-include tests/unit/unit.mk
-include tests/fuzz/fuzz.mk
-include tests/crash/crash.mk
-include tests/rot/rot.mk
-include tests/timeline/timeline.mk
-include tests/control/control.mk
-include tests/load/load.mk
-include tests/bench/bench.mk
include tests/check.mk

## make help            this list
# One line a target, whichever way its makefile wrote it.
help:
	@sed -n 's/^## //p' $(filter-out %.d,$(MAKEFILE_LIST)) | \
	awk '/^[ \t]/ { sub(/^[ \t]+/, ""); printf "%22s%s\n", "", $$0; next } \
		{ sub(/^make /, ""); name = ""; \
		  if (/^[^ \t]/) { name = $$1; sub(/^[^ \t]+/, "") } \
		  sub(/^[ \t]+/, ""); \
		  printf "make %-16s %s\n", name, $$0 }'
