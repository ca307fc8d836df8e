#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Compressed pages: what is saved, and that it reads as it was written, from memory,
# from the log, from the origin, in views, after a crash; that a log says so before it
# holds any; that what does not become smaller is stored plainly and soon left alone.
#
# Usage: packed.sh      in a guest
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
PAGES=96
# Of which about an eighth is left.
text() {
	seq -f 'a line that differs in its number only: %.0f' "$1" 1000000 | head -c $((PAGES * 4096)) >"$2"
}
noise() { head -c $((PAGES * 4096)) /dev/urandom >"$1"; }
# Five sectors of eight are left of every page.
half() {
	_n=0
	while [ $_n -lt $PAGES ]; do
		head -c 2048 /dev/urandom
		head -c 2048 /dev/zero
		_n=$((_n + 1))
	done >"$1"
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
incompat() { "$tool" dump --super --json "$1" | jq '[.. | .incompat? // empty] | max'; }
# crash: go on with what the disks hold now
crash() {
	power_cut
	holds "$VOL" "$1" "$1, after a crash"
	expect_stat lost 0
}
# since KEY: by how much has it grown since it was noted?
note() { stat "$1" >"noted.$1"; }
since() {
	GROWN=$(($(stat "$1") - $(cat "noted.$1")))
	note "$1"
}
text 100000 some
text 500000 other
noise noise
half half
# The block of the log: of 512 bytes what is compressed may lie across pages.
for block in 512 4096; do
	disk origin 4 "$block"
	origin=$DISK
	disk log 16 "$block"
	log=$DISK
	opts='4 cache_mem_kib 0 compression 0'
	volume "$origin" "$log" "$opts"
	log_mark
	put some
	expect_stat packed 0
	had=$(incompat "$log")
	[ $((had & 4)) = 0 ] || fail "a log without compressed pages says that it has some"
	dmsetup message "$V" 0 set compression 1
	[ $(($(incompat "$log") & 4)) = 4 ] || fail "the log does not say that it has compressed pages"

	note log_bytes
	note packed
	put other
	since log_bytes
	saved=$GROWN
	since packed
	[ "$GROWN" = $PAGES ] || fail "$GROWN pages compressed"
	[ "$saved" -le $((PAGES * 700)) ] ||
		fail "$saved bytes of log for $PAGES pages"
	before=$(stat read_log)
	holds "$VOL" other "compressed"
	[ "$(stat read_log)" -gt "$before" ] || fail "nothing was read from the log"
	crash other
	expect_stat packed 0
	ok "blocks of $block: compressed to $((saved / PAGES)) bytes a page"

	dmsetup message "$V" 0 set compression 1
	note log_bytes
	put half
	since log_bytes
	# Where blocks are small one begins where the one before it ends.
	[ "$block" = 4096 ] || [ "$GROWN" -le $((PAGES * (5 * 512 + 100))) ] ||
		fail "$GROWN bytes of log for $PAGES pages of five sectors"
	holds "$VOL" half "five sectors"
	crash half
	dmsetup message "$V" 0 set compression 1
	put other
	dmsetup message "$V" 0 snapshot_create one >/dev/null
	# A page in part, and one that replaces another in the open frame.
	put some "$block"
	put some
	put other 4k
	dmsetup create back --readonly \
		--table "0 $(blockdev --getsz "$VOL") deltalog-view $VOL one"
	holds /dev/mapper/back other "a snapshot"
	put some
	dmsetup message "$V" 0 drain
	holds /dev/mapper/back other "a snapshot, kept of the log"
	put other
	dmsetup message "$V" 0 drain
	holds /dev/mapper/back other "a snapshot, settled"
	dmsetup remove back
	crash other
	dmsetup message "$V" 0 set compression 1
	dmsetup suspend "$V"
	dmsetup message "$V" 0 rewind one later >/dev/null
	dmsetup resume "$V"
	holds "$VOL" other "a rewind"
	dmsetup message "$V" 0 snapshot_delete one
	dmsetup message "$V" 0 snapshot_delete later
	same_as_origin "$origin"
	ok "blocks of $block: snapshots, and in part"

	# What is in the open frame is written over, if it does not grow.
	dmsetup message "$V" 0 set commit_ms 60000
	rewritten=$(stat rewritten)
	dmsetup message "$V" 0 "policy -> block"
	for f in some half other half some other; do
		dd if=$f of="$VOL" bs=4k count=8 oflag=direct conv=notrunc status=none
	done
	[ "$(stat rewritten)" -gt "$rewritten" ] || fail "nothing was written over"
	holds "$VOL" other "written over in the open frame"
	crash other
	dmsetup message "$V" 0 set compression 1

	# Deltas that begin on what is compressed; of what is in a frame in memory, but
	# not known as a page, there are none.
	cp other poked
	n=0
	while [ $n -lt 16 ]; do
		printf x | dd of=poked bs=1 seek=$((n * 4096 + 1000)) conv=notrunc status=none
		n=$((n + 1))
	done
	dmsetup message "$V" 0 set cache_mem_kib 16384
	dmsetup message "$V" 0 "policy -> block"
	put other 4k
	dmsetup message "$V" 0 "policy -> bit"
	put poked 4k
	crash poked
	dmsetup message "$V" 0 set compression 1
	dmsetup message "$V" 0 "policy -> bit"
	put other 4k
	put other 4k
	put poked 4k
	[ "$(stat deltas)" -ge 16 ] || fail "only $(stat deltas) deltas on compressed pages"
	crash poked
	dmsetup message "$V" 0 "policy -> block"
	dmsetup message "$V" 0 set compression 1
	ok "blocks of $block: deltas"

	note log_bytes
	dd if=/dev/zero of="$VOL" bs=64k count=$((PAGES / 16)) oflag=direct status=none
	dmsetup message "$V" 0 flush
	since log_bytes
	[ "$GROWN" -le $((PAGES * 128)) ] || fail "$GROWN bytes of log for zeros"
	head -c $((PAGES * 4096)) /dev/zero >zeros
	crash zeros
	dmsetup message "$V" 0 set compression 1
	put noise
	expect_stat packed 0
	holds "$VOL" noise "what does not become smaller"
	note packed
	put other
	put other
	since packed
	# Few are tried at first, and then all.
	[ "$GROWN" -ge $((PAGES / 2)) ] || fail "only $GROWN pages compressed after noise"
	crash other
	same_as_origin "$origin"
	healthy
	gone
	losetup -d "$origin"
	losetup -d "$log"
	ok "blocks of $block: zeros, and noise"
done
splat_check
