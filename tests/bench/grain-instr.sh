#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: a nanosecond is an instruction.
# Instructions per 4 KiB write of a page that was written before, of which 64 random
# bytes changed; 32 in flight, no flushes, over brd.
#
# Usage: grain-instr.sh PAGES WRITES TARGET...
#
# Pages are drawn as in grain.sh.  What is counted is all that the machine does while
# dlgrain is in calls of the kernel, and not what it takes to change the pages.  Half
# of the writes come before.  Targets as there.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
need dmsetup

pages=$1 writes=$2
shift 2
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'

icount_begin
cp "$DL_TOP/build/tests/dlgrain" /run/tmp/ || fail "no dlgrain: make bench-tools"
PATH=$PATH:/run/tmp
keep dlgrain

for target; do
	fresh 512 64
	level=block
	[ "$target" = block ] || level=bit
	case $target in
	deltalog | block)
		target_up deltalog
		finely "$level"
		warm 64
		;;
	*) target_up "$target" ;;
	esac
	kept dlgrain fill "$VOL" "$pages" || fail "cannot fill the pages"
	kept dlgrain write "$VOL" "$pages" bytes64 0 "$writes" 0 >/dev/null ||
		fail "cannot write"
	[ "$TARGET" != deltalog ] || deltas=$(status deltas)
	took=$(kept dlgrain write "$VOL" "$pages" bytes64 "$writes" "$writes" 0) ||
		fail "cannot write"
	value took "$target" "$took"
	value writes "$target" "$writes"
	[ "$TARGET" != deltalog ] || value deltas "$target" $(($(status deltas) - deltas))
	kept dlgrain check "$VOL" "$pages" bytes64 $((writes * 2)) ||
		fail "it does not read as it was written"
	target_down
	rmmod brd || fail "brd is still in use"
done
