#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Chains of deltas where they end: at a horizon that passes between their beginning
# and their end, at zeros over part of a page, at runs of zeros, at snapshots, at
# rewinds, at their limit; each time also as a crash would leave it.
#
# Usage: deltas.sh      in a guest, with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
load_setup null_blk

# A write to the origin takes three seconds, so a cycle takes its time.
mknull origin 16 3000000000
origin=$DISK
mkram log 48
holdable
log=$DISK
cd /run/tmp
PAGES=16
# Of bytes that poke does not use.
head -c $((PAGES * 3072)) /dev/urandom | base64 -w 0 | head -c $((PAGES * 4096)) >want
poked=0
opts='5 zero_discards segment_kib 256 reconcile_secs 86400'

# poke SECTOR COUNT BYTE...: new bytes at these places of every eighth of these sectors
poke() {
	_first=$1
	_end=$(($1 + $2))
	poked=$(((poked + 1) % 31))
	shift 2
	for _at; do
		_s=$_first
		while [ "$_s" -lt "$_end" ]; do
			# shellcheck disable=SC2059 # a byte in octal
			printf "\\$(printf %03o $((poked + 1)))" |
				dd of=want bs=1 seek=$((_s * 512 + _at)) conv=notrunc status=none
			_s=$((_s + 8))
		done
	done
}
# put SECTOR COUNT: write what is wanted there
put() {
	dd if=want of="$VOL" bs=$(($2 * 512)) count=1 skip=$(($1 * 512)) \
		seek=$(($1 * 512)) iflag=skip_bytes oflag=direct,seek_bytes \
		conv=notrunc status=none || fail "write at $1: $(log_since)"
}
# pages: every page, each by itself; what comes after is not put into these records
pages() {
	_p=0
	while [ $_p -lt $PAGES ]; do
		put $((_p * 8)) 8
		_p=$((_p + 1))
	done
	dmsetup message "$V" 0 flush
}
# zero SECTOR COUNT: also of what is wanted
zero() {
	dd if=/dev/zero of=want bs=512 seek="$1" count="$2" conv=notrunc status=none
	blkdiscard -o $(($1 * 512)) -l $(($2 * 512)) "$VOL"
}
holds() {
	dd if="$1" bs=64k count=$((PAGES / 16)) iflag=direct status=none >seen
	cmp -s seen "$2" || fail "$3: $(cmp seen "$2"): $(log_since)"
}
snapshot() {
	dmsetup message "$V" 0 snapshot_create "$1" >/dev/null
	cp want "$1"
}
view() {
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL $1"
	holds /dev/mapper/back "$1" "$2"
	dmsetup remove back
}
begin() {
	dd if=/dev/zero of="$log" bs=64k count=1 conv=fsync status=none
	volume "$origin" "$log" "$opts"
	dmsetup message "$V" 0 "policy ${1:-max-chain 1000}; -> bit"
	log_mark
	pages
}
# crash: go on with what the disks hold now
crash() {
	power_cut
	holds "$VOL" want "$1, after a crash"
	expect_stat lost 0
}
deltas() { [ "$(stat deltas)" -ge "$1" ] || fail "only $(stat deltas) deltas, not $1"; }

begin
poke 0 $((PAGES * 8)) 100
pages
deltas $PAGES
[ "$(stat chains)" = $PAGES ] || fail "$(stat chains) chains"
before=$(stat read_log)
holds "$VOL" want "deltas"
expect_stat read_log "$before"
crash "deltas"
[ "$(stat chains)" = $PAGES ] || fail "$(stat chains) chains after a crash"
poke 0 $((PAGES * 8)) 7
pages
deltas $PAGES
crash "deltas on what recovery found"
ok "chains: read from memory, found again"

# Deltas that come while a cycle is under way begin below its horizon.
poke 0 $((PAGES * 8)) 9
dmsetup message "$V" 0 drain &
drain=$!
sleep 0.2
pages
wait $drain
[ "$(stat horizon_seq)" -ge $((PAGES * 3)) ] || fail "the horizon is $(stat horizon_seq)"
[ "$(stat rebased)" -gt 0 ] || fail "no chain was logged whole"
crash "deltas beside a cycle"
same_as_origin "$origin"
gone
ok "a horizon between the beginning of a chain and its end"

begin
poke 0 $((PAGES * 8)) 50
pages
n=0
while [ $n -lt $PAGES ]; do
	zero $((n * 8 + n % 8)) 1
	n=$((n + 1))
done
holds "$VOL" want "zeros in part of a page"
crash "zeros in part of a page"
poke 0 $((PAGES * 8)) 51
pages
crash "deltas after zeros"
gone
ok "zeros in part of a page"

begin
poke 0 $((PAGES * 8)) 60
pages
snapshot one
# It begins and ends within a page.
zero 3 $((PAGES * 8 - 8))
holds "$VOL" want "a run of zeros"
view one "a run of zeros"
poke 2 2 61
put 2 2
put $((PAGES * 8 - 6)) 4
holds "$VOL" want "writes to what a run hides"
crash "writes to what a run hides"
view one "after a crash"
dmsetup message "$V" 0 drain
holds "$VOL" want "a run of zeros, settled"
view one "a run of zeros, settled"
crash "a run of zeros, settled"
view one "a run of zeros, settled, after a crash"
dmsetup message "$V" 0 snapshot_delete one
same_as_origin "$origin"
gone
ok "runs of zeros over chains"

begin
n=0
while [ $n -lt 6 ]; do
	poke 0 $((PAGES * 8)) $((70 + n))
	pages
	snapshot "at$n"
	n=$((n + 1))
done
poke 0 $((PAGES * 8)) 79
pages
for n in 0 1 2 3 4 5; do view "at$n" "snapshots of chains"; done
crash "snapshots of chains"
for n in 0 1 2 3 4 5; do view "at$n" "snapshots of chains, after a crash"; done
dmsetup suspend "$V"
dmsetup message "$V" 0 rewind at2 later >/dev/null
dmsetup resume "$V"
cp want later
cp at2 want
holds "$VOL" want "a rewind"
view later "what a rewind kept"
poke 0 $((PAGES * 8)) 80
pages
crash "deltas on a rewind"
view later "what a rewind kept, after a crash"
dmsetup message "$V" 0 drain
for n in 0 1 2 3 4 5; do view "at$n" "snapshots of chains, settled"; done
view later "what a rewind kept, settled"
for n in 0 1 2 3 4 5; do dmsetup message "$V" 0 snapshot_delete "at$n"; done
dmsetup message "$V" 0 snapshot_delete later
same_as_origin "$origin"
gone
ok "snapshots of chains, and back to one"

begin 'max-chain 4'
n=0
while [ $n -lt 10 ]; do
	poke 0 $((PAGES * 8)) $((90 + n))
	pages
	n=$((n + 1))
done
[ "$(stat deltas)" = $((PAGES * 8)) ] || fail "$(stat deltas) deltas with at most 4 in a row"
crash "chains at their limit"
healthy
gone
ok "chains are no longer than they may be"
