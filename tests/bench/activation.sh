#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, user-mode Linux at its own speed: how long activation takes
# after a crash that left MIB of log not yet brought to the origin.
#
# Usage: activation.sh TARGET FORM MIB
#
# FORM says how the log was filled: `seq`, 1 MiB sequential writes; `fsync`, 4 KiB
# random writes, each durable on its own (O_DSYNC).  The crash: from one moment on
# the log device drops what is written, then the target is taken away.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup

target=$1 form=$2 mib=$3

null_disk fast $((mib * 3 / 2 + 64)) blocksize=512 irqmode=0
lower=$DISK
null_disk slow $((mib * 2)) blocksize=512 irqmode=0
SLOW=$DISK
sectors=$(blockdev --getsz "$lower")
dm_table logdev "0 $sectors linear $lower 0"
# shellcheck disable=SC2034 # for target_up
FAST=/dev/mapper/logdev
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'

lower_table() {
	{
		dmsetup suspend logdev
		dmsetup load logdev --table "$1" && dmsetup resume logdev
	} || fail "cannot change the log device to: $1"
}

# Sum over all of what was written, as the target reads it.
digest() { dd if="$VOL" bs=1M count="$mib" iflag=direct 2>/dev/null | sha256sum; }

target_up "$target"
case $form in
seq) fio_run "$target" --name=fill --rw=write --bs=1m --size="${mib}m" --end_fsync=1 ;;
fsync)
	# With its frame's head a page takes 4.5 KiB of log.
	fio_run "$target" --name=fill --rw=randwrite --bs=4k --size="$((mib * 8 / 9))m" \
		--ioengine=psync --sync=dsync
	;;
esac
if [ "$target" = deltalog ]; then
	[ "$(status log_used)" -ge $((mib * 2048)) ] ||
		fail "only $(status log_used) sectors of log are in use"
	records=$(status records)
fi
sum=$(digest)

lower_table "0 $sectors flakey $lower 0 0 1 1 drop_writes"
target_down
lower_table "0 $sectors linear $lower 0"

t0=$(date +%s%N)
target_up "$target"
t1=$(date +%s%N)
value activation "$target.$form" $((t1 - t0))
if [ "$target" = deltalog ]; then
	value memory "$target.$form" "$(status memory_bytes)"
	[ "$(status records)" = "$records" ] ||
		fail "$records records before the crash, $(status records) after"
fi
[ "$(digest)" = "$sum" ] || fail "the volume reads differently after the crash"
target_down
