#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Frames that stay in memory: what was just written is read, and brought to the
# origin, without asking the log device; memory that is wanted back is given
# back; what was released is not believed.
#
# Usage: recent.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
seed=7
id=1
mib=$(some 24)

sum() { dd if="$VOL" bs=64k count=$((mib * 16)) iflag=direct status=none | md5sum; }
# read_from DEV: sectors read from it so far
read_from() { awk '{ print $3 }' "/sys/block/${1#/dev/}/stat"; }
write() {
	dd if=/dev/urandom of="$VOL" bs=64k count=$((mib * 16)) oflag=direct \
		conv=fsync status=none
}
drop() { echo 2 >/proc/sys/vm/drop_caches; }
churn() {
	model run --dev "$VOL" --seed $seed --mix "$1" --threads 5 \
		--ops "$(some "$2")" --first-id $id >/run/tmp/model.out 2>&1 ||
		fail "$1: $(cat /run/tmp/model.out)"
	id=$((id + 4000))
}

disk origin 48
origin=$DISK
disk log 96
log=$DISK
# Nothing is settled, and so forgotten, but when it is asked for.
opts='6 high_watermark 95 low_watermark 94 foresight off'
volume "$origin" "$log" "$opts"
idle=$(stat memory_bytes)

# ---- no read of the log, until memory is wanted back

write
write
full=$(stat memory_bytes)
[ $((full - idle)) -ge $((mib * 1048576)) ] ||
	fail "$mib MiB were written and $((full - idle)) bytes are kept"
before=$(read_from "$log")
have=$(sum)
[ "$(read_from "$log")" = "$before" ] || fail "what was just written was read from the log"
[ "$(stat read_log)" = 0 ] || fail "$(stat read_log) reads of the log are counted"
drop
[ "$(stat memory_bytes)" -lt $((full - mib * 1048576 / 2)) ] ||
	fail "memory was wanted, and $(stat memory_bytes) bytes of $full are kept"
[ "$(sum)" = "$have" ] || fail "the log has other data than memory had"
[ $((($(read_from "$log") - before) / 2048)) -ge $((mib - 1)) ] ||
	fail "what was given back was not read from the log"
healthy
ok "recent frames are read from memory, and given back"

# ---- nor for what goes to the origin

# Twice: while frames are few the oldest makes way for the next.
write
write
before=$(read_from "$log")
same_as_origin "$origin"
[ "$(read_from "$log")" = "$before" ] ||
	fail "$(($(read_from "$log") - before)) sectors of the log were read to settle what was just written"
ok "settled without reading the log"

# ---- none at all

# What reconcile works with goes when it rests.
write
full=$(stat memory_bytes)
dmsetup message "$V" 0 set cache_mem_kib 0
[ "$(stat memory_bytes)" -le $((full - mib * 1048576)) ] ||
	fail "none are to be kept, and there are $(stat memory_bytes) bytes of $full"
idle=$(stat memory_bytes)
write
[ "$(stat memory_bytes)" -lt $((idle + 17825792)) ] ||
	fail "16 MiB are for frames on their way, and there are $(stat memory_bytes) bytes"
before=$(read_from "$log")
[ -n "$(sum)" ]
[ "$(read_from "$log")" -gt "$before" ] || fail "none are to be kept, and some are read"
dmsetup message "$V" 0 set cache_mem_kib 1100
write
before=$(read_from "$log")
[ -n "$(sum)" ]
[ $((($(read_from "$log") - before) / 2048)) -ge $((mib - 2)) ] ||
	fail "1100 KiB are to be kept, and more are read from memory"
gone
ok "as many as told"

# ---- a log that goes round and round under them, while memory is wanted

disk small 6
small=$DISK
model fill --dev "$origin" --seed $seed
volume "$origin" "$small" '3 segment_kib 128 zero_discards'
for mix in chaos files flood rewrite; do
	churn $mix 1500 &
	writer=$!
	while kill -0 $writer 2>/dev/null; do drop; done
	wait $writer || fail "$mix while memory was wanted"
	id=$((id + 4000))
	churn $mix 1500
	id=$((id + 4000))
done
[ "$(stat read_ram)" -gt 0 ] || fail "nothing was read from memory"
same_as_origin "$origin"
healthy
gone
ok "a log of 6 MiB, over and over, while memory is wanted back"
