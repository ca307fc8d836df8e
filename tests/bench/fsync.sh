#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: 4 KiB random writes, each followed by fsync.
#
# Usage: fsync.sh TARGET FUA(0|1) IOS
#
# The fast device takes 20 us per request, the slow one 8 ms; both have a
# volatile cache.  FUA=0 hides the fast device's native FUA: the block layer
# then makes a write and a flush of it.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1 fua=$2 ios=$3

null_disk fast 1024 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=64 fua="$fua"
FAST=$DISK
null_disk slow 512 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=64
SLOW=$DISK
null_disk meta 64 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16 fua="$fua"
# shellcheck disable=SC2034 # for target_up
META=$DISK
# shellcheck disable=SC2034 # for target_up
TOUCHED=512

# Where every write waits for the slow device, fewer say as much.
case $target in
raw-origin | writecache | snap*) ios=$((ios / 16)) ;;
esac

target_up "$target"
set --
for threads in 1 4 16 32; do
	# The faster it goes, the more it takes to run for a while: fio reports
	# milliseconds.
	n=$ios
	[ "$threads" -lt 16 ] || n=$((ios * 4))
	set -- "$@" --name="t$threads" --stonewall --numjobs="$threads" \
		--io_size=$((n * 4 / threads))k
done
# In simulated time reading the clock takes 256 ns and all else that is not the
# device takes none: fio reads it no more often than it must.
fio_run "$target" --rw=randwrite --bs=4k --size=512m --ioengine=psync --fsync=1 \
	--gtod_reduce=1 "$@"
target_down
