#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Devices with sectors of 4 KiB, alone and together with ones of 512 bytes;
# a last page that is not whole; a log that moves between the two.
#
# Usage: blocks.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
seed=3
id=1

run() {
	model run --dev "$VOL" --seed $seed --mix "$1" --threads "$2" \
		--ops "$3" --first-id $id --align "$4" || fail "$5: $(log_since)"
	id=$((id + 1000))
}

log_mark
for pair in '512 512' '512 4096' '4096 512' '4096 4096'; do
	disk origin 16 "${pair% *}"
	origin=$DISK
	disk log 4 "${pair#* }"
	log=$DISK
	model fill --dev "$origin" --seed $seed
	volume "$origin" "$log" '1 zero_discards'
	block=$(blockdev --getss "$VOL")
	[ "$block" = "${pair% *}" ] ||
		fail "origin and log with sectors of $pair bytes: the volume has $block"
	align=$((block / 512))
	for mix in chaos database stream; do
		run $mix 6 "$(some 300)" $align "sectors of $pair, $mix"
	done
	healthy
	gone
	volume "$origin" "$log" '1 zero_discards'
	run files 4 "$(some 300)" $align "sectors of $pair, activated again"
	same_as_origin "$origin"
	gone
	losetup -d "$origin"
	losetup -d "$log"
	ok "sectors of ${pair% *} on the origin, ${pair#* } on the log: $block"
done

# A log made on small sectors cannot be read on large ones.
disk origin 16 4096
origin=$DISK
disk log 4 512
log=$DISK
model fill --dev "$origin" --seed $seed
volume "$origin" "$log"
gone
losetup -d "$log"
log=$(losetup -f --show --sector-size 4096 /run/tmp/log.img)
log_mark
table "$origin" "$log"
if dmsetup create "$V" --table "$TABLE" 2>/dev/null; then
	fail "a log of 512-byte blocks is activated on 4096-byte sectors"
fi
log_wants "made with 512-byte blocks"
losetup -d "$log"
log=$(losetup -f --show /run/tmp/log.img)
volume "$origin" "$log"
gone
ok "a log of small blocks on large sectors: refused, and fine where it was"

losetup -d "$origin"
origin=$(losetup -f --show /run/tmp/origin.img)

# Volumes that end within a page.
tail_of() {
	dd if="$1" bs=512 skip=$((20000 + odd)) iflag=direct status=none
}
for odd in 1 3 7; do
	dd if=/dev/zero of="$log" bs=64k count=1 oflag=direct status=none
	model fill --dev "$origin" --seed $seed
	tail_of "$origin" >/run/tmp/before
	SECTORS=$((20000 + odd)) volume "$origin" "$log" '1 zero_discards'
	run chaos 6 "$(some 400)" 1 "a last page of $odd sectors"
	run stream 1 "$(some 60)" 1 "a last page of $odd sectors"
	gone
	SECTORS=$((20000 + odd)) volume "$origin" "$log" '1 zero_discards'
	run database 4 "$(some 300)" 1 "a last page of $odd sectors, again"
	same_as_origin "$origin"
	gone
	tail_of "$origin" >/run/tmp/behind
	cmp /run/tmp/before /run/tmp/behind ||
		fail "what lies behind the volume on its origin has changed"
	ok "a last page of $odd sectors"
done
