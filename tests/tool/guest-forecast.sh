#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest: a log that fills with what a snapshot holds is announced before it is
# full, once; that is taken back when a deletion makes room; and without foresight
# nothing is said.
#
# Usage: tests/tool/guest-forecast.sh     (below uml/run.sh --time-travel)
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

mkram fo 160
o=$DISK
# Zeros would take no room in the log.
dd if=/dev/urandom of="$o" bs=1M count=160 oflag=direct 2>/dev/null
mkram folog 96
l=$DISK
want 0 create fo --origin "$o" --log "$l"
vol=/dev/mapper/fo
sys=/sys/block/dm-$(dmsetup info -c --noheadings -o minor fo)/deltalog

key() {
	dmsetup status fo | tr ' ' '\n' | sed -n "/^$1\$/{n;p}"
}
# grow FROM SECONDS: writes 512 KiB, of pages that were not written before, a second
grow() {
	_i=0
	while [ $_i -lt "$2" ] && [ "$(key full)" = 0 ]; do
		dd if=/dev/urandom of=$vol bs=512k count=1 seek=$(($1 + _i)) \
			oflag=direct conv=notrunc 2>/dev/null || return 0
		_i=$((_i + 1))
		sleep 1
	done
}
# How many such events there were after number $1.
told() {
	"$tool" wait-event fo --after "$1" --timeout 0 --json >out 2>err
	jq -r '.happened | index("forecast") != null' out
}
tunable() { dmsetup message fo 0 set "$1" "$2" || bad "set $1 $2"; }

tunable full_within_secs 60
tunable reconcile_secs 30
[ "$(cat "$sys/forecast/full_within")" = - ] || bad "a new log is expected to be full"
[ "$(cat "$sys/forecast/full_probability")" = 0 ] || bad "a new log is likely to be full"

# ---- without a snapshot all of it settles

grow 0 60
[ "$(told 0)" = false ] || bad "announced although all can be settled"
[ "$(key full_probability)" = 0 ] || bad "likely full, although all can be settled"
ok "what settles is not announced"

# ---- a snapshot

want 0 snapshot create fo before --no-freeze
since=$(key events)
start=$(date +%s)
grow 0 20
[ "$(told "$since")" = false ] || bad "announced with two thirds left"
said='' n=20
while [ $n -lt 600 ]; do
	grow $n 1
	n=$((n + 1))
	[ "$(key full)" = 0 ] || break
	[ -n "$said" ] || [ "$(told "$since")" = false ] || {
		said=$(($(date +%s) - start))
		within=$(key full_within) chance=$(key full_probability)
		want 0 status fo
		says out "log full soon"
		want 0 status fo --json
		json '.status.full_probability > 300 and .status.full_within > 0'
		[ "$(cat "$sys/forecast/full_within")" = "$within" ] ||
			[ "$(cat "$sys/forecast/full_within")" = "$(key full_within)" ] ||
			bad "sysfs and status line differ"
		# By what is kept: nothing is written until it is asked.
		want 0 deactivate fo
		want 0 activate fo --origin "$o" --log "$l" --full-within-secs 60 \
			--reconcile-secs 30
		tries=0
		until [ "$(key full_probability)" -gt 50 ] || [ $((tries += 1)) -gt 50 ]; do
			sleep 0.1
		done
		sys=/sys/block/dm-$(dmsetup info -c --noheadings -o minor fo)/deltalog
		[ "$(key full_probability)" -gt 50 ] ||
			bad "not expected to be full in the next life: $(key full_probability)"
	}
done
full=$(($(date +%s) - start))
[ -n "$said" ] || bad "full after $full s, and not announced"
echo "# announced after $said s, in $within s by then ($chance of 1000); full after $full s"
[ $((full - said)) -ge 30 ] || bad "announced only $((full - said)) s ahead of T = 60 s"
[ $((full - said)) -le 120 ] || bad "announced $((full - said)) s ahead of T = 60 s"
{ [ "$within" -ge $(((full - said) / 2)) ] && [ "$within" -le $(((full - said) * 2)) ]; } ||
	bad "expected in $within s, which took $((full - said))"
dmesg | grep -q 'likely to be full of what snapshots hold, in [0-9]* s by now' ||
	bad "the kernel's log does not say so"
[ "$(dmesg | grep -c 'likely to be full of')" = 2 ] || bad "not said once in each life"
ok "announced before the log is full, once, and kept over a deactivation"

want 0 snapshot delete fo before
tries=0
until [ "$(key full_probability)" -lt 125 ]; do
	[ $((tries += 1)) -lt 200 ] || bad "likely full after the deletion: $(key full_probability)"
	sleep 1
done
dmesg | grep -q 'not likely to be full any more' || bad "not taken back in the kernel's log"
ok "taken back when a deletion made room"

# ---- off

tunable foresight off
since=$(key events)
want 0 snapshot create fo again --no-freeze
dd if=/dev/urandom of=$vol bs=1M count=160 oflag=direct conv=notrunc 2>/dev/null
[ "$(key full)" = 1 ] || bad "not full"
sleep 5
[ "$(told "$since")" = false ] || bad "announced with foresight off"
[ "$(key full_within)" = - ] || bad "expected with foresight off"
want 0 snapshot delete fo again
ok "nothing is announced with foresight off"
want 0 deactivate fo
ok "$passed checks"
