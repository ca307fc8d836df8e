#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration from the power cut on.
# Usage: second-life.sh DIR
set -eu
# shellcheck source=tests/demo/lib.sh
. "$DL_TOP/tests/demo/lib.sh"
# shellcheck source=tests/demo/upgrade.sh
. "$DL_TOP/tests/demo/upgrade.sh"

dir=$1
need fio dmsetup e2fsck blockdev
# shellcheck disable=SC2119 # there are no parameters to pass
load_module
modprobe_all ext4
mkdir -p "$VOL"

# All that was promised before the power cut.
verify() {
	sums "$1/copy" "$dir/files.sha256" || { cat "$TMPDIR/said"; fail "the copied files"; }
	sums "$1/kept" "$dir/kept" || {
		cat "$TMPDIR/said"
		fail "files that were fsynced before the power cut are not what they were"
	}
}

chapter "The machine comes back"
start=$(now_ms)
show deltalog activate vol0 --origin $ORIGIN --log $LOG
took=$(since "$start")
line=$(dmesg | sed -n 's/.*deltalog: .*recovered \([0-9]* records in [0-9]* frames\).*/\1/p' | tail -n 1)
[ -n "$line" ] || fail "the kernel does not speak of a recovery"
figure "recovered" "$line"
figure "  it took" "$took, reading $(mib $(($(disk $LOG 3) * 512))) of the log"
figure "  writes to the origin" "$(writes $ORIGIN)"

chapter "What was promised is there"
quietly mount /dev/mapper/vol0 $VOL
umount $VOL
quietly e2fsck -fn /dev/mapper/vol0
ok "e2fsck -fn finds nothing, once ext4 has replayed its own journal"
quietly mount /dev/mapper/vol0 $VOL
verify $VOL
ok "$(wc -l <"$dir/files.sha256") copied files have their sums"
ok "$(wc -l <"$dir/kept") files that were fsynced one by one have their sums"
quietly fio_job --verify_only
ok "fio verifies what it wrote before the cut"

upgrade_goes_wrong
look_at_the_past
go_back

chapter "Life goes on, then the log is taken away"
rm -rf $VOL/load $VOL/project
cp -a $VOL/copy/headers $VOL/again
sync
umount $VOL
show deltalog snapshot delete vol0 before-upgrade failed-upgrade
sum=$(dd if=/dev/mapper/vol0 bs=1M iflag=direct status=none | sha256sum)
echo "@sum ${sum%% *}"
figure "sha256 of the whole volume" "$(echo "$sum" | cut -c 1-16)..."
figure "records to bring to the origin" "$(status records)"
writes=$(writes $ORIGIN) bytes=$(written $ORIGIN)
start=$(now_ms)
show deltalog detach vol0
figure "drained in" "$(since "$start"): $(mib $(($(written $ORIGIN) - bytes))) in $(($(writes $ORIGIN) - writes)) writes"
rmmod dm-deltalog
! grep -q deltalog /proc/modules || fail "the module is still there"
ok "the module is unloaded"

chapter "The bare disk"
show mount -o ro $ORIGIN $VOL
verify $VOL
ok "all of these files again, from the origin alone"
umount $VOL
origin=$(dd if=$ORIGIN bs=1M iflag=direct status=none | sha256sum)
[ "$origin" = "$sum" ] || fail "the origin is not what the volume was"
ok "sha256 of the origin is that of the volume"
