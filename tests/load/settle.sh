#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots of what was written over a run of zeros, looked at while both are being
# settled and written again: on a slow log, step by step through all of a cycle; and
# with cycles that a suspend cuts short.
#
# Usage: settle.sh      in a guest, with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
load_setup null_blk

mkram origin 16
origin=$DISK
# A write to it takes 2 ms.
mknull log 48 2000000
log=$DISK
cd /run/tmp
head -c 65536 /dev/urandom >old
head -c 65536 /dev/urandom >kept
head -c 65536 /dev/urandom >new

# put FILE PAGE [COUNT]: these pages of it to where they are in stretch $i
put() {
	dd if="$1" of="$VOL" bs=4k skip="$2" seek=$((i * 16 + $2)) \
		count="${3:-1}" conv=notrunc oflag=direct status=none ||
		fail "write of page $2: $(log_since)"
}
look() {
	dd if=/dev/mapper/back bs=64k skip="$i" count=1 iflag=direct status=none >seen
	cmp -s seen kept || fail "round $i, page $1: the snapshot has other data: $(cmp seen kept)"
}
# One round: what lies in the origin is zeroed, written and kept, then settled.
round() {
	i=$1
	put old 0 16
	dmsetup message "$V" 0 drain
	blkdiscard -o $((i * 65536)) -l 65536 "$VOL"
	put kept 0 16
	dmsetup message "$V" 0 snapshot_create kept >/dev/null
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL kept"
}
# again [SECONDS]: write each page again, this long after the one before, and look
again() {
	for page in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		[ -z "${1:-}" ] || sleep "$1"
		put new $page
		look $page
	done
	wait
}
over() {
	dmsetup message "$V" 0 drain
	look after
	dd if="$VOL" bs=64k skip="$i" count=1 iflag=direct status=none | cmp -s - new ||
		fail "round $i: the volume has other data"
	dmsetup remove back
	dmsetup message "$V" 0 snapshot_delete kept
}

volume "$origin" "$log" '5 zero_discards segment_kib 64 reconcile_secs 86400'
log_mark
for n in $(seq "$(some 24)"); do
	round "$n"
	dmsetup message "$V" 0 drain &
	again 0.00$((n % 4 + 1))
	over
done
same_as_origin "$origin"
healthy
ok "written again while it settles"

for n in $(seq 25 $((24 + $(some 10)))); do
	round "$n"
	dmsetup message "$V" 0 drain 2>/dev/null &
	sleep "0.0$((n % 60 + 10))"
	dmsetup suspend "$V"
	dmsetup resume "$V"
	again
	over
done
same_as_origin "$origin"
healthy
gone
ok "written again after a cycle was cut short"
