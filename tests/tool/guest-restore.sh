#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Restoring by the tool, in a test guest:
#
#   tests/uml/run.sh -- tests/tool/guest-restore.sh
#
# The origin is read through a device that can be made to stand still, or to
# fail at a sector, so that nothing here depends on how fast anything is.

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq mkfs.ext4 dmsetup losetup blockdev cmp
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
mkdir -p mnt small

modprobe_all dm-mod loop ext4 dm-flakey
# shellcheck disable=SC2119
load_module

MIB=24
SECTORS=$((MIB * 2048))

# is DEVICE FILE: it has the file's content
is() {
	cmp "$1" "$2" >out 2>&1 || bad "$1 is not $2"
	pass
}
# take FROM TO START LENGTH: these sectors
take() {
	dd if="$1" of="$2" bs=512 skip="$3" seek="$3" count="$4" conv=notrunc \
		2>/dev/null || bad "dd to $2"
}
# complaints N: so many lines, whatever there is of progress
complaints() {
	[ "$(grep -c '^deltalog' err)" = "$1" ] || bad "not $1 lines of complaint"
	pass
}
# untouched SNAPSHOTS: nothing was done, and nothing that was made stays
untouched() {
	views 0
	running re
	is /dev/mapper/re new
	snapshots re "$1"
}
# soon COMMAND...: it comes true
soon() {
	_tries=0
	until "$@"; do
		_tries=$((_tries + 1))
		[ $_tries -lt 600 ] || bad "waited in vain: $*"
		sleep 0.1
	done
}
reading() { dmsetup ls --target deltalog-view | grep -q '^deltalog-restore-'; }
idle() { ! reading; }
has_snapshot() {
	"$tool" snapshot list re --json | jq -e --arg n "$1" \
		'[.snapshots[].name] | index($n)' >/dev/null
}
no_temps() {
	[ -z "$(ls -d image.??????* 2>/dev/null)" ] || bad "a file stays behind"
	pass
}

mkram base $MIB
lower=$DISK
dmsetup create base --table "0 $SECTORS linear $lower 0"
o=/dev/mapper/base
mkram relog 32
l=$DISK

# A volume, a snapshot monday of it, and later changes. Half of what it held then
# is in the origin alone, some of it in the log, the rest is zero.
fresh() {
	dd if=/dev/zero of="$o" bs=1M count=$MIB conv=fsync 2>/dev/null
	dd if=/dev/urandom of="$o" bs=1M count=12 conv=fsync 2>/dev/null
	want 0 create re --origin "$o" --log "$l"
	dd if=/dev/urandom of=/dev/mapper/re bs=64k count=32 seek=48 conv=fsync 2>/dev/null
	dd if=/dev/mapper/re of=old bs=1M 2>/dev/null
	want 0 snapshot create re monday
	for at in 0 4 10 20; do
		dd if=/dev/urandom of=/dev/mapper/re bs=1M count=1 seek=$at conv=fsync 2>/dev/null
	done
	dd if=/dev/mapper/re of=new bs=1M 2>/dev/null
	cmp -s old new && bad "nothing was changed"
	pass
}
finish() {
	want 0 snapshot delete re monday
	want 0 detach re
	is "$o" new
}

fresh
size=$(blockdev --getsize64 /dev/mapper/re)

# ---- refused, the volume

want 4 restore nope monday --range 0+8
says err "no active volume 'nope'"
want 4 restore re tuesday --range 0+8
says err "re has no snapshot 'tuesday'"
want 4 restore re monday --range 0+8 --keep monday
says err "re has a snapshot 'monday' already"
want 2 restore re monday --range "0+8,$((SECTORS - 1))+2"
says err "re ends at sector $SECTORS, and a range at $((SECTORS + 1))"
one_line
want 2 restore re monday --range 24M+512B --to image
untouched '["monday"]'
dmsetup create over --table "0 8 linear /dev/mapper/re 0"
want 8 restore re monday --range 0+8
says err "re is part of /dev/mapper/over"
want 3 restore re monday --to /dev/mapper/over
says err "/dev/mapper/over lies on re itself"
dmsetup remove --retry over
over=$(losetup -f --show /dev/mapper/re) || fail losetup
want 8 restore re monday --range 0+8
says err "re is part of $over"
losetup -d "$over"
exec 3<>/dev/mapper/re
want 8 restore re monday --range 0+8
exec 3>&-
says err "re is open for writing by "
dmsetup suspend re
want 8 restore re monday --range 0+8 --json
json '.ok == false and .exit == 8 and (.error | test("is suspended"))'
dmsetup resume re
untouched '["monday"]'
ok "refused, the volume"

# ---- back into the volume

cp new mixed
for r in '0 1' '2047 3' '8190 20' '20480 4' '20484 4' '40000 100'; do
	# shellcheck disable=SC2086 # two numbers
	take old mixed $r
done
ranges=2047+3,0+1,40000+100,8190+20,10M+2048B,20484+4
want 0 restore re monday --range $ranges --json
json '.ok and .did == "restored" and .volume == "re" and .snapshot == "monday" and
	.to == null and .kind == "volume" and .verified and .seconds >= 0'
json '.ranges == [{"start": 0, "length": 1}, {"start": 2047, "length": 3},
	{"start": 8190, "length": 20}, {"start": 20480, "length": 8},
	{"start": 40000, "length": 100}]'
json '.bytes == 132 * 512'
# Of these, 2048 and 2049 were not changed: what surrounds them is.
json '.written_bytes > 0 and .written_bytes < .bytes'
json '.kept.name | test("^before-restore-[0-9]{8}-[0-9]{6}$")'
kept=$(jq -r .kept.name out)
complaints 0
is /dev/mapper/re mixed
views 0
running re
snapshots re "[\"monday\", \"$kept\"]"
want 0 view re "$kept"
is "/dev/mapper/re@$kept" new
want 0 view --remove "re@$kept"
# All of it is there: nothing is written, nothing kept.
want 0 restore re monday --range $ranges --json
json '.written_bytes == 0 and .kept == null'
snapshots re "[\"monday\", \"$kept\"]"
want 0 rewind re "$kept" --keep mixed
is /dev/mapper/re new
dmsetup message re 0 drain || bad drain
want 0 restore re mixed --range 0+24M --keep again
says out "24.0 MiB of re are again what they were at snapshot mixed of "
says out "  what it was until now is snapshot again; to go back: deltalog rewind re again"
[ "$(wc -l <out)" = 2 ] || bad "more than two lines"
is /dev/mapper/re mixed
want 0 restore re again --range 0+24M --no-keep --no-verify
[ "$(wc -l <out)" = 1 ] || bad "a snapshot was kept with --no-keep"
is /dev/mapper/re new
want 0 snapshot delete re "$kept" mixed again
untouched '["monday"]'
ok "back into the volume"

# ---- to a file

want 0 restore re monday --to image
says out "24.0 MiB of snapshot monday, of "
says out "copied to image and verified; 12.0 MiB written"
is image old
[ "$(stat -c %s image)" = "$size" ] || bad "the file has another size"
[ $(($(stat -c %b image) * 512)) -lt $((size * 3 / 4)) ] || bad "zeros were written"
no_temps
untouched '["monday"]'
want 3 restore re monday --to image
says err "image exists already"
one_line
: >image
ln -s image link
want 0 restore re monday --to link --force --json
json '.did == "copied" and .to == "link" and .kind == "file" and .verified and
	.kept == null and .bytes == 25165824 and .written_bytes == 12582912'
[ -L link ] || bad "the link was replaced, not the file"
is image old
rm link
truncate -s 0 parts
truncate -s "$size" parts
take old parts 3 5
take old parts 8190 20
want 0 restore re monday --to image --force --range 3+5,8190+20 --no-verify
is image parts
no_temps
loop=$(losetup -f --show image) || fail losetup
want 8 restore re monday --to image --force
says err "image is in use as $loop"
losetup -d "$loop"
want 3 restore re monday --to /dev/sdbb
says err "/dev/sdbb: no such device, and no place for a file"
want 3 restore re monday --to /dev/null
says err "/dev/null is neither a block device nor a regular file"
want 3 restore re monday --to .
want 3 restore re monday --to nowhere/image
says err "No such file or directory"
mount -t tmpfs -o size=4m none small
want 1 restore re monday --to small/image
says err "file small/image cannot be written at sector "
says err "No space left on device"
[ -z "$(ls small)" ] || bad "half a file stays"
umount small
# The volume may be in use, and go on.
mount -t tmpfs none small
mkfs.ext4 -q /dev/mapper/re || fail mkfs.ext4
mount /dev/mapper/re mnt || fail "mount re"
want 8 restore re monday --range 0+8
says err "re is mounted on $TMPDIR/mnt; unmount it first"
noise mnt/data 16
want 0 restore re monday --to small/image
is small/image old
want 0 restore re monday --to mnt/part --range 0+8
cmp -n 4096 mnt/part old || bad "what was put on the volume itself"
umount mnt
umount small
want 0 restore re monday --range 0+$SECTORS --no-keep
is /dev/mapper/re old
dd if=new of=/dev/mapper/re bs=1M conv=fsync 2>/dev/null
untouched '["monday"]'
ok "to a file"

# ---- to a device

mkram to 26
to=$DISK
mkram tiny 16
want 3 restore re monday --to "$DISK"
says err "is too small: it has 16.0 MiB (32768 sectors), and 24.0 MiB ($SECTORS) are needed"
one_line
want 0 restore re monday --to "$DISK" --range 1M+1M
rmdisk tiny
want 3 restore re monday --to /dev/mapper/re
says err "/dev/mapper/re is the volume itself"
for dev in "$o" "$l" "$lower"; do
	want 3 restore re monday --to "$dev" --force
	says err "$dev is what re lies on"
done
want 0 view re monday
want 3 restore re monday --to /dev/mapper/re@monday --force
says err "/dev/mapper/re@monday is a view"
want 0 view --remove re@monday
want 0 restore re monday --to "$to" --json
json '.kind == "device" and .written_bytes == .bytes'
cmp -n "$size" "$to" old || bad "the device is not what the snapshot is"
# Outside of a range nothing is touched.
dd if=/dev/urandom of=noise bs=1M count=26 2>/dev/null
dd if=noise of="$to" bs=1M conv=fsync 2>/dev/null
take old noise 4095 7
want 0 restore re monday --to "$to" --range 4095+7
is "$to" noise
# Behind the volume's end, too, nothing of the former owner must be left.
mkfs.ext4 -q -F "$to" || fail mkfs.ext4
want 3 restore re monday --to "$to"
says err "holds something: file system, ext4, at byte 1080"
one_line
want 3 restore re monday --to "$to" --range 0+8
want 0 restore re monday --to "$to" --force
says err "--force: overwriting file system, ext4"
cmp -n "$size" "$to" old || bad "the device is not what the snapshot is"
mkfs.ext4 -q -F "$to" || fail mkfs.ext4
mount "$to" mnt || fail "mount $to"
want 8 restore re monday --to "$to" --force
says err "is mounted on $TMPDIR/mnt; unmount it first"
umount mnt
dd if=/dev/zero of="$to" bs=1M count=26 conv=fsync 2>/dev/null
mkram other 8
want 0 create other --origin "$DISK" --log "$to"
want 8 restore re monday --to "$to" --force
says err "is part of /dev/mapper/other"
want 0 deactivate other
want 3 restore re monday --to "$to"
says err "holds the log of a volume, which would be lost"
want 0 restore re monday --to "$to" --force
says err "--force: overwriting the log of a volume"
rmdisk other
untouched '["monday"]'
ok "to a device"

# ---- what reads back as something else, what cannot be read

if dmsetup targets | grep -q '^flakey'; then
	dd if=/dev/zero of="$to" bs=1M count=26 conv=fsync 2>/dev/null
	dmsetup create lies --table "0 $SECTORS flakey $to 0 0 3600 1 drop_writes"
	want 5 restore re monday --to /dev/mapper/lies
	says err "/dev/mapper/lies is not what was written to it, at sector 2048"
	want 5 restore re monday --to /dev/mapper/lies --json
	json '.ok == false and .exit == 5'
	want 0 restore re monday --to /dev/mapper/lies --no-verify
	dmsetup remove --retry lies
	untouched '["monday"]'
	ok "what reads back as something else"
else
	echo "skipped: devices that lie, as this kernel has no dm-flakey"
fi

# base linear|SECTOR: all of it can be read, or but for that sector
base() {
	dmsetup suspend --nolockfs base
	if [ "$1" = linear ]; then
		echo "0 $SECTORS linear $lower 0"
	else
		echo "0 $1 linear $lower 0"
		echo "$1 1 error"
		echo "$(($1 + 1)) $((SECTORS - $1 - 1)) linear $lower $(($1 + 1))"
	fi | dmsetup load base || bad "load base"
	dmsetup resume base
}
finish
fresh
base 4099
rm -f image
want 5 restore re monday --to image
says err "snapshot monday of re cannot be read at sector 4099: Input/output error"
complaints 1
[ ! -e image ] || bad "a file that is not complete has its name"
no_temps
want 5 restore re monday --range 4096+8
says err "cannot be read at sector 4099"
want 0 restore re monday --to image --range 4096+3,4100+8
base linear
untouched '["monday"]'
ok "what cannot be read"

# ---- interrupts

# The origin stands still, so that the view is being read when the signal comes.
for sig in INT TERM HUP; do
	rm -f image
	dmsetup suspend --nolockfs base
	env --default-signal=$sig "$tool" restore re monday --to image >out 2>err &
	pid=$!
	soon reading
	kill -$sig $pid
	dmsetup resume base
	wait $pid
	rc=$?
	[ $rc = 7 ] || bad "SIG$sig: exit code $rc"
	says err "interrupted; image was not made"
	complaints 1
	[ ! -e image ] || bad "SIG$sig: the file is there"
	no_temps
	untouched '["monday"]'
done
dd if=/dev/zero of="$to" bs=1M count=26 conv=fsync 2>/dev/null
dmsetup suspend --nolockfs base
env --default-signal=INT "$tool" restore re monday --to "$to" --json >out 2>err &
pid=$!
soon reading
kill -INT $pid
dmsetup resume base
wait $pid
rc=$?
[ $rc = 7 ] || bad "to a device, interrupted: exit code $rc"
json '.exit == 7 and (.error | test("^interrupted; "))'
dd if="$to" bs=1M count=1 2>/dev/null | cmp -s -n 1048576 - /dev/zero ||
	bad "the beginning is not written last"
untouched '["monday"]'
want 0 restore re monday --to "$to"
cmp -n "$size" "$to" old || bad "repeated, the device is not what the snapshot is"

# In the middle of the volume: the log has the first range, the origin the other.
cp new half
take old half 6144 2048
dd if=/dev/urandom of=other bs=1M count=1 2>/dev/null
dd if=other of=/dev/mapper/re bs=1M seek=3 conv=fsync 2>/dev/null
dd if=other of=new bs=1M seek=3 conv=notrunc 2>/dev/null
dmsetup suspend --nolockfs base
env --default-signal=INT "$tool" restore re monday --range 3M+1M,8M+8M --keep kept >out 2>err &
pid=$!
soon has_snapshot kept
kill -INT $pid
dmsetup resume base
wait $pid
rc=$?
[ $rc = 7 ] || bad "into the volume, interrupted: exit code $rc"
says err "re: interrupted; repeating the command does the rest, 'deltalog rewind re kept' takes back what was done"
complaints 1
views 0
running re
is /dev/mapper/re half
want 0 rewind re kept --keep half
untouched '["monday", "kept", "half"]'
want 0 snapshot delete re kept half

# Who reads the progress may go: that is no reason to end.
dmsetup suspend --nolockfs base
"$tool" restore re monday --to image >out 2>err &
pid=$!
soon reading
kill -PIPE $pid
dmsetup resume base
wait $pid || bad "ended by SIGPIPE"
is image old
rm image

# Killed: the kernel removes what is left.
dmsetup suspend --nolockfs base
"$tool" restore re monday --to image >out 2>err &
pid=$!
soon reading
kill -KILL $pid
dmsetup resume base
wait $pid 2>/dev/null
soon idle
rm -f image.??????
untouched '["monday"]'
ok "interrupts"

finish
dmsetup remove --retry base
rmdisk to
rmdisk relog
rmdisk base
rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "restore in the guest: $passed checks passed"
