#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: instructions per 4 KiB, 32 in flight,
# with and without snapshots, and of reads through views.
#
# Usage: past.sh MIB LOG_MIB COUNT
#
# First a linear target and a volume without snapshots, to be compared with.  Then
# COUNT snapshots are made, as many as fit at most, with a 4 KiB write before each,
# and every page of MIB is
#
#   write     written, the first time since all of them
#   rewrite   written again, which replaces a record that no snapshot needs
#   since     written again after one more snapshot, `then`, which needs what it
#             replaces
#   reread    read, from the log
#
# At last all of it is written once more, and the volume rewound.
#
# Views are read while all of it is in the log, and when the origin has it.
#
#   then      its records were replaced, they are versions now
#   s1        what the origin had when nothing had been written
#   still     a snapshot of now: what the volume reads

set -u
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
need fio dmsetup python3

mib=$1 log_mib=$2 count=$3
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'

icount_begin

# io TARGET JOB RW
io() {
	fio_run "$1" --bs=4k --ioengine=libaio --iodepth=32 --size="${mib}m" --name="$2" --rw="$3"
}

# read_all TARGET JOB: from the devices, for what is in memory serves views as it serves
# the volume
read_all() {
	echo 2 >/proc/sys/vm/drop_caches
	io "$1" "$2" randread
}

# look VIEW JOB [io]
look() {
	_volume=$VOL
	VOL=/dev/mapper/view-$1
	"${3:-read_all}" deltalog "$2" randread
	VOL=$_volume
}

fresh "$log_mib" "$mib"
target_up linear
io linear read randread
target_down

non_zero "$SLOW"
target_up deltalog
warm "$mib"
io no-snap read randread
io no-snap write randwrite
io no-snap rewrite randwrite
io no-snap since randwrite
read_all no-snap reread
stale

fresh "$log_mib" "$mib"
non_zero "$SLOW"
target_up deltalog
warm "$mib"
most=$(($(status snapshots_max) - 2))
[ "$count" -le "$most" ] || count=$most
snapshots "$count"
value alive deltalog "$(status snapshots)"
io deltalog read randread
io deltalog write randwrite
io deltalog rewrite randwrite
view_up s1
# That is all in the origin; what has memory is to keep it for the next.
look s1 view-origin io
message snapshot_create "then"
io deltalog since randwrite
read_all deltalog reread
view_up "then"
look "then" view-replaced
message snapshot_create still
view_up still
look still view-same
settle
value records deltalog "$(status records)"
read_all deltalog settled
look still view-settled
look "then" view-then-settled
look s1 view-kept

io deltalog change randwrite
value changed deltalog "$(status records)"
dmsetup suspend deltalog || fail "cannot suspend the volume"
took=$(message rewind still changed)
dmsetup resume deltalog || fail "cannot resume the volume"
value rewind deltalog "${took%% *}"
dmsetup remove view-s1
dmsetup remove view-then
dmsetup remove view-still
target_down
