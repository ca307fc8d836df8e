#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Rewinding by the tool, in a test guest:
#
#   tests/uml/run.sh -- tests/tool/guest-rewind.sh

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq mkfs.ext4 dmsetup losetup md5sum
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
mkdir -p mnt s0 s1

modprobe_all dm-mod loop ext4
# shellcheck disable=SC2119
load_module

# as_view VIEW: the volume reads as the view does, also through the page cache
as_view() {
	_sum=$(sum "/dev/mapper/$1")
	[ "$(sum /dev/mapper/re)" = "$_sum" ] || bad "re is not what $1 shows"
	[ "$(md5sum </dev/mapper/re)" = "$_sum" ] ||
		bad "re: the page cache has what was before"
	pass
}
# tree_is TREE WHAT: of re, which is mounted for that
tree_is() {
	mount /dev/mapper/re mnt || bad "re does not mount: $2"
	[ "$(tree mnt)" = "$1" ] || bad "the volume's files are not $2"
	umount mnt
	pass
}
# not_rewound: nothing happened, least of all that it stands still
not_rewound() {
	one_line
	running re
	snapshots re '["monday"]'
}

# ---- refused

mkram re 64
o=$DISK
mkram relog 48
l=$DISK
mkfs.ext4 -q "$o" || fail mkfs.ext4
want 0 create re --origin "$o" --log "$l"
want 0 status re --json
json '.status.rewind_pending == 0'
mount /dev/mapper/re mnt || fail "mount re"
mkdir -p mnt/etc mnt/home/someone
for i in 1 2 3 4 5 6 7 8; do
	echo "setting $i" >"mnt/etc/$i.conf"
	noise "mnt/home/someone/$i" $((i * 4))
done
good=$(tree mnt)
want 0 snapshot create re monday
rm -r mnt/etc mnt/home/someone/[1-4]
noise mnt/home/someone/5 80
mv mnt/home/someone/6 mnt/home/other
echo ruined >mnt/home/someone/7
sync
ruined=$(tree mnt)
[ "$good" != "$ruined" ] || bad "nothing was destroyed"

# What is wrong is found before anything is suspended.
want 4 rewind nope monday
says err "no active volume 'nope'"
want 4 rewind re tuesday
says err "re has no snapshot 'tuesday'; 'deltalog snapshot list re' shows"
not_rewound
want 4 rewind re monday --keep monday
says err "re has a snapshot 'monday' already"
not_rewound
want 2 rewind re monday --keep a/b
says err "'a/b' cannot be a snapshot's name"
not_rewound
want 8 rewind re monday
says err "re is mounted on $TMPDIR/mnt; unmount it first"
not_rewound
want 8 rewind re monday --json
json '.ok == false and .exit == 8 and (.error | test("mounted on"))'
[ "$(tree mnt)" = "$ruined" ] || bad "a rewind that was refused changed files"
umount mnt
dmsetup create over --table "0 8 linear /dev/mapper/re 0"
want 8 rewind re monday
says err "re is part of /dev/mapper/over"
dmsetup remove --retry over
not_rewound
over=$(losetup -f --show /dev/mapper/re) || fail losetup
want 8 rewind re monday
says err "re is part of $over"
losetup -d "$over"
not_rewound
exec 3<>/dev/mapper/re
want 8 rewind re monday
exec 3>&-
says err "re is open for writing by "
not_rewound
dmsetup suspend re
want 8 rewind re monday
says err "re is suspended; resume it first"
dmsetup resume re
not_rewound
dmsetup message re 0 rewind monday other 2>/dev/null &&
	bad "the target rewinds what is not suspended"
tree_is "$ruined" "as they were left"
ok "refused"

# ---- there, and back

# A view may be mounted meanwhile, of the snapshot itself. It holds the device
# open, so that what is cached of it stays.
want 0 snapshot mount re monday s0
md5sum </dev/mapper/re >/dev/null
want 0 rewind re monday --keep ruined
says out "re is again what it was at snapshot monday of "
says out "  to go back: deltalog rewind re ruined"
[ "$(wc -l <out)" = 2 ] || bad "more than two lines"
[ ! -s err ] || bad "something on stderr"
running re
snapshots re '["monday", "ruined"]'
as_view re@monday
[ "$(tree s0)" = "$good" ] || bad "the view changed"
tree_is "$good" "what they were"
[ "$(tree s0)" = "$good" ] || bad "the view changed after a mount"
want 0 snapshot mount re ruined s1
[ "$(tree s1)" = "$ruined" ] || bad "what was is not in the snapshot that was kept"
# It may be settled at any time, but no new one begins.
want 0 status re
cp out status
want 0 status re --json
grep -q "rewind being settled" status || json '.status.rewind_pending == 0'
want 0 snapshot umount s0
want 0 snapshot delete re monday
tree_is "$good" "what they were, without the snapshot"
ok "there"

# The way back, which waits for the first to be settled.
want 0 rewind re ruined --json
json '.ok and .did == "rewound" and .volume == "re" and .snapshot == "ruined" and
	.kept.id > 0 and .kept.sequence > 0 and .kept.time_ns > 0 and
	.kept.views == 0 and .seconds >= 0 and (.drained | type) == "boolean"'
json '.kept.name | test("^before-rewind-[0-9]{8}-[0-9]{6}(-[0-9]+)?$")'
kept=$(jq -r .kept.name out)
snapshots re "[\"ruined\", \"$kept\"]"
as_view re@ruined
[ "$(tree s1)" = "$ruined" ] || bad "the view changed"
want 0 snapshot umount s1
tree_is "$ruined" "those of before the rewind"
want 0 rewind re "$kept" --keep again
tree_is "$good" "what they were, rewound twice"
dmsetup message re 0 drain || bad drain
tree_is "$good" "what they were, drained"
want 0 snapshot mount re again s0
[ "$(tree s0)" = "$ruined" ] || bad "the second snapshot that was kept is wrong"
want 0 snapshot umount s0
views 0
ok "and back"

# ---- interrupts

# Whole or not at all, and nobody is left suspended.
want 0 view re ruined --as "re@there"
want 0 view re "$kept" --as "re@here"
to=ruined shows=re@there
for i in 1 2 3 4 5 6 7 8; do
	content=$(sum /dev/mapper/re)
	env --default-signal=INT "$tool" rewind re "$to" --keep "sig$i" >out 2>err &
	pid=$!
	sleep "0.0$i"
	kill -INT $pid 2>/dev/null
	wait $pid
	running re
	"$tool" snapshot list re --json | jq -r '.snapshots[].name' >re.names
	if ! grep -q "^sig$i\$" re.names; then
		[ "$(sum /dev/mapper/re)" = "$content" ] ||
			bad "interrupted: rewound, but nothing was kept"
		continue
	fi
	as_view "$shows"
	# As many as get through, their snapshots must not fill the small log.
	want 0 snapshot delete re "sig$i"
	if [ "$to" = ruined ]; then
		to=$kept shows=re@here
	else
		to=ruined shows=re@there
	fi
done
want 0 rewind re "$kept" --keep last
as_view re@here
want 0 view --remove re@here
want 0 view --remove re@there
ok "interrupts"

# ---- it outlasts the volume's being down, settled or not

content=$(sum /dev/mapper/re)
want 0 deactivate re
want 0 check "$l"
want 0 activate re --origin "$o" --log "$l"
[ "$(sum /dev/mapper/re)" = "$content" ] || bad "the volume changed while it was down"
tree_is "$good" "what they were, after it was down"
# shellcheck disable=SC2046 # a word each
want 0 snapshot delete re $("$tool" snapshot list re --json |
	jq -r '.snapshots[].name')
content=$(sum /dev/mapper/re)
want 0 detach re
[ "$(sum "$o")" = "$content" ] || bad "the origin is not what the volume was"
rmdisk relog
rmdisk re
ok "down and up, detached"

rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "rewind in the guest: $passed checks passed"
