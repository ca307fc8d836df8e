#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Shows that the lab can fail: that a test which ends badly, a kernel that
# complains, a guest that hangs or dies is never taken for a success.
#
# Usage: tests/lab-selftest.sh [fast|debug|6.1|6.12]...     (default: all)

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../scripts/lab/common.sh"

GUEST=tests/guest/selftest.sh
# Those that every kernel has; Debian's have neither clone nor dust.
TARGETS='linear snapshot thin writecache crypt integrity flakey delay log-writes zero'
tmp=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-selftest.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0

verdict() {
	if [ "$1" = 0 ]; then
		printf 'ok - %s\n' "$2"
		passed=$((passed + 1))
	else
		printf 'not ok - %s\n' "$2"
		sed 's/^/    /' "$tmp/out" "$tmp/err"
		failed=$((failed + 1))
	fi
}

# expect STATUS WHAT RUNNER-AND-ARGS...
expect() {
	local want=$1 what=$2 got=0
	shift 2
	"$@" </dev/null >"$tmp/out" 2>"$tmp/err" || got=$?
	if [ "$got" = "$want" ]; then
		verdict 0 "$kind: $what"
	else
		echo "exit status $got, expected $want" >>"$tmp/err"
		verdict 1 "$kind: $what"
	fi
}

# said FILE TEXT WHAT: what the last run left in out or err.
said() {
	local bad=0
	grep -qF -- "$2" "$tmp/$1" || bad=1
	verdict $bad "$kind: $3"
}

# Every kernel.  What only the host's half decides is not tried in a slow guest.
common() {
	expect 3 'a script that fails' "${run[@]}" -- $GUEST exit 3
	expect 1 'a complaint in the kernel log' "${run[@]}" -- $GUEST kmsg 'BUG: planted'
	expect 125 'a kernel that dies' "${run[@]}" -- $GUEST panic
	expect 0 'output without a final newline' "${run[@]}" -- $GUEST echo 'a  b'
	said out 'a  b' 'the output is relayed as it was'
	expect 0 'the repository is read-only' "${run[@]}" -- $GUEST read-only
	expect 0 'null_blk devices' "${run[@]}" -- $GUEST disks
	expect 124 'a script that hangs' "${run[@]}" --timeout "$hang" -- $GUEST hang
}

uml() {
	kind=$1 hang=5 run=("$DL_TOP/tests/uml/run.sh" --timeout 120)
	[ "$1" = fast ] || run+=(--debug)
	"$DL_TOP/tests/uml/build.sh" "$1" >/dev/null
	common
	expect 0 'a complaint that is expected' "${run[@]}" -- $GUEST kmsg 'BUG: planted' 'BUG: plant'
	expect 1 'a complaint that is not the expected one' "${run[@]}" -- $GUEST kmsg 'BUG: planted' 'BUG: other'
	# shellcheck disable=SC2086 # one argument each
	expect 0 'device-mapper targets' "${run[@]}" -- $GUEST targets $TARGETS clone dust
	expect 0 'an hour of simulated time' "${run[@]}" --time-travel -- $GUEST sleep-hour
	expect 0 'the same with infinite speed' "${run[@]}" --time-travel=inf-cpu -- $GUEST sleep-hour
}

parallel() {
	local pids=() i got bad=0
	for i in 1 2 3; do
		"${run[@]}" -- $GUEST exit "$i" >/dev/null 2>"$tmp/err" </dev/null &
		pids+=($!)
	done
	for i in 1 2 3; do
		got=0
		wait "${pids[i - 1]}" || got=$?
		[ "$got" = "$i" ] || bad=1
	done
	verdict $bad "$kind: three guests at once"
}

stopped() {
	local pid got=0 before=$SECONDS
	mkfifo "$tmp/fifo"
	"${run[@]}" -- $GUEST hang >"$tmp/fifo" 2>"$tmp/err" </dev/null &
	pid=$!
	head -n 1 "$tmp/fifo" >"$tmp/out"
	kill -TERM $pid
	wait $pid || got=$?
	[ "$got" = 143 ] && [ $((SECONDS - before)) -lt 60 ] && got=0
	verdict "$got" "$kind: a runner that is told to stop ends its guest"
}

planted() {
	local bug text
	cp "$DL_TOP"/tests/guest/planted/* "$tmp/"
	make -s -C "$("$DL_TOP/tests/uml/build.sh" debug)" M="$tmp" ARCH=um modules \
		</dev/null >"$tmp/out" 2>"$tmp/err" || {
		verdict 1 "$kind: build the module of planted bugs"
		return
	}
	expect 0 'a module without a bug' "${run[@]}" -- $GUEST planted "$tmp" none
	while read -r bug text; do
		expect 1 "planted bug: $bug" "${run[@]}" -- $GUEST planted "$tmp" "$bug"
		said err "$text" "planted bug: $bug is named"
	done <<-'END'
		leak new suspected memory leaks
		use-after-free KASAN: slab-use-after-free in planted_init
		lock-order possible circular locking dependency
		atomic-sleep sleeping function called from invalid context
		shift UBSAN: shift-out-of-bounds
		warn WARNING: CPU: 0
	END
}

vm() {
	kind=$1 hang=15 run=("$DL_TOP/tests/vm/run.sh" --kernel "$1" --timeout 300)
	"$DL_TOP/tests/vm/fetch.sh" "$1" >/dev/null
	common
	# shellcheck disable=SC2086 # one argument each
	expect 0 'device-mapper targets' "${run[@]}" -- $GUEST targets $TARGETS
	truncate -s 1M "$tmp/disk"
	expect 0 'a power cut' "${run[@]}" --disk "$tmp/disk" --kill-on 'wrote 5.' -- $GUEST cut
	dd if="$tmp/disk" of="$tmp/out" bs=512 skip=5 count=1 2>/dev/null
	said out 00000005 'what was written before the cut is in the file'
	expect 1 'a device is refused as a disk' "${run[@]}" --disk /dev/null -- $GUEST exit 0
}

for what in "${@:-all}"; do
	case $what in
	fast) uml fast; parallel; stopped ;;
	debug) uml debug; planted ;;
	6.1 | 6.12) vm "$what" ;;
	all) uml fast; parallel; stopped; uml debug; planted; vm 6.1; vm 6.12 ;;
	*) sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
