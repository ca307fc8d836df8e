#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, user-mode Linux at its own speed: how long a rewind takes.
#
# Usage: rewind.sh SIZE_GIB MIB
#
# A volume of SIZE_GIB, of which MIB in random pages have been written and are in
# the origin.  After a snapshot the same pages are written again, and the volume
# is rewound to it: all of the changes are in the log then.  When that is settled
# it is rewound once more, to what was before: now the changes are in the origin,
# and what was there is kept in the log.  Both times a page is read at once, then all.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
need fio dmsetup python3

gib=$1 mib=$2

# Room for what was, what is, and the rewind's own entries of the map.
null_disk fast $((mib * 4)) blocksize=512 irqmode=0
# shellcheck disable=SC2034 # for target_up
FAST=$DISK
null_disk slow $((gib * 1024)) blocksize=512 irqmode=0
# shellcheck disable=SC2034 # for target_up
SLOW=$DISK
# shellcheck disable=SC2034 # for target_up
DL_OPTS='high_watermark 95 reconcile_secs 86400'

# pages JOB PATTERN ARG...: the same pages each time, all of them PATTERN
pages() {
	_job=$1 _pattern=$2
	shift 2
	fio_run deltalog --name="$_job" --bs=4k --ioengine=libaio --iodepth=64 \
		--iodepth_batch_submit=64 --iodepth_batch_complete_min=32 --size="${gib}g" \
		--io_size="${mib}m" --randseed=20 --norandommap \
		--random_generator=tausworthe64 --verify=pattern --verify_fatal=1 \
		--verify_state_save=0 --verify_pattern="$_pattern" "$@"
}

# The first page: it is none of the others.
put_first() {
	tr '\0' "$1" </dev/zero | head -c 4096 |
		dd of="$VOL" bs=4k count=1 iflag=fullblock oflag=direct 2>/dev/null ||
		fail "cannot write the first page"
}
first_is() {
	[ "$(dd if="$VOL" bs=4k count=1 iflag=direct 2>/dev/null | tr -d "$1" | wc -c)" = 0 ] ||
		fail "what is read after a rewind is not '$1', what was there then"
}

# rewind_to NAME KEPT FORM
rewind_to() {
	value "records_$3" deltalog "$(status records)"
	value "past_$3" deltalog "$(status past)"
	dmsetup suspend deltalog || fail "cannot suspend the volume"
	_took=$(message rewind "$1" "$2")
	dmsetup resume deltalog || fail "cannot resume the volume"
	value "rewind_$3" deltalog "${_took%% *}"
}

target_up deltalog
pages before 0x11223344 --rw=randwrite --do_verify=0
put_first B
settle
message snapshot_create "then" >/dev/null
pages after 0x55667788 --rw=randwrite --do_verify=0
put_first A
rewind_to "then" meanwhile log
first_is B
pages was 0x11223344 --rw=randread
settle
rewind_to meanwhile again origin
first_is A
pages is 0x55667788 --rw=randread

# What starting dmsetup takes, which a message is in any case.
least=''
for _ in 1 2 3 4 5; do
	start=$(date +%s%N)
	dmsetup message deltalog 0 snapshot_list >/dev/null || fail "snapshot_list"
	took=$(($(date +%s%N) - start))
	[ -n "$least" ] && [ "$took" -ge "$least" ] || least=$took
done
value start deltalog "$least"
target_down
