#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Rules for clients: who is in the cgroup that a rule names, or in one below it, is
# recorded as the rule says, and nobody else is. And `deltalog policy test` knows the
# same.
#
# Usage: clients.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup

disk origin 8
origin=$DISK
disk log 16
log=$DISK
cd /run/tmp
groups=/sys/fs/cgroup
TOOL=$DL_TOP/build/tools/deltalog
mountpoint -q $groups || mount -t cgroup2 none $groups || fail "no cgroups"
echo +memory >$groups/cgroup.subtree_control || fail "no memory controller"
mkdir -p $groups/db/writer/thread $groups/dbase $groups/other
trap 'echo $$ >$groups/cgroup.procs' EXIT

# A cgroup's number is that of its folder's inode.
number() { find "$1" -maxdepth 0 -printf %i; }

# put CGROUP WORD...: a page of which four bytes are new, by who is in it
changed=0 place=0
head -c 4096 /dev/zero | tr '\0' a >page
put() {
	changed=$((changed + 1))
	printf %04d $changed | dd of=page bs=1 seek=700 conv=notrunc status=none
	(
		echo 0 >"$groups$1/cgroup.procs"
		shift
		dd if=page of="$VOL" bs=4k seek=$place status=none "$@"
	)
}
# written N: until so many bytes have come
written() {
	_polls=0
	until [ "$(stat user_bytes)" -ge "$1" ]; do
		_polls=$((_polls + 1))
		[ $_polls -lt 600 ] || fail "nothing is written back: $(log_since)"
		sleep 0.1
	done
	dmsetup message "$V" 0 flush
}
# wants N CGROUP LEVEL: so many deltas of the two pages that it writes
wants() {
	# A page that nobody has written: the first time it is whole.
	place=$((place + 1))
	_had=$(stat deltas)
	for _time in 1 2; do
		_bytes=$(stat user_bytes)
		if [ -n "$through_cache" ]; then
			put "$2" conv=notrunc
		else
			put "$2" oflag=direct
		fi
		written $((_bytes + 4096))
	done
	_got=$(($(stat deltas) - _had))
	[ "$_got" = "$1" ] || fail "$_got deltas, not $1, by who is in $2: $(log_since)"
	"$TOOL" policy test "$V" --json --client "$2" | grep -q "\"level\": *\"$3\"" ||
		fail "policy test does not say that $2 is recorded as $3"
	_id=$(number "$groups$2")
	"$TOOL" policy test "$V" --json --client "$_id" | grep -q "\"level\": *\"$3\"" ||
		fail "policy test does not say that number $_id, $2, is recorded as $3"
}
through_cache=

volume "$origin" "$log" '2 commit_ms 1000'
log_mark
dmsetup message "$V" 0 "policy client /db: -> bit; -> block"
wants 1 /db bit
wants 1 /db/writer bit
wants 1 /db/writer/thread bit
wants 0 /dbase block
wants 0 /other block
wants 0 / block
ok "a rule for a cgroup is for those below it, too"

# By number, and the exception first.
id=$(number $groups/db)
dmsetup message "$V" 0 "policy client /db/writer/thread: -> block; client $id: -> bit; -> block"
wants 0 /db/writer/thread block
wants 1 /db/writer bit
wants 0 /dbase block
dmsetup message "$V" 0 "policy client /other: -> block; client /: -> bit; -> block"
wants 0 /other block
wants 1 /dbase bit
wants 1 / bit
ok "the first rule that hits decides"

# What the kernel writes back when it is time, on nobody's behalf; while the device
# is open, else it would be written by who closes it.
dmsetup message "$V" 0 "policy client /db: -> bit; -> block"
through_cache=yes
echo 1 >/proc/sys/vm/dirty_expire_centisecs
echo 1 >/proc/sys/vm/dirty_writeback_centisecs
exec 9<"$VOL"
wants 1 /db bit
wants 1 /db/writer/thread bit
wants 0 /other block
wants 0 / block
exec 9<&-
ok "what is written back later is from whom the memory is charged to"

healthy
gone
