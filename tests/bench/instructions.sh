#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: a nanosecond is an instruction.
# 4 KiB random reads and writes, 32 in flight, over brd.
#
# Usage: instructions.sh MIB TARGET...
#
# Every page of MIB is read, written, written again, read again, and then what
# the target holds is brought to the origin.  What is counted is all that the
# machine does meanwhile: fio, the system calls, the target, its workers, the
# device's copy of the data.  TARGET block is deltalog, recording whole pages; static is
# deltalog with nothing of foresight: no history, no fusion either.

set -u
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
need fio dmsetup

mib=$1
shift

icount_begin

# The log is large enough that nothing is settled before it is asked for, nor to make
# room for as much again as was written to warm up.
log_mib=$((mib * 8))

# What settling costs beyond starting dmsetup: the least of a few starts.
count_settle() {
	case $1 in
	writecache) _message=flush ;;
	deltalog) _message=drain ;;
	*) return 0 ;;
	esac
	_start=''
	for _try in 1 2 3 4 5; do
		_t0=$(now)
		kept dmsetup status "$1" >/dev/null
		_t1=$(now)
		[ -n "$_start" ] && [ $((_t1 - _t0)) -ge "$_start" ] || _start=$((_t1 - _t0))
	done
	kept dmsetup message "$1" 0 $_message || fail "$1 would not settle"
	value settle "$1" $(($(now) - _t1 - _start))
}

keep dmsetup date
for target; do
	fresh "$log_mib" "$mib"
	size=$mib first=randwrite
	case $target in
	deltalog | block | static)
		# shellcheck disable=SC2034 # for target_up
		DL_OPTS='high_watermark 95 reconcile_secs 86400'
		[ "$target" != static ] || DL_OPTS="$DL_OPTS foresight off fusion off workload_kib 0"
		;;
	thin-snap)
		# One write in every 64 KiB, each the first since the snapshot.
		size=$((mib * 2)) first=write:60k
		;;
	esac
	# shellcheck disable=SC2034 # for target_up
	TOUCHED=$size
	case $target in
	block)
		target_up deltalog
		finely block
		;;
	static) target_up deltalog ;;
	*) target_up "$target" ;;
	esac
	warm "$mib"
	fio_run "$target" --bs=4k --ioengine=libaio --iodepth=32 --size="${size}m" \
		--name=read --rw=randread --name=write --stonewall --rw=$first \
		--name=rewrite --stonewall --rw=$first \
		--name=reread --stonewall --rw=randread
	count_settle "$target"
	stale
done
