#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel with two processors: 4 KiB random writes over brd by
# one writer and by two, each on a half of its own.
#
# Usage: scaling.sh ROUNDS TARGET...
#
# Host time, so what else the machine does shows.  Rounds interleave the targets,
# and a round's figures are only ever compared with each other.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

rounds=$1
shift

modprobe_all crc32c-intel libcrc32c dm-mod
[ "$(nproc)" = 2 ] || fail "this needs two processors, not $(nproc)"
echo "@env scaling_kernel $(uname -r)"

modprobe brd rd_nr=$(($# * 2)) rd_size=$((512 * 1024)) || fail "no brd"
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'
n=0
for target; do
	FAST=/dev/ram$n SLOW=/dev/ram$((n + 1))
	n=$((n + 2))
	# A disk does not allocate on a write.
	dd if=/dev/zero of="$SLOW" bs=1M count=64 oflag=direct 2>/dev/null
	[ "$target" = raw-log ] || [ "$target" = linear ] ||
		dd if=/dev/zero of="$FAST" bs=1M count=320 oflag=direct 2>/dev/null
	[ "$target" != raw-log ] || FAST=$SLOW
	target_up "$target"
done

phases() {
	for _w in 1 2; do
		set -- "$@" --name="w$_w" --stonewall --numjobs=$_w --iodepth=32
	done
	for _w in 1 2; do
		set -- "$@" --name="sync-w$_w" --stonewall --numjobs=$_w --iodepth=1
	done
	fio_run "$TARGET.$round" --rw=randwrite --bs=4k --ioengine=libaio \
		--size=32m --offset_increment=32m --runtime=3 --cpus_allowed=0-1 \
		--cpus_allowed_policy=split "$@"
}

round=0
while [ $((round += 1)) -le "$rounds" ]; do
	n=0
	for TARGET; do
		case $TARGET in
		raw-log) VOL=/dev/ram$((n + 1)) ;;
		*) VOL=/dev/mapper/$TARGET ;;
		esac
		n=$((n + 2))
		phases
		# Each round begins with an empty log.
		settle
	done
done
