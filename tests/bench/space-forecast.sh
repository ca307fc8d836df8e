#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what writers wait when bursts come that a log which
# is reconciled from a fixed mark on has no room for.
#
# Usage: space-forecast.sh BURSTS MIB SECONDS
#
# Devices as for fsync.sh: 20 us and 8 ms per request.  The log holds 96 MiB, and is
# reconciled from 70 % on.  MIB are written at random, as fast as they are taken, so
# many times, and nothing for SECONDS after each.  Once with foresight, once without;
# what the first half of the bursts wait is not counted: they are to learn from.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

bursts=$1 mib=$2 pause=$3

null_disk fast 96 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
# shellcheck disable=SC2034 # for target_up
FAST=$DISK
null_disk slow 1024 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
# shellcheck disable=SC2034 # for target_up
SLOW=$DISK

# part SEED BURSTS NAME: so many of them
part() {
	fio_run $who --randseed="$1" --randrepeat=0 --norandommap \
		--name="$3" --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 \
		--size=1g --io_size="$((mib * $2))m" --thinktime="${pause}s" \
		--thinktime_blocks=$((mib * 256))
	sleep "$pause"
}

for who in static deltalog; do
	foresight=on
	[ $who != static ] || foresight=off
	DL_OPTS="high_watermark 70 foresight $foresight"
	target_up deltalog
	part 1 $((bursts / 2)) learn
	before=$(status deferred)
	part 2 $((bursts / 2)) bursts
	deferred=$(($(status deferred) - before))
	[ $who != static ] || [ $deferred -gt 0 ] || fail "none waits with a fixed mark"
	value deferred $who $deferred
	value origin_bytes $who "$(status origin_bytes)"
	target_down
	# The next one begins with a log that knows of nothing.
	dd if=/dev/zero of="$FAST" bs=1M count=96 oflag=direct conv=fsync 2>/dev/null
done
