#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# A snapshot made by rule gets a name just when no rule keeps it any more: either
# the name is refused, or the snapshot stays, whatever the rules do. One that was
# looked at when its rule went follows it as soon as nobody does.
#
# Usage: rules.sh      in a guest, with simulated time: it waits for minutes
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup

KEEP=60

# A log that can be held, and two frames: who wants a third waits.
disk origin 24
origin=$DISK
disk log 32
dmsetup create held --table "0 $(blockdev --getsz "$DISK") linear $DISK 0" ||
	fail "no device to hold"
log=/dev/mapper/held
opts='4 frame_mem_kib 1100 commit_ms 60000'
volume "$origin" "$log" "$opts"
log_mark

message() { dmsetup message "$V" 0 "$@"; }
ms() { echo $(($(date +%s%N) / 1000000)); }
listed() { message snapshot_list | awk -v name="$1" '$5 == name { print $1 }'; }
# until MS: of what `ms` says
until_ms() {
	sleep "$(awk -v ms=$(($1 - $(ms))) 'BEGIN { print (ms > 0 ? ms / 1000 : 0) }')"
}
# One made by rule, in $auto, and when that was in $made; nothing is new since.
a_snapshot() {
	dd if=/dev/urandom of="$VOL" bs=4k count=1 oflag=direct status=none
	message flush
	_before=$(ms)
	made=0
	while [ "$made" -lt "$_before" ]; do
		[ $(($(ms) - _before)) -lt 300000 ] ||
			fail "no snapshot is made by rule: $(log_since)"
		sleep 1
		# shellcheck disable=SC2046 # two words
		set -- $(message snapshot_list | awk '
			$5 ~ /^auto-/ { is = $5 " " int($3 / 1000000) }
			END { print is }')
		auto=${1:-} made=${2:-0}
	done
}
# More than two frames of data are on their way to a log that takes nothing.
hold() {
	dmsetup suspend --noflush held
	dd if=/dev/urandom of="$VOL" bs=1M count=4 oflag=direct status=none &
	writer=$!
	until [ "$(stat waiting)" -gt 0 ]; do
		kill -0 $writer 2>/dev/null || fail "nothing waits though the log is held"
		sleep 1
	done
}
let_go() {
	dmsetup resume held
	wait $writer
}

message retention shorten 1 60:$KEEP

# The name is on its way when the time is over: the rules leave it alone.
a_snapshot
until_ms $((made + KEEP * 1000 - 5000))
hold
message snapshot_rename "$auto" mine &
renamer=$!
until_ms $((made + KEEP * 1000 + 10000))
kill -0 $renamer || fail "a name needs no room in a log that takes nothing"
let_go
wait $renamer || fail "no name for '$auto': $(log_since)"
id=$(listed mine)
[ -n "$id" ] || fail "'$auto' got a name, and is gone: $(log_since)"
! message retention | sed 1d | grep -qx "$id" ||
	fail "'$auto' got a name, and is still the rules'"
sleep $((2 * KEEP))
gone
volume "$origin" "$log" "$opts"
[ "$(listed mine)" = "$id" ] || fail "'$auto' got a name, and is gone after a restart"
message snapshot_delete mine || fail "'$auto' got a name, and cannot be deleted"
ok "a snapshot that gets a name while its time runs out stays"

# Its time is over, and it is about to go when the name comes.
a_snapshot
until_ms $((made + KEEP * 1000 - 5000))
hold
until_ms $((made + KEEP * 1000 + 10000))
! message snapshot_rename "$auto" mine 2>/dev/null ||
	fail "'$auto' got a name though it was about to go"
log_wants "snapshot $auto: there is none of that name"
let_go
before=$(ms)
while [ -n "$(listed "$auto")$(listed mine)" ]; do
	[ $(($(ms) - before)) -lt 60000 ] || fail "'$auto' is still there"
	sleep 1
done
ok "a snapshot that is about to go gets no name"

# Long before anything else has the volume look after it.
message set reconcile_secs 86400
a_snapshot
dmsetup create view --readonly \
	--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL $auto"
message retention shorten 0
message drain
[ -n "$(listed "$auto")" ] || fail "'$auto' is gone though it is looked at"
dmsetup remove view
before=$(ms)
while [ -n "$(listed "$auto")" ]; do
	[ $(($(ms) - before)) -lt 60000 ] ||
		fail "'$auto' is still there, and no rule is: $(log_since)"
	sleep 1
done
ok "a snapshot that outlived its rule goes when nobody looks at it any more"

healthy
gone
dmsetup remove held
