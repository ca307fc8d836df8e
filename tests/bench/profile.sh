#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: where the instructions of a 4 KiB
# I/O go, function by function.  Not part of `make bench`; by hand:
#
#   tests/vm/run.sh --kernel 6.12 --icount --timeout 900 -- \
#       tests/bench/profile.sh TARGET randwrite|randread|reread|since [LINES]
#
# `reread` reads what was written before; `since` writes it again, the first time
# since a snapshot.  Guest time is the instruction count,
# so a sample every 20 us is one every 20,000 instructions; the table says how
# many instructions of one I/O each function took, and under which process.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup perf

target=$1 what=$2 lines=${3:-40}
mib=32 every=20000
ios=$((mib * 256))

modprobe_all crc32c-intel libcrc32c dm-mod
modprobe brd rd_nr=3 rd_size=$((mib * 4 * 1024)) || fail "no brd"
# shellcheck disable=SC2034 # for target_up
FAST=/dev/ram0 SLOW=/dev/ram1 META=/dev/ram2 TOUCHED=$mib
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'
dd if=/dev/zero of=$FAST bs=1M count=$((mib * 4)) oflag=direct 2>/dev/null
dd if=/dev/zero of=$SLOW bs=1M count=$mib oflag=direct 2>/dev/null
target_up "$target"

job() {
	fio --filename="$VOL" --direct=1 --thread --clocksource=clock_gettime \
		--eta=never --bs=4k --ioengine=libaio --iodepth=32 --size=${mib}m \
		--name="$1" --rw="$1"
}

case $what in
reread)
	job randwrite >/dev/null
	what=randread
	;;
since)
	job randwrite >/dev/null
	dmsetup message "$target" 0 snapshot_create 'then' || fail "cannot make a snapshot"
	what=randwrite
	;;
esac
echo 0 >/proc/sys/kernel/perf_cpu_time_max_percent
perf record -q -a -e cpu-clock -c $every -o /run/tmp/perf.data -- \
	fio --filename="$VOL" --direct=1 --thread --clocksource=clock_gettime \
	--eta=never --bs=4k --ioengine=libaio --iodepth=32 --size=${mib}m \
	--name="$what" --rw="$what" | grep -E 'IOPS'

# Only from the first to the last sample of a submission: fio's start and end
# are not what is asked about.
perf script -i /run/tmp/perf.data -F comm,ip,sym 2>/dev/null |
	sed 's/^ *//; s/kworker[^ ]*/kworker/' |
	awk -v ios=$ios -v every=$every '
		{ line[NR] = $0 }
		$NF == "io_submit_one" { if (!first) first = NR; last = NR }
		END {
			for (i = first; i <= last; i++) {
				n = split(line[i], w, /[ \t]+/)
				by[w[1] " " w[n]]++
				comm[w[1]]++
			}
			for (c in comm)
				printf "%7.0f  %-16s all\n", comm[c] * every / ios, c
			for (b in by) {
				split(b, w, " ")
				printf "%7.0f  %-16s %s\n", by[b] * every / ios, w[1], w[2]
			}
		}' | sort -rn | head -n "$lines"
target_down
