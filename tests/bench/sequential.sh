#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: 1 MiB sequential writes, 4 and 8 in flight,
# before the log is full and after.
#
# Usage: sequential.sh TARGET DEPTH
#
# Bandwidth is modelled as a device that serves one request at a time, of up to
# 64 KiB: 32 us each for the fast device (1,953 MiB/s), 400 us for the slow one
# (156 MiB/s).  The log holds 384 MiB.  null_blk's own throttle works in slices
# of 20 ms, which would hide what a stall looks like.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1 depth=$2

null_disk fast 384 blocksize=512 irqmode=2 completion_nsec=32000 cache_size=16 \
	hw_queue_depth=1 max_sectors=128
FAST=$DISK
null_disk slow 1280 blocksize=512 irqmode=2 completion_nsec=400000 cache_size=16 \
	hw_queue_depth=1 max_sectors=128
SLOW=$DISK

# A raw log has no room for what comes after: it is only there to be compared.
phases='fits:0:256 filling:256:288 full:544:640'
[ "$target" != raw-log ] || phases='fits:0:256'

target_up "$target"
set --
for phase in $phases; do
	IFS=: read -r name offset size <<-EOF
		$phase
	EOF
	set -- "$@" --name="$name" --stonewall --offset="${offset}m" --size="${size}m"
done
fio_run "$target" --rw=write --bs=1m --ioengine=libaio --iodepth="$depth" "$@"
target_down
