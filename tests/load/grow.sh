#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Logs that grow under their load: step by step while it writes; when they are
# full of what snapshots need, whether writes fail then or wait; and what is
# refused.
#
# Usage: grow.sh      in a guest, best with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
seed=5
file=/run/tmp/log.img

# bigger MIB: make the log's device so large
bigger() {
	truncate -s "$1M" $file
	losetup -c "$log"
}
# grows: and use it; the sectors of log before and now are in $was and $is
grows() {
	_answer=$(dmsetup message "$V" 0 grow) || fail "grow: $(log_since)"
	was=${_answer% *} is=${_answer#* }
}
refused() {
	! dmsetup message "$V" 0 grow 2>/dev/null || fail "a log grew though $1"
	log_wants "$2"
}
# over MIB [FIRST]: so much written, page by page
over() {
	dd if=/dev/urandom of="$VOL" bs=64k count=$(($1 * 16)) \
		seek=$((${2:-0} * 16)) oflag=direct status=none
}
sum() { dd if="$1" bs=1M iflag=direct status=none | md5sum; }
past() {
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL $1" ||
		fail "no view of $1: $(log_since)"
	[ "$(sum /dev/mapper/back)" = "$2" ] || fail "$1 is not what it was"
	dmsetup remove back || fail "the view stays"
}
# held_up PID WHY: wait till a write waits for room, and there is none to be had;
# PID is the writer
held_up() {
	while [ "$(stat full)" = 0 ] || [ "$(stat waiting)" = 0 ]; do
		kill -0 "$1" 2>/dev/null || fail "$2"
		sleep 0.1
	done
}

disk origin 64
origin=$DISK
disk log 8
log=$DISK
log_mark

# ---- under load, in steps

model fill --dev "$origin" --seed $seed
volume "$origin" "$log" '1 zero_discards'
records=$(stat records_max)
id=1
for mib in 9 12 24 40 41 64; do
	model run --dev "$VOL" --seed $seed --mix chaos --threads 6 \
		--ops "$(some 900)" --first-id $id >/run/tmp/model.out 2>&1 &
	writer=$!
	id=$((id + 1000))
	bigger $mib
	grows
	[ "$is" -gt "$was" ] || fail "$mib MiB of device did not make the log larger"
	[ $((is / 2048)) = $((mib - 1)) ] || [ $((is / 2048)) = $mib ] ||
		fail "of $mib MiB the log uses $is sectors"
	wait $writer || fail "while it grew to $mib MiB: $(cat /run/tmp/model.out)"
	healthy
done
grows
[ "$is" = "$was" ] || fail "it grew on a device that did not"
size=$(stat log_size)
[ "$(stat records_max)" -gt "$records" ] || fail "the map did not grow with it"
records=$(stat records_max)
same_as_origin "$origin"
gone
# The next life finds what was in the new part, and as much room.
volume "$origin" "$log" '1 zero_discards'
[ "$(stat log_size)" = "$size" ] || fail "the log was $size sectors, now $(stat log_size)"
[ "$(stat records_max)" -ge "$records" ] || fail "the map was $records entries, now $(stat records_max)"
model run --dev "$VOL" --seed $seed --mix chaos --threads 6 \
	--ops "$(some 600)" --first-id $id || fail "in the next life"
same_as_origin "$origin"
healthy
gone
ok "a log grew from 8 to 64 MiB under load, and stays so"

# ---- full of a snapshot: writes fail, until it grows

fresh() {
	dd if=/dev/zero of="$log" bs=64k count=1 oflag=direct status=none
	losetup -d "$log"
	truncate -s 0 $file
	truncate -s "$1M" $file
	log=$(losetup -f --show $file)
	volume "$origin" "$log"
	over 48
	dmsetup message "$V" 0 drain
	kept=$(sum "$VOL")
}
fresh 24
dmsetup message "$V" 0 retention fail 0
dmsetup message "$V" 0 snapshot_create before >/dev/null
log_mark
if over 48 2>/dev/null; then fail "48 MiB of versions fit in a log of 24"; fi
log_wants 'is full of what snapshots need'
versions=$(stat past_max)
bigger 128
grows
log_wants 'has grown from'
[ "$(stat past_max)" -gt "$versions" ] || fail "no room for more versions"
over 48 || fail "the log has grown and takes no more: $(log_since)"
now=$(sum "$VOL")
past before "$kept"
same_as_origin "$origin"
[ "$(stat past)" -gt "$versions" ] || fail "$(stat past) versions are no more than $versions"
past before "$kept"
gone
volume "$origin" "$log"
[ "$(sum "$VOL")" = "$now" ] || fail "the next life has other data"
past before "$kept"
dmsetup message "$V" 0 snapshot_delete before
healthy
gone
ok "a log full of a snapshot grew, and took what it had refused"

# ---- and wait, until it grows, or the snapshot goes

fresh 24
dmsetup message "$V" 0 retention throttle 0
dmsetup message "$V" 0 snapshot_create before >/dev/null
over 48 &
writer=$!
held_up $writer "nobody waited though the log is full"
past before "$kept"
bigger 40
grows
held_up $writer "48 MiB of versions fit in a log of 40"
bigger 80
grows
wait $writer || fail "the log has grown, and who waited failed: $(log_since)"
past before "$kept"
dmsetup message "$V" 0 snapshot_create again >/dev/null
now=$(sum "$VOL")
over 48 &
writer=$!
held_up $writer "nobody waited though the log is full again"
past again "$now"
dmsetup message "$V" 0 snapshot_delete before
wait $writer || fail "a snapshot went, and who waited failed: $(log_since)"
past again "$now"
same_as_origin "$origin"
healthy
ok "who waited for room went on when the log grew, or a snapshot went"

# ---- a suspend does not wait for those who wait for room

dmsetup message "$V" 0 snapshot_create third >/dev/null
over 48 2>/dev/null &
writer=$!
held_up $writer "nobody waited though the log is full once more"
log_mark
smoothly 120 dmsetup suspend "$V"
! wait $writer || fail "a write that found no room went well"
refused "the volume is suspended" "the volume is suspended: resume it first"
dmsetup resume "$V"
dmsetup message "$V" 0 snapshot_delete third
ok "suspended while writes waited for room"
dmsetup message "$V" 0 snapshot_delete again
over 8 || fail "there is room again, and no write: $(log_since)"
gone

# ---- far, as far as told, and not at all

# Far more chunks than were laid out, in the smallest segments there are, many of
# them held already; and as many snapshots as before find room at the next
# activation.
volume "$origin" "$log" '2 segment_kib 64'
room=$(stat snapshots_max)
dmsetup message "$V" 0 retention fail 3600
for i in $(seq 30); do
	over 1 "$i"
	dmsetup message "$V" 0 snapshot_create "s$i" >/dev/null
done
dmsetup message "$V" 0 drain
kept=$(sum "$VOL")
over 24
dmsetup message "$V" 0 drain
bigger 192
grows
[ "$(stat snapshots_max)" = "$room" ] || fail "room for $(stat snapshots_max) snapshots, not $room"
over 16
past s30 "$kept"
same_as_origin "$origin"
gone
volume "$origin" "$log" '2 segment_kib 64'
[ "$(stat snapshots)" = 30 ] || fail "$(stat snapshots) snapshots of 30"
[ "$(stat snapshots_max)" = "$room" ] || fail "room for $(stat snapshots_max) snapshots, not $room"
past s30 "$kept"
# All of it can be filled, and then it is full, not stuck.
i=0
log_mark
while over 48 2>/run/tmp/dd.err; do
	i=$((i + 1))
	[ $i -lt 40 ] || fail "2 GiB of versions fit in a log of 192 MiB"
done
# Of sectors, or of versions.
[ $(($(stat log_used) * 10)) -ge $(($(stat log_size) * 9)) ] ||
	[ $(($(stat past) * 10)) -ge $(($(stat past_max) * 9)) ] ||
	fail "full with this in use: $(dmsetup status "$V")"
grep -q 'No space left' /run/tmp/dd.err || fail "$(cat /run/tmp/dd.err): $(log_since)"
log_wants 'is full of what snapshots need'
past s30 "$kept"
dmsetup message "$V" 0 retention shorten 0
for i in $(seq 30); do
	dmsetup message "$V" 0 snapshot_delete "s$i"
done
over 48 || fail "all was deleted, and nothing can be written: $(log_since)"
same_as_origin "$origin"
healthy
gone
volume "$origin" "$log" '2 max_records 5000'
bigger 600
grows
[ "$is" -gt "$was" ] || fail "with max_records it does not grow"
[ "$(stat records_max)" -lt 6000 ] || fail "more than max_records: $(stat records_max)"
over 8
same_as_origin "$origin"
healthy
log_mark
truncate -s 60M $file
losetup -c "$log"
refused "its device has shrunk" 'has become smaller than it'
gone
ok "refused: a device that shrank; grown twenty times; as many records as told"
