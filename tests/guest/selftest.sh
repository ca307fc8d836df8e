#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's side of tests/lab-selftest.sh: does what its argument says.

set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

case $1 in
exit) exit "$2" ;;
echo) printf '%s' "$2" ;;
kmsg)
	[ -z "${3:-}" ] || allow_splat "$3"
	echo "$2" >/dev/kmsg
	;;
hang) echo hanging; sleep 1000 ;;
panic) echo c >/proc/sysrq-trigger ;;
sleep-hour) sleep 3600 ;;
read-only) ! touch "$DL_TOP/written-by-a-guest" 2>/dev/null ;;
targets)
	need dmsetup
	modprobe_all dm-mod dm-snapshot dm-thin-pool dm-writecache dm-crypt \
		dm-integrity dm-clone dm-flakey dm-dust dm-delay dm-log-writes dm-zero
	dmsetup targets >"$TMPDIR/targets"
	shift
	for target; do
		grep -q "^$target " "$TMPDIR/targets" || fail "no target $target in $(uname -r)"
	done
	;;
disks)
	need dd cmp
	mkram quick 16
	dd if=/dev/urandom of="$DISK" bs=1M count=4 oflag=direct 2>/dev/null
	quick=$DISK
	mknull slow 16 1000000 4
	dd if="$quick" of="$DISK" bs=64k count=64 oflag=direct 2>/dev/null
	cmp -n 4194304 "$quick" "$DISK"
	rmdisk quick
	rmdisk slow
	;;
cut)
	i=0
	while :; do
		i=$((i + 1))
		printf '%08d' "$i" |
			dd of=/dev/vda bs=512 seek="$i" conv=sync oflag=direct 2>/dev/null
		echo "wrote $i."
	done
	;;
planted)
	insmod "$2/planted.ko" bug="$3"
	[ "$3" != leak ] || kmemleak_check
	;;
*) fail "unknown request: $1" ;;
esac
