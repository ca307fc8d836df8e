#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time: what foresight is worth to writes that come in bursts,
# and what it costs those that do not. The same writes without it and with it, and the
# aims: with it no write of the bursts waits for a segment or a frame to be allocated,
# p99.9 of them takes at most half as long, and nothing else is worse by 2 %.
#
# Usage: burst.sh [BURSTS]      fails if an aim is missed
#
# The log takes 20 us for a request and has 64 MiB, the origin 8 ms. `burst`: 12 MiB at
# random, 64 KiB each, one in flight, every four seconds; ten bursts before them are not
# counted, it learns by them. With foresight it is also asked of bursts one, two and ten
# seconds apart. `steady` is sequential, `random` is 4 KiB at random, both 32 in flight
# without a pause, while the log has room. Reading the clock takes 256 ns,
# and what does not wait for a device takes no more than that.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

bursts=${1:-8}
out=/run/tmp/figures
mkdir -p /run/tmp
null_disk slow 512 blocksize=512 irqmode=2 completion_nsec=8000000 cache_size=16
SLOW=$DISK

run() {
	_name=$1
	shift
	_stalls=$(status alloc_stalls)
	fio_run "$mode" --name="$_name" --size=512m "$@" >/dev/null
	_stalls=$(($(status alloc_stalls) - _stalls))
	python3 - "$mode" "$_name" $_stalls <<'PY' >>"$out" || fail "fio's answer"
import json, sys
w = json.load(open('/run/tmp/fio.json'))['jobs'][0]['write']
p = w['clat_ns']['percentile']
print(*sys.argv[1:], w['iops'], *(p[k] for k in ('50.000000', '99.000000', '99.900000')))
PY
}

# burst NAME BURSTS SECONDS: so many, so far apart
burst() {
	run "$1" --rw=randwrite --bs=64k --ioengine=psync --thinktime="$3s" \
		--thinktime_blocks=192 --io_size=$(($2 * 12))m
}

up() {
	null_disk "fast_$1" 64 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
	FAST=$DISK
	DL_OPTS="foresight $mode"
	target_up deltalog
}

: >"$out"
for mode in off on; do
	up "$mode"
	burst learn 10 4
	burst burst "$bursts" 4
	echo "# foresight $mode: pool_kib $(status pool_kib), segment_kib $(status segment_kib)"
	settle
	run steady --rw=write --bs=64k --ioengine=libaio --iodepth=32 --io_size=24m \
		--end_fsync=1
	settle
	run random --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 --io_size=16m \
		--end_fsync=1
	target_down
done
for gap in 1 2 10; do
	up $gap
	burst learn 10 $gap
	burst "every_$gap" "$bursts" $gap
	target_down
done

python3 - "$out" <<'PY'
import sys
rows = {}
print('foresight  writes   stalls   per second  p50 us  p99 us  p99.9 us')
for line in open(sys.argv[1]):
    mode, name, *n = line.split()
    n = rows[mode, name] = [float(x) for x in n]
    print(f'{mode:9}  {name:8} {n[0]:6.0f} {n[1]:12.0f} {n[2] / 1e3:7.1f} {n[3] / 1e3:7.1f} {n[4] / 1e3:9.1f}')
wrong = []
for name in 'burst', 'every_1', 'every_2', 'every_10':
    if rows['on', name][0]:
        wrong.append(f'writes waited for an allocation: {name}')
if not rows['off', 'burst'][0]:
    wrong.append('none did without foresight: this shows nothing')
if rows['on', 'burst'][4] * 2 > rows['off', 'burst'][4]:
    wrong.append('p99.9 of bursts is more than half')
for name in 'steady', 'random':
    off, on = rows['off', name], rows['on', name]
    if on[1] < off[1] * .98 or any(b > a * 1.02 for a, b in zip(off[2:], on[2:])):
        wrong.append(f'{name} is worse')
for what in wrong:
    print('not ok -', what)
sys.exit(bool(wrong))
PY
ret=$?
[ $ret = 0 ] && ok "foresight is worth its while"
exit $ret
