#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Everything that must be refused: bad table lines and options, devices that do
# not fit, logs that are damaged, foreign, truncated, detached, in use or from
# the future, bad messages. Each has to be refused with one precise line, and
# leave origin and log as they were.
#
# Usage: refuse.sh      in a guest
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
FORGE=$DL_TOP/build/tests/dlforge
[ -x "$FORGE" ] || fail "no $FORGE: make crash-tools"
tmp=/run/tmp
cases=0

disk origin 1
O=$DISK
disk log 2
L=$DISK
N=$(blockdev --getsz "$O")
model fill --dev "$O" --seed 1

# A log with some history, clean; kept to start every case from.
volume "$O" "$L"
model run --dev "$VOL" --seed 1 --mix database --threads 3 --ops 120 >$tmp/out ||
	fail "$(cat $tmp/out)"
cp "$VOL" $tmp/content
gone
cp $tmp/log.img $tmp/log.good
cp $tmp/origin.img $tmp/origin.good

restore() {
	# Through the devices: their cached pages must not survive.
	dd if=$tmp/log.good of="$L" bs=2M oflag=direct status=none
	dd if=$tmp/origin.good of="$O" bs=2M oflag=direct status=none
}
sums() { cksum $tmp/log.img $tmp/origin.img; }

# One line of ours and at most the two that device mapper adds.
precise() {
	_lines=$(log_since | grep -c 'device-mapper: deltalog: ' || :)
	[ "$_lines" -le "${MOST:-1}" ] ||
		fail "$1: $_lines lines instead of one: $(log_since)"
	log_since | grep -qF -- "$2" ||
		fail "$1: expected '$2', the kernel said: $(log_since)"
	cases=$((cases + 1))
}

# refused WHAT EXPECTED TABLE
refused() {
	_sums=$(sums)
	log_mark
	if dmsetup create "$V" --table "$3" 2>$tmp/err; then
		dmsetup remove "$V"
		fail "$1: not refused: $3"
	fi
	precise "$1" "$2"
	[ "$(sums)" = "$_sums" ] || fail "$1: something was changed"
}

# refused_log WHAT EXPECTED DLFORGE-ARGS...: with the log changed like that
refused_log() {
	_what=$1 _want=$2
	shift 2
	restore
	"$FORGE" $tmp/log.img "$@" || fail "$_what: dlforge $*"
	refused "$_what" "$_want" "0 $N deltalog $O $L"
}

# ---- table lines

refused 'no devices' 'Usage: <origin> <log>' "0 $N deltalog"
refused 'no log' 'Usage: <origin> <log>' "0 $N deltalog $O"
refused 'no such origin' 'Origin cannot be opened' "0 $N deltalog /dev/nothing $L"
refused 'no such log' 'Log cannot be opened' "0 $N deltalog $O /dev/nothing"
refused 'origin is log' 'Origin and log are the same device' "0 $N deltalog $L $L"
refused 'larger than the origin' 'Volume is larger than its origin' \
	"0 $((N + 8)) deltalog $O $L"
log_mark
if dmsetup create --readonly "$V" --table "0 $N deltalog $O $L" 2>/dev/null; then
	fail "a read-only table"
fi
precise 'read-only' 'cannot be read-only'
log_mark
printf '0 8 zero\n8 %s deltalog %s %s\n' $((N - 8)) "$O" "$L" >$tmp/table
if dmsetup create "$V" $tmp/table 2>/dev/null; then
	fail "not alone in its table"
fi
precise 'not alone in its table' 'device-mapper: '
ok 'table lines'

# ---- options

opts() { refused "options '$1'" "$2" "0 $N deltalog $O $L $1"; }
opts 'x' 'Invalid number of options'
opts '99' 'Invalid number of options'
opts '-1' 'Invalid number of options'
opts '2 commit_ms' 'Invalid number of options'
opts '1 commit_ms' "option 'commit_ms' needs a value"
opts '2 nonsense 1' "unknown option 'nonsense'"
opts '1 Zero_discards' "unknown option 'Zero_discards'"
opts '2 commit_ms 0' "commit_ms '0': a number from 1 to 60000 is needed"
opts '2 commit_ms 60001' "commit_ms '60001': a number from 1 to 60000"
opts '2 commit_ms -5' "commit_ms '-5': a number from"
opts '2 commit_ms 5x' "commit_ms '5x': a number from"
opts '2 commit_ms 99999999999999999999' "commit_ms '99999999999999999999': a number"
opts '2 reconcile_secs 0' "reconcile_secs '0': a number from 1 to 86400"
opts '2 reconcile_secs 86401' "reconcile_secs '86401': a number from"
opts '2 high_watermark 0' "high_watermark '0': a number from 1 to 95"
opts '2 high_watermark 96' "high_watermark '96': a number from"
opts '2 low_watermark 95' "low_watermark '95': a number from 0 to 94"
opts '4 high_watermark 30 low_watermark 30' 'low_watermark 30 must be below high_watermark 30'
opts '2 high_watermark 20' 'low_watermark 25 must be below high_watermark 20'
opts '2 frame_mem_kib 10' "frame_mem_kib '10': a number from"
opts '1 zero_discards commit_ms 5' '2 arguments too many after the options'
opts '0 5' '1 arguments too many after the options'
ok 'options'

# ---- devices

truncate -s 1000k $tmp/small.img
S=$(losetup -f --show $tmp/small.img)
refused 'a log that is too small' 'is too small: 2000 sectors, at least 2048 are needed' \
	"0 $N deltalog $O $S"
losetup -d "$S"
disk foreign 2
F=$DISK
dd if=/dev/urandom of="$F" bs=64k count=4 oflag=direct status=none
refused 'a device with something else on it' 'is not a deltalog log' \
	"0 $N deltalog $O $F"
ok 'devices'

# ---- logs

# Offsets in a superblock: magic 0, version 8, crc 12, compat 16, ro_compat 24,
# incompat 32, generation 56, flags 64, block 68, chunk 72, cp_sectors 76,
# log_sectors 80, data_start 88, volume_sectors 96, cp_sector 104, epoch 120.
refused_log 'no magic' 'is not a deltalog log' super all 0 8 12345
refused_log 'a newer format' 'version' super all 8 4 2
refused_log 'version 0' 'version' super all 8 4 0
refused_log 'an unknown incompat feature' 'incompat' super all 32 8 256
refused_log 'an unknown ro-compat feature' 'ro_compat' super all 24 8 4
refused_log 'blocks of 100 bytes' 'size or count is out of range' super all 68 4 100
refused_log 'blocks of 8 KiB' 'size or count is out of range' super all 68 4 8192
refused_log 'chunks of 3 sectors' 'size or count is out of range' super all 72 4 3
refused_log 'chunks of nothing' 'size or count is out of range' super all 72 4 0
refused_log 'no room for checkpoints' 'slot 0' super all 76 4 0
refused_log 'data in the superblock' 'slot 0' super all 88 8 8
refused_log 'data beyond the end' 'slot 0' super all 88 8 1000000
refused_log 'a checkpoint nowhere' 'slot 0' super all 104 8 900000
refused_log 'a checkpoint in the data' 'slot 0' super all 104 8 2000
refused_log 'a checkpoint that is too long' 'slot 0' super all 112 4 100000000
refused_log 'no epoch' 'slot 0' super all 120 8 0
refused_log 'a larger log than its device' 'is truncated: it has 4096 sectors, its superblock says 8192' \
	super all 80 8 8192
refused_log 'a larger volume' 'belongs to a volume of 99999999 sectors' super all 96 8 99999999
refused_log 'detached' "is detached: its origin is a plain disk again" super all 64 4 3
MOST=3
refused_log 'checkpoints of another generation' 'slot 0' super all 56 8 999
refused_log 'damaged checkpoints' 'slot 0' super all 116 4 1
refused_log 'a checkpoint without its magic' 'no usable' cp all 0 8 1
refused_log 'a checkpoint with a wrong section count' 'checkpoint' cp all 56 4 200
refused_log 'an unknown section that must be known' 'feature' cp all 128 4 77
refused_log 'a section that is too long' 'checkpoint' cp all 136 8 1000000
MOST=1
ok 'logs from the future, of other shapes, damaged'

# A slot that is damaged is passed over, with a line that says so.
for field in '0 8 1' '8 4 9' '32 8 256' '68 4 3' '104 8 1'; do
	for slot in 0 1; do
		restore
		# shellcheck disable=SC2086 # offset, size and value
		"$FORGE" $tmp/log.img super $slot $field
		log_mark
		volume "$O" "$L"
		log_wants "superblock $slot at sector $((slot * 8)): "
		cmp $tmp/content "$VOL" || fail "slot $slot, $field: other content"
		gone
	done
done
ok 'one good slot is enough'

restore
truncate -s 1100k $tmp/log.img
losetup -c "$L"
refused 'a truncated log' 'is truncated: it has 2200 sectors, its superblock says 4096' \
	"0 $N deltalog $O $L"
truncate -s 2M $tmp/log.img
losetup -c "$L"
restore
refused 'a smaller volume' 'belongs to a volume of' "0 $((N - 8)) deltalog $O $L"
ok 'a truncated log, a smaller volume'

# ---- the wrong origin

restore
disk other 1
X=$DISK
model fill --dev "$X" --seed 99
refused 'the log of another origin' 'was changed behind the log' "0 $N deltalog $X $L"
model fill --dev "$O" --seed 98
refused 'an origin changed behind the log' 'was changed behind the log' \
	"0 $N deltalog $O $L"
volume "$O" "$L" '1 accept_origin'
gone
volume "$O" "$L"
gone
restore
ok 'another origin, a changed origin, and the option to take it all the same'

# ---- twice

restore
volume "$O" "$L"
again() {
	_table=$2
	log_mark
	if dmsetup create second --table "$_table" 2>/dev/null; then
		fail "$1: not refused"
	fi
	precise "$1" "$3"
}
disk blank 2
again 'origin and log again' "0 $N deltalog $O $L" 'in use by volume'
again 'the origin with another log' "0 $N deltalog $O $DISK" 'in use by volume'
again 'the log with another origin' "0 $N deltalog $X $L" 'in use by volume'
again 'the log as an origin' "0 4096 deltalog $L $DISK" 'in use by volume'
again 'the origin as a log' "0 $N deltalog $X $O" 'in use by volume'
dmsetup create alias-log --table "0 4096 linear $L 0"
dmsetup create alias-origin --table "0 $N linear $O 0"
MOST=3
again 'both under other names' \
	"0 $N deltalog /dev/mapper/alias-origin /dev/mapper/alias-log" \
	'is active already, through another device'
MOST=1
dmsetup remove alias-log
dmsetup remove alias-origin
ok 'a second activation'

# ---- messages

message() {
	log_mark
	if dmsetup message "$V" 0 "$2" >/dev/null 2>&1; then
		fail "message '$2' is taken"
	fi
	log_wants "$3"
	cases=$((cases + 1))
}
message 'unknown' 'nonsense' "unknown message 'nonsense'"
message 'too long' 'drain now please' 'wrong number of arguments (2)'
message 'no value' 'set commit_ms' 'wrong number of arguments (1)'
message 'no such tunable' 'set colour 5' 'set colour 5: no such tunable'
message 'out of range' 'set commit_ms 0' "commit_ms '0'"
message 'only in the table' 'set segment_kib 64' 'fixed until the next activation'
message 'watermarks' 'set low_watermark 94' 'low_watermark'
dmsetup message "$V" 0 set commit_ms 17 || fail "a good value"
dmsetup table "$V" | grep -q 'commit_ms 17' || fail "a tunable is not in the table"
dmsetup load "$V" --table "0 $((N - 8)) deltalog $O $L" 2>/dev/null &&
	fail "a volume shrinks"
ok 'messages'

# ---- detached

dmsetup message "$V" 0 detach || fail "detach"
expect_stat mode detached
if dd if=/dev/zero of="$VOL" bs=4k count=1 oflag=direct status=none 2>/dev/null; then
	fail "a detached volume takes writes"
fi
message 'after the detach' 'drain' 'detached'
gone
refused 'detached' 'is detached: its origin is a plain disk again' \
	"0 $N deltalog $O $L"
ok 'detached'
echo "ok - $cases cases refused, each with its reason"
