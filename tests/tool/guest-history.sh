#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest: the window by the tool. Moments are viewed, made snapshots of,
# rewound to and mounted, by sequence and by time; rules are set, shown and
# refused; all of it outlasts the volume's being down.
#
# Usage: tests/tool/guest-history.sh     (below uml/run.sh or vm/run.sh)

# What is set by eval cannot be seen.
# shellcheck disable=SC2154
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq mkfs.ext4 dmsetup losetup md5sum gcc make
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
mkdir -p mnt old

modprobe_all dm-mod loop ext4
# shellcheck disable=SC2119
load_module

# now: the sequence that the volume has come to, all that is written in it
now() {
	dmsetup message hi 0 flush
	"$tool" history hi --json | jq .now
}
shows() {
	[ "$(sum "/dev/mapper/$1")" = "$2" ] || bad "$1 is not $3"
	pass
}

mkram hi 64
o=$DISK
mkram hilog 96
l=$DISK
want 0 create hi --origin "$o" --log "$l"

# ---- none yet

want 0 history hi
says out "hi has no window; 'deltalog retention hi --window 1h' begins one"
want 0 retention hi
says out "hi keeps snapshots that are asked for, and no more"
want 4 view hi @1
one_line
want 4 rewind hi --to '1 minute ago'
says err "hi has no window to go back in"
want 4 snapshot create hi past --at '1 minute ago'
want 2 rewind hi --to yesterdayish
says err "'yesterdayish' is no point of time in the past"
want 2 rewind hi
want 2 rewind hi monday --to now
want 2 snapshot create hi past --at now --no-freeze
for wrong in "--window soon" "--window 0" "--window 1h --keep 1h" \
	"--window 1h --keep 10s:1d" "--window 1h --keep 1d:1h" \
	"--window 1h --on-full panic" "--keep 1h:1d" "--off --window 1h"; do
	# shellcheck disable=SC2086 # words
	want 2 retention hi $wrong
done
ok "no window"

# ---- one

want 0 retention hi --window 1h --keep 1h:1d,1d:30d
says out "hi keeps every moment for 1h"
says out "and a snapshot every 1d for 30d"
want 0 retention hi --json
json '.window_seconds == 3600 and .on_full == "shorten" and
	.rules == [{every_seconds: 3600, keep_seconds: 86400},
		   {every_seconds: 86400, keep_seconds: 2592000}]'
mkfs.ext4 -q /dev/mapper/hi || fail mkfs.ext4
for i in 1 2 3; do
	mount /dev/mapper/hi mnt || fail "mount hi"
	rm -rf mnt/*
	mkdir mnt/day
	noise "mnt/day/$i" $((i * 8))
	eval "tree$i=\$(tree mnt)"
	umount mnt
	eval "at$i=\$(now) sum$i=\$(sum /dev/mapper/hi)"
	eval "when$i=\$(date +%H:%M:%S)"
	# The clock of the tool is in seconds.
	while [ "$(eval "echo \$when$i")" = "$(date +%H:%M:%S)" ]; do
		noise mnt.tmp 1
	done
done
want 0 history hi
says out "hi can go back "
says out "by sequence every one of them"
want 0 history hi --json
json '.window and .from <= .now and (.moments | length) > 1 and
	([.moments[].sequence] | . == sort)'
for i in 1 2 3; do
	eval "at=\$at$i sum=\$sum$i tree=\$tree$i when=\$when$i"
	want 0 view hi "@$at"
	says out "/dev/mapper/hi@$at"
	shows "hi@$at" "$sum" "what it was at @$at"
	want 0 view --list hi --json
	json ".views[0].snapshot == \"@$at\" and .views[0].sequence == $at"
	want 0 view --remove "hi@$at"
	want 0 snapshot create hi "day$i" --at "$when"
	want 0 snapshot mount hi "day$i" old
	[ "$(tree old)" = "$tree" ] || bad "the files are not those of $when"
	want 0 snapshot umount old
done
want 0 snapshot list hi --json
json '[.snapshots[].name] | index("day1") < index("day2") and
	index("day2") < index("day3")'
want 0 snapshot mount hi "@$at2" old
[ "$(tree old)" = "$tree2" ] || bad "the files are not those of @$at2"
want 4 rewind hi @999999999
says err "hi cannot go back to '@999999999': its window reaches from @"
want 0 snapshot umount old
ok "moments"

# ---- back, and back again

want 0 rewind hi --to "$when1" --keep wrongway
says out "hi is again what it was at @"
shows hi "$sum1" "what it was"
want 0 rewind hi "@$at3" --json
json ".did == \"rewound\" and .snapshot == \"@$at3\""
shows hi "$sum3" "what it was, again"
want 0 rewind hi wrongway
shows hi "$sum3" "what it was before it went the wrong way"
ok "rewinds"

# ---- it outlasts the volume's being down

want 0 deactivate hi
want 0 check "$l"
want 0 dump "$l"
want 0 activate hi --origin "$o" --log "$l"
want 0 retention hi --json
json '.window_seconds == 3600 and (.rules | length) == 2'
for i in 1 2 3; do
	eval "at=\$at$i sum=\$sum$i"
	want 0 view hi "@$at" --as past
	shows past "$sum" "what it was at @$at"
	want 0 view --remove past
done
dmsetup message hi 0 drain || bad drain
want 0 view hi "@$at1" --as past
shows past "$sum1" "what it was, drained"
ok "down and up"

# Named by hand it is kept whatever the rules say.
auto=$("$tool" snapshot list hi --json |
	jq -r '[.snapshots[].name | select(startswith("auto-"))][0]')
want 0 snapshot rename hi "$auto" mine

# ---- and what is held is, whatever the window does

want 0 retention hi --off --on-full throttle
says out "writes wait until something is deleted"
shows past "$sum1" "what it was, without a window"
want 4 view hi "@$at1"
says err "hi has no window"
want 0 view --remove past
want 0 retention hi --on-full shorten --json
json '.window_seconds == 0 and .rules == [] and .on_full == "shorten"'
want 0 snapshot list hi --json
json '[.snapshots[].name] | index("mine") and (any(startswith("auto-")) | not)'
# shellcheck disable=SC2046 # a word each
want 0 snapshot delete hi $("$tool" snapshot list hi --json |
	jq -r '.snapshots[].name')
want 0 detach hi
[ "$(sum "$o")" = "$sum3" ] || bad "the origin is not what the volume was"
rmdisk hilog
rmdisk hi
ok "no window again"

# ---- a log full of what the origin lacks is no reason to forget

mkram un 64
o=$DISK
mkram unlog 96
l=$DISK
want 0 create un --origin "$o" --log "$l" --high-watermark 95 \
	--reconcile-secs 86400
noise /dev/mapper/un 816
want 0 retention un --window 1d
noise /dev/mapper/un 256
from=$("$tool" history un --json | jq .from)
used=$(dmsetup status un |
	sed 's/.* log_used \([0-9]*\) log_size \([0-9]*\) .*/\1 \2/')
[ $((${used% *} * 100 / ${used#* })) -ge 70 ] ||
	bad "the log is not tight: $used sectors"
want 0 deactivate un
want 0 activate un --origin "$o" --log "$l" --high-watermark 95
dmsetup message un 0 drain || bad drain
want 0 history un --json
json ".window and .from == $from"
want 0 retention un --off
want 0 detach un
rmdisk unlog
rmdisk un
ok "a full log"

# ---- the rules, now

# Whether a rule comes to its end is for the clock alone, which starts in the
# middle of an hour; suspended, a volume does nothing of it by itself.
clock=$(date -d '2030-01-01 12:10' +%s)
later() {
	clock=$((clock + $1))
	date -s "@$clock" >out 2>err || bad "the clock cannot be set"
}
page() { dd if=/dev/urandom of="/dev/mapper/$1" bs=4k count=1 oflag=direct conv=fsync 2>/dev/null; }
later 0
want 0 retention --all --apply
says out "no active volumes"
want 0 retention --all --apply --json
json '. == {ok: true, volumes: []}'
want 4 retention ap --apply
mkram ap 16
o=$DISK
mkram aplog 16
l=$DISK
want 0 create ap --origin "$o" --log "$l"
want 0 retention ap --apply
says out "ap: nothing is due"
page ap
want 0 retention ap --window 1h --keep 1h:2h
page ap
dmsetup suspend ap
want 0 retention ap --apply
first=$("$tool" snapshot list ap --json | jq -r '.snapshots[].name')
[ "$first" = "auto-$(date -u -d @"$clock" +%Y%m%dT%H)${first#auto-????????T??}" ] ||
	bad "not one snapshot of now: $first"
want 0 retention ap --apply
says out "ap: nothing is due"
says out "ap: the next to be dropped: $first, at $(date -d @$((clock + 7200)) +%Y-%m-%dT%H)"
says out ": one every 1h is kept for 2h"
dmsetup resume ap
page ap
dmsetup suspend ap
later 10800
want 0 retention ap --apply --json
json ".volume == \"ap\" and (.dropped | length == 1) and
	.dropped[0].name == \"$first\" and
	.dropped[0].why == \"one every 1h is kept for 2h\""
json '(.made | length == 1) and .window_moved and
	.next_to_go.name == .made[0].name'
second=$(jq -r '.made[].name' out)
from=$(jq .window_from out)
snapshots ap "[\"$second\"]"
want 0 history ap --json
json ".from == $from"
# What is looked at stays, and what was decided is durable.
dmsetup resume ap
want 0 view ap "$second" --as look
dmsetup suspend ap
later 10800
want 0 retention --all --apply
says out "ap: nothing is due"
says out "ap: the next to be dropped: $second, at "
says out ": it is due, and stays while it is viewed"
want 0 view --remove look
want 0 retention ap --apply
says out "ap: snapshot $second dropped: one every 1h is kept for 2h"
dmsetup remove ap || bad "ap cannot be removed"
want 0 check "$l" --json
json '.state == "clean"'
want 0 activate ap --origin "$o" --log "$l"
want 0 snapshot list ap --json
json "[.snapshots[].name] | index(\"$second\") == null"
want 0 history ap --json
json ".from >= $from"
# However little the window moves: by itself it does not for a few of so many.
want 0 retention ap --off
want 0 retention ap --window 1h
page ap
later 1800
dd if=/dev/urandom of=/dev/mapper/ap bs=4k count=512 oflag=direct conv=fsync 2>/dev/null
later 1900
want 0 retention ap --apply
says out "ap: the window begins at @"
# One volume that cannot be told to does not keep another from it.
mkram aq 16
p=$DISK
mkram aqlog 16
want 0 create aq --origin "$p" --log "$DISK"
want_older 6 retention_apply retention --all --apply --json
says err "ap: its module cannot be told to: "
json '.ok == false and .exit == 6 and (.error | startswith("ap: ")) and
	[.volumes[].volume] == ["aq"]'
want_older 6 retention_apply retention --all --apply
says out "aq: nothing is due"
want 0 detach aq
rmdisk aqlog
rmdisk aq
ok "the rules, now"

# ---- as systemd has it

make -s -C "$DL_TOP" install-units DESTDIR="$TMPDIR/root" PREFIX=/usr ||
	bad "no units installed"
# runs UNIT KEY: what systemd runs for it, with ap as its instance
# shellcheck disable=SC2016,SC1091 # for eval; made here
runs() {
	_line=$(sed -n "s/^$2=//p" "root/usr/lib/systemd/system/$1" |
		sed 's|^/usr/sbin/deltalog |"$tool" |; s|%I|ap|g')
	[ -n "$_line" ] || bad "$1 has no $2"
	(. ./ap.conf && eval "$_line") >out 2>err || bad "$1: $_line"
	pass
}
printf '%s\n' "ORIGIN=$o" "LOG=$l" 'OPTIONS="--commit-ms 50 --reconcile-secs 60"' >ap.conf
want 0 deactivate ap
runs deltalog@.service ExecStart
running ap
dmsetup table ap | grep -q " 4 commit_ms 50 reconcile_secs 60$" ||
	bad "without its options: $(dmsetup table ap)"
runs deltalog-retention.service ExecStart
says out "ap: "
runs deltalog@.service ExecStop
[ ! -e /dev/mapper/ap ] || bad "ap is still active"
runs deltalog-retention.service ExecStart
says out "no active volumes"
loaded=$(sed -n 's/^ConditionPathExists=//p' root/usr/lib/systemd/system/deltalog-retention.service)
[ -e "$loaded" ] || bad "$loaded is not there"
rmdisk aplog
rmdisk ap
ok "as systemd has it"

rmmod dm_deltalog || bad "the module is still in use"
[ ! -e "$loaded" ] || bad "$loaded is there without the module"
kmemleak_check
splat_check
ok "history in the guest: $passed checks passed"
