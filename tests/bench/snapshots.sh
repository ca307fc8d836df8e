#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what many snapshots cost who writes, and what it
# takes to make one and to delete one.
#
# Usage: snapshots.sh COUNT IOS
#
# Devices as for fsync.sh.  COUNT snapshots are made, as many as fit at most, with a
# 4 KiB write before each; then come 4 KiB random writes, each followed by fsync.
# With COUNT=0 these alone are measured, to be compared with.  At last one more
# snapshot is made when nothing waits to be logged, and one of the oldest, which
# has versions of its own, is deleted.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

count=$1 ios=$2

null_disk fast 1024 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=64
FAST=$DISK
null_disk slow 512 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=64
# shellcheck disable=SC2034 # for target_up
SLOW=$DISK

target_up deltalog
# One is left for the one that is made at last.
most=$(($(status snapshots_max) - 1))
[ "$count" -le "$most" ] || count=$most
[ "$count" = 0 ] || snapshots "$count"
value alive deltalog "$(status snapshots)"
value most deltalog "$(status snapshots_max)"

set --
for threads in 1 16; do
	n=$ios
	[ "$threads" = 1 ] || n=$((ios * 8))
	set -- "$@" --name="t$threads" --stonewall --numjobs="$threads" \
		--io_size=$((n * 4 / threads))k
done
fio_run deltalog --rw=randwrite --bs=4k --size=512m --ioengine=psync --fsync=1 \
	--gtod_reduce=1 "$@"

if [ "$count" != 0 ]; then
	message flush >/dev/null
	n=$(status commits) bytes=$(written "$FAST")
	took=$(message snapshot_create last)
	value create_bytes deltalog $(($(written "$FAST") - bytes))
	value create_frames deltalog $(($(status commits) - n))
	value create_ns deltalog "${took%% *}"
	took=$(message snapshot_delete s2)
	value delete_ns deltalog "${took%% *}"
	value left deltalog "$(status snapshots)"
fi
target_down
