#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: the space that a snapshot holds, and how it comes
# back when it is deleted.
#
# Usage: space.sh MIB
#
# Devices as for fsync.sh, the origin full of data.  After a snapshot MIB are
# overwritten and brought to the origin, so that what was there before is in the
# log for the snapshot alone.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

mib=$1

null_disk fast 1024 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=64
# shellcheck disable=SC2034 # for target_up
FAST=$DISK
null_disk slow "$mib" blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=64
SLOW=$DISK
non_zero "$SLOW"

say() {
	value "used_$1" deltalog $(($(status log_used) * 512))
	value "past_$1" deltalog "$(status past_bytes)"
}

target_up deltalog
used=$(($(status log_used) * 512))
say start
message snapshot_create first >/dev/null
fio_run deltalog --name=overwrite --rw=randwrite --bs=4k --ioengine=libaio \
	--iodepth=32 --size="${mib}m"
settle
# Once more: what the first logged for the snapshot is behind the horizon now.
settle
say before
took=$(message snapshot_delete first)
value delete_ns deltalog "${took%% *}"
start=$(date +%s%N) tries=0
until [ "$(status past_bytes)" = 0 ] && [ $(($(status log_used) * 512)) -le "$used" ]; do
	[ $((tries += 1)) -lt 10000 ] || break
	sleep 0.01
done
value back_ns deltalog $(($(date +%s%N) - start))
say after
target_down
