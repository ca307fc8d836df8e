#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Memory that cannot be had: allocations of the module fail by chance while a
# volume works, is activated and recovers. No request may fail for it, nothing
# may be lost, leaked or stuck.
#
# Usage: faults.sh      in a guest with the debug kernel
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
F=/sys/kernel/debug
[ -d $F/failslab ] || fail "this kernel cannot inject faults: use --debug"
seed=21
id=1

# A failed allocation is announced with its call trace; that is no complaint.
allow_splat 'page allocation failure|vmalloc error'

text=$(cat /sys/module/dm_deltalog/sections/.text)
size=$(awk '$1 == "dm_deltalog" { print $2 }' /proc/modules)

# faults PERCENT INTERVAL KIND...: of every INTERVALth allocation so many percent
# fail, if the module is in its call chain
injected=0
faults() {
	_pct=$1 _interval=$2
	shift 2
	for _kind; do
		echo 0 >"$F/$_kind/probability"
		echo 12 >"$F/$_kind/stacktrace-depth"
		echo "$text" >"$F/$_kind/require-start"
		printf '0x%x\n' $((text + size)) >"$F/$_kind/require-end"
		echo 0 >"$F/$_kind/verbose"
		_left=$(cat "$F/$_kind/times")
		[ "$_left" -lt 100000 ] ||
			injected=$((injected + 1000000 - _left))
		echo 1000000 >"$F/$_kind/times"
		echo "$_interval" >"$F/$_kind/interval"
		# The waiting kind too: these must be mempools or have a way out.
		echo N >"$F/$_kind/ignore-gfp-wait"
		[ ! -e "$F/$_kind/min-order" ] || echo 0 >"$F/$_kind/min-order"
		echo "$_pct" >"$F/$_kind/probability"
	done
}
no_faults() { faults 0 1 failslab fail_page_alloc; }

disk origin 16
origin=$DISK
disk log 3
log=$DISK
model fill --dev "$origin" --seed $seed
opts='3 commit_ms 5 zero_discards'

log_mark
volume "$origin" "$log" "$opts"
for kind in failslab fail_page_alloc 'failslab fail_page_alloc'; do
	for pct in 3 30; do
		for mix in database chaos flood; do
			# shellcheck disable=SC2086 # a list
			faults $pct 1 $kind
			model run --dev "$VOL" --seed $seed --mix $mix \
				--threads 6 --ops 150 --first-id $id ||
				fail "$pct % of $kind: $mix: $(log_since)"
			no_faults
			id=$((id + 150))
		done
		healthy
	done
	ok "requests under $kind: $injected allocations failed so far"
done

# Suspend, messages and reload.
faults 20 1 failslab fail_page_alloc
for n in 1 2 3 4 5 6; do
	dmsetup message "$V" 0 drain || :
	dmsetup suspend "$V"
	dmsetup resume "$V" || {
		no_faults
		dmsetup resume "$V" || fail "cannot be resumed: $(log_since)"
		faults 20 1 failslab fail_page_alloc
	}
done
no_faults
model run --dev "$VOL" --seed $seed --mix files --threads 4 --ops 150 \
	--first-id $id || fail "after $n suspends: $(log_since)"
id=$((id + 150))
healthy
ok "suspend, resume and drain"
gone

# Activation may fail for want of memory, but cleanly, and not for ever.
tries=0 failures=0
for interval in 400 60 7; do
	for n in 1 2 3 4 5 6 7 8; do
		tries=$((tries + 1))
		table "$origin" "$log" "$opts"
		faults 10 $interval failslab fail_page_alloc
		if dmsetup create "$V" --table "$TABLE" 2>/dev/null; then
			dmsetup remove "$V" || fail "remove: $(log_since)"
		else
			failures=$((failures + 1))
		fi
		no_faults
	done
done
[ $failures -gt 0 ] || fail "no activation was ever hit: the faults do not work"
[ $failures -lt $tries ] || fail "no activation got through: $(log_since)"
volume "$origin" "$log" "$opts"
model run --dev "$VOL" --seed $seed --mix database --threads 4 --ops 150 \
	--first-id $id || fail "after failed activations: $(log_since)"
same_as_origin "$origin"
healthy
gone
ok "activation: $failures of $tries failed, none did harm; $injected allocations failed in all"
[ $injected -gt 0 ] || fail "no allocation failed: the faults do not work"
kmemleak_check
