#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The pool and the sizes of segments follow what is foreseen: they grow, shrink, end by
# time, go back to what they are without foresight, also while the volume is suspended,
# reloaded and removed; a log of segments of all sizes is recovered.
#
# Usage: plan.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no modules
load_setup

cd /run/tmp
disk origin 16
origin=$DISK
disk log 128
holdable
log=$DISK
cp origin.img oracle
opts='7 zero_discards segment_kib 512 reconcile_secs 86400 seal_secs 0'

# until SECONDS KEY OPERATOR VALUE: it is so within that time
until_is() {
	_n=0
	until test "$(stat "$2")" "$3" "$4"; do
		_n=$((_n + 1))
		[ $_n -le $(($1 * 5)) ] ||
			fail "after $1 s $2 is $(stat "$2"), not $3 $4: $(dmsetup status "$V")"
		sleep 0.2
	done
}

set_to() { dmsetup message "$V" 0 set "$1" "$2" || fail "set $1 $2"; }

# put BYTES PAUSE_MS SECONDS: one write after the other, to the volume and to the oracle
put() {
	python3 - "$VOL" oracle "$1" "$2" "$3" <<'PY' || fail "cannot write"
import mmap, os, random, sys, time
vol, oracle, size, pause, secs = sys.argv[1:3] + [int(n) for n in sys.argv[3:]]
random.seed(size + pause)
fd = os.open(vol, os.O_RDWR | os.O_DIRECT)
copy = os.open(oracle, os.O_RDWR)
room = os.fstat(copy).st_size // size
buf = mmap.mmap(-1, size)
end = time.monotonic() + secs
while time.monotonic() < end:
    at = random.randrange(room) * size
    buf[:8] = random.getrandbits(64).to_bytes(8, 'little')
    buf[size - 8:] = random.getrandbits(64).to_bytes(8, 'little')
    os.pwritev(fd, [buf], at)
    os.pwrite(copy, buf, at)
    time.sleep(pause / 1000)
PY
}

same() { cmp "$VOL" oracle || fail "it does not hold what was written"; }

volume "$origin" "$log" "$opts"
[ "$(cat "/sys/block/$(basename "$(readlink -f "$VOL")")/deltalog/tunables/foresight" 2>/dev/null || echo on)" = on ] ||
	fail "foresight is not on"
expect_stat segment_kib 512
expect_stat pool_segments 3

# What is asked for is there without anybody writing, and goes again.
set_to pool_kib 4096
until_is 5 pool_kib -ge 4096
set_to pool_kib 0
until_is 5 pool_segments -eq 3
set_to pool_kib 1048576
until_is 5 pool_kib -ge 8192
[ "$(stat pool_kib)" -le 33280 ] || fail "more than a quarter of the log is in the pool"
set_to foresight off
until_is 5 pool_segments -eq 3
until_is 5 pool_kib -eq 1536
set_to foresight on
until_is 5 pool_kib -ge 8192
ok "the pool is as large as is asked for, up to a quarter of the log"

# Little is foreseen: small segments. Much: large ones. Few by the checkpoint's room.
set_to pool_kib 0
put 4096 100 20
until_is 5 segment_kib -lt 512
put 16384 4 6
[ "$(stat segments_small)" -gt 0 ] || fail "no segment is smaller than usual"
set_to foresight off
until_is 5 segment_kib -eq 512
set_to foresight on
put 262144 100 30 &
put_pid=$!
until_is 30 segment_kib -gt 512
wait $put_pid
until_is 60 segments_large -gt 0
same
ok "segments are as large as what is foreseen"

# Sizes of all kinds are recovered, and settled.
power_cut
same
healthy
set_to reconcile_secs 300
same_as_origin "$origin"
ok "a log of segments of many sizes is recovered"

# Nothing comes of what has been open for long, and that was foreseen.
put 4096 100 20
set_to seal_secs 5
until_is 60 sealed_age -gt 0
n=$(stat sealed_age)
put 4096 1000 60
[ $(($(stat sealed_age) - n)) -le 13 ] || fail "sealed $(($(stat sealed_age) - n)) times in 60 s"
same
ok "a segment that will not fill is sealed"

# Under way, whatever else happens.
for round in 1 2 3 4 5 6; do
	put 65536 20 4 &
	put_pid=$!
	for kib in 8192 0 4096 0; do
		set_to pool_kib $kib
		[ $((round % 3)) != 0 ] || set_to foresight off
		dmsetup suspend "$V"
		[ $((round % 2)) != 0 ] || set_to pool_kib $((round * 1024))
		[ $((round % 3)) != 1 ] || dmsetup reload "$V" --table "$TABLE"
		dmsetup resume "$V"
		set_to foresight on
	done
	wait $put_pid
	same
	set_to pool_kib 8192
	[ $((round % 2)) != 0 ] || { gone; volume "$origin" "$log" "$opts"; }
done
healthy
same_as_origin "$origin"
same
ok "plans change while it is suspended, reloaded and removed"
gone
echo "ok - segments by foresight"
