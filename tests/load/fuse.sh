#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Predictive fusion: small writes that follow each other become one record; it reads as
# it was written, from memory, from the log, from the origin, in views and after a crash;
# what is not filled costs nothing at the end of a frame; nothing is filled that a mark,
# a run of zeros, a younger record or a window forbids.
#
# Usage: fuse.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no modules
load_setup

tool=$DELTALOG_TOOL
[ -x "$tool" ] || tool=$DL_TOP/build/tools/deltalog
cd /run/tmp
head -c 65536 /dev/urandom >noise
disk origin 8
origin=$DISK
disk log 16
holdable
log=$DISK
# shellcheck disable=SC2034 # power_cut's
opts='4 fusion on commit_ms 60000'
volume "$origin" "$log" "$opts"
log_mark
cp /run/tmp/origin.img oracle

# put SECTOR SECTORS: what noise has there, to the volume and to the oracle
put() {
	for _to in "$VOL" oracle; do
		case $_to in oracle) _direct= ;; *) _direct=direct, ;; esac
		dd if=noise of="$_to" bs=$((512 * $2)) count=1 iflag=skip_bytes \
			skip=$(($1 % 64 * 512)) oflag=${_direct}seek_bytes \
			seek=$((512 * $1)) conv=notrunc status=none ||
			fail "write at $1: $(log_since)"
	done
}
flush() { dmsetup message "$V" 0 flush; }
same() {
	dd if="$VOL" bs=64k iflag=direct status=none >seen
	cmp -s seen oracle || fail "$1: $(cmp seen oracle 2>&1): $(log_since)"
}
# was_it SNAPSHOT WHEN: it must hold what is in the file was
was_it() {
	dmsetup create was --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL $1" || fail "no view of $1"
	dd if=/dev/mapper/was bs=64k iflag=direct status=none >seen
	cmp -s seen was || fail "$1, $2: $(cmp seen was)"
	dmsetup remove was
}
since() {
	GROWN=$(($(stat "$1") - $(cat "noted.$1" 2>/dev/null || echo 0)))
	stat "$1" >"noted.$1"
}

# ---- eight writes, one record

since seq
for s in 0 1 2 3 4 5 6 7; do put $((800 + s)) 1; done
expect_stat fused 7
expect_stat fused_sectors 7
expect_stat placeholders 1
expect_stat placeholder_sectors 7
since seq
[ "$GROWN" = 1 ] || fail "eight writes made $GROWN records"
same 'from memory'
flush
same 'from the log'
power_cut
same 'after a crash'
ok "eight neighbours are one record"

# ---- what does not come

# With the first sector it takes a page to itself, with another one it shares one.
for first in 0 1; do
	since log_bytes
	put $((1600 + first)) 1
	flush
	since log_bytes
	one=$GROWN
	dmsetup message "$V" 0 set fusion off
	put $((1608 + first)) 1
	flush
	since log_bytes
	[ "$one" = "$GROWN" ] || fail "a lone placeholder takes $one bytes, none takes $GROWN"
	dmsetup message "$V" 0 set fusion on
done
since fused
# Two in a frame: what the first does not fill stays between them.
put 1616 2
put 1632 1
put 1618 2
flush
since fused
[ "$GROWN" = 1 ] || fail "a placeholder with another record behind it: $GROWN fused"
same 'not all filled'
power_cut
same 'not all filled, after a crash'
ok "what was not filled is nobody's"

# ---- where it must not be filled

since fused
put 2400 1
put 2402 2
# Sector 2401 may be, 2402 is the younger record's.
put 2401 2
since fused
[ "$GROWN" = 0 ] || fail "it was filled under a younger record"
put 2408 1
fallocate -z -o $((2400 * 512)) -l $((128 * 512)) "$VOL" || fail "zeroing"
dd if=/dev/zero of=oracle bs=512 seek=2400 count=128 conv=notrunc status=none
put 2409 1
since fused
[ "$GROWN" = 0 ] || fail "it was filled over a run of zeros"
put 2480 1
"$tool" snapshot create "$V" between >/dev/null || fail "no snapshot"
cp oracle was
put 2481 1
since fused
[ "$GROWN" = 0 ] || fail "it was filled over a mark"
put 2482 1
since fused
[ "$GROWN" = 1 ] || fail "behind the mark $GROWN were filled"
same 'marks and zeros'
was_it between 'marks and zeros'
power_cut
same 'marks and zeros, after a crash'
ok "nothing is filled that would be told apart"

# ---- over what a snapshot needs

put 3200 8
flush
cp oracle was
"$tool" snapshot create "$V" before >/dev/null || fail "no snapshot"
head -c 65536 /dev/urandom >noise
since fused
for s in 0 2 4 6; do put $((3200 + s)) 2; done
since fused
[ "$GROWN" = 3 ] || fail "over older sectors $GROWN were fused"
for round in memory crash drain; do
	case $round in
	crash) power_cut ;;
	drain) dmsetup message "$V" 0 drain ;;
	esac
	same "over older sectors, $round"
	was_it before "$round"
done
ok "a snapshot keeps what is filled over"
healthy
gone
log_since | grep -E 'BUG|WARN' && fail "the kernel complained"
echo "ok - predictive fusion"
