#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Pages that wait in the log because they are likely to be written again: all is as it
# was after they did, what becomes of them is counted, and the origin has what was
# written within the bound, be it written again or not.
#
# Usage: order.sh      in a guest, with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
load_setup null_blk

mkram origin 16
origin=$DISK
mknull log 8 20000
holdable
log=$DISK
cd /run/tmp
secs=20
opts="7 zero_discards segment_kib 64 reconcile_secs $secs"
opts="$opts reconcile_order auto"

# fill NAME: 64 KiB that say so, each line another
fill() { yes "$1" | awk '{ print $0, NR }' | head -c 65536 >"$1.new"; mv "$1.new" "$1"; }
# put FILE PAGE: a page of it to where it is
put() {
	dd if="$1" of="$VOL" bs=4k skip="$2" seek="$2" count=1 conv=notrunc oflag=direct \
		status=none || fail "write of page $2: $(log_since)"
}
# cold MIB: write so much to other pages, which are never written again
at=1
cold() {
	for _mib in $(seq "$1"); do
		dd if=/dev/urandom of="$VOL" bs=64k seek=$((at * 16)) count=16 \
			conv=notrunc oflag=direct status=none || fail "write: $(log_since)"
		at=$((at % 15 + 1))
	done
}
# rounds N: hot pages, and of others more than the log keeps, and again
rounds() {
	for n in $(seq "$1"); do
		fill "hot$n"
		for page in 0 1 2 3 4 5 6 7; do put "hot$n" $page; done
		last=hot$n
		sleep 0.5
		cold 5
	done
}
is() { dd if="$1" bs=4k count=8 iflag=direct status=none | cmp -s - "$2"; }
look() {
	head -c 32768 "$last" >want
	is "$VOL" want || fail "$1: hot pages do not read as they were written"
}

volume "$origin" "$log" "$opts"
# Rates are of the last seconds; the log has it after a power cut, too.
dmsetup message "$V" 0 policy 'window 10s; -> block' || fail "policy"
log_mark
dmsetup table "$V" | grep -q reconcile_order &&
	fail "a default is in the table: $(dmsetup table "$V")"
rounds 24
look "hot"
waited=$(stat waited)
[ "$waited" -gt 0 ] || fail "no page waited: $(dmsetup status "$V")"
healthy
ok "pages that are written again and again wait ($waited), and read as they were written"

# No more is written to the pages that wait: they are due.
cold 5
[ "$(stat waited)" -gt 0 ] || fail "none waits"
sleep $secs
head -c 32768 "$last" >want
is "$origin" want || fail "the origin lacks what was written $secs s ago: $(dmsetup status "$V")"
lag=$(stat lag_max_ms)
[ "$lag" -le $((secs * 1000)) ] || fail "a record waited $lag ms, longer than $secs s"
[ "$(stat waited)" = $(($(stat waited_hits) + $(stat waited_misses))) ] ||
	fail "what waited is not accounted for: $(dmsetup status "$V")"
ok "the origin has them within $secs s ($lag ms at most)"

# The same where nothing but the deadline asks for it: pages are six seconds old when the
# log fills and they come to wait, so the segment they are logged in again is due too late.
gone
volume "$origin" "$log" "$opts"
dmsetup message "$V" 0 policy 'window 10s; -> block' || fail "policy"
rounds 12
fill hot99
quiet=$(now_s)
for page in 0 1 2 3 4 5 6 7; do put hot99 $page; done
last=hot99
oldest=$last
sleep 6
cold 5
settled=$(($(stat waited_hits) + $(stat waited_misses)))
[ "$(stat waited)" -gt "$settled" ] || fail "none waits: $(dmsetup status "$V")"
head -c 32768 "$oldest" >want
is "$origin" want && fail "none of them had to wait"
until is "$origin" want; do
	[ $(($(now_s) - quiet)) -lt $((2 * secs)) ] || break
	sleep 0.5
done
took=$(($(now_s) - quiet))
[ $took -lt $secs ] || fail "the origin has them after $took s: $(dmsetup status "$V")"
lag=$(stat lag_max_ms)
[ "$lag" -le $((secs * 1000)) ] || fail "a record waited $lag ms, longer than $secs s"
ok "without pressure they are settled when due: after $took s of $secs ($lag ms at most)"

for n in $(seq "$(some 10)"); do
	rounds 6
	waited=$(($(stat waited) + ${sum:-0}))
	sum=$waited
	power_cut
	look "round $n, after a power cut"
	same_as_origin "$origin"
done
[ "$sum" -gt 0 ] || fail "no page waited"
healthy
ok "power cuts while pages wait ($sum)"

rounds 12
same_as_origin "$origin"
[ "$(stat waited)" = $(($(stat waited_hits) + $(stat waited_misses))) ] ||
	fail "after a drain pages wait: $(dmsetup status "$V")"
look "drained"
ok "nothing waits after a drain"

# A snapshot: what waited before is part of it, nothing waits while it is there.
rounds 12
cp "$last" kept
dmsetup message "$V" 0 snapshot_create kept >/dev/null
waited=$(stat waited)
dmsetup create back --readonly \
	--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL kept"
cycles=$(stat cycles)
cold 1
sleep 0.5
[ "$(stat cycles)" -gt "$cycles" ] || fail "nothing was settled: $(dmsetup status "$V")"
head -c 32768 kept >want
is /dev/mapper/back want || fail "the snapshot has other data"
[ "$(stat waited)" = "$waited" ] || fail "pages wait while there is a snapshot"
dmsetup remove back
dmsetup message "$V" 0 snapshot_delete kept
rounds 12
[ "$(stat waited)" -gt "$waited" ] || fail "none waits when the snapshot is gone"
look "after the snapshot"
same_as_origin "$origin"
ok "snapshots are exact, and none waits while there is one"

dmsetup message "$V" 0 set reconcile_order newest 2>/dev/null && fail "accepted 'newest'"
log_wants "reconcile_order 'newest': auto or oldest is needed"
dmsetup message "$V" 0 set reconcile_order oldest
dmsetup table "$V" | grep -q "reconcile_order oldest" ||
	fail "not in the table: $(dmsetup table "$V")"
waited=$(stat waited)
rounds 12
[ "$(stat waited)" = "$waited" ] || fail "pages wait in order of age"
same_as_origin "$origin"
healthy
gone
ok "in order of age none waits"

# Much is due at once, for which the origin takes most of the quarter that is left of the
# bound: it is begun in time, also by who would wait. What there was before, this many
# cycles of this many pages, tells nothing, or little of how long that takes; and who
# looked at it last is asleep when the burst comes.
mknull slow 64 110000000
origin=$DISK
mkram wide 64
log=$DISK
burst() {
	volume "$origin" "$log" "5 zero_discards reconcile_secs $secs reconcile_order $1"
	dmsetup message "$V" 0 policy 'window 10s; -> block' || fail "policy"
	for _ in $(seq "$2"); do
		dd if=/dev/urandom of="$VOL" bs=4k count="$3" conv=notrunc oflag=direct \
			status=none || fail "write: $(log_since)"
		dmsetup message "$V" 0 drain
	done
	sleep 1
	dd if=/dev/urandom of="$VOL" bs=1M count=20 conv=notrunc oflag=direct status=none ||
		fail "write: $(log_since)"
	dmsetup message "$V" 0 flush
	before=$(stat cycles)
	sleep $((secs + 10))
	[ "$(stat cycles)" -gt $((before + 4)) ] || fail "$1: only $(stat cycles) cycles"
	lag=$(stat lag_max_ms)
	echo "# $1, after $before cycles of $3 pages: the last after $lag ms"
	[ "$lag" -gt $((secs * 850)) ] || fail "$1: too quick to tell: $lag ms"
	[ "$lag" -le $((secs * 1000)) ] || fail "$1: a record waited $lag ms, not $secs s"
	gone
}
burst oldest 0 0
burst auto 0 0
burst auto 10 10
burst auto 30 100
ok "what is due at once is settled in time"
