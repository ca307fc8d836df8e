#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Encryption: nothing of what is written is on the log device, nor which blocks they
# are, nor the names of snapshots; it reads as it was written, from memory, from the
# log, from the origin, in views, after a crash; a key that is wrong or missing is a
# clear refusal; changing it rewrites nothing; what was tampered with is an error.
#
# Usage: crypt.sh      in a guest
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
case $(uname -r) in *-dlfast) PAGES=512 ;; *) PAGES=96 ;; esac
# add NAME: a key of that name, anew, in the user's keyring
add() { head -c 32 /dev/urandom | keyctl padd logon "$1" @u >/dev/null; }
keyctl link @u @s
text() {
	seq -f 'a line that differs in its number only: %.0f' "$1" 1000000 | head -c $((PAGES * 4096)) >"$2"
}
put() {
	dd if="$1" of="$VOL" bs="${2:-64k}" oflag=direct conv=notrunc status=none ||
		fail "write of $1: $(log_since)"
	dmsetup message "$V" 0 flush
}
holds() {
	dd if="$1" bs=64k count=$((PAGES / 16)) iflag=direct status=none >seen
	cmp -s seen "$2" || fail "$3: $(cmp seen "$2"): $(log_since)"
}
# refused WHY OPTS...: it is not activated with these
refused() {
	_why=$1
	shift
	log_mark
	table "$origin" "$log" "$@"
	if dmsetup create "$V" --table "$TABLE" 2>/dev/null; then
		fail "activated with $*"
	fi
	log_wants "$_why"
}
# crash: go on with what the disks hold now
crash() {
	power_cut
	holds "$VOL" "$1" "$1, after a crash"
	expect_stat lost 0
}
# How many were read from the log's device.
read_sectors() { awk '{ print $3 }' "/sys/block/${log#/dev/}/stat"; }
# absent TEXT: is not to be found on the log device
absent() {
	blockdev --flushbufs "$log"
	! grep -qaF -- "$1" "$log" || fail "the log holds '$1' in the clear"
}
# Where the frame with the highest commit is that has a payload, in bytes.
newest() {
	_max=0
	grep -abo DFRM "$log" | cut -d: -f1 >heads
	while read -r _at; do
		[ $((_at % 4096)) = 0 ] || continue
		_commit=$(od -An -tu8 -j $((_at + 16)) -N 8 "$log")
		[ "$(od -An -tu4 -j $((_at + 84)) -N 4 "$log")" -ge 8 ] || continue
		[ "$_commit" -gt "$_max" ] || continue
		_max=$_commit
		_newest=$_at
	done <heads
	echo "$_newest"
}
log_mark
text 100000 some
text 500000 other
for cipher in aes-gcm chacha20-poly1305; do
	add dl:one
	add dl:two
	key="key :32:logon:dl:one"
	disk origin 4
	origin=$DISK
	disk log 16
	log=$DISK
	opts="6 cache_mem_kib 0 $key cipher $cipher"
	# Who could blank its superblocks could have it forget all that it holds.
	refused "is blank" "$opts"
	volume "$origin" "$log" "7 new_key ${opts#6 }"
	! dmsetup table "$V" | grep -q new_key || fail "the table would draw a key again"
	dmsetup table "$V" | grep -q "$key" || fail "the table does not say which key"
	put some
	had=$(read_sectors)
	holds "$VOL" some "encrypted"
	[ "$(stat read_log)" -gt 0 ] || fail "nothing was read from the log"
	had=$(($(read_sectors) - had))
	[ "$had" -le $((PAGES * 8)) ] || fail "$had sectors were read for $PAGES pages"
	dmsetup message "$V" 0 snapshot_create a-name-of-one >/dev/null
	put other
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL a-name-of-one"
	holds /dev/mapper/back some "a snapshot"
	dmsetup remove back
	absent "a line that differs"
	absent "a-name-of-one"
	# The checkpoint with the snapshot's name, and the map of what is hot.
	dmsetup suspend "$V"
	dmsetup resume "$V"
	absent "a-name-of-one"
	crash other
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL a-name-of-one"
	holds /dev/mapper/back some "a snapshot, after a crash"
	dmsetup message "$V" 0 drain
	holds /dev/mapper/back some "a snapshot, settled"
	dmsetup remove back
	crash other
	absent "a line that differs"
	# Once more, from what reconcile has kept.
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL a-name-of-one"
	holds /dev/mapper/back some "a snapshot, settled, after a crash"
	dmsetup remove back
	dmsetup message "$V" 0 snapshot_delete a-name-of-one
	ok "$cipher: nothing in the clear"

	dmsetup message "$V" 0 set compression 1
	dmsetup message "$V" 0 "policy -> bit"
	cp other poked
	n=0
	while [ $n -lt 16 ]; do
		printf x | dd of=poked bs=1 seek=$((n * 4096 + 1000)) conv=notrunc status=none
		n=$((n + 1))
	done
	put some 4k
	put other 4k
	put poked 4k
	[ "$(stat deltas)" -ge 16 ] || fail "only $(stat deltas) deltas"
	[ "$(stat packed)" -ge 16 ] || fail "only $(stat packed) compressed pages"
	crash poked
	absent "a line that differs"
	ok "$cipher: deltas and compressed pages"

	gone
	refused "is encrypted: name its key" "2 cache_mem_kib 0"
	refused "is not the one it was encrypted with" "2 key :32:logon:dl:two"
	refused "no keyring of this process has it" "2 key :32:logon:dl:none"
	refused "':32:logon:NAME'" "2 key dl:one"
	refused "':32:logon:NAME'" "2 key :16:logon:dl:one"
	head -c 16 /dev/urandom | keyctl padd user dl:short @u >/dev/null
	refused "has not got 32 bytes" "2 key :32:user:dl:short"
	volume "$origin" "$log" "2 $key"
	holds "$VOL" poked "after the refusals"
	ok "$cipher: a wrong key, and none"

	# The log is what it was, but for both superblocks and what they point to.
	copies
	before=$(stat log_bytes)
	log_mark
	if dmsetup message "$V" 0 key :32:logon:dl:none 2>/dev/null; then
		fail "changed to a key that there is not"
	fi
	log_wants "key cannot be changed"
	dmsetup message "$V" 0 key :32:logon:dl:two
	[ "$(stat log_bytes)" = "$before" ] || fail "changing the key has written to the log"
	dmsetup table "$V" | grep -q ":32:logon:dl:two" || fail "the table names the old key"
	gone
	refused "is not the one it was encrypted with" "2 $key"
	key="key :32:logon:dl:two"
	opts="4 cache_mem_kib 0 $key"
	volume "$origin" "$log" "$opts"
	holds "$VOL" poked "after the key was changed"
	crash poked
	ok "$cipher: another key"

	# The log put back to what it was, and gone on from there twice with the same
	# writes: what is at the same place in the same segment is encrypted otherwise.
	put some
	copies
	cp log.copy log.then
	for life in one two; do
		gone
		back_to_copies
		volume "$origin" "$log" "$opts"
		put other
		dd if="$log" of=log.$life bs=64k status=none iflag=direct
	done
	same() {
		cmp -s -i $(($3 * 4096)) -n 4096 "$1" "$2" || {
			[ $? = 1 ] || fail "block $3 of $1 and $2 cannot be compared"
			return 1
		}
	}
	new=0
	grep -abo DFRM log.one | cut -d: -f1 >heads
	while read -r at; do
		[ $((at % 4096)) = 0 ] || continue
		at=$((at / 4096 + 1))
		! same log.one log.then $at || continue
		! same log.one log.two $at ||
			fail "block $at was encrypted the same way in two lives"
		new=$((new + 1))
	done <heads
	[ $new -gt 0 ] || fail "no frame was looked at"
	ok "$cipher: two lives from one ($new frames)"

	# The same page over and over: no two blocks of the log are alike.
	n=0
	while [ $n -lt 64 ]; do
		head -c 4096 some
		n=$((n + 1))
	done >alike
	dmsetup message "$V" 0 "policy -> block"
	dmsetup message "$V" 0 set compression 0
	dd if=alike of="$VOL" bs=64k oflag=direct conv=notrunc status=none
	dmsetup message "$V" 0 flush
	blockdev --flushbufs "$log"
	od -An -v -tx8 -w4096 "$log" | sort | uniq -d | grep -q '[1-9a-f]' &&
		fail "two blocks of the log are alike"
	put other
	ok "$cipher: no two blocks alike"

	# Superblocks of a log that has no key yet, in the place of its own.
	copies
	gone
	forge=$DL_TOP/build/tests/dlforge
	"$forge" "$log" super all 180 4 0 || fail "cannot forge superblocks"
	"$forge" "$log" super all 112 4 128
	refused "has no key yet" "$opts"
	back_to_copies
	volume "$origin" "$log" "$opts"
	holds "$VOL" other "after forged superblocks"
	ok "$cipher: superblocks without a key"

	# A block of payload with a bit flipped: that page alone, and said so.
	dmsetup message "$V" 0 "policy -> block"
	dmsetup message "$V" 0 set compression 0
	put some
	put other
	# The checkpoint knows that all of it was durable: no end of the log is in it.
	dmsetup suspend "$V"
	dmsetup resume "$V"
	copies
	gone
	back_to_copies
	at=$(($(newest) + 4096 + 77))
	dd if="$log" bs=1 skip=$at count=1 status=none | tr '\000-\377' '\001-\377\000' |
		dd of="$log" bs=1 seek=$at conv=notrunc,fsync status=none
	volume "$origin" "$log" "$opts"
	log_mark
	if dd if="$VOL" of=seen bs=64k count=$((PAGES / 16)) iflag=direct status=none 2>/dev/null; then
		cmp -s seen other && fail "nothing was damaged"
		fail "different bytes were read, and no error"
	fi
	[ "$(stat crc_errors)" -gt 0 ] || fail "the damage was not counted"
	ok "$cipher: what was tampered with"
	put other
	dmsetup message "$V" 0 drain
	gone
	losetup -d "$origin"
	losetup -d "$log"
done

# Of a log in the clear no key is asked, nor taken.
disk origin 4
origin=$DISK
disk log 16
log=$DISK
volume "$origin" "$log"
gone
refused "is not encrypted" "2 key :32:logon:dl:two"
losetup -d "$origin"
losetup -d "$log"
ok "a log in the clear"
splat_check
