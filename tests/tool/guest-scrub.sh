#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# deltalog scrub in a guest: what is damaged is found before anybody reads it, named,
# and mended where that can be; it may be interrupted, and goes on.
#
# Usage: guest-scrub.sh
set -u
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
modprobe_all dm-mod null_blk
# shellcheck disable=SC2119 # no parameters
load_module
TMPDIR=/run/scrub
mkdir -p $TMPDIR
cd $TMPDIR || exit 1

page() {
	dd if=/dev/urandom of=/dev/mapper/sc bs=4k count=1 seek="$1" oflag=direct \
		conv=fsync 2>/dev/null || bad "write of page $1"
}
reads() { dd if=/dev/mapper/sc of=/dev/null bs=4k count=1 skip="$1" iflag=direct 2>/dev/null; }
# where PAGE: log sector of its newest record's payload
where() {
	blockdev --flushbufs "$l"
	"$tool" dump "$l" --records --page "$1" --json |
		jq '[.records[] | select(has("log_sector"))] | max_by(.seq) | .log_sector'
}
# flip SECTOR [BYTE]: of the log, beneath the volume
flip() {
	dd if="$l" of=one bs=512 count=1 skip="$1" iflag=direct 2>/dev/null
	_byte=$(od -An -tu1 -j "${2:-100}" -N 1 one)
	# shellcheck disable=SC2059 # a byte in octal
	printf "\\$(printf %03o $((_byte ^ 1)))" |
		dd of=one bs=1 seek="${2:-100}" conv=notrunc 2>/dev/null
	dd if=one of="$l" bs=512 count=1 seek="$1" oflag=direct conv=notrunc 2>/dev/null
}
mkram sc 32
o=$DISK
mkram sclog 64
l=$DISK
want 0 create sc --origin "$o" --log "$l" --reconcile-secs 86400 --cache-mem-kib 0 \
	--commit-ms 60000

want 0 scrub sc --status
says out "sc: its log has never been scrubbed"
noise /dev/mapper/sc 256
want 0 scrub sc
says out " records: 0 damaged, of these 0 mended, 0 not needed"
says out "sc: last gone through at "
want 0 scrub sc --json
json '.ok and .running == false and .damaged == 0 and .bytes >= 16777216 and
	.bytes < 18000000 and .records >= 4096 and .found == []'
want 4 scrub none
want 2 scrub sc --rate x
want 2 scrub
ok "nothing is damaged"

# ---- of the present, of a snapshot, of nobody

want 0 snapshot create sc one
page 5
first=$(where 5)
flip "$first"
page 7
flip "$(where 6)"
want 5 scrub sc --json
json '.ok == false and .exit == 5 and .damaged == 2 and .mended == 0'
json '[.found[] | [.page, .concerns]] | sort == [[5, "present"], [6, "present"]]'
json "[.found[] | select(.page == 5) | .log_sector] == [$first]"
dmesg | grep -q "scrub: payload at sector $first, page 5: " ||
	bad "the kernel does not say so"
reads 5 && bad "page 5 can be read"
reads 7 || bad "page 7 cannot be read"
want 5 scrub sc --status
page 5
page 6
want 5 scrub sc
says out ", page 6: payload: checksum"
says out ": a snapshot cannot read it"
says out ": nothing needs it"
reads 5 || bad "page 5 cannot be read though it was written again"
want 0 snapshot delete sc one
want 9 scrub sc --json
json '[.found[].concerns] == ["spare", "spare"]'
want 9 scrub sc --status
dmsetup message sc 0 drain || bad drain
want 0 scrub sc
ok "what is damaged, and whom that concerns"

# ---- what can be mended

want 0 policy set sc "-> bit"
page 9
sync
dd if=/dev/mapper/sc of=content bs=4k count=1 skip=9 iflag=direct 2>/dev/null
printf x | dd of=content bs=1 seek=1000 conv=notrunc 2>/dev/null
dd if=content of=/dev/mapper/sc bs=4k count=1 seek=9 oflag=direct conv=fsync 2>/dev/null
dmsetup status sc | grep -q " deltas 1 " || bad "no delta: $(dmsetup status sc)"
flip "$(where 9)" 2
flip 8 40
want 9 scrub sc --json
json '[.found[].concerns] == ["mended", "mended"] and .mended == 2 and .damaged == 2'
want 9 scrub sc
says out ": nothing needs it"
want 0 deactivate sc
want 0 activate sc --origin "$o" --log "$l" --reconcile-secs 86400 --cache-mem-kib 0
dd if=/dev/mapper/sc bs=4k count=1 skip=9 iflag=direct 2>/dev/null | cmp -s - content ||
	bad "page 9 is not what it was"
ok "what can be mended is"

# ---- of the log itself

# A frame's header: the segment's summary leads on, and past it.
page 11
page 12
blockdev --flushbufs "$l"
frame=$("$tool" dump "$l" --frames --json | jq '.frames | max_by(.commit) | .sector')
want 9 scrub sc --again
page 13
flip "$(where 13)"
dmsetup message sc 0 flush
flip "$frame" 9
want 5 scrub sc --json
json '[.found[] | select(.page == 13 and .concerns == "present")] | length == 1'
json '[.found[] | select(has("page") | not)] | length == 1'
page 13
dmsetup message sc 0 drain || bad drain
want 0 scrub sc
ok "the log itself"

# ---- it goes on

noise /dev/mapper/sc 480
"$tool" scrub sc --rate 1k >paced 2>&1 &
scrub=$!
until dmsetup message sc 0 scrub status | awk '{ exit !($1 == 1 && $3 > 0) }'; do
	dmsetup message sc 0 flush
done
kill -TERM $scrub
wait $scrub
[ $? = 7 ] || bad "an interrupted one: $(cat paced)"
grep -q "'deltalog scrub sc' goes on" paced || bad "it is not said that it goes on: $(cat paced)"
want 0 scrub sc --status --json
json '.running and .bytes > 4194304 and .bytes_left > 0'
did=$(jq .bytes out)
want 0 deactivate sc
want 0 activate sc --origin "$o" --log "$l" --reconcile-secs 86400
want 0 scrub sc --status --json
# With the segment that it was in.
json ".running and .bytes <= $did"
want 0 scrub sc --rate 0 --json
json ".running == false and .bytes > $did and .damaged == 0"
ok "interrupted, and after a restart"

# ---- beside writes, and segments that go

noise /dev/mapper/sc 480 &
writer=$!
n=0
while kill -0 $writer 2>/dev/null || [ $n -lt 3 ]; do
	want 0 scrub sc --again --rate 0
	dmsetup message sc 0 reconcile
	n=$((n + 1))
done
wait $writer
dmsetup suspend sc
want 0 scrub sc --status
want 8 scrub sc
says err "the volume is suspended"
want 8 scrub sc --again
dmsetup resume sc
want 0 scrub sc
want 0 detach sc
rmdisk sclog
rmdisk sc
ok "beside writes"

# ---- a sector that does not answer

mkram un 16
o=$DISK
mkram unlog 16
d=$DISK
n=$(blockdev --getsz "$d")
dmsetup create lg --table "0 $n linear $d 0" || bad "no log"
l=/dev/mapper/lg
# answers SECTOR: all but that one; without one, all
answers() {
	if [ $# = 1 ]; then
		printf '%s\n' "0 $1 linear $d 0" "$1 1 error" \
			"$(($1 + 1)) $((n - $1 - 1)) linear $d $(($1 + 1))"
	else
		echo "0 $n linear $d 0"
	fi >lines
	dmsetup reload lg lines || bad "the log's table: $(cat lines)"
	dmsetup resume lg
}
want 0 create sc --origin "$o" --log "$l" --reconcile-secs 86400 --cache-mem-kib 0 \
	--commit-ms 60000
want 0 policy set sc "-> bit"
page 9
dd if=/dev/mapper/sc of=content bs=4k count=1 skip=9 iflag=direct 2>/dev/null
base=$(where 9)
printf y | dd of=content bs=1 seek=2000 conv=notrunc 2>/dev/null
dd if=content of=/dev/mapper/sc bs=4k count=1 seek=9 oflag=direct conv=fsync 2>/dev/null
answers "$base"
# Nobody has looked, so it cannot be activated again, and says what it lacks.
want 0 deactivate sc
want 6 activate sc --origin "$o" --log "$l" --cache-mem-kib 0
says err "sector $base cannot be read, which page 9 needs"
answers
want 0 activate sc --origin "$o" --log "$l" --reconcile-secs 86400 --cache-mem-kib 0
answers "$base"
want 9 scrub sc --json
json '.mended == 1 and .damaged == 1'
want 0 deactivate sc
want 0 activate sc --origin "$o" --log "$l" --reconcile-secs 86400 --cache-mem-kib 0
dd if=/dev/mapper/sc bs=4k count=1 skip=9 iflag=direct 2>/dev/null | cmp -s - content ||
	bad "page 9 is not what it was"
answers
want 0 detach sc
dmsetup remove lg
rmdisk unlog
rmdisk un
ok "a sector that does not answer"

rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "scrub in the guest: $passed checks passed"
