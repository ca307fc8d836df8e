#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: bytes written to the log per user byte when little
# of a page changes with each write.
#
# Usage: grain.sh TARGET KIND WRITES [LOG_MIB [OPT...]]
#
# 4096 pages are written whole, then WRITES times one of them, drawn by a Zipf
# distribution, is changed as KIND says (dlgrain.c) and written; 32 in flight, an
# fdatasync after every 32.  That is counted, from the first write on, and then the same
# again, `later`.  In the end all is read and compared, and again when it was settled,
# and on the bare origin.
#
# TARGET is `deltalog` (every write is recorded as finely as can be), `block`
# (deltalog, recording whole pages) or a peer.  OPT: words for deltalog's table;
# by default nothing is settled meanwhile.  The log has blocks of 512 bytes.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need dmsetup

target=$1 kind=$2 writes=$3 log_mib=${4:-1024}
if [ $# -gt 4 ]; then
	shift 4
	DL_OPTS=$*
else
	DL_OPTS='high_watermark 90 reconcile_secs 86400'
fi
export DL_OPTS
pages=4096
dlgrain=$DL_TOP/build/tests/dlgrain

null_disk fast "$log_mib" blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
FAST=$DISK
null_disk slow 64 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK

level=block
[ "$target" = block ] || level=bit
case $target in
deltalog | block)
	target_up deltalog
	finely "$level"
	;;
*) target_up "$target" ;;
esac

# part NAME FROM: write, and tell what was counted meanwhile.
part() {
	# What was done before has left to do in the background, such as a summary.
	sleep 1
	_was=$(written "$FAST") _own=''
	if [ "$TARGET" = deltalog ]; then
		for _key in $counters; do _own="$_own $_key=$(status "$_key")"; done
	fi
	"$dlgrain" write "$VOL" $pages "$kind" "$2" "$writes" 32 >/dev/null || fail "cannot write"
	value "log$1" "$target" $(($(written "$FAST") - _was))
	for _key in $_own; do
		value "${_key%%=*}$1" "$target" $(($(status "${_key%%=*}") - ${_key#*=}))
	done
	[ "$TARGET" != deltalog ] || value "chains$1" "$target" "$(status chains)"
}
counters='user_bytes log_bytes deltas delta_bytes unchanged rebased rewritten commits cycles
	origin_bytes read_log'

right() { "$dlgrain" check "$1" $pages "$kind" $((writes * 2)) || fail "$2"; }

"$dlgrain" fill "$VOL" $pages || fail "cannot fill the pages"
part '' 0
part _later "$writes"
value user "$target" $((writes * 4096))
right "$VOL" "it does not read as it was written"
settle
right "$VOL" "settled, it does not read as it was written"
target_down
right "$SLOW" "the origin is not what was written"
