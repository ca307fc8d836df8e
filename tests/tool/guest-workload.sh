#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest: the history of writes. What was written is what is exported, by the
# tool and by ioctl; a replay of it is the same again; what is forgotten is counted; and
# with writers that never pause nothing is told that there was not.
#
# Usage: tests/tool/guest-workload.sh [race]     (below uml/run.sh or vm/run.sh)
#
# race: only the last, which takes several processors.
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup fio blkdiscard
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
dlctl=$DL_TOP/build/tests/dlctl
[ -x "$dlctl" ] || fail "no dlctl: run 'make control-tools' on the host"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

# volume NAME [OPTION]...: sets $dev
volume() {
	name=$1
	# Not all devices can zero; this one can.
	truncate -s 128M "o$1" || bad "no file"
	o=$(losetup -f --show "o$1") || bad "no loop device"
	mkram "l$1" 128
	l=$DISK
	shift
	want 0 create "$name" --origin "$o" --log "$l" --zero-discards "$@"
	dev=$(dmsetup info -c --noheadings -o major,minor --separator : "$name")
}
gone() {
	want 0 deactivate "$1"
	losetup -d "$(losetup -n -O NAME -j "o$1")"
	rm "o$1"
	rmdisk "l$1"
}
# put NAME KIB_AT KIB
put() {
	dd if=/dev/zero of="/dev/mapper/$1" bs="${3}k" seek=$(($2 * 1024)) count=1 \
		oflag=direct,seek_bytes conv=notrunc status=none || bad "writing to $1"
}
# puts NAME N: as many of 4 KiB, one behind the other
puts() {
	dd if=/dev/zero of="/dev/mapper/$1" bs=4k count="$2" oflag=direct \
		conv=notrunc status=none || bad "writing to $1"
}
# The operations of a CSV file, without when and who.
what() { sed 1d "$1" | cut -d, -f2-4; }
# history PIECE [CURSOR]: by ioctl; its last line in $cursor and $missed, told in $nr
history() {
	"$dlctl" workload "$dev" "$@" >out 2>err || bad "dlctl workload $*"
	# shellcheck disable=SC2034 # words between
	read -r _c cursor _m missed <<-END
		$(tail -n 1 out)
	END
	nr=$(($(wc -l <out) - 1))
	pass
}

# race KIB: of a history of so much memory
race() {
	volume race --workload-kib "$1"
	"$dlctl" workload-race "$dev" /dev/mapper/race >out 2>err || bad "with $1 KiB"
	read -r told _t missed _m <out
	[ "$told" -gt 0 ] || bad "nothing was told"
	gone race
	ok "writers that never pause, $1 KiB: $told writes told, $missed missed"
}
if [ "${1-}" = race ]; then
	[ "$(nproc)" -ge 2 ] || fail "that takes two processors"
	for kib in 1 4 512; do race $kib; done
	[ "$missed" = 0 ] || echo "# with 512 KiB, too, some were missed"
	splat_check
	exit 0
fi

# ---- a known pattern

volume vol0
o0=$o l0=$l
want 0 history export vol0
[ "$(cat out)" = time,op,bytes,lba,client ] || bad "something is told of no writes"
began=$(date +%s)
{
	for at in 0 4 8 1024 12 2048 60000; do
		put vol0 $at 4
		echo "W,4096,$((at * 2))"
	done
	put vol0 512 64
	echo "W,65536,1024"
	put vol0 100 1
	echo "W,1024,200"
	blkdiscard -o $((4096 * 1024)) -l 1048576 /dev/mapper/vol0
	echo "D,1048576,8192"
	blkdiscard -z -o $((8192 * 1024)) -l 524288 /dev/mapper/vol0
	echo "Z,524288,16384"
} >expected
want 0 history export vol0
what out >got
cmp -s expected got || bad "not what was written: $(diff expected got)"
awk -F, -v from="$began" -v to="$(date +%s)" 'NR > 1 && ($1 < from - 1 || $1 > to + 1 || $1 < last) {
		exit 1
	} NR > 1 { last = $1 }' out || bad "not when it was written"
# Read once more it is the same.
cp out first.csv
want 0 history export vol0 --output again.csv
says out "vol0: 11 writes exported to again.csv"
cmp -s first.csv again.csv || bad "the second time it is told otherwise"
want 0 history export vol0 --output again.csv --format csv --json
json '.ok and .volume == "vol0" and .writes == 11 and .missed == 0 and .file == "again.csv"'
for piece in 1 3 11 4096; do
	history $piece
	awk '/^cursor/ { exit } { print toupper(substr($1, 1, 1)) "," $3 * 512 "," $2 }' out >got
	cmp -s expected got || bad "by pieces of $piece it is told otherwise"
	[ "$missed" = 0 ] || bad "something was missed"
done
ok "a known pattern"

# Who wrote it, if there are control groups.
cg=$TMPDIR/cg
mkdir -p "$cg"
if mount -t cgroup2 none "$cg" 2>/dev/null && mkdir "$cg/writer" 2>/dev/null; then
	# shellcheck disable=SC2016 # it is the other shell's
	sh -c 'echo $$ >"$1/cgroup.procs" && dd if=/dev/zero of=/dev/mapper/vol0 bs=4k count=1 \
		seek=77 oflag=direct conv=notrunc status=none' sh "$cg/writer" || bad "in a cgroup"
	history 10 "$cursor"
	id=$(stat -c %i "$cg/writer")
	[ "$(head -n 1 out | cut -d' ' -f1-4)" = "write 616 8 $((id & 0xffff))" ] ||
		bad "not from cgroup $id: $(cat out)"
	rmdir "$cg/writer"
	umount "$cg"
	ok "who wrote it"
fi

# ---- replayed on another volume

want 0 history export vol0 --format fio --output log.fio
[ "$(head -n 1 log.fio)" = "fio version 3 iolog" ] || bad "no log of fio's"
want 0 history export vol0
what out | tr Z D >expected
was=$dev
volume vol1
fio --name=replay --read_iolog=log.fio --replay_redirect=/dev/mapper/vol1 --direct=1 \
	--replay_no_stall=1 >fio.out 2>&1 || bad "fio: $(cat fio.out)"
# Some releases of fio have trims in their format and do not replay them.
! grep -q '^bad ddir: 2' fio.out || sed -i /^D/d expected
want 0 history export vol1
what out >got
cmp -s expected got || bad "the replay is something else: $(diff expected got)"
dev=$was
gone vol1
name=vol0
ok "replayed on another volume"

# ---- following

# until_then TEST: interrupts the export when it is so
until_then() {
	until eval "$1"; do sleep 0.1; done
	kill -INT "$(pgrep -f 'history export vol0 --follow 240')"
}
follow() {
	env --default-signal=INT "$tool" history export vol0 --follow 240 "$@" >out 2>err
	[ $? = 7 ] || bad "an interrupt does not end it"
	says err "which are exported"
	! grep -q missing err || bad "some are missing: $(cat err)"
}
# shellcheck disable=SC2016 # for later
(
	until [ -s followed.csv ]; do sleep 0.1; done
	puts vol0 300
	put vol0 4 4
	until_then '[ "$(tail -n 1 followed.csv | cut -d, -f2-4)" = W,4096,8 ]'
) &
follow --output followed.csv
[ "$(what followed.csv | sort -u | grep -c '^W,4096,')" -ge 300 ] || bad "not all were followed"
until_then '[ -s cut.fio ]' &
follow --output cut.fio --format fio
want 0 history export vol0 --follow 1 --output followed.csv --json
json '.writes >= 312 and .missed == 0'
tail -n 1 cut.fio | grep -q ' close$' || bad "what was interrupted has no end"
ok "following"

# ---- what can be wrong

want 4 history export nope
want 2 history export vol0 --format xml
says err "--format is csv or fio, not 'xml'"
want 2 history export vol0 --json
want 2 history export vol0 vol1
want 2 history export vol0 --follow 0
want 1 history export vol0 --output nowhere/file
one_line
want 1 history export vol0 --output /dev/full
one_line
want 2 history vol0 export
# What it was for goes on, also for a volume of that name.
want 0 history vol0
says out "vol0 has no window"
dmsetup rename vol0 export || bad "rename"
want 0 history export
says out "export has no window"
want 0 history export --json
json '.volume == "export"'
want 0 history export export
dmsetup rename export vol0
ok "wrong usages"

# ---- cursors outlast reloads, not activations

history 100
at=$cursor
table=$(dmsetup table vol0)
dmsetup reload vol0 --table "$table" || bad "reload"
dmsetup suspend vol0
dmsetup resume vol0
puts vol0 3
history 100 "$at"
[ "$nr $missed" = "3 0" ] || bad "after a reload: $nr told, $missed missed"
# memory KIB: of a volume that was just activated with as much for its history
memory() {
	want 0 deactivate vol0
	want 0 activate vol0 --origin "$o0" --log "$l0" --zero-discards --workload-kib "$1"
	dev=$(dmsetup info -c --noheadings -o major,minor --separator : vol0)
	# shellcheck disable=SC2034 # for who calls
	memory=$(cat "/sys/block/dm-${dev#*:}/deltalog/stats/memory_bytes")
}
memory 8192
much=$memory
memory 0
# Rounded down, but not to half of it; what else there is may differ by a little.
kib=$(((much - memory) / 1024))
{ [ $kib -gt 4096 ] && [ $kib -lt 8704 ]; } ||
	bad "the memory is not counted: $memory, with 8192 KiB $much"
puts vol0 3
want 6 history export vol0
says err "keeps no history of writes"
one_line
"$dlctl" workload "$dev" 1 >out 2>err
[ $? = 61 ] || bad "no ENODATA"
memory 512
"$dlctl" workload "$dev" 1 "$at" >out 2>err
[ $? = 22 ] || bad "a cursor of an earlier activation is taken"
ok "cursors, and none at all"

# ---- what is forgotten is counted

gone vol0
# The forecasters read it, too: what they brought to the list is not forgotten with the
# rest, and how much that is depends on when they came.
volume small --workload-kib 1 --foresight off
puts small 5
history 100
[ "$nr $missed" = "5 0" ] || bad "of 5: $nr told, $missed missed"
for n in 1 14 15 16 17 100; do
	puts small $n
	at=$cursor
	history 4 "$at"
	[ $((nr + missed)) = $n ] || bad "of $n: $nr told, $missed missed"
	[ $nr -ge 15 ] || [ $nr = $n ] || bad "of $n but $nr told"
	# The youngest are those that are remembered.
	[ "$(tail -n 2 out | head -n 1 | cut -d' ' -f2)" = $(((n - 1) * 8)) ] ||
		bad "not the last of $n: $(cat out)"
	# The same cursor once more: the same, but for what is forgotten since.
	told=$nr
	history 4 "$at"
	[ "$nr $((nr + missed))" = "$told $n" ] || bad "asked again: $nr told, $missed missed"
done
# The list has one from before the 100, and nothing of what was before that is missed.
history 4 0
[ "$nr $missed" = "16 85" ] || bad "the oldest: $nr told, $missed missed"
want 0 history export small
gone small
ok "what is forgotten is counted"

race 1
race 512
kmemleak_check
splat_check
ok "the history of writes in the guest: $passed checks passed"
