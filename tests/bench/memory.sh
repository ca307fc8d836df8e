#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script: memory that a volume with a log of GIB takes, by its own count and
# by the kernel's.
#
# Usage: memory.sh GIB
#
# Run with two sizes, the difference is what each GiB of log, and each page that
# it can hold, costs; what does not grow with the log drops out.  The map is
# allocated whole at activation, so nothing has to be written.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need dmsetup

gib=$1

# null_blk takes memory only for what is written.
null_disk fast $((gib * 1024)) blocksize=512 irqmode=0
# shellcheck disable=SC2034 # for target_up
FAST=$DISK
null_disk slow 1024 blocksize=512 irqmode=0
# shellcheck disable=SC2034 # for target_up
SLOW=$DISK

# shellcheck disable=SC2119 # no parameters
load_module
before=$(kernel_kib)
target_up deltalog
value kernel_kib deltalog $(($(kernel_kib) - before))
value memory deltalog "$(status memory_bytes)"
value records_max deltalog "$(status records_max)"
value gib deltalog "$gib"
target_down
