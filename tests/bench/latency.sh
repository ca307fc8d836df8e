#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: how long a 4 KiB random write takes, with one
# and with 32 in flight, while the log has room and when it is full.
#
# Usage: latency.sh TARGET
#
# Devices as for fsync.sh: 20 us and 8 ms per request, any number at a time up
# to 64.  The log holds 64 MiB; 1 GiB is written to at random.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1

null_disk fast 64 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
FAST=$DISK
null_disk slow 1024 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK

size=1g
[ "$target" != raw-log ] || size=64m
target_up "$target"
set -- --name=d1 --iodepth=1 --io_size=4m --name=d32 --stonewall --iodepth=32 --io_size=16m
case $target in
raw-log | raw-origin | snap*) ;;
*)
	set -- "$@" --name=filling --stonewall --iodepth=32 --io_size=64m
	for depth in 1 32; do
		# What it takes to be in step with the origin again is not counted.
		set -- "$@" --name="full$depth" --stonewall --iodepth=$depth \
			--time_based --ramp_time=1 --runtime=2
	done
	;;
esac
fio_run "$target" --rw=randwrite --bs=4k --size=$size --ioengine=libaio "$@"
target_down
