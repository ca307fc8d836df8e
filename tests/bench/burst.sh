#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what foresight is worth to writes that come in bursts,
# and what it costs those that do not. The same writes without it (static) and with it.
#
# Usage: burst.sh [BURSTS]
#
# The log takes 20 us for a request and has 64 MiB, the origin 8 ms. `burst`: 12 MiB at
# random, 64 KiB each, one in flight, every four seconds; ten bursts before them are not
# counted, it learns by them. With foresight it is also asked of bursts one, two and ten
# seconds apart. `steady` is sequential, `random` is 4 KiB at random, both 32 in flight
# without a pause, while the log has room. Reading the clock takes 256 ns,
# and what does not wait for a device takes no more than that. Of each it is said how
# many writes waited for a segment or a frame to be allocated.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

bursts=${1:-8}
mkdir -p /run/tmp
null_disk slow 512 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK

run() {
	_name=$1
	shift
	_before=$(status alloc_stalls)
	fio_run "$who" --name="$_name" --size=512m "$@"
	stalls=$(($(status alloc_stalls) - _before))
	value "stalls_$_name" "$who" $stalls
}

# burst NAME BURSTS SECONDS: so many, so far apart
burst() {
	run "$1" --rw=randwrite --bs=64k --ioengine=psync --thinktime="$3s" \
		--thinktime_blocks=192 --io_size=$(($2 * 12))m
}

up() {
	null_disk "fast_$1" 64 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
	FAST=$DISK
	target_up deltalog
}

for who in static deltalog; do
	DL_OPTS='foresight on'
	# shellcheck disable=SC2034 # for target_up
	[ $who != static ] || DL_OPTS='foresight off'
	up $who
	burst learn 10 4
	burst burst "$bursts" 4
	[ $who != static ] || [ "$stalls" -gt 0 ] || fail "none waits without foresight"
	value pool_kib $who "$(status pool_kib)"
	settle
	run steady --rw=write --bs=64k --ioengine=libaio --iodepth=32 --io_size=24m \
		--end_fsync=1
	settle
	run random --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 --io_size=16m \
		--end_fsync=1
	target_down
done
for gap in 1 2 10; do
	up $gap
	burst learn 10 $gap
	burst "every_$gap" "$bursts" $gap
	target_down
done
