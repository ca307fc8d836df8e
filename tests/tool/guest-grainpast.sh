#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest: the granularity map as it was when a snapshot was made. What is
# written, and how it is recorded, changes from one snapshot to the next; each goes
# on to show its own. Rates are from writes at known intervals, so time is simulated.
#
# Usage: tests/tool/guest-grainpast.sh     (below uml/run.sh --time-travel)
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup cmp
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

mkram gp 64
o=$DISK
mkram gplog 96
l=$DISK
want 0 create gp --origin "$o" --log "$l" --delta-mem-kib 4096
vol=/dev/mapper/gp

# heat PAGE SECONDS: write it once in each
heat() {
	_s=0
	while [ $_s -lt "$2" ]; do
		_s=$((_s + 1))
		once "$1"
		sleep 1
	done
}
# region START FILTER: the map has it, and so
region() {
	json ".regions | map(select(.start == $1)) | length == 1 and (.[0] | $2)"
}
lacks() { json ".regions | all(.start != $1)"; }
# regions FILE: what is to stay as it is
regions() { jq -S '[.known_regions, .regions]' out >"$1" || bad "no JSON"; }
# same SNAPSHOT FILE: its map is what it was
same() {
	want 0 map gp "$1" --json
	regions now
	cmp -s now "$2" || bad "the map at $1 is not what it was: $(diff now "$2")"
	pass
}

# ---- two snapshots, and now

# Its 16th page: the page of 1 MiB is hot, some at 8 MiB were written once.
for i in $(seq 128 131); do once $((i * 16)); done
heat 256 200
want 0 map gp --json
jq -S '[.regions[] | {start, level, sequential}]' out >live
want 0 snapshot create gp monday
want 0 map gp monday --json
json '.volume == "gp" and .snapshot == "monday" and (.live | not) and
	.sectors == 131072 and has("policy") == false and .known_regions == (.regions | length)'
region 2048 '.rate_per_hour > 1000 and .rate_per_hour < 3700 and .level == "bit" and
	.delta_bytes > 0 and .delta_bytes < 100 and has("page_rate_per_hour") == false and
	has("rule") == false'
region 16384 '.level == "block"'
lacks 6144
regions monday
jq -S '[.regions[] | {start, level, sequential}]' out >past
cmp -s live past || bad "the map at the snapshot is not what it was before: $(diff live past)"
pass
ok "the map at a snapshot is the volume's"

# Another page becomes hot, and what is written is recorded otherwise.
want 0 policy set gp '-> block'
heat 768 240
once 256
want 0 map gp --json
region 6144 '.rate_per_hour > 500 and .level == "block"'
region 2048 '.rate_per_hour < 2000 and .level == "block"'
same monday monday
want 0 map gp monday
says out "were written lately, at snapshot monday, 20"
awk '$1 == 1048576 { level = $7 } END { exit level != "bit" }' out || bad "no line of it"
want 0 map gp monday --svg map.svg
nr=$(jq '.[1] | length' monday)
says out "gp: map of $nr regions drawn in map.svg"
says map.svg ", at snapshot monday, 20"
says map.svg "64.0 KiB from 1.0 MiB: bit, "
# By the mark alone, as no file system is frozen and no checkpoint made for it.
want 0 snapshot create gp tuesday --no-freeze
dd if="$l" of=log.tuesday bs=1M iflag=direct status=none || bad "copying the log"
dd if="$o" of=origin.tuesday bs=1M iflag=direct status=none || bad "copying the origin"
want 0 map gp tuesday --json
region 6144 '.rate_per_hour > 500 and .level == "block"'
region 2048 '.level == "block"'
regions tuesday
cmp -s monday tuesday && bad "two snapshots have the same map"
same monday monday
ok "two snapshots and the volume differ"

# ---- names

want 4 map gp sunday
says err "gp has no snapshot 'sunday'"
one_line
want 4 map gp sunday --json
json '.ok == false and .exit == 4'
want 2 map gp -- -x
want 2 map gp one two
want 0 snapshot rename gp monday first
same first monday
want 4 map gp monday
# Of its id, not of its name.
want 0 snapshot create gp monday
want 0 map gp monday --json
region 6144 '.level == "block"'
same first monday
want 0 snapshot delete gp monday
want 4 map gp monday
says err "gp has no snapshot 'monday'"
ok "renamed and deleted"

# ---- written to the origin, down and up again

dmsetup message gp 0 drain || bad "drain"
same first monday
same tuesday tuesday
want 0 deactivate gp
want 0 map --log "$l" first --json
json ".log == \"$l\" and .snapshot == \"first\" and (.live | not)"
regions now
cmp -s now monday || bad "the log has another map of it"
want 0 map --log "$l" tuesday
says out "at snapshot tuesday, 20"
want 4 map --log "$l" monday
says err "its last checkpoint has no snapshot 'monday'"
want 0 map --log "$l" --json
json '.snapshot == null and .policy.rules[0].level == "block"'
want 0 dump "$l" --super --json
json '.checkpoint.snapshot_maps == 2'
want 0 check "$l"
want 0 activate gp --origin "$o" --log "$l"
same first monday
same tuesday tuesday
ok "kept over a drain and a deactivation"

# ---- rewound

heat 1024 60
want 0 rewind gp first --keep before
same first monday
want 0 map gp before --json
region 8192 '.rate_per_hour > 500 and .level == "block"'
regions before
heat 1280 60
same before before
dmsetup message gp 0 drain || bad "drain"
same before before
same tuesday tuesday
ok "kept over a rewind, which keeps one of its own"

# ---- of a moment, and by rule

want 0 retention gp --window 1h --keep 1h:1d
heat 1024 30
want 0 snapshot create gp past --at '10 seconds ago'
want 4 map gp past
says err "no map was kept with snapshot past"
one_line
want 4 map gp past --json
json '.exit == 4 and (.error | contains("no map was kept"))'
# Simulated: the hour of the rule is over, so one is due as soon as there is a write.
sleep 3700
once 1024
dmsetup message gp 0 flush
want 0 retention gp --apply
want 0 snapshot list gp --json
auto=$(jq -r '[.snapshots[].name | select(startswith("auto-"))] | last' out)
want 0 map gp "$auto" --json
region 8192 'true'
regions auto
heat 1536 30
same "$auto" auto
lacks 12288
want 0 retention gp --off
ok "none of a past moment, one by rule"

# ---- a crash right behind the mark

want 0 deactivate gp
loop_l=$(losetup -f --show log.tuesday) || bad "losetup"
loop_o=$(losetup -f --show origin.tuesday) || bad "losetup"
# The last checkpoint is from before: it is the mark that has the map.
want 4 map --log "$loop_l" tuesday
want 0 activate gp --origin "$loop_o" --log "$loop_l"
same monday monday
same tuesday tuesday
want 0 deactivate gp
want 0 map --log "$loop_l" tuesday
want 0 activate gp --origin "$loop_o" --log "$loop_l"
same tuesday tuesday
want 0 snapshot delete gp tuesday
want 4 map gp tuesday
want 0 deactivate gp
want 0 dump "$loop_l" --super --json
json '.checkpoint.snapshot_maps == 1'
want 0 activate gp --origin "$loop_o" --log "$loop_l"
same monday monday
want 0 deactivate gp
ok "kept over a crash"

# ---- no room

# A log this small has room for some of it: the older become coarser, then none.
mkram small 64
so=$DISK
mkram smalllog 8
sl=$DISK
want 0 create small --origin "$so" --log "$sl"
vol=/dev/mapper/small
for i in $(seq 0 255); do once $((i * 16 + i % 16)); done
heat 4100 10
for i in $(seq 1 40); do want 0 snapshot create small "s$i" --no-freeze; done
want 0 map small s40 --json
json '.known_regions >= 256 and (.regions | length) > 32 and
	(.regions | length) < .known_regions'
region 32768 '.rate_per_hour > 50'
want 0 map small s40
says out "then these are the hottest: there was no room for more."
want 0 map small s39 --json
region 32768 '.rate_per_hour > 50'
want 4 map small s1
says err "no map was kept with snapshot s1"
want 0 snapshot list small --json
json '.snapshots | length == 40'
want 0 deactivate small
want 0 check "$sl"
want 0 activate small --origin "$so" --log "$sl"
want 0 map small s40 --json
region 32768 '.rate_per_hour > 50'
want 0 status small --json
json '.mode == "rw" and .status.log_errors == 0'
want 0 deactivate small
ok "little room: maps go before snapshots do"

kmemleak_check
splat_check
ok "maps of snapshots in the guest: $passed checks passed"
