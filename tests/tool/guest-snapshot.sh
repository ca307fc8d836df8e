#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots and views by the tool, in a test guest:
#
#   tests/uml/run.sh -- tests/tool/guest-snapshot.sh
#
# File systems are ext4, and xfs and btrfs where the guest has them.

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq mkfs.ext4 e2fsck mkswap dmsetup losetup blockdev md5sum gcc
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
mkdir -p m0 m1 s0 s1 big

modprobe_all dm-mod loop ext4
# shellcheck disable=SC2119
load_module

for i in 0 1; do
	mkram "o$i" 64
	eval "o$i=\$DISK"
	mkram "l$i" 48
	eval "l$i=\$DISK"
done
# shellcheck disable=SC2154 # from eval
for i in 0 1; do
	eval "o=\$o$i l=\$l$i"
	mkfs.ext4 -q "$o" || fail mkfs.ext4
	want 0 create "vol$i" --origin "$o" --log "$l"
	mount "/dev/mapper/vol$i" "m$i" || fail "mount vol$i"
done

# ---- nothing there yet

want 0 snapshot list vol0
says out "vol0 has no snapshots"
snapshots vol0 '[]'
want 0 view --list
says out "no views"
want 0 view --list --json
json '.views == []'
want 0 status vol0
says out "snapshots          0 of"
want 0 status vol0 --json
json '.status.snapshots == 0 and .status.snapshots_max > 0'
want 4 snapshot list nope
want 4 snapshot create nope one
want 4 snapshot create vol0,nope one
says err "no active volume 'nope'"
one_line
want 4 snapshot delete vol0 one
says err "vol0 has no snapshot 'one'"
one_line
want 4 snapshot rename vol0 one two
want 4 snapshot mount vol0 one s0
want 4 view vol0 one
says err "vol0 has no snapshot 'one'"
want 4 view --remove vol0
says err "there is no view 'vol0'"
snapshots vol0 '[]'
running vol0 vol1
views 0
ok "nothing there yet"

# ---- a snapshot under a mounted file system

noise m0/data 64
echo kept >m0/file
before=$(tree m0)
want 0 snapshot create vol0 first
says out "snapshot first of vol0: id "
running vol0
noise m0/data 64
noise m0/more 32
echo changed >m0/file
rm -rf m0/lost+found
sync
want 0 snapshot list vol0
says out NAME
says out first
want 0 snapshot list vol0 --json
json '.snapshots | length == 1 and .[0].name == "first" and .[0].views == 0'
json '.snapshots[0] | .id >= 0 and .sequence > 0 and .time_ns > 0'
json '.snapshots[0].time | test("^[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9:]{8}[+-][0-9][0-9]:[0-9][0-9]$")'
want 0 snapshot mount vol0 first s0
says out "snapshot first of vol0 mounted on $TMPDIR/s0"
[ "$(tree s0)" = "$before" ] || bad "the snapshot is not what was there"
[ "$(cat m0/file)" = changed ] || bad "the volume is not what was written"
grep -q " $TMPDIR/s0 ext4 ro," /proc/mounts || bad "it is not mounted read-only"
touch s0/new 2>/dev/null && bad "the snapshot can be written to"
want 0 snapshot list vol0 --json
json '.snapshots[0].views == 1'
want 0 view --list
says out "vol0@first"
says out "$TMPDIR/s0"
want 0 view --list vol0 --json
json ".views | length == 1 and .[0].name == \"vol0@first\" and
	.[0].volume == \"vol0\" and .[0].snapshot == \"first\" and
	.[0].mounted_on == \"$TMPDIR/s0\" and .[0].sequence > 0"
want 0 view --list vol1
says out "no views"

# It stays, whatever becomes of the volume.
seen=$(sum /dev/mapper/vol0@first)
noise m0/again 96
dmsetup message vol0 0 drain || bad "drain"
[ "$(sum /dev/mapper/vol0@first)" = "$seen" ] || bad "the view changed"
[ "$(tree s0)" = "$before" ] || bad "the snapshot changed"
want 0 status vol0
says out "snapshots          1 of"
ok "a snapshot under a mounted file system"

# ---- what is in use

want 8 snapshot delete vol0 first
says err "is seen through /dev/mapper/vol0@first"
one_line
want 8 snapshot delete vol0 first --json
json '.ok == false and .exit == 8 and .snapshots == []'
want 8 view --remove vol0@first
says err "mounted on $TMPDIR/s0"
want 4 view vol0 first
says err "exists already (a view)"
want 4 view vol0 first --as vol1
want 0 view vol0 first --as second-look
[ "$(cat out)" = /dev/mapper/second-look ] || bad "the path alone is to be printed"
[ "$(sum /dev/mapper/second-look)" = "$seen" ] || bad "views differ"
[ "$(blockdev --getro /dev/mapper/second-look)" = 1 ] || bad "a view is not read-only"
dd if=/dev/zero of=/dev/mapper/second-look bs=4k count=1 conv=notrunc 2>/dev/null &&
	bad "a view can be written to"
[ "$(blockdev --getsize64 /dev/mapper/second-look)" = \
	"$(blockdev --getsize64 /dev/mapper/vol0)" ] || bad "a view of another size"
# Frozen means that there is nothing to repair.
e2fsck -fn /dev/mapper/second-look >out 2>err || bad "the snapshot is not clean"
pass
views 2
want 0 view --remove second-look
want 0 snapshot mount vol0 first s1
[ "$(tree s1)" = "$before" ] || bad "mounted twice, other content"
want 0 snapshot umount s1
says out "is mounted on $TMPDIR/s0 too, and stays"
views 1
(cd s0 && "$tool" snapshot umount "$TMPDIR/s0" >../out 2>../err)
rc=$?
[ $rc = 8 ] || bad "umount of what is in use: exit code $rc"
says err "is in use"
want 3 snapshot umount m0
says err "no snapshot is mounted on"
want 3 snapshot umount s1
want 0 snapshot umount s0 --json
json '.ok and .view_removed and .view == "vol0@first"'
views 0
want 3 snapshot umount s0
one_line
want 4 snapshot create vol0 first
says err "has a snapshot 'first' already"
one_line
want 4 snapshot create vol1,vol0 first
snapshots vol1 '[]'
ok "what is in use"

# ---- rename, delete

want 0 snapshot create vol0 2nd:a+b_c.d-e --json
json '.ok and .frozen and (.snapshots | length == 1) and .snapshots[0].volume == "vol0"'
want 4 snapshot rename vol0 first 2nd:a+b_c.d-e
says err "has a snapshot '2nd:a+b_c.d-e' already"
want 4 snapshot rename vol0 nope other
want 0 snapshot mount vol0 first s0
want 0 snapshot rename vol0 first uno
snapshots vol0 '["uno", "2nd:a+b_c.d-e"]'
dmsetup table vol0@first | grep -q ' uno$' ||
	bad "the view's table has another name than the snapshot: $(dmsetup table vol0@first)"
# Its view has the old name, which is not to be taken for another's.
want 0 snapshot create vol0 first
want 4 snapshot mount vol0 first s1
says err "exists already (a view)"
want 8 snapshot delete vol0 uno
says err "is seen through /dev/mapper/vol0@first"
want 0 snapshot delete vol0 first
want 0 snapshot mount vol0 uno s1
says out "snapshot uno of vol0 mounted on $TMPDIR/s1 (/dev/mapper/vol0@first"
[ "$(tree s1)" = "$before" ] || bad "another content after rename"
want 0 snapshot umount s1
want 0 snapshot umount s0
views 0
want 4 snapshot delete vol0 nope 2nd:a+b_c.d-e
says err "no snapshot 'nope'"
says out "snapshot 2nd:a+b_c.d-e of vol0 deleted"
snapshots vol0 '["uno"]'
ok "rename, delete"

# ---- one volume as it is, and one that is suspended already

noise m0/loose 16
loose=$(tree m0)
want 0 snapshot create vol0 asis --no-freeze --json
json '.ok and .frozen == false'
noise m0/loose 16
want 0 view vol0 asis
truncate -s 64M copy
dd if=/dev/mapper/vol0@asis of=copy bs=1M conv=notrunc 2>/dev/null || bad "no copy"
copy=$(losetup -f --show copy) || fail losetup
# What needs its journal has it replayed on the copy.
mount "$copy" s0 || bad "a snapshot that was not frozen does not recover"
[ "$(tree s0)" = "$loose" ] || bad "what was synced is not in the snapshot"
umount s0
losetup -d "$copy"
rm copy
want 0 view --remove vol0@asis
umount m1
dmsetup suspend vol1
want 0 snapshot create vol1,vol0 still
[ "$(dmsetup info -c --noheadings -o suspended vol1)" = Suspended ] ||
	bad "a volume that was suspended was resumed"
running vol0
dmsetup resume vol1
mount /dev/mapper/vol1 m1 || bad "vol1 does not mount"
want 0 snapshot delete vol1 still
want 0 snapshot delete vol0 still asis
ok "not frozen; suspended already"

# ---- several at one instant

# The same number goes to the one, then to the other: at no instant is the
# second ahead, or the first ahead by more than one.
count() {
	_n=10000000
	while [ ! -e stop ]; do
		_n=$((_n + 1))
		for _m in m0 m1; do
			printf %s $_n | dd of=$_m/count conv=notrunc,fsync 2>/dev/null ||
				exit 1
		done
	done
}
for i in 0 1; do
	printf 10000000 >m$i/count
	sync
done
rm -f stop
count &
counter=$!
last=0 distinct=0
for i in 1 2 3 4 5 6 7 8; do
	want 0 snapshot create vol0,vol1 "pair$i" --json
	json '[.snapshots[].volume] == ["vol0", "vol1"]'
	running vol0 vol1
	# Also beside writers.
	want 0 snapshot list vol0 --json
	json '([.snapshots[].exclusive_bytes] | add) <= .held_bytes'
	want 0 snapshot mount vol0 "pair$i" s0
	want 0 snapshot mount vol1 "pair$i" s1
	a=$(cat s0/count) b=$(cat s1/count)
	[ "$a" = "$b" ] || [ "$a" = $((b + 1)) ] ||
		bad "not the same instant: $a in vol0, $b in vol1"
	[ "$a" -ge "$last" ] || bad "time went backwards: $last, then $a"
	[ "$a" = "$last" ] || distinct=$((distinct + 1))
	last=$a
	want 0 snapshot umount s0
	want 0 snapshot umount s1
done
touch stop
wait $counter || bad "a write failed while snapshots were made"
[ $distinct -gt 1 ] || bad "nothing was written while snapshots were made"
for i in 0 1; do
	want 0 snapshot delete vol$i pair1 pair2 pair3 pair4 pair5 pair6 pair7 pair8
done
ok "several at one instant, last at write $((last - 10000000))"

# Interrupts: both or none, and nobody is left suspended.
for i in 1 2 3 4 5 6 7 8; do
	env --default-signal=INT "$tool" snapshot create vol0,vol1 "sig$i" >out 2>err &
	pid=$!
	sleep "0.0$i"
	kill -INT $pid 2>/dev/null
	wait $pid
	running vol0 vol1
	for vol in vol0 vol1; do
		"$tool" snapshot list $vol --json |
			jq -r '.snapshots[].name' >$vol.names
	done
	[ "$(grep -c "^sig$i\$" vol0.names)" = "$(grep -c "^sig$i\$" vol1.names)" ] ||
		bad "interrupted: one volume has the snapshot, one has not"
	! grep -q "^sig$i\$" vol0.names || {
		want 0 snapshot delete vol0 "sig$i"
		want 0 snapshot delete vol1 "sig$i"
	}
done
ok "interrupts"

# ---- as many as there can be, then all or nothing

max=$("$tool" status vol1 --json | jq .status.snapshots_max)
if [ "$max" -le 256 ]; then
	i=0
	while "$tool" snapshot create vol1 "$(printf 'n%062d' $i)" --no-freeze >out 2>err; do
		i=$((i + 1))
		[ $i -le "$max" ] || bad "more snapshots than snapshots_max says"
	done
	want 6 snapshot create vol1 one-more
	says err "vol1: making snapshot one-more failed: "
	running vol1
	want 0 snapshot list vol1 --json
	json ".snapshots | length == $i and (map(.name) | unique | length == $i)"
	want 0 status vol1 --json
	json ".status.snapshots == $i"
	want 6 snapshot create vol0,vol1 both
	snapshots vol0 '["uno"]'
	running vol0 vol1
	while [ $i -gt 0 ]; do
		i=$((i - 1))
		want 0 snapshot delete vol1 "$(printf 'n%062d' $i)"
	done
	snapshots vol1 '[]'
	ok "as many as there can be ($max), then all or nothing"
else
	echo "note: a volume takes $max snapshots: not filled up here"
fi

# ---- volumes that lie on one another

umount m1
mkram top 16
want 0 create top --origin /dev/mapper/vol1 --log "$DISK"
want 3 snapshot create vol1,top one
says err "top lies on vol1"
one_line
want 3 snapshot create top,vol0,vol1 one
running vol0 vol1 top
want 0 snapshot create top one
want 0 snapshot delete top one
want 0 detach top
rmdisk top
mount /dev/mapper/vol1 m1 || bad "vol1 does not mount"
ok "volumes that lie on one another"

# ---- what is no file system

mkram raw 16
raw=$DISK
mkram rawlog 8
want 0 create raw --origin "$raw" --log "$DISK"
want 0 snapshot create raw blank
want 3 snapshot mount raw blank s0
says err "holds no file system that is known"
one_line
views 0
mkswap /dev/mapper/raw >/dev/null 2>&1
want 0 snapshot create raw swap
want 3 snapshot mount raw swap s0
says err "swap"
views 0
# One entry of a DOS partition table.
dd if=/dev/zero of=/dev/mapper/raw bs=4k count=4 conv=fsync 2>/dev/null
printf '\0\0\0\0\203\0\0\0\0\010\0\0\0\100\0\0' |
	dd of=/dev/mapper/raw bs=1 seek=446 conv=notrunc 2>/dev/null
printf '\125\252' | dd of=/dev/mapper/raw bs=1 seek=510 conv=notrunc,fsync 2>/dev/null
want 0 snapshot create raw parts
want 3 snapshot mount raw parts s0
says err "partition table, dos"
views 0
want 0 snapshot delete raw blank parts
want 8 detach raw
says err "raw has 1 snapshot, which would be lost"
one_line
want 0 snapshot delete raw swap
want 0 detach raw
rmdisk rawlog
rmdisk raw
ok "what is no file system"

# ---- how much of the log each holds

# held PAGES NAME=PAGES...: what all of them hold together, and each alone
held() {
	want 0 snapshot list sp --json
	json ".held_bytes == $1 * 4096"
	shift
	for _one; do
		json ".snapshots[] | select(.name == \"${_one%=*}\").exclusive_bytes == ${_one#*=} * 4096"
	done
}
# put SECTOR COUNT: one write
put() {
	dd if=/dev/urandom of=/dev/mapper/sp bs=$(($2 * 512)) count=1 conv=notrunc \
		oflag=direct,seek_bytes seek=$(($1 * 512)) 2>/dev/null || bad "write at $1"
}
# pages FIRST COUNT: as many writes
pages() {
	dd if=/dev/urandom of=/dev/mapper/sp bs=4k seek="$1" count="$2" \
		conv=notrunc oflag=direct 2>/dev/null || bad "write of page $1"
}
mkram sp 16
o=$DISK
mkram splog 24
# What is kept of the origin takes room, but for zeros, which the last MiB has.
noise "$o" 240
want 0 create sp --origin "$o" --log "$DISK" --reconcile-secs 86400
held 0
pages 0 64
want 0 snapshot create sp a
held 0 a=0
pages 0 16
want 0 snapshot create sp b
pages 0 4
pages 32 8
held 28 a=16 b=4
put 321 4
held 28.5 a=16 b=4
want 0 snapshot list sp
says out "EXCLUSIVE  NAME"
grep -q " 0   64.0 KiB  a$" out || bad "not what a holds"
grep -q " 0   16.0 KiB  b$" out || bad "not what b holds"
[ "$(tail -n 1 out)" = "held in the log, by the window too: 114.0 KiB" ] ||
	bad "not what all hold"
ok "how much each holds, exactly"

# What the window holds is nobody's alone; nor is what a view holds, without it.
want 0 retention sp --window 1h
pages 4 4
dmsetup message sp 0 flush || bad flush
want 0 view sp "@$("$tool" history sp --json | jq .now)" --as look
pages 4 4
held 36.5 a=16 b=4
want 0 retention sp --off
held 36.5 a=16 b=8
want 0 view --remove look
held 32.5 a=16 b=8
# In the origin or not, it is the same; what comes of it from there is both's.
dmsetup message sp 0 drain || bad drain
held 32.5 a=16 b=8
pages 2000 4
pages 4000 8
held 32.5 a=16 b=8
dmsetup message sp 0 drain || bad drain
held 36.5 a=16 b=8
want 0 snapshot delete sp b
held 28.5 a=28.5
want 0 snapshot create sp c
pages 0 64
held 28.5 a=28.5 c=0
dmsetup message sp 0 drain || bad drain
held 92.5 a=28.5
want 0 snapshot delete sp a
held 64 c=64
want 0 snapshot delete sp c
held 0
want 0 snapshot list sp
[ "$(cat out)" = "sp has no snapshots" ] || bad "something is held by nobody"
ok "the window, views, the origin, and what deleting frees"

# Any writes and snapshots, against who lies between two writes of a sector; not so
# many on an emulated processor.
many=250 few=12 rounds='1 2 3 4'
case $(uname -r) in *-dl*) ;; *) many=60 few=2 rounds=1 ;; esac
deals() { # deals SEED NAME
	awk -v seed="$1" -v name="$2" -v many=$many 'BEGIN {
		srand(seed)
		for (i = 0; i < many; i++)
			if ((r = rand()) < .05)
				print "s", name i
			else if (r < .6)
				print "w", int(rand() * 40) * 8, 8
			else
				print "w", int(rand() * 310), 1 + int(rand() * 10)
	}'
}
deal() { # deal FILE
	while read -r what at n; do
		case $what in
		s) "$tool" snapshot create sp "$at" --no-freeze >out 2>err || bad "snapshot $at" ;;
		w) put "$at" "$n" ;;
		esac
	done <"$1"
	cat "$1" >>dealt
}
expected() {
	awk '
	FNR == NR { gone[$1]; next }
	$1 == "s" && !($2 in gone) { pin[++n] = FNR; name[n] = $2 }
	$1 == "w" {
		for (x = $2; x < $2 + $3; x++) {
			for (i = n; x in at && i && pin[i] > at[x]; i--)
				;
			if (x in at && i < n)
				total += 512
			if (x in at && i == n - 1)
				alone[n] += 512
			at[x] = FNR
		}
	}
	END {
		print "total", total + 0
		for (i = 1; i <= n; i++)
			print name[i], alone[i] + 0
	}' gone dealt
}
same() {
	want 0 snapshot list sp --json
	jq -r '"total \(.held_bytes)", (.snapshots[] | "\(.name) \(.exclusive_bytes)")' \
		out >got
	expected >wanted
	cmp -s got wanted || bad "$1: $(diff wanted got)"
	pass
}
echo none >gone
: >dealt
echo "w 0 320" >some
deal some
deals 1 x >some
deal some
same "$(grep -c ^s some) snapshots"
want 0 deactivate sp
want 0 activate sp --origin "$o" --log "$DISK" --reconcile-secs 86400
same "recovered"
dmsetup message sp 0 drain || bad drain
same "settled"
"$tool" snapshot list sp --json | jq -r '.snapshots[].name' >names
sed -n 'n;p' names >some
while read -r name; do
	want 0 snapshot delete sp "$name"
	echo "$name" >>gone
	same "without $name"
done <some
# What is kept of the origin is held by whom it was kept for, and by nobody else: an
# old snapshot does not keep it when that goes.
deals 2 y >some
deal some
dmsetup message sp 0 drain || bad drain
same "kept of the origin"
for i in $rounds; do
	echo "s round$i" >some
	deals "1$i" "z$i" >>some
	deal some
	dmsetup message sp 0 drain || bad drain
	same "round $i"
	grep ^s some >some.names
	while read -r _ name; do
		want 0 snapshot delete sp "$name"
		echo "$name" >>gone
	done <some.names
	same "after round $i"
done
"$tool" snapshot list sp --json | jq -r '.snapshots[].name' >names
[ "$(wc -l <names)" -gt $few ] || bad "hardly any snapshots: $(cat names)"
while read -r name; do
	want 0 snapshot delete sp "$name"
	echo "$name" >>gone
	same "without $name"
done <names
held 0
ok "what each holds of any writes, and deleting each makes that free"

# A module that does not know the message.
want 0 snapshot create sp last
want_older 0 snapshot_space snapshot list sp --json
json '.held_bytes == null and (.snapshots | length > 0 and all(.exclusive_bytes == null))'
want_older 0 snapshot_space snapshot list sp
grep -q " -  last$" out || bad "not unknown"
says out "held in the log, by the window too: -"
want 0 snapshot delete sp last
want 0 detach sp
rmdisk splog
rmdisk sp
ok "an older module"

# ---- other file systems

# fs_round TYPE MIB MKFS [ARG]...: one that cannot be had is skipped, and said so
fs_round() {
	fs=$1 mib=$2
	shift 2
	modprobe_all "$fs"
	if ! command -v "$1" >/dev/null; then
		echo "skipped: $fs, as there is no $1 here"
		return
	elif ! grep -qw "$fs" /proc/filesystems; then
		echo "skipped: $fs, as this kernel has none"
		return
	fi
	mkram "big" "$mib"
	o=$DISK
	mkram "biglog" 48
	l=$DISK
	"$@" "$o" >out 2>err || bad "$1"
	want 0 create big --origin "$o" --log "$l"
	mount /dev/mapper/big big || bad "$fs does not mount"
	noise big/data 64
	echo old >big/file
	# Not even written to the disk: to freeze writes it.
	dd if=/dev/urandom of=big/dirty bs=64k count=16 2>/dev/null
	first=$(tree big)
	want 0 snapshot create big first
	noise big/data 64
	noise big/other 16
	echo new >big/file
	sync
	second=$(tree big)
	want 0 snapshot create big second
	"fs_$fs"
	views 0
	umount big
	want 0 snapshot mount big second s0
	[ "$(tree s0)" = "$second" ] || bad "$fs: the newer snapshot has other content"
	want 0 snapshot umount s0
	want 0 snapshot mount big first s0
	[ "$(tree s0)" = "$first" ] || bad "$fs: the older snapshot has other content"
	want 0 snapshot umount s0
	views 0
	mount /dev/mapper/big big || bad "$fs: the volume does not mount any more"
	[ "$(tree big)" = "$second" ] || bad "$fs: the volume has other content"
	umount big
	want 0 snapshot delete big first second
	want 0 detach big
	rmdisk biglog
	rmdisk big
	ok "$fs"
}
fs_xfs() {
	want 0 snapshot mount big first s0
	[ "$(tree s0)" = "$first" ] || bad "xfs: the snapshot has other content"
	grep " $TMPDIR/s0 xfs " /proc/mounts | grep -q norecovery || bad "with recovery"
	# Both of them, and the volume, with one UUID.
	want 0 snapshot mount big second s1
	[ "$(tree s1)" = "$second" ] || bad "xfs: the second has other content"
	want 0 snapshot umount s0
	want 0 snapshot umount s1
}
fs_btrfs() {
	want 8 snapshot mount big first s0
	says err "big is mounted on $TMPDIR/big"
	says err "btrfs cannot mount both"
	one_line
	views 0
	umount big
	want 0 snapshot mount big first s0
	want 8 snapshot mount big second s1
	says err "a btrfs with UUID"
	want 0 snapshot mount big first s1
	[ "$(tree s1)" = "$first" ] || bad "btrfs: mounted twice, other content"
	want 0 snapshot umount s1
	want 0 snapshot umount s0
	mount /dev/mapper/big big || bad "btrfs does not mount"
}
fs_round xfs 320 mkfs.xfs -q -f -K
fs_round btrfs 160 mkfs.btrfs -q -f -K

# ---- they outlast the volume's being down

want 0 view vol0 uno
seen=$(sum /dev/mapper/vol0@uno)
umount m0
want 8 deactivate vol0
says err "vol0 has a view, /dev/mapper/vol0@uno"
one_line
want 8 detach vol0
says err "vol0 has a view"
want 0 view --remove vol0@uno
"$tool" snapshot list vol0 --json >list.before
want 0 deactivate vol0
# shellcheck disable=SC2154 # from eval
want 0 check "$l0" --origin "$o0"
want 0 activate vol0 --origin "$o0" --log "$l0"
"$tool" snapshot list vol0 --json >list.after
cmp -s list.before list.after || bad "the list changed: $(cat list.before list.after)"
want 0 snapshot mount vol0 uno s0
[ "$(sum /dev/mapper/vol0@uno)" = "$seen" ] || bad "the snapshot changed"
[ "$(tree s0)" = "$before" ] || bad "the snapshot's files changed"
want 0 snapshot umount s0
ok "they outlast the volume's being down"

# ---- detach

want 8 detach vol0
says err "vol0 has 1 snapshot, which would be lost"
one_line
want 0 status vol0
says out "rw: in order"
want 0 snapshot delete vol0 uno
content=$(sum /dev/mapper/vol0)
want 0 detach vol0
[ "$(sum "$o0")" = "$content" ] || bad "the origin is not what the volume was"
umount m1
want 0 detach vol1
views 0
ok "detach"

for i in 0 1; do
	rmdisk "l$i"
	rmdisk "o$i"
done
rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "snapshots in the guest: $passed checks passed"
