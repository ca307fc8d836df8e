#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: bytes written to the origin while pages are overwritten
# again and again, by the order in which they are settled.
#
# Usage: order.sh LOAD DIST      with reconcile_order oldest (static), and with auto
#
# Devices as for fsync.sh. 4 KiB random writes, one at a time, to 64 MiB; DIST says
# which pages: `zipf` (exponent 1.1), `hot` (nine in ten writes to a tenth of the
# pages), `uniform`. LOAD:
#
#   aged      100 writes a second for 5 min, the bound is 60 s, and the log has room
#             for what is written in that time: age decides when pages are settled
#   pressed   500 writes a second for 3 min, the log has 24 MiB: its filling does
#   full      as fast as can be for 20 s, the log has 24 MiB: writers are held back
#
# Each order has devices of its own, and the same writes. In the end the origin is
# brought up to date, which is counted, and must hold what the volume holds.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need dmsetup
dlpace=$DL_TOP/build/tests/dlpace
[ -x "$dlpace" ] || fail "no dlpace: make bench-tools"

load=$1 dist=$2
secs=300 log_mib=24
case $load in
aged)
	secs=60 log_mib=128
	rate=100 runtime=300
	;;
pressed) rate=500 runtime=180 ;;
full) rate=0 runtime=20 ;;
*) fail "no load $load" ;;
esac

for who in static deltalog; do
	order=auto
	[ $who != static ] || order=oldest
	null_disk "fast-$order" $log_mib blocksize=512 irqmode=2 completion_nsec=20000 \
		cache_size=16
	FAST=$DISK
	null_disk "slow-$order" 64 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
	SLOW=$DISK
	DL_OPTS="reconcile_secs $secs reconcile_order $order"
	target_up deltalog
	"$dlpace" "$VOL" 64 "$dist" $rate $runtime || fail "writing with order $order"
	value user $who "$(status user_bytes)"
	value running $who "$(status origin_bytes)"
	settle
	value origin $who "$(written "$SLOW")"
	value log $who "$(written "$FAST")"
	for key in lag_max_ms cycles waited waited_hits waited_misses; do
		value "$key" $who "$(status "$key")"
	done
	cmp "$VOL" "$SLOW" || fail "$order: the bare origin differs"
	target_down
done
