#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool against the real target, in a test guest:
#
#   tests/uml/run.sh -- tests/tool/guest-tool.sh
#
# Devices are memory-backed or loop devices over files in memory.

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq script mkfs.ext4 mkswap dmsetup losetup blockdev md5sum
tool=$DELTALOG_TOOL
[ -x "$tool" ] || tool=$DL_TOP/build/tools/deltalog
[ -x "$tool" ] || fail "no tool: run 'make tools' on the host"
cd "$TMPDIR" || fail "no TMPDIR"
mkdir -p mnt

passed=0
pass() { passed=$((passed + 1)); }
bad() {
	printf 'not ok - %s\n--- stdout\n' "$*"
	cat out
	echo '--- stderr'
	cat err
	dmesg | tail -n 15
	exit 1
}
# want CODE ARG...: run the tool, expect its exit code
want() {
	_code=$1
	shift
	"$tool" "$@" >out 2>err
	_rc=$?
	[ $_rc = "$_code" ] || bad "deltalog $*: exit code $_rc, expected $_code"
	pass
}
says() {
	grep -qF -- "$2" "$1" || bad "'$2' is not in std$1"
	pass
}
one_line() {
	[ "$(wc -l <err)" = 1 ] || bad "more than one line on stderr"
	pass
}
json() {
	jq -e "$1" out >/dev/null || bad "JSON is not: $1"
	pass
}
sum() { dd if="$1" bs=1M iflag=direct 2>/dev/null | md5sum; }
# loop NAME KIB [LOSETUP OPTION...]: sets $DISK
loop() {
	_file=$1
	truncate -s "$2K" "$_file"
	shift 2
	DISK=$(losetup -f --show "$@" "$_file") || fail "losetup $*"
}

# ---- without the module

want 6 list
says err "this kernel has no target 'deltalog'"
one_line
loop nomod-o 8192
no=$DISK
loop nomod-l 8192
nl=$DISK
want 6 create vol0 --origin "$no" --log "$nl"
[ "$(tr -d '\0' <nomod-l | wc -c)" = 0 ] || fail "written to without a module"
losetup -d "$no" "$nl"
ok "without the module"

# shellcheck disable=SC2119
load_module

want 0 list
says out "no active volumes"
want 0 list --json
json '.volumes == []'
want 0 status --json
json '.volumes == []'
for verb in status deactivate detach; do
	want 4 $verb vol0
	says err "no active volume 'vol0'"
	one_line
done

# ---- refusals; nothing is changed by any of them

mkram origin 20
o=$DISK
mkram log 16
l=$DISK
mkfs.ext4 -q "$o" || fail mkfs.ext4
{ mount "$o" mnt && echo kept >mnt/file && umount mnt; } || fail "file system"
before_o=$(sum "$o")
before_l=$(sum "$l")
unchanged() {
	[ "$(sum "$o")" = "$before_o" ] || bad "$1: the origin was changed"
	[ "$(sum "$l")" = "$before_l" ] || bad "$1: the log was changed"
	[ "$(dmsetup ls --target deltalog | grep -c :)" = 0 ] ||
		bad "$1: a device was left behind"
	pass
}

want 3 create vol0 --origin "$o" --log "$o"
says err "are the same device"
one_line
# shellcheck disable=SC2046
mknod /dev/twin b $(stat -c '0x%t 0x%T' "$o")
want 3 create vol0 --origin "$o" --log /dev/twin
says err "are the same device"
want 3 create vol0 --origin "$o" --log /dev/no-such-disk
want 3 create vol0 --origin /etc/passwd --log "$l"
says err "is not a block device"

mount "$o" mnt
want 8 create vol0 --origin "$o" --log "$l"
says err "is mounted on $TMPDIR/mnt; unmount it first"
one_line
umount mnt
before_o=$(sum "$o")
unchanged "mounted origin"

loop small 512
want 3 create vol0 --origin "$o" --log "$DISK"
says err "is too small: 512.0 KiB, at least 1.0 MiB are needed"
want 3 create vol0 --origin "$l" --log "$DISK" --force
says err "is too small"
losetup -d "$DISK"
loop tiny 2
want 3 create vol0 --origin "$DISK" --log "$l"
says err "is too small: 2.0 KiB, at least 4 KiB are needed"
losetup -d "$DISK"
loop block4k 8192 --sector-size 4096
want 3 create vol0 --origin "$o" --log "$DISK" --block-size 512
says err "has blocks of 4096 bytes"
losetup -d "$DISK"
unchanged "sizes"

blockdev --setro "$o"
want 3 create vol0 --origin "$o" --log "$l"
says err "make it writable"
blockdev --setrw "$o"
blockdev --setro "$l"
want 3 create vol0 --origin "$o" --log "$l"
blockdev --setrw "$l"
unchanged "read-only devices"

dmsetup create held --table "0 2048 linear $l 0" || fail "dmsetup create"
want 8 create vol0 --origin "$o" --log "$l"
says err "is part of /dev/mapper/held; stop that device first"
want 4 create held --origin "$o" --log /dev/mapper/held
says err "a device-mapper device called 'held' exists already"
want 4 status held
says err "no deltalog volume"
want 4 detach held
want 4 deactivate held
dmsetup remove held
unchanged "held by device-mapper"

# Two loop devices over one file, and one over the other.
loop shared 16384
a=$DISK
b=$(losetup -f --show shared)
want 3 create vol0 --origin "$a" --log "$b"
says err "loop devices over the same bytes of one file"
losetup -d "$b"
b=$(losetup -f --show --offset 8388608 shared)
losetup -d "$a"
a=$(losetup -f --show --sizelimit 8388608 shared)
want 0 create apart --origin "$a" --log "$b"
want 0 detach apart
losetup -d "$a" "$b"
a=$(losetup -f --show "$l")
want 3 create vol0 --origin "$a" --log "$l" --force
says err "one is a loop device over the other"
losetup -d "$a"

# A partition and its disk.
loop parted 16384
# One entry of a DOS partition table: type 0x83, sectors 2048 to 18431.
printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\100\0\0' |
	dd of=parted bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of=parted bs=1 seek=510 conv=notrunc 2>/dev/null
losetup -d "$DISK"
DISK=$(losetup -P -f --show parted)
if [ -b "${DISK}p1" ]; then
	want 3 create vol0 --origin "${DISK}p1" --log "$DISK" --force
	says err "is a partition of log $DISK"
	want 3 create vol0 --origin "$DISK" --log "${DISK}p1" --force
	says err "is a partition of origin $DISK"
else
	echo "note: this kernel makes no partitions of loop devices"
fi
want 3 create vol0 --origin "$o" --log "$DISK"
says err "partition table, dos"
losetup -d "$DISK"

mkfs.ext4 -q "$l" || fail mkfs.ext4
before_l=$(sum "$l")
want 3 create vol0 --origin "$o" --log "$l"
says err "file system, ext4, at byte 1080"
one_line
unchanged "file system on the log"
mkswap -q "$l" 2>/dev/null || mkswap "$l" >/dev/null
before_l=$(sum "$l")
want 3 create vol0 --origin "$o" --log "$l"
says err "swap"
unchanged "swap on the log"
# The kernel refuses an option, after the log was made: it is put back.
want 6 create vol0 --origin "$o" --log "$l" --force --frame-mem-kib 1
says err "frame_mem_kib"
says err "holds again what it held before"
unchanged "the kernel refused"
ok "refusals change nothing"

# ---- create

want 0 create vol0 --origin "$o" --log "$l" --force --label 'the first'
says err "wiping"
says out "vol0 created"
[ -b /dev/mapper/vol0 ] || bad "no node"
[ -z "$(blkid -p -o value -s TYPE "$l")" ] || bad "a signature is still there"
mount /dev/mapper/vol0 mnt || bad "the volume does not mount"
[ "$(cat mnt/file)" = kept ] || bad "the origin's data is not in the volume"
want 8 create vol0 --origin "$o" --log "$l"
want 8 create vol1 --origin "$o" --log "$l"
says err "is part of /dev/mapper/vol0"
want 8 activate vol1 --origin "$o" --log "$l"
want 8 check "$l"
says err "is part of /dev/mapper/vol0"
dd if=/dev/urandom of=mnt/data bs=64k count=64 2>/dev/null
sync
want 0 list
says out vol0
want 0 list --json
json '.volumes | length == 1 and .[0].name == "vol0" and .[0].mode == "rw"'
want 0 status vol0
says out "rw: in order"
says out "log in use"
want 0 status vol0 --json
json '.status.records > 0 and .status.records_max > 0 and .open_count > 0'
json ".origin == \"$o\" and .log == \"$l\""
want 0 status
want 8 deactivate vol0
says err "mounted on $TMPDIR/mnt; unmount it first"
one_line
want 8 detach vol0
says err "mounted on $TMPDIR/mnt"
want 0 dump "$l" --super --segments --frames --records --json
json '.records | length > 0'
umount mnt
exec 9</dev/mapper/vol0
want 8 deactivate vol0
says err "is open (1 times)"
exec 9<&-
ok "create, list, status; busy is busy"

# ---- a volume by a path of it

node=/dev/dm-$(dmsetup info -c --noheadings -o minor vol0)
[ -b "$node" ] || mknod "$node" b "$(dmsetup info -c --noheadings -o major vol0)" "${node##*-}"
ln -s "$node" link
for path in /dev/mapper/vol0 "$node" ./link; do
	want 0 status "$path"
	[ "$(head -n 1 out)" = vol0 ] || bad "it is not told by its name"
	says out " /dev/mapper/vol0 ("
	want 0 status "$path" --json
	json '.name == "vol0" and .device == "/dev/mapper/vol0"'
	want 0 snapshot create "$path" one
	says out "snapshot one of vol0: "
	want 0 snapshot list "$path" --json
	json '.volume == "vol0" and [.snapshots[].name] == ["one"]'
	want 0 view "$path" one
	[ "$(cat out)" = /dev/mapper/vol0@one ] || bad "the view has another name"
	want 0 view --list "$path"
	want 0 view --remove /dev/mapper/vol0@one
	says out "view vol0@one removed"
	want 0 snapshot delete "$path" one
	want 0 policy test "$path"
	says out "vol0: "
	want 0 map "$path"
	says out "vol0: "
	want 0 top "$path" --once --json
	json '[.rounds[0].volumes[].name] == ["vol0"]'
	for verb in history 'wait-event --after 0 --timeout 0' forecast scrub; do
		_rc=0
		# shellcheck disable=SC2086 # words
		"$tool" $verb "$path" >out 2>err || _rc=$?
		case $_rc in 0 | 10) ;; *) bad "deltalog $verb $path: exit code $_rc" ;; esac
		! grep -q "$path" out || bad "deltalog $verb: it is not told by its name"
	done
done
want 2 snapshot create vol0,/dev/mapper/vol0 one
says err "vol0 is named twice"
for path in /dev/mapper/nope "$o" ./nothing; do
	want 4 status "$path"
	says err "no active volume '$path'"
done
ok "a volume by a path of it"

# ---- deactivate, check, activate

content=$(sum /dev/mapper/vol0)
want 0 deactivate vol0
says out "vol0 deactivated"
[ ! -e /dev/mapper/vol0 ] || bad "the node is still there"
want 0 check "$l" --origin "$o"
says out "'the first'"
says out ", clean, generation"
[ "$(tail -n 1 out)" = clean ] || bad "not clean"
want 0 check "$l" --json --quick
json '.records > 0 and .ok'
want 3 create vol1 --origin "$o" --log "$l"
says err "records, "
says err "not in its origin yet"
one_line
want 3 create vol1 --origin "$l" --log "$o" --force
says err "are origin and log swapped?"
want 0 activate vol0 --origin "$o" --log "$l" --commit-ms 50 \
	--reconcile-secs 86400 --zero-discards --accept-cut
[ "$(sum /dev/mapper/vol0)" = "$content" ] || bad "other content after activation"
want 0 status vol0
says out "commit_ms 50 reconcile_secs 86400"
says out zero_discards
says out accept_cut
want 0 deactivate vol0 --json
json '.ok and .did == "deactivated"'

# Somebody writes to the origin.
loop keep 20480
keep=$DISK
dd if="$o" of="$keep" bs=1M 2>/dev/null
dd if=/dev/urandom of="$o" bs=4k seek=1 count=3 conv=fsync 2>/dev/null
dd if=/dev/urandom of="$o" bs=4k seek=5119 count=1 conv=fsync 2>/dev/null
want 5 check "$l" --origin "$o"
says out "changed behind the log's back"
want 6 activate vol0 --origin "$o" --log "$l"
says err "accept_origin"
says err "(here: --accept-origin)"
one_line
want 0 activate vol0 --origin "$o" --log "$l" --accept-origin
want 0 deactivate vol0
dd if="$keep" of="$o" bs=1M conv=fsync 2>/dev/null
losetup -d "$keep"
want 0 activate vol0 --origin "$o" --log "$l" --accept-origin
want 0 deactivate vol0

# Another origin; a shorter one; a log cut short.
loop other 20480
want 6 activate vol0 --origin "$DISK" --log "$l"
says err "behind the log's back"
losetup -d "$DISK"
loop shorter 16384
want 3 activate vol0 --origin "$DISK" --log "$l"
says err "is smaller than the volume"
losetup -d "$DISK"
dmsetup create cut --table "0 16384 linear $l 0" || fail "dmsetup create"
want 3 activate vol0 --origin "$o" --log /dev/mapper/cut
says err "is truncated"
dmsetup remove cut
want 3 activate vol0 --origin "$l" --log "$o"
says err "holds no deltalog log"
want 0 activate vol0 --origin "$o" --log "$l"
[ "$(sum /dev/mapper/vol0)" = "$content" ] || bad "refusals changed the content"
ok "deactivate, check, activate"

# ---- detach

want 0 detach vol0
says out "a plain disk again"
[ "$(sum "$o")" = "$content" ] || bad "the origin is not what the volume was"
mount "$o" mnt || bad "the origin does not mount"
[ "$(cat mnt/file)" = kept ] || bad "the origin's data is gone"
umount mnt
want 3 activate vol0 --origin "$o" --log "$l"
says err "was detached on"
want 0 check "$l" --origin "$o"
says out ", detached, "
# What was detached may be taken again, by nobody's leave.
want 0 create vol0 --origin "$o" --log "$l" --json
json '.ok and .device == "/dev/mapper/vol0"'
want 0 detach vol0 --json
json '.ok and .samples_compared > 0'
ok "detach"

# ---- a slow origin: progress, interruption, repetition

mkram slow 20
sz=$(blockdev --getsz "$DISK")
dmsetup create slow --table "0 $sz delay $DISK 0 0 $DISK 0 600" ||
	fail "dmsetup create"
s=/dev/mapper/slow
want 0 create vol0 --origin "$s" --log "$l" --reconcile-secs 86400 --high-watermark 95
dd if=/dev/urandom of=/dev/mapper/vol0 bs=1M count=8 oflag=direct 2>/dev/null
i=0
while [ $i -lt 1000 ]; do
	dd if=/dev/urandom of=rnd bs=4k count=1 2>/dev/null
	dd if=rnd of=/dev/mapper/vol0 bs=4k count=1 seek=$((2048 + i * 3)) \
		oflag=direct conv=notrunc 2>/dev/null
	i=$((i + 10))
done
# A shell starts what goes to the background with interrupts ignored.
env --default-signal=INT "$tool" detach vol0 >out 2>err &
pid=$!
while ! grep -q '^draining: [0-9]* %, [0-9]* records of [0-9]* records' err; do
	sleep 0.1
	kill -0 $pid 2>/dev/null || bad "detach was done, and no progress was shown"
done
kill -INT $pid || bad "detach was done before it could be interrupted"
wait $pid
rc=$?
[ $rc = 7 ] || bad "interrupted detach: exit code $rc"
says err "repeat 'deltalog detach vol0' to do the rest"
want 0 status vol0
says out "rw: in order"
dd if=/dev/zero of=/dev/mapper/vol0 bs=4k count=1 seek=5100 oflag=direct \
	2>/dev/null || bad "no write after an interruption"
content=$(sum /dev/mapper/vol0)
want 0 detach vol0
[ "$(sum "$s")" = "$content" ] || bad "the slow origin is not what the volume was"

# On a terminal it is a bar; with --json, lines of JSON; a signal to the group.
want 0 create vol0 --origin "$s" --log "$l" --reconcile-secs 86400 --high-watermark 95
dd if=/dev/urandom of=/dev/mapper/vol0 bs=1M count=4 oflag=direct 2>/dev/null
want 0 detach vol0 --json
json '.ok'
jq -e '.progress == "draining" and .total > 0' err >/dev/null ||
	bad "progress is no JSON"
want 0 create vol0 --origin "$s" --log "$l" --reconcile-secs 86400 --high-watermark 95
dd if=/dev/urandom of=/dev/mapper/vol0 bs=1M count=4 oflag=direct 2>/dev/null
script -qec "$tool detach vol0" tty.out >/dev/null </dev/null || bad "detach on a terminal"
grep -q 'draining \[[#.]*\]' tty.out || bad "no bar on a terminal"
dmsetup remove slow
ok "detach is interrupted and repeated; progress"
rmdisk slow

# ---- growth

loop grow 32768
g=$DISK
want 0 create vol0 --origin "$g" --log "$l"
dd if=/dev/urandom of=/dev/mapper/vol0 bs=64k count=8 oflag=direct 2>/dev/null
want 0 deactivate vol0
truncate -s 48M grow
losetup -c "$g"
want 0 activate vol0 --origin "$g" --log "$l"
[ "$(blockdev --getsize64 /dev/mapper/vol0)" = 33554432 ] || bad "grown unasked"
want 0 deactivate vol0
want 0 activate vol0 --origin "$g" --log "$l" --grow
[ "$(blockdev --getsize64 /dev/mapper/vol0)" = 50331648 ] || bad "not grown"
want 0 detach vol0
losetup -d "$g"

# The log: no larger yet, then larger, then not of a volume.
loop growlog 16384
gl=$DISK
mkram gr 16
want 0 create lg --origin "$DISK" --log "$gl"
want 0 grow lg
says out "its log has all of its device already"
truncate -s 40960K growlog
losetup -c "$gl"
want 0 grow lg --json
json '.did == "grown" and .name == "lg" and .before_bytes == 16777216 and
	.after_bytes == 41943040'
want 0 grow lg --json
json '.did == "nothing" and .before_bytes == .after_bytes'
want 0 status lg --json
json '.status.log_size * 512 > 38 * 1048576'
dmsetup suspend lg
want 8 grow lg
says err "the volume is suspended: resume it first"
one_line
dmsetup resume lg
want 0 deactivate lg
want 4 grow lg
one_line
want 2 grow
want 0 check "$gl"
losetup -d "$gl"
rmdisk gr
ok "grow"

# ---- a log that is lost under the volume

dmsetup create faulty --table "0 $(blockdev --getsz "$l") linear $l 0" || fail dmsetup
want 0 create vol0 --origin "$o" --log /dev/mapper/faulty
dd if=/dev/urandom of=/dev/mapper/vol0 bs=64k count=8 oflag=direct 2>/dev/null
dmsetup suspend --noflush --nolockfs faulty
dmsetup load faulty --table "0 $(blockdev --getsz "$l") error"
dmsetup resume faulty
dd if=/dev/urandom of=/dev/mapper/vol0 bs=64k count=8 oflag=direct conv=fsync 2>/dev/null
want 0 status vol0
says out "READ ONLY"
want 6 deactivate vol0
says err "--force removes it as it is"
want 6 detach vol0
want 0 deactivate vol0 --force
says err "writes since the last flush may be lost"
dmsetup remove faulty
want 0 activate vol0 --origin "$o" --log "$l"
want 0 detach vol0
ok "a log that is lost under the volume"

# ---- a payload that rots

want 0 create vol0 --origin "$o" --log "$l" --reconcile-secs 86400
dd if=/dev/urandom of=/dev/mapper/vol0 bs=4k count=8 seek=1000 oflag=direct 2>/dev/null
want 0 deactivate vol0
want 0 dump "$l" --records --page 1003 --json
at=$(jq '.records[-1].log_sector' out)
dd if=/dev/zero of="$l" bs=512 seek="$at" count=1 oflag=direct 2>/dev/null
want 5 check "$l"
says out "page 1003"
says out "1 problem: 0 fatal, 1 damaged"
want 5 check "$l" --json
json ".findings[0].sector == $at and .findings[0].kind == \"damage\""
want 0 activate vol0 --origin "$o" --log "$l" --reconcile-secs 86400
dd if=/dev/mapper/vol0 of=/dev/null bs=4k skip=1002 count=1 iflag=direct 2>/dev/null ||
	bad "the neighbour of a damaged page cannot be read"
dd if=/dev/mapper/vol0 of=/dev/null bs=4k skip=1003 count=1 iflag=direct 2>/dev/null &&
	bad "a damaged page can be read"
want 6 detach vol0
says err "lost"
want 0 status vol0
says out "LOST PAGES"
says out "CHECKSUM ERRORS"
dd if=/dev/urandom of=/dev/mapper/vol0 bs=4k count=1 seek=1003 oflag=direct 2>/dev/null ||
	bad "a damaged page cannot be overwritten"
content=$(sum /dev/mapper/vol0)
want 0 detach vol0
[ "$(sum "$o")" = "$content" ] || bad "the origin is not what the volume was"
ok "a payload that rots"

# ---- a superblock, both superblocks, a newer format

want 0 create vol0 --origin "$o" --log "$l"
want 0 deactivate vol0
printf x | dd of="$l" bs=1 seek=100 conv=notrunc,fsync 2>/dev/null
want 9 check "$l"
says out "superblock, slot 0"
want 0 activate vol0 --origin "$o" --log "$l"
want 0 deactivate vol0
want 0 check "$l"
printf '\011' | dd of="$l" bs=1 seek=8 conv=notrunc,fsync 2>/dev/null
printf '\011' | dd of="$l" bs=1 seek=4104 conv=notrunc,fsync 2>/dev/null
want 3 activate vol0 --origin "$o" --log "$l"
says err "format version that this release does not know"
want 3 check "$l"
want 3 create vol0 --origin "$o" --log "$l"
says err "a deltalog log that cannot be read"
printf x | dd of="$l" bs=1 seek=0 conv=notrunc,fsync 2>/dev/null
printf x | dd of="$l" bs=1 seek=4096 conv=notrunc,fsync 2>/dev/null
want 3 activate vol0 --origin "$o" --log "$l"
says err "holds no deltalog log"
ok "superblocks"

want 0 list
says out "no active volumes"
! dmsetup ls --target deltalog | grep -q : || bad "a device is left"
rmdisk log
rmdisk origin
rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "tool in the guest: $passed checks passed"
