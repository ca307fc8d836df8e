#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: 1 MiB sequential writes, 4 and 8 in flight,
# before the log is full and after.
#
# Usage: sequential.sh TARGET DEPTH
#
# Bandwidth is modelled as a device that serves one request at a time, of up to
# 16 KiB: 8 us each for the fast device (1,953 MiB/s), 100 us for the slow one
# (156 MiB/s).  The log holds 384 MiB.  null_blk's own throttle works in slices
# of 20 ms, which would hide what a stall looks like.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1 depth=$2

null_disk fast 384 blocksize=512 irqmode=2 completion_nsec=8000 cache_size=16 \
	hw_queue_depth=1 max_sectors=32
FAST=$DISK
null_disk slow 1280 blocksize=512 irqmode=2 completion_nsec=100000 cache_size=16 \
	hw_queue_depth=1 max_sectors=32
SLOW=$DISK

target_up "$target"
set -- --name=fits --size=256m
# A raw log has no room for what comes after: it is only there to be compared.
[ "$target" = raw-log ] ||
	# The first second shows how full the log was, not how fast it is full.
	set -- "$@" --name=filling --stonewall --offset=256m --size=288m \
		--name=full --stonewall --offset=544m --size=640m \
		--time_based --ramp_time=1 --runtime=3
fio_run "$target" --rw=write --bs=1m --ioengine=libaio --iodepth="$depth" "$@"
target_down
