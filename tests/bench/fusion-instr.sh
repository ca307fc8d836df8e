#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: a nanosecond is an instruction.
# Instructions per write of parts of pages, 32 in flight, over brd.
#
# Usage: fusion-instr.sh MIB [WORKLOAD]...     default: all of them
#
#   seq512   512 bytes each, in order: all neighbours are expected, and come
#   seq1k    1 KiB each, in order
#   rand1k   1 KiB at random: nothing is to be expected
#
# Each with `fusion off` (static) and `fusion auto`, MIB of them. What is counted is all
# that the machine does meanwhile, as in instructions.sh.

set -u
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
need fio dmsetup

mib=$1
shift
[ $# -gt 0 ] || set -- seq512 seq1k rand1k

icount_begin
# Small writes take a page each of what is not fused.
log_mib=$((mib * 16))
for work; do
	case $work in
	seq512) how='--rw=write --bs=512' ;;
	seq1k) how='--rw=write --bs=1k' ;;
	rand1k) how='--rw=randwrite --bs=1k' ;;
	*) fail "no workload $work" ;;
	esac
	for who in static deltalog; do
		mode=auto
		[ $who != static ] || mode=off
		fresh $log_mib "$mib"
		# shellcheck disable=SC2034 # for target_up
		DL_OPTS="high_watermark 95 reconcile_secs 86400 fusion $mode"
		# shellcheck disable=SC2034 # for target_up
		TOUCHED=$mib
		target_up deltalog
		finely block
		# shellcheck disable=SC2086 # words
		fio_run $who --ioengine=libaio --iodepth=32 --size="${mib}m" --name="$work" $how
		stale
	done
done
