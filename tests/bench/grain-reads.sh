#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: reads of the devices for a read of a page of which
# a long chain of deltas has to be made.
#
# Usage: grain-reads.sh DELTAS
#
# A page is written whole, then DELTAS times in small places, an
# fdatasync after every 32.  It is read as it is then, after the volume was taken
# down and brought up, and when it is settled; 100 times, past any cache.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need dmsetup dd

deltas=$1 reads=100
dlgrain=$DL_TOP/build/tests/dlgrain

null_disk fast 512 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
FAST=$DISK
null_disk slow 64 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 90 reconcile_secs 86400'

requests() { awk '{ print $1 }' "/sys/block/${1##*/}/stat"; }

# look NAME: reads of either device for one of the page.
look() {
	# What was done before may have something to read in the background.
	sleep 1
	_log=$(requests "$FAST") _origin=$(requests "$SLOW")
	_ram=$(status read_ram) _read=$(status read_log)
	_n=0
	while [ $_n -lt $reads ]; do
		dd if="$VOL" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null ||
			fail "the page cannot be read"
		_n=$((_n + 1))
	done
	value "log_$1" deltalog $(($(requests "$FAST") - _log))
	value "origin_$1" deltalog $(($(requests "$SLOW") - _origin))
	value "ram_$1" deltalog $(($(status read_ram) - _ram))
	value "read_log_$1" deltalog $(($(status read_log) - _read))
	value reads deltalog $reads
	"$dlgrain" check "$VOL" 1 bytes64 "$deltas" || fail "$1: it does not read as it was written"
}

target_up deltalog
dmsetup message deltalog 0 policy 'window 10s; max-chain 2000; -> bit' ||
	fail "the policy was refused"
"$dlgrain" fill "$VOL" 1 || fail "cannot fill the page"
"$dlgrain" write "$VOL" 1 bytes64 0 "$deltas" 32 >/dev/null || fail "cannot write"
[ "$(status deltas)" = "$deltas" ] || fail "$(status deltas) deltas, not $deltas"
value chain deltalog "$(status deltas)"
look hot
target_down
target_up deltalog
[ "$(status chains)" = 1 ] || fail "the chain was not found again"
look again
settle
[ "$(status chains)" = 0 ] || fail "settled, and there is a chain"
look settled
target_down
