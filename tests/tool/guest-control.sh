#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The control device, sysfs and events, in a test guest:
#
#   tests/uml/run.sh -- tests/tool/guest-control.sh
#
# Status line, ioctl and sysfs must agree; a diff must have whatever differs;
# events must be seen by all who wait.

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup cmp setpriv
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
dlctl=$DL_TOP/build/tests/dlctl
[ -x "$dlctl" ] || fail "no dlctl: run 'make control-tools' on the host"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

[ "$(stat -c %a /dev/deltalog-control)" = 600 ] || bad "the mode is not 0600"

# volume NAME ORIGIN_MIB LOG_MIB [OPTION]...: sets $dev, $disk and $sys
volume() {
	name=$1
	mkram "o$1" "$2"
	o=$DISK
	# Zeros would take no room in the log.
	dd if=/dev/urandom of="$o" bs=1M count="$2" oflag=direct 2>/dev/null
	mkram "l$1" "$3"
	l=$DISK
	shift 3
	want 0 create "$name" --origin "$o" --log "$l" "$@"
	device
}
device() {
	dev=$(dmsetup info -c --noheadings -o major,minor --separator : "$name")
	disk=dm-${dev#*:}
	sys=/sys/block/$disk/deltalog
}
gone() {
	want 0 deactivate "$1"
	rmdisk "o$1"
	rmdisk "l$1"
}
# ctl ERRNO ARG...: dlctl, and the errno that it is to end with
ctl() {
	_code=$1
	shift
	"$dlctl" "$@" >out 2>err
	_rc=$?
	[ $_rc = "$_code" ] || bad "dlctl $*: $_rc, expected $_code"
	pass
}
# At random places, so many pages.
scatter() {
	_i=0
	while [ $_i -lt "$2" ]; do
		_i=$((_i + 1))
		_at=$(od -An -N2 -tu2 /dev/urandom)
		dd if=/dev/urandom of="/dev/mapper/$1" bs=512 count=$((_at % 11 + 1)) \
			seek=$((_at % 60000)) oflag=direct conv=notrunc 2>/dev/null ||
			bad "writing to $1"
	done
}

# ---- three views of the same

volume vol0 32 24 --zero-discards
dmsetup message vol0 0 set reconcile_secs 3600 || bad "set"
dd if=/dev/urandom of=/dev/mapper/vol0 bs=64k count=40 oflag=direct 2>/dev/null
want 0 snapshot create vol0 base --no-freeze
scatter vol0 20
dmsetup message vol0 0 drain || bad "drain"
scatter vol0 5
dmsetup message vol0 0 flush || bad "flush"

# The time until the log is full is another each second, which is less than three looks
# take under the checkers; guest-forecast.sh compares it.
dmsetup message vol0 0 set foresight off || bad "set"

# by_line: the status line's keys, by_sysfs: the same from files
by_line() { dmsetup status vol0 | cut -d' ' -f4-; }
by_ioctl() { "$dlctl" status "$dev"; }
by_sysfs() {
	printf %s "$(cat "$sys/mode")"
	for _key in $(by_line | tr ' ' '\n' | sed -n '2~2p'); do
		printf ' %s %s' "$_key" "$(cat "$sys/stats/$_key")" || return
	done
	echo
}
agree() {
	# What housekeeping does of itself changes a number now and then.
	for _try in 1 2 3 4 5; do
		by_line >line
		by_ioctl >ioctl
		by_sysfs >sysfs 2>err
		cmp -s line ioctl && cmp -s line sysfs && { pass; return; }
	done
	diff line ioctl
	diff line sysfs
	bad "status line, ioctl and sysfs differ: $1"
}
agree "after writes"
# Not one file more than there are keys.
[ "$(find "$sys/stats" -type f | wc -l)" = "$(($(by_line | wc -w) / 2))" ] ||
	bad "not as many files as keys"
[ "$(cat "$sys/stats/snapshots")" = 1 ] || bad "sysfs does not count snapshots"
[ "$(cat "$sys/stats/seq")" -gt 25 ] || bad "nothing was counted"
dmsetup suspend vol0
agree "suspended"
dmsetup resume vol0
ok "status line, ioctl and sysfs agree"

# ---- tunables

for _t in commit_ms reconcile_secs high_watermark low_watermark; do
	[ -w "$sys/tunables/$_t" ] || bad "no tunable $_t"
done
[ "$(cat "$sys/tunables/reconcile_secs")" = 3600 ] || bad "set is not seen"
echo 77 >"$sys/tunables/commit_ms" || bad "commit_ms 77"
[ "$(cat "$sys/tunables/commit_ms")" = 77 ] || bad "77 is not 77"
dmsetup table vol0 | grep -q ' commit_ms 77' || bad "the table does not say 77"
dmsetup message vol0 0 set commit_ms 78 || bad "set"
[ "$(cat "$sys/tunables/commit_ms")" = 78 ] || bad "set does not show"
for _v in 0 60001 -1 x '' '5 5' 999999999999999999999999999 '1
2'; do
	printf '%s' "$_v" >"$sys/tunables/commit_ms" 2>/dev/null && [ -n "$_v" ] &&
		bad "commit_ms '$_v' was taken"
done
printf '5\000' >"$sys/tunables/commit_ms" 2>/dev/null && bad "a zero byte was taken"
# Only together do these make sense.
echo 94 2>/dev/null >"$sys/tunables/low_watermark" && bad "low above high"
[ "$(cat "$sys/tunables/commit_ms")" = 78 ] || bad "what was refused is there"
echo 5 2>/dev/null >"$sys/stats/seq" && bad "a counter can be written"
setpriv --reuid 65534 --clear-groups sh -c "echo 9 >$sys/tunables/commit_ms" 2>/dev/null &&
	bad "a tunable can be set by anybody"
# A reload keeps the folder, and what the new table says is in force.
table=$(dmsetup table vol0 | cut -d' ' -f1-5)
dmsetup reload vol0 --table "$table 5 commit_ms 99 zero_discards foresight off" || bad "reload"
exec 3<"$sys/stats/seq"
dmsetup suspend vol0
dmsetup resume vol0
[ "$(cat "$sys/tunables/commit_ms")" = 99 ] || bad "the new table is not in force"
read -r _seq <&3 || bad "an open file is dead after a reload"
exec 3<&-
agree "after a reload"
ok "tunables"

# ---- policy and granularity map by ioctl

# policies: message, ioctl and sysfs tell the same
policies() {
	dmsetup message vol0 0 policy >told
	cat "$sys/policy" >sysfs
	ctl 0 policy "$dev"
	if ! cmp -s out told || ! cmp -s sysfs told; then
		bad "policies differ: $1: $(cat told)"
	fi
}
policies "the default"
ctl 0 policy "$dev" 'window 10m; page-rate > 2/min -> bit; rate < 3/h -> coarse'
[ ! -s out ] || bad "it was refused"
policies "of three rules"
[ "$(wc -l <told)" = 6 ] || bad "not three rules: $(cat told)"
ctl 0 policy "$dev" 'window 10m
rate > 5 -> sub'
[ "$(cut -d" " -f1-2 out)" = "2 10" ] || bad "where it is wrong"
policies "after one was refused"
[ "$(wc -l <told)" = 6 ] || bad "what was refused is in force: $(cat told)"
# maps PIECE: as the message has it, read in pieces. A rate may fall meanwhile.
maps() {
	for _try in 1 2 3 4 5; do
		dmsetup message vol0 0 granularity >told
		ctl 0 map "$dev" "$1"
		cmp -s out told && return
	done
	diff out told
	bad "maps differ, by pieces of $1"
}
scatter vol0 40
maps 1
[ "$(wc -l <told)" -gt 30 ] || bad "the map has but $(wc -l <told) regions"
n=$(wc -l <told)
for i in 7 $((n - 1)) "$n" $((n + 1)) 5000; do maps "$i"; done
ctl 0 policy "$dev" default
policies "the default again"
ok "policy and granularity map by ioctl"

# ---- snapshots by ioctl

# lists PIECE: as the message has it, read in pieces
lists() {
	dmsetup message vol0 0 snapshot_list >listed
	ctl 0 snapshots "$dev" "$1"
	cmp -s out listed || bad "lists differ, by pieces of $1: $(cat listed)"
}
for i in 1 2 3 4 5 6 7; do
	ctl 0 create "$dev" "s$i"
	grep -q " s$i\$" out || bad "what was made is not told"
	scatter vol0 3
done
for i in 1 2 3 7 8 9 100; do lists $i; done
ctl 17 create "$dev" s1
ctl 0 rename "$dev" s1 uno
ctl 2 rename "$dev" s1 two
ctl 17 rename "$dev" uno s2
ctl 0 delete "$dev" s3
ctl 2 delete "$dev" s3
ctl 16 rewind "$dev" s2 kept
want 0 view vol0 s4
ctl 16 delete "$dev" s4
lists 2
want 0 view --remove vol0@s4
for i in 1 2 50; do
	ctl 0 list $i
	[ "$(cat out)" = "$dev vol0 65536" ] || bad "the list of volumes"
done
ok "snapshots by ioctl"

# ---- diffs

# differ FROM TO: what two views differ in, sector by sector, is in the diff
differ() {
	want 0 view vol0 "$1" --as va
	if [ -n "$2" ]; then
		want 0 view vol0 "$2" --as vb
		_b=/dev/mapper/vb
	else
		_b=/dev/mapper/vol0
	fi
	"$dlctl" differ /dev/mapper/va $_b >sectors || bad "comparing"
	want 0 view --remove va
	[ -z "$2" ] || want 0 view --remove vb
	# shellcheck disable=SC2086 # none if empty
	want 0 snapshot diff vol0 "$1" $2 --ranges
	awk 'FILENAME == "sectors" { s[$1]; next }
		{ for (i = $1; i < $1 + $2; i++) delete s[i]; said += $2 }
		END { for (i in s) left++; print left + 0, said + 0 }' sectors out >verdict
	read -r left said <verdict
	[ "$left" = 0 ] || bad "the diff of $1 and '$2' lacks $left sectors"
	[ "$said" -ge "$(wc -l <sectors)" ] || bad "a diff of nothing"
	cp out ranges
	for _piece in 1 3 4096; do
		# shellcheck disable=SC2086 # none if empty
		ctl 0 diff "$dev" $_piece "$1" $2
		cmp -s out ranges || bad "another diff by pieces of $_piece"
	done
}
differ base s4
[ "$said" -gt 0 ] || bad "nothing differs"
differ s4 base
differ base ''
differ s6 s7
blkdiscard -o 1048576 -l 4194304 /dev/mapper/vol0 || bad "blkdiscard"
[ "$(by_ioctl | sed 's/.* runs \([0-9]*\) .*/\1/')" -gt 0 ] || bad "no run of zeros"
want 0 snapshot create vol0 zeroed --no-freeze
differ s7 zeroed
[ "$said" -ge 8192 ] || bad "zeroing is not in the diff"
dmsetup message vol0 0 drain || bad "drain"
differ s7 zeroed
differ base zeroed
differ zeroed zeroed
[ "$said" = 0 ] || bad "a snapshot differs from itself"
want 0 rewind vol0 base --keep before
differ zeroed ''
differ base ''
differ before base
want 0 deactivate vol0
want 0 activate vol0 --origin "$o" --log "$l"
device
differ base s4
differ s7 zeroed
differ base before
ok "diffs have what differs"

# A moment of the window has no name but its sequence.
dmsetup message vol0 0 retention shorten 3600 || bad "retention"
dd if=/dev/urandom of=/dev/mapper/vol0 bs=4k count=1 oflag=direct,dsync 2>/dev/null
at=$(cat "$sys/stats/durable_seq")
dd if=/dev/urandom of=/dev/mapper/vol0 bs=4k count=2 seek=50 oflag=direct,dsync 2>/dev/null
for _piece in 1 5; do
	ctl 0 diff "$dev" $_piece "@$at"
	[ "$(cat out)" = "400 16" ] || bad "since sequence $at: $(cat out)"
	ctl 0 diff "$dev" $_piece "@$at" "@$at"
	[ ! -s out ] || bad "a moment differs from itself"
done
ctl 2 diff "$dev" 1 @999999999
dmsetup message vol0 0 retention shorten 0 || bad "retention"
ok "diff of a moment"

# The forms of it.
want 0 snapshot diff vol0 s6 s7 --ranges
cp out ranges
want 0 snapshot diff vol0 s6 s7 --json
json '.volume == "vol0" and .from == "s6" and .to == "s7" and .sectors == 65536'
jq -r '.extents[] | "\(.start) \(.sectors)"' out >from-json
cmp -s ranges from-json || bad "JSON and ranges differ"
json '.changed_sectors == ([.extents[].sectors] | add)'
want 0 snapshot diff vol0 s6 s7 --xml
sed -n 's,^ *<different begin="\([0-9]*\)" length="\([0-9]*\)"/>$,\1 \2,p' out >from-xml
cmp -s ranges from-xml || bad "XML and ranges differ"
says out '<diff left="s6" right="s7">'
want 0 snapshot diff vol0 s6 --json
json '.to == null'
want 0 snapshot diff vol0 s6 s7
says out "s6 to s7: $(wc -l <ranges) extents, "
want 0 snapshot diff vol0 s6 s6
says out "s6 to s6: 0 extents, 0 "
want 0 snapshot diff vol0 s6 s6 --json
json '.extents == []'
want 2 snapshot diff vol0 s6 s7 --json --xml
want 2 snapshot diff vol0
want 2 snapshot diff vol0 s6 s7 s8
want 4 snapshot diff vol0 s6 nope
says err "vol0 has no snapshot 'nope'"
want 4 snapshot diff vol0 nope
want 4 snapshot diff nope s6
ok "forms of a diff"

# ---- errors, and who may not

ctl 0 errors "$dev"
cat out
ctl 0 refused "$dev"
cat out
setpriv --reuid 65534 --clear-groups "$dlctl" list 1 >out 2>err &&
	bad "anybody can open the control device"
ctl 19 status 0:0
want 0 deactivate vol0
ctl 19 status "$dev"
[ ! -e "$sys" ] || bad "the folder in sysfs is left"
rmdisk ovol0
rmdisk lvol0
ok "errors, and who may not"

# ---- events

# It sleeps in the control device.
inside() {
	until readlink /proc/"$1"/fd/* 2>/dev/null | grep -q deltalog-control &&
		grep -q '^[0-9]* (.*) S' /proc/"$1"/stat; do
		kill -0 "$1" || bad "it ended"
	done
}

# Mostly snapshots: all that is written stays.
volume vol1 64 8
events() { cat "$sys/stats/events"; }
[ "$(events)" = 0 ] || bad "events before any"
want 10 wait-event vol1 --timeout 0
says err "vol1: no event in time"
want 10 wait-event vol1 --timeout 0 --json
json '.event_nr == 0 and .happened == []'
want 4 wait-event nope
"$dlctl" uevents 100 >told 2>&1 &
listener=$!
"$tool" wait-event vol1 --json >waited 2>&1 &
waiter=$!
dm0=$(dmsetup info -c --noheadings -o events vol1)
dmsetup wait vol1 "$dm0" >/dev/null 2>&1 &
dmwaiter=$!
until grep -q listening told; do :; done
inside $waiter
# More than half of the log, and not so much that it could be so twice.
dd if=/dev/urandom of=/dev/mapper/vol1 bs=64k count=80 oflag=direct 2>/dev/null ||
	bad "writing"
wait $waiter || bad "wait-event failed: $(cat waited)"
wait $dmwaiter || bad "dmsetup wait failed"
jq -e '.event_nr >= 1 and .happened == ["pressure"]' waited >/dev/null ||
	bad "not told of the pressure: $(cat waited)"
[ "$(events)" = 1 ] || bad "the high watermark is told $(events) times"
ok "pressure is told once, to all"

# What snapshots hold, in the end all of it.
dmsetup message vol1 0 drain || bad "drain"
want 0 snapshot create vol1 all --no-freeze
i=0
while dd if=/dev/urandom of=/dev/mapper/vol1 bs=64k count=16 seek=$((i * 16)) \
	oflag=direct 2>/dev/null; do
	dmsetup message vol1 0 drain 2>/dev/null
	i=$((i + 1))
	[ $i -lt 60 ] || bad "it does not get full"
done
want 0 wait-event vol1 --after 1 --json
json '.happened | index("full")'
want 0 wait-event vol1 --after 0 --json
json '.happened | index("pressure") and index("full")'
nr=$(events)
want 0 snapshot delete vol1 all
want 0 wait-event vol1 --after "$nr"
says out "vol1: room: its log has room again"
until grep -q "^change $disk room" told; do :; done
kill $listener
for kind in pressure full room; do
	grep -q "^change $disk $kind [0-9]*\$" told || bad "no uevent $kind: $(cat told)"
done
[ "$(dmsetup info -c --noheadings -o events vol1)" -ge $((dm0 + 3)) ] ||
	bad "libdevmapper did not see them all"
ok "full, and room again"

# Below the low watermark it is told anew.
dmsetup message vol1 0 drain || bad "drain"
nr=$(events)
dd if=/dev/urandom of=/dev/mapper/vol1 bs=64k count=80 oflag=direct 2>/dev/null
want 0 wait-event vol1 --after "$nr" --json
json '.happened == ["pressure"]'
ok "pressure is told anew"

# Who waits does not hold the volume, and is sent home when it goes.
"$tool" wait-event vol1 >waited 2>&1 &
waiter=$!
inside $waiter
env --default-signal=INT "$tool" wait-event vol1 >interrupted 2>&1 &
other=$!
inside $other
kill -INT $other
wait $other
[ $? = 7 ] || bad "an interrupt does not end it"
gone vol1
wait $waiter
[ $? = 4 ] || bad "who waited for a volume that went: $(cat waited)"
grep -q "is gone" waited || bad "it does not say so: $(cat waited)"
ok "waiting does not hold a volume"

# ---- tracepoints

trace=/sys/kernel/tracing
if [ -d $trace/events/deltalog ]; then
	volume vol3 16 8 --zero-discards
	# What is off says nothing.
	echo >$trace/trace
	dd if=/dev/urandom of=/dev/mapper/vol3 bs=4k count=1 oflag=direct,dsync 2>/dev/null
	grep -q deltalog_ $trace/trace && bad "traced though it is off"
	echo 1 >$trace/events/deltalog/enable
	want 0 snapshot create vol3 one --no-freeze
	dd if=/dev/urandom of=/dev/mapper/vol3 bs=1536 count=1 seek=7 oflag=direct,dsync 2>/dev/null
	blkdiscard -o 65536 -l 8192 /dev/mapper/vol3 || bad "blkdiscard"
	blkdiscard -o 1048576 -l 1048576 /dev/mapper/vol3 || bad "blkdiscard"
	dmsetup message vol3 0 drain || bad "drain"
	want 0 rewind vol3 one --keep two
	dmsetup message vol3 0 drain || bad "drain"
	want 0 snapshot delete vol3 one two
	dmsetup message vol3 0 drain || bad "drain"
	echo 0 >$trace/events/deltalog/enable
	cat $trace/trace >traced
	for line in "record: $dev seq [0-9]* data at 21 sectors 3" \
		"record: $dev seq [0-9]* zero at 128 sectors 8" \
		"record: $dev seq [0-9]* zero_run at 2048 sectors 2048" \
		"record: $dev seq [0-9]* base at " \
		"record: $dev seq [0-9]* mark at 1 " \
		'frame_write: log [0-9:]* commit [0-9]* first_seq [0-9]* records ' \
		'frame_done: log [0-9:]* commit [0-9]* error 0' \
		'durable: log [0-9:]* commit [0-9]* seq ' \
		'segment_open: log [0-9:]* segment ' \
		'segment_seal: log [0-9:]* segment ' \
		'segment_release: log [0-9:]* segment ' \
		"reconcile_begin: $dev horizon [0-9]* goal " \
		"reconcile_end: $dev horizon [0-9]* error 0" \
		"snapshot_create: $dev snapshot 1 seq [0-9]* 'one'" \
		"snapshot_delete: $dev snapshot 2 seq [0-9]* 'two'" \
		"rewind: $dev to snapshot 1 seq [0-9]* by mark "; do
		grep -q "deltalog_$line" traced ||
			bad "not traced: $line; but: $(grep deltalog_ traced | tail -n 40)"
		pass
	done
	gone vol3
	ok "tracepoints"
else
	echo "skipped: tracepoints, as this kernel has none"
fi

# ---- a volume that comes and goes under it all

volume vol2 16 8
want 0 deactivate vol2
"$dlctl" fuzz "$dev" 1 >fuzz.1 2>&1 &
f1=$!
"$dlctl" fuzz "$dev" 2 >fuzz.2 2>&1 &
f2=$!
rounds=0
while [ $rounds -lt "${ROUNDS:-15}" ]; do
	rounds=$((rounds + 1))
	if ! kill -0 $f1 || ! kill -0 $f2; then
		bad "a program ended: $(cat fuzz.1 fuzz.2)"
	fi
	"$tool" activate vol2 --origin "$o" --log "$l" >out 2>err || bad "activate"
	# Files of the folder, read and written while the volume goes.
	for _n in 1 2 3 4 5; do
		find "$sys" -type f -exec cat {} + 2>/dev/null
		for _t in "$sys"/tunables/*; do
			for _v in 1 30 "$(head -c 30 /dev/urandom | tr -d '\000')"; do
				printf %s "$_v" >"$_t"
			done
		done 2>/dev/null
	done >/dev/null &
	reader=$!
	dd if=/dev/urandom of=/dev/mapper/vol2 bs=4k count=50 oflag=direct 2>/dev/null
	[ $((rounds % 4)) != 0 ] || {
		dmsetup suspend vol2
		dmsetup resume vol2
	}
	[ $((rounds % 5)) != 0 ] || dmsetup remove --force vol2 2>/dev/null
	dmsetup info vol2 >/dev/null 2>&1 && dmsetup remove --retry vol2
	dmsetup info vol2 >/dev/null 2>&1 && bad "it cannot be removed"
	wait $reader
done
kill $f1 $f2
wait $f1 || bad "fuzz: $(cat fuzz.1)"
wait $f2 || bad "fuzz: $(cat fuzz.2)"
cat fuzz.1 fuzz.2
# Of what might have been done most was.
for f in fuzz.1 fuzz.2; do
	grep -q ' done,.* No such device,' $f || bad "nothing was done: $(cat $f)"
done
rmdisk ovol2
rmdisk lvol2
ok "random requests, while a volume came and went $rounds times"

rmmod dm_deltalog || bad "the module is still in use"
[ ! -e /dev/deltalog-control ] || bad "the node is left"
kmemleak_check
splat_check
ok "control device in the guest: $passed checks passed"
