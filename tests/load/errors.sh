#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Devices that fail (dm-flakey, dm-dust): the log's write errors end in a
# read-only volume that keeps all that was durable; damaged or unreadable log
# sectors are errors for exactly what they hold; an origin that fails loses
# nothing and is caught up with once it has healed.
#
# Usage: errors.sh      in a guest, best with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
load_setup dm-flakey dm-dust
seed=5
id=1
# What is in memory would not be read from the log.
opts='7 high_watermark 95 low_watermark 90 cache_mem_kib 0 zero_discards'

has_target() { dmsetup targets | grep -q "^$1 "; }
has_target flakey || fail "this kernel has no dm-flakey"

# A device whose behaviour can be changed under whoever uses it.
moody() {
	disk "$1" "$2"
	eval "below_$1=$DISK size_$1=$(blockdev --getsz "$DISK")"
	dmsetup create "moody-$1" --table "0 $(($2 * 2048)) linear $DISK 0"
	DISK=/dev/mapper/moody-$1
}
become() {
	_moody=$1
	eval "_below=\$below_$_moody _size=\$size_$_moody"
	shift
	# shellcheck disable=SC2154 # set by moody
	case $1 in
	well) _line="linear $_below 0" ;;
	write-errors) _line="flakey $_below 0 0 3600 1 error_writes" ;;
	dusty) _line="dust $_below 0 512" ;;
	esac
	# shellcheck disable=SC2154
	dmsetup load "moody-$_moody" --table "0 $_size $_line" ||
		fail "moody-$_moody cannot become $1"
	dmsetup suspend --noflush "moody-$_moody"
	dmsetup resume "moody-$_moody"
}
# dm-flakey's own damage does nothing to reads that a driver of 6.1 has ended.
damage() {
	# shellcheck disable=SC2154 # set by moody
	_kib=$(($(blockdev --getsz "$below_log") / 2))
	dd if="$below_log" of=/run/tmp/undamaged bs=64k iflag=direct status=none
	dd if=/dev/urandom of="$below_log" bs=64k seek=8 count=$((_kib / 64 - 8)) \
		oflag=direct status=none
}
heal() {
	dd if=/run/tmp/undamaged of="$below_log" bs=64k oflag=direct status=none
}
moody origin 32
origin=$DISK
moody log 12
log=$DISK

run() {
	_mix=$1 _ops=$2
	shift 2
	model run --dev "$VOL" --seed $seed --mix "$_mix" --threads 6 \
		--ops "$_ops" --first-id $id --history /run/tmp/history "$@"
	_rc=$?
	id=$((id + _ops))
	return $_rc
}
fresh() {
	dd if=/dev/zero of="$log" bs=1M count=1 oflag=direct status=none
	model fill --dev "$origin" --seed $seed
	volume "$origin" "$log" "$opts"
}
verify() { model verify --dev "$VOL" --history /run/tmp/history "$@"; }
drain_soon() { timeout 20 dmsetup message "$V" 0 drain; }

# ---- the log cannot be written

for mix in database files; do
	fresh
	log_mark
	model run --dev "$VOL" --seed $seed --mix $mix --threads 6 --ops 90000 \
		--first-id $id --stop-on-error --history /run/tmp/history \
		>/run/tmp/model.out 2>&1 &
	writer=$!
	while [ "$(stat user_bytes)" -lt "$(some 2000000)" ]; do
		kill -0 $writer || fail "the writer ended early: $(cat /run/tmp/model.out)"
	done
	become log write-errors
	wait $writer || fail "a log that cannot be written: $(cat /run/tmp/model.out)"
	grep -q ' 0 failed' /run/tmp/model.out &&
		fail "no write failed although the log did"
	id=$((id + 90000))
	expect_stat mode ro
	[ "$(stat log_errors)" -gt 0 ] || fail "no log error is counted"
	log_wants "log dm-1: write error"
	log_wants "read-only from now on"
	if dd if=/dev/zero of="$VOL" bs=4k count=1 oflag=direct status=none 2>/dev/null; then
		fail "a read-only volume takes writes"
	fi
	if sync "$VOL" 2>/dev/null; then
		fail "a flush succeeds after the log could not be written"
	fi
	verify --crashed || fail "what was durable is not readable, $mix"
	ok "log write errors: read-only, $(sed -n 's/^ok - //p' /run/tmp/model.out)"
	gone
	become log well
	volume "$origin" "$log" "$opts"
	verify --crashed || fail "what was durable is lost, $mix"
	run files 300 || fail "not usable after the log has healed"
	healthy
	same_as_origin "$origin"
	ok "activated on the healed log, $mix"
	gone
done

# ---- the log's content is damaged, or cannot be read

fresh
log_mark
run rewrite 500 || fail "before the damage"
dmsetup message "$V" 0 flush
damage
verify --unreadable 100000 || fail "damage of the log is not detected"
[ "$(stat crc_errors)" -gt 0 ] || fail "no checksum error is counted"
log_wants "log dm-1: checksum mismatch at sector"
expect_stat mode rw
heal
verify || fail "reading again after the damage"
ok "damaged reads of the log: $(stat crc_errors) counted, none believed"
gone

if has_target dust; then
	fresh
	log_mark
	run rewrite 500 || fail "before the dust"
	dmsetup message "$V" 0 flush
	become log dusty
	for block in $(seq 4000 4063); do
		dmsetup message moody-log 0 addbadblock "$block" >/dev/null
	done
	dmsetup message moody-log 0 enable
	if verify >/run/tmp/verify.out; then
		fail "unreadable log sectors can be read"
	fi
	# A record is 8 sectors: its own may be unreadable, and no other.
	verify --unreadable $((64 + 14)) || fail "more than what the bad sectors hold"
	log_wants "log dm-1: read error at sector"
	dmsetup message moody-log 0 disable
	verify || fail "reading again without the dust"
	ok "unreadable log sectors: errors for what they hold"
	become log well
	gone
fi

# ---- the origin cannot be written

fresh
log_mark
become origin write-errors
run rewrite 400 || fail "writes fail because the origin does"
if drain_soon; then
	fail "a drain succeeds although the origin cannot be written"
fi
[ "$(stat origin_errors)" -gt 0 ] || fail "no origin error is counted"
log_wants "will try again"
expect_stat mode rw
verify || fail "content is wrong while the origin fails"
# More than the log holds: writers wait as long as there is hope, and what they
# get in the end is an error, not a hole.
run flood 600 --stop-on-error >/run/tmp/model.out 2>&1 &
writer=$!
id=$((id + 600))
until [ "$(stat waiting)" -gt 0 ]; do
	kill -0 $writer || fail "nobody waits: $(cat /run/tmp/model.out)"
	sleep 1
done
wait $writer || fail "content is wrong once the log is full: $(cat /run/tmp/model.out)"
expect_stat mode rw
settled=$(stat origin_pages)
become origin well
# It tries again by itself.
until [ "$(stat origin_pages)" -gt "$settled" ]; do
	sleep 1
done
run files 300 || fail "no writes although the origin has healed"
same_as_origin "$origin"
verify || fail "content is wrong after the origin has healed"
ok "origin write errors: $(stat origin_errors) counted, nothing lost, caught up after healing"
gone

# ---- the origin cannot be read

if has_target dust; then
	fresh
	become origin dusty
	for block in $(seq 800 807) 1603; do
		dmsetup message moody-origin 0 addbadblock "$block" >/dev/null
	done
	dmsetup message moody-origin 0 enable
	read_at() {
		dd if="$VOL" of=/run/tmp/got bs=512 skip="$1" count="$2" \
			iflag=direct status=none 2>/dev/null
	}
	if read_at 800 8 || read_at 1603 1; then
		fail "an unreadable page of the origin can be read"
	fi
	read_at 792 8 || fail "the page before cannot be read"
	read_at 1600 3 || fail "the sectors beside cannot be read"
	dd if=/dev/urandom of=/run/tmp/new bs=512 count=8 status=none
	# Part of a page: nothing of the rest may be needed for it.
	dd if=/run/tmp/new of="$VOL" bs=512 seek=803 count=2 oflag=direct \
		status=none || fail "a partial write needs the origin's page"
	read_at 803 2 || fail "what was just written cannot be read"
	cmp -n 1024 /run/tmp/got /run/tmp/new || fail "read something else"
	if read_at 802 2; then
		fail "a read half of the log, half of a bad page succeeds"
	fi
	dd if=/run/tmp/new of="$VOL" bs=512 seek=800 count=8 oflag=direct \
		status=none || fail "writing over a bad page"
	read_at 800 8 || fail "the page cannot be read although the log has it"
	cmp -n 4096 /run/tmp/got /run/tmp/new || fail "read something else"
	dmsetup message "$V" 0 drain || fail "drain"
	read_at 800 8 || fail "the rewritten page cannot be read"
	cmp -n 4096 /run/tmp/got /run/tmp/new || fail "read something else"
	expect_stat mode rw
	ok "origin read errors: for the bad sectors only, gone once rewritten"
	gone
fi
