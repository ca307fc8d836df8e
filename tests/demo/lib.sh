# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For the guests of the demonstration; scripts/demo.sh reads their output:
#
#   # TEXT          a new chapter
#   $ TEXT          a command that was run
#   = WHAT<TAB>HOW  a figure
#   ok - TEXT       what was shown (lib.sh of the guests, as is "not ok - ")
#   @kept NAME SUM  this file was fsynced; must be there after a power cut
#   @sum SUM        of the whole volume, before it was detached
#
# ORIGIN and LOG are the disks, VOL is where the volume gets mounted.

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

# shellcheck disable=SC2034 # for those who source this
ORIGIN=/dev/vda LOG=/dev/vdb VOL=/mnt/vol

chapter() { printf '# %s\n' "$*"; }
figure() { printf '= %s\t%s\n' "$1" "$2"; }

say() { printf '%s\n' "$*"; }
say_run() { printf '$ %s\n' "$*"; }

# Say what is run, run it, show what it says.
show() {
	say_run "$*"
	"$@" >"$TMPDIR/said" 2>&1 || {
		cat "$TMPDIR/said"
		fail "$*"
	}
	cat "$TMPDIR/said"
}

# Run it, and show what it says only if it fails.
quietly() {
	"$@" >"$TMPDIR/said" 2>&1 || {
		tail -n 20 "$TMPDIR/said"
		fail "$*"
	}
}

deltalog() { "$DELTALOG_TOOL" "$@"; }

# ---- figures ----

now_ms() { echo $(($(date +%s%N) / 1000000)); }
# since MS: seconds since then, as a decimal
since() { awk -v ms=$(($(now_ms) - $1)) 'BEGIN { printf "%.1f s", ms / 1000 }'; }
mib() { awk -v b="$1" 'BEGIN { printf "%.1f MiB", b / 1048576 }'; }
# size BYTES: in the unit that fits
size() {
	if [ "$1" -ge 1048576 ]; then
		mib "$1"
	elif [ "$1" -ge 1024 ]; then
		awk -v b="$1" 'BEGIN { printf "%.1f KiB", b / 1024 }'
	else
		printf '%u B' "$1"
	fi
}

# status KEY: a number of the volume's status line
status() {
	dmsetup status --noflush vol0 |
		awk -v key="$1" '{ for (i = 5; i < NF; i++) if ($i == key) print $(i + 1) }'
}

# disk DEV FIELD: of /sys/block/DEV/stat, as the kernel numbers them
disk() { awk -v n="$2" '{ print $n }' "/sys/block/${1#/dev/}/stat"; }
writes() { disk "$1" 5; }
written() { echo $(($(disk "$1" 7) * 512)); }

# ---- the workload ----

# What fio wrote before the power cut is verified after it: the same words.
fio_job() {
	fio --name=verified --filename="$VOL/fio" --size=16m --bs=4k --rw=randwrite \
		--ioengine=libaio --iodepth=16 --direct=1 --end_fsync=1 --randseed=7 \
		--verify=crc32c --verify_fatal=1 "$@"
}

# sums DIR LIST: every file of the list is below DIR, with that sum
sums() { (cd "$1" && sha256sum --check --strict --quiet "$2") >"$TMPDIR/said" 2>&1; }
