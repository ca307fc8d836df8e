#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Logs that are too small for their load: writers are slowed down, nothing
# stands still, nothing is lost, with one segment left as well; draining under
# load; the disk statistics.
#
# Usage: full.sh      in a guest, best with simulated time
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
seed=9
id=1

run() {
	model run --dev "$VOL" --seed $seed --mix "$1" --threads "$2" \
		--ops "$3" --first-id $id || fail "$4: $(log_since)"
	id=$((id + 1000))
}

disk origin 24
origin=$DISK
log_mark

# From the smallest log there is, in steps of a few segments.
for kib in 1024 1088 1216 1600 2048; do
	file=/run/tmp/log.img
	rm -f $file
	truncate -s "${kib}k" $file
	log=$(losetup -f --show $file)
	for opts in '3 segment_kib 64 zero_discards' \
		'7 high_watermark 95 low_watermark 94 segment_kib 64 zero_discards' \
		'7 high_watermark 1 low_watermark 0 segment_kib 128 zero_discards'; do
		model fill --dev "$origin" --seed $seed
		dd if=/dev/zero of="$log" bs=64k count=1 oflag=direct status=none
		volume "$origin" "$log" "$opts"
		smoothly 120 run flood 8 "$(some 120)" "flood into $kib KiB, $opts"
		smoothly 120 run chaos 5 "$(some 300)" "chaos into $kib KiB, $opts"
		healthy
		gone
		volume "$origin" "$log" "$opts"
		smoothly 60 run stream 1 "$(some 40)" "stream into $kib KiB, $opts"
		same_as_origin "$origin"
		gone
	done
	losetup -d "$log"
	ok "a log of $kib KiB under three times its size at once"
done

# One request as large as the log allows at all, over and over.
truncate -s 1M /run/tmp/log.img
log=$(losetup -f --show /run/tmp/log.img)
dd if=/dev/zero of="$log" bs=64k count=1 oflag=direct status=none
volume "$origin" "$log" '1 zero_discards'
smoothly 120 dd if=/dev/urandom of="$VOL" bs=8M count=3 oflag=direct,sync status=none
healthy
same_as_origin "$origin"
gone
ok "requests of 8 MiB through a log of 1 MiB"
losetup -d "$log"

# A slow origin: writers wait for it, and a drain ends although they go on.
disk log 3
log=$DISK
mknull slow 24 300000
slow=$DISK
model fill --dev "$slow" --seed $seed
volume "$slow" "$log" '1 zero_discards'
drains=0
rounds=0
while [ $drains -lt 3 ]; do
	rounds=$((rounds + 1))
	[ $rounds -le 20 ] || fail "only $drains drains while the load ran"
	model run --dev "$VOL" --seed $seed --mix files --threads 8 \
		--ops "$(some 4000)" --first-id $id >/run/tmp/model.out 2>&1 &
	writer=$!
	id=$((id + 4000))
	while kill -0 $writer 2>/dev/null; do
		before=$(stat seq)
		dmsetup message "$V" 0 drain || fail "drain under load"
		[ "$(stat horizon_seq)" -ge "$before" ] ||
			fail "a drain ended at $(stat horizon_seq), what was accepted before is $before"
		drains=$((drains + 1))
	done
	wait $writer || fail "under drains: $(cat /run/tmp/model.out)"
done
healthy
same_as_origin "$slow"
ok "$drains drains under load on a slow origin"

# ---- statistics: sectors and requests as the user gave them

number=$(dmsetup info -c --noheadings --separator ' ' -o major,minor "$V")
field() {
	awk -v d="$number" -v f="$1" '$1 " " $2 == d { print $f }' /proc/diskstats
}
counts() {
	reads=$(field 6) writes=$(field 10) discards=$(field 17)
	flushes=$(field 19)
}
counts
r0=$reads w0=$writes d0=$discards f0=$flushes
dd if=/dev/zero of="$VOL" bs=256k count=20 oflag=direct status=none
counts
[ $((writes - w0)) = 10240 ] || fail "5 MiB written count as $((writes - w0)) sectors"
[ "$reads" = "$r0" ] || fail "writing counts as reading: $((reads - r0)) sectors"
dd if="$VOL" of=/dev/null bs=256k count=12 iflag=direct status=none
# By force: else it reads first, to see whether anything is there.
blkdiscard -f -o 65536 -l 131072 "$VOL"
sync "$VOL"
counts
[ $((reads - r0)) = 6144 ] || fail "3 MiB read count as $((reads - r0)) sectors"
[ $((writes - w0)) = 10240 ] || fail "reading or discarding counts as writing"
[ $((discards - d0)) = 256 ] || fail "128 KiB discarded count as $((discards - d0)) sectors"
[ "$flushes" -ge "$f0" ] || fail "flushes run backwards"
[ "$(field 12)" = 0 ] || fail "requests in flight though nobody asks: $(field 12)"
gone
rmdisk slow
ok "disk statistics"
