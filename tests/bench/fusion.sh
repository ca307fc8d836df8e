#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what predictive fusion saves. The same writes without it
# (static) and with `auto`: records, log bytes, sectors for which room was kept, and those
# of them that were filled.
#
# Usage: fusion.sh WORKLOAD
#
# The log takes 20 us for a request, the origin 8 ms.
#   seq512    512 bytes each, in order, one in flight
#   streams   four streams of 1 KiB writes each, in order
#   strided   512 bytes of every page
#   random    512 bytes at random
#   xfs       a file each of 8 KiB, 500 of them, made, written and synced
#   ext4-1k   the same with blocks of 1 KiB, and files of 5 KiB
#   replay    the writes of tests/data/blockio-head.csv.gz, as fast as they go

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

mkdir -p /run/tmp

small() {
	fio --filename="$VOL" --direct=1 --ioengine=libaio --minimal --randseed=7 "$@" \
		>/run/tmp/fio.log 2>&1 || fail "fio: $(tail -n 3 /run/tmp/fio.log)"
}

files() { # MKFS-COMMAND KIB
	# shellcheck disable=SC2086 # words
	$1 "$VOL" >/run/tmp/mkfs.log 2>&1 || fail "$1: $(cat /run/tmp/mkfs.log)"
	mkdir -p /run/mnt
	mount "$VOL" /run/mnt || fail "cannot mount"
	small_files=0
	while [ $small_files -lt 500 ]; do
		small_files=$((small_files + 1))
		dd if=/dev/urandom of=/run/mnt/f$small_files bs="${2}k" count=1 conv=fsync \
			status=none || fail "cannot write a file"
	done
	umount /run/mnt
}

replay() {
	zcat "$DL_TOP/tests/data/blockio-head.csv.gz" | python3 -c '
import sys
dev = sys.argv[1]
print("fio version 2 iolog", f"{dev} add", f"{dev} open", sep="\n")
for line in sys.stdin:
    t, op, size, lba = line.split(",")
    if op == "W":
        print(dev, "write", int(lba) * 512, size)
print(f"{dev} close")' "$VOL" >/run/tmp/iolog
	fio --name=replay --ioengine=libaio --iodepth=4 --direct=1 --minimal \
		--read_iolog=/run/tmp/iolog --replay_no_stall=1 >/run/tmp/fio.log 2>&1 ||
		fail "fio: $(tail -n 3 /run/tmp/fio.log)"
}

work() {
	case $1 in
	seq512) small --name=a --rw=write --bs=512 --size=8m ;;
	streams)
		small --name=a --rw=write --bs=1k --size=4m --numjobs=4 --offset_increment=64m
		;;
	strided) small --name=a --rw=write:3584 --bs=512 --size=64m --io_size=4m ;;
	random) small --name=a --rw=randwrite --bs=512 --size=256m --io_size=4m ;;
	xfs) files 'mkfs.xfs -q -f' 8 ;;
	ext4-1k) files 'mkfs.ext4 -q -b 1024' 5 ;;
	replay) replay ;;
	*) fail "no workload $1" ;;
	esac
}

for who in static deltalog; do
	mode=auto
	[ $who != static ] || mode=off
	null_disk "slow-$mode" 32768 blocksize=512 irqmode=2 completion_nsec=8000000
	# shellcheck disable=SC2034 # for target_up
	SLOW=$DISK
	null_disk "fast-$mode" 256 blocksize=512 irqmode=2 completion_nsec=20000
	# shellcheck disable=SC2034 # for target_up
	FAST=$DISK
	# shellcheck disable=SC2034 # for target_up
	DL_OPTS="fusion $mode"
	target_up deltalog
	work "$1"
	dmsetup message deltalog 0 flush
	for key in seq log_bytes user_bytes placeholder_sectors fused_sectors; do
		value $key $who "$(status $key)"
	done
	target_down
done
