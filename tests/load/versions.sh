#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# No version is free: a write that would retire several records retires none, and waits.
# Nothing that snapshots hold changes by that, nor when there is room again.
#
# Usage: versions.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
need fio

disk origin 16
origin=$DISK
disk log 64
log=$DISK
cd /run/tmp
volume "$origin" "$log" \
	'12 max_records 4096 high_watermark 95 low_watermark 94 reconcile_secs 86400 fusion off foresight off'
dmsetup message "$V" 0 retention throttle 0
max=$(stat past_max)

# four FIRST PAGES: four records in each of these pages, of a sector each
four() {
	fio --filename="$VOL" --direct=1 --ioengine=psync --name=four --rw=write:512 --bs=512 \
		--offset="$(($1 * 4))k" --size="$(($2 * 4))k" --randseed="$1" >fio.out 2>&1 ||
		fail "writing: $(cat fio.out)"
}
# whole FIRST PAGES: a record for each of them, in the place of what there was
whole() {
	dd if=/dev/urandom of="$VOL" bs=4k seek="$1" count="$2" conv=notrunc oflag=direct \
		status=none
}
sum() { dd if="$1" bs=64k count=256 iflag=direct status=none | md5sum; }
# view NAME SUM: the snapshot has it
view() {
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL $1" || fail "view of $1"
	_is=$(sum /dev/mapper/back)
	dmsetup remove back
	[ "$_is" = "$2" ] || fail "snapshot $1 has other data"
}

first=$((max * 7 / 8 / 4))
rest=$((max / 32 + 16))
four 0 $first
a=$(sum "$VOL")
dmsetup message "$V" 0 snapshot_create a >/dev/null
whole 0 $first
[ "$(stat past)" = $((first * 4)) ] || fail "$(stat past) versions, not $((first * 4))"
four "$first" "$rest"
b=$(sum "$VOL")
dmsetup message "$V" 0 snapshot_create b >/dev/null
[ $(((first + rest) * 4)) -gt "$max" ] || fail "there are versions for all of that"
whole "$first" "$rest" &
writer=$!
# It may wait for a moment for something else.
tries=0
until [ "$(stat waiting)" -gt 0 ] && [ "$(stat past)" = "$max" ]; do
	kill -0 $writer 2>/dev/null || fail "nobody waited for a version: $(dmsetup status "$V")"
	[ $((tries += 1)) -lt 300 ] || fail "it waits, with $(stat past) versions of $max"
	sleep 0.1
done
view a "$a"
view b "$b"
ok "without a version the write waits, and the snapshots are as they were"

dmsetup message "$V" 0 snapshot_delete a
wait $writer || fail "the write failed"
view b "$b"
now=$(sum "$VOL")
four 0 $first
dmsetup message "$V" 0 snapshot_delete b
whole 0 $((first + rest))
same_as_origin "$origin"
[ "$(sum "$VOL")" != "$now" ] || fail "nothing was written"
[ "$(stat past)" = 0 ] || fail "$(stat past) versions without a snapshot"
healthy
gone
ok "there is room when a snapshot goes"
