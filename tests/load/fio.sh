#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fio writes with checksums and verifies: mixed block sizes of 512 B to 1 MiB,
# two jobs, depths 1 to 64; again after a deactivation, and on the bare origin.
#
# Usage: fio.sh [MIB-PER-JOB]      in a guest; default 24, less in a slow one
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
need fio
# shellcheck disable=SC2119 # no more modules
load_setup
mib=${1:-$(some 24)}
[ "$mib" -ge 6 ] || mib=6

# run DEPTH FLUSH-EVERY FILE [OPTION...]
run() {
	_depth=$1 _fsync=$2 _file=$3
	shift 3
	fio --minimal --name=mixed --filename="$_file" --direct=1 \
		--ioengine=libaio --iodepth="$_depth" --rw=randwrite \
		--bssplit=512/15:1k/10:4k/35:8k/10:12k/5:64k/15:256k/7:1M/3 \
		--size="${mib}M" --offset_increment="${mib}M" --numjobs=2 \
		--fsync="$_fsync" --randseed=$((_depth * 7 + 1)) \
		--verify=crc32c --verify_fatal=1 --verify_dump=0 \
		--clocksource=clock_gettime "$@" >/run/tmp/fio.out 2>&1 || {
		cat /run/tmp/fio.out
		log_since
		fail "fio: depth $_depth, fsync every $_fsync: $*"
	}
}

log_mark
disk origin $((2 * mib))
origin=$DISK
for depth in 1 4 16 64; do
	# A log of a third of what is written: it fills and is emptied.
	disk log $((2 * mib / 3))
	log=$DISK
	volume "$origin" "$log"
	run "$depth" 16 "$VOL" --do_verify=1
	healthy
	ok "verified, depth $depth, $(stat log_bytes) bytes logged, $(stat origin_bytes) to the origin"
	gone
	volume "$origin" "$log"
	run "$depth" 0 "$VOL" --verify_only=1
	ok "verified after a deactivation, depth $depth"
	same_as_origin "$origin"
	dmsetup message "$V" 0 detach || fail "detach failed"
	gone
	run "$depth" 0 "$origin" --verify_only=1
	ok "verified on the bare origin, depth $depth"
	losetup -d "$log"
done

# Reads beside writes, verified as they come.
disk log 16
log=$DISK
volume "$origin" "$log" 2 commit_ms 5
run 32 8 "$VOL" --rw=randrw --verify_backlog=64 --do_verify=1
healthy
same_as_origin "$origin"
gone
ok "reads and writes mixed, verified behind the writer"
