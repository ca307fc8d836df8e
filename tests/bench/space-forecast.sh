#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what writers wait when bursts come that a log which
# is reconciled from a fixed mark on has no room for.
#
# Usage: space-forecast.sh BURSTS MIB SECONDS
#
# Devices as for fsync.sh: 20 us and 8 ms per request.  The log holds 96 MiB, and is
# reconciled from 70 % on.  MIB are written at random, as fast as they are taken, so
# many times, and nothing for SECONDS after each.  Once with foresight, once without;
# what the first two thirds of the bursts wait is not counted: they are to learn from.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

bursts=$1 mib=$2 pause=$3

null_disk fast 96 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
# shellcheck disable=SC2034 # for target_up
FAST=$DISK
null_disk slow 1024 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
# shellcheck disable=SC2034 # for target_up
SLOW=$DISK

# part FIRST LAST: these bursts
part() {
	i=$1
	while [ "$i" -le "$2" ]; do
		fio --filename="$VOL" --direct=1 --thread --clocksource=clock_gettime \
			--randseed="$i" --randrepeat=0 --eta=never --disk_util=0 --name=burst \
			--rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 --size=1g \
			--io_size="${mib}m" --percentile_list=50:99:99.9 \
			--output-format=json --output=/run/tmp/burst.json || fail "fio"
		python3 - "$i" <<-'EOF'
			import json
			t = open("/run/tmp/burst.json").read()
			w = json.loads(t[t.index("{"):])["jobs"][0]["write"]
			c = w["clat_ns"]
			print("# burst: %d ms, p99.9 %d us, longest %d us" % (
				w["runtime"], c["percentile"]["99.900000"] / 1000, c["max"] / 1000))
		EOF
		sleep "$pause"
		i=$((i + 1))
	done
}

for foresight in off on; do
	DL_OPTS="high_watermark 70 foresight $foresight"
	target_up deltalog
	echo "# foresight $foresight"
	part 1 $((bursts * 2 / 3))
	before=$(status deferred)
	part $((bursts * 2 / 3 + 1)) "$bursts"
	deferred=$(($(status deferred) - before))
	value "deferred_$foresight" deltalog $deferred
	value "origin_bytes_$foresight" deltalog "$(status origin_bytes)"
	[ $foresight = off ] && static=$deferred
	target_down
	# The next one begins with a log that knows of nothing.
	dd if=/dev/zero of="$FAST" bs=1M count=96 oflag=direct conv=fsync 2>/dev/null
done
[ "$static" -gt 0 ] || fail "nothing waits with a fixed mark: the bursts are too small"
[ "$deferred" -lt "$static" ] || fail "$deferred writes waited with foresight, $static without"
ok "$deferred writes waited with foresight, $static with a fixed mark of 70 %"
