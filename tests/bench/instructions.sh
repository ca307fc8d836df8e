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
# device's copy of the data.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

mib=$1
shift

# As on a machine whose CPU has the instructions: loaded before whoever asks
# for a CRC first.  libcrc32c keeps what it found then.
modprobe_all crc32c-intel libcrc32c
grep -q 'crc32c-intel' /proc/crypto || fail "no hardware CRC-32C in this guest"
modprobe_all dm-mod
echo "@env instr_kernel $(uname -r)"

# The log is large enough that nothing is settled before it is asked for.
log_mib=$((mib * 4))

fill() { dd if=/dev/zero of="$1" bs=1M count="$2" oflag=direct 2>/dev/null; }

# Devices whose pages are all there: a disk does not allocate on a write.
fresh() {
	modprobe brd rd_nr=3 rd_size=$((log_mib * 1024)) || fail "no brd"
	FAST=/dev/ram0 META=/dev/ram2
	fill $FAST "$log_mib"
	fill $META 8
	SLOW=/dev/ram1
	fill $SLOW "$mib"
}

now() { date +%s%N; }

# What settling costs beyond starting dmsetup (twice: the first reads it in).
count_settle() {
	dmsetup status "$TARGET" >/dev/null
	_t0=$(now)
	dmsetup status "$TARGET" >/dev/null
	_t1=$(now)
	settle
	_t2=$(now)
	value settle "$1" $((_t2 - _t1 - (_t1 - _t0)))
}

for target; do
	fresh
	size=$mib first=randwrite
	case $target in
	deltalog)
		# shellcheck disable=SC2034 # for target_up
		DL_OPTS='high_watermark 95 reconcile_secs 86400'
		;;
	thin-snap)
		# One write in every 64 KiB, each the first since the snapshot.
		size=$((mib * 2)) first=write:60k
		;;
	esac
	# shellcheck disable=SC2034 # for target_up
	TOUCHED=$size
	target_up "$target"
	fio_run "$target" --bs=4k --ioengine=libaio --iodepth=32 --size="${size}m" \
		--name=read --rw=randread --name=write --stonewall --rw=$first \
		--name=rewrite --stonewall --rw=$first \
		--name=reread --stonewall --rw=randread
	case $target in
	writecache | deltalog) count_settle "$target" ;;
	esac
	target_down
	rmmod brd || fail "brd is still in use"
done
