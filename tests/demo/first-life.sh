#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration up to the power cut.
# Usage: first-life.sh DIR TEXT: say TEXT when the power is to be cut.
set -eu
# shellcheck source=tests/demo/lib.sh
. "$DL_TOP/tests/demo/lib.sh"

dir=$1 cut=$2
need fio dmsetup
# shellcheck disable=SC2119 # there are no parameters to pass
load_module
modprobe_all ext4
mkdir -p "$VOL"

chapter "A log is put in front of it (Linux $(uname -r), stock)"
show deltalog create vol0 --origin $ORIGIN --log $LOG
[ "$(writes $ORIGIN)" = 0 ] || fail "the origin was written to"
ok "nothing was written to the origin: 0 writes"
show mount /dev/mapper/vol0 $VOL

chapter "Work: copy the files, fio with verify"
start=$(now_ms)
cp -a $VOL/project $VOL/headers "$TMPDIR"
mkdir $VOL/copy
cp -a "$TMPDIR/project" "$TMPDIR/headers" $VOL/copy
sync
rm -rf "$TMPDIR/project" "$TMPDIR/headers"
sums $VOL/copy "$dir/files.sha256" || { cat "$TMPDIR/said"; fail "the copy differs"; }
ok "$(wc -l <"$dir/files.sha256") files copied, synced and compared ($(since "$start"))"
start=$(now_ms)
quietly fio_job
ok "fio: 16 MiB in random 4 KiB writes, verified ($(since "$start"))"
user=$(status user_bytes) log=$(status log_bytes)
figure "written by the file system" "$(mib "$user")"
figure "written to the log" "$(mib "$log"), $(awk -v u="$user" -v l="$log" \
	'BEGIN { printf "%.3f bytes for each", l / u }')"
figure "  in" "$(status commits) writes, $(status flushes) cache flushes"
figure "written to the origin" "$(mib "$(written $ORIGIN)")"

chapter "More work, until the power fails"
# Overwrites at random places, never synced: load, and what may be lost.
fio --name=load --filename=$VOL/load --size=8m --bs=4k --rw=randwrite --time_based \
	--runtime=120 --rate_iops=300 --ioengine=libaio --iodepth=8 --direct=1 \
	>/dev/null 2>&1 &
mkdir $VOL/kept
sync
before=$(writes $ORIGIN)
{
	# Said before the end, because nothing can be said after it.
	sleep 5
	figure "writes to the origin meanwhile" "$(($(writes $ORIGIN) - before))"
	figure "in the log, not in the origin" "$(status records) records"
} &
"$dir/keep" $VOL/copy $VOL/kept 300 "$cut" <"$dir/files.sha256"
