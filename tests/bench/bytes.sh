#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: bytes moved on all devices per byte the user
# wrote, as the block layer counts them.
#
# Usage: bytes.sh TARGET BLOCK PASSES
#
# Devices as for fsync.sh; BLOCK is the log device's block size.  PASSES=1: random
# 4 KiB writes over 1 GiB, 32 in flight, each to another page; then what the
# target holds is brought to the origin.  PASSES=N: each page of 32 MiB is
# written N times before that.  TARGET deltalog-snap is deltalog with a snapshot
# just made, over an origin that is full of data.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1 block=$2 passes=$3

null_disk fast 2048 blocksize="$block" irqmode=2 completion_nsec=20000 cache_size=16
FAST=$DISK
null_disk slow 1024 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK
null_disk meta 64 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
META=$DISK
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 90 reconcile_secs 86400'

sum_of() {
	_n=0
	for _d in $FAST $SLOW $META; do _n=$((_n + $("$1" "$_d"))); done
	echo $_n
}

case $target in
deltalog-snap)
	non_zero "$SLOW"
	target_up deltalog
	warm 64
	dmsetup message deltalog 0 snapshot_create 'then' || fail "cannot make a snapshot"
	;;
*)
	target_up "$target"
	warm 64
	;;
esac
blockdev --flushbufs "$VOL"

mib=64 size=1g loops=1
[ "$passes" = 1 ] || { mib=32 size=32m loops=$passes; }
user=$((mib * passes * 1048576))
w0=$(sum_of written) r0=$(sum_of was_read)
log0=$(written "$FAST") origin0=$(written "$SLOW")
if [ "$TARGET" = deltalog ]; then
	own_user=$(status user_bytes) own_log=$(status log_bytes)
	own_origin=$(status origin_bytes)
fi
fio_run "$target" --name="passes$passes" --rw=randwrite --bs=4k --size=$size \
	--io_size="${mib}m" --loops="$loops" --ioengine=libaio --iodepth=32 --end_fsync=1
log1=$(written "$FAST") origin1=$(written "$SLOW")
if [ "$TARGET" = deltalog ]; then
	value own_user "$target" $(($(status user_bytes) - own_user))
	value own_log "$target" $(($(status log_bytes) - own_log))
	value records "$target" "$(status records)"
	value memory "$target" "$(status memory_bytes)"
fi
read0=$(was_read "$SLOW")
settle
value user "$target" $user
value log "$target" $((log1 - log0))
value origin_before "$target" $((origin1 - origin0))
value origin "$target" $(($(written "$SLOW") - origin0))
value all_written "$target" $(($(sum_of written) - w0))
value all_read "$target" $(($(sum_of was_read) - r0))
value origin_read "$target" $(($(was_read "$SLOW") - read0))
[ "$TARGET" != deltalog ] ||
	value own_origin "$target" $(($(status origin_bytes) - own_origin))
target_down
