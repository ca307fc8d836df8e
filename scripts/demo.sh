#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration: `make demo`.
#
# Usage: scripts/demo.sh [--kernel 6.1|6.12] [--no-setup] [--keep]
#
# A slow disk with files on it gets a log in front of it, is worked on, loses
# power in the middle of that, is recovered and checked, goes back in time from
# an upgrade that went wrong, is worked on again, and made a plain disk again
# that holds every byte.  All of it happens in a VM with a
# stock Debian kernel, on image files below build/demo; nothing of this machine
# is touched but by scripts/setup.sh, which installs what is missing.
#
#   --kernel    the kernel to boot, default 6.12
#   --no-setup  do not look for missing packages
#   --keep      leave the disks' images (512 MiB, sparse) where they are
#
# What has to survive is written down outside of the VM: a file counts as kept
# when this script has read on the VM's serial line that its fsync returned.
#
# Exits with 0 if all that was shown is as it should be, else with 1.

set -euo pipefail
shopt -s lastpipe
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/lab/common.sh"
cd "$DL_TOP"

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kernel=6.12 setup=1 keep=''
while [ $# -gt 0 ]; do
	case $1 in
	--kernel) [ $# -ge 2 ] || usage; kernel=$2; shift ;;
	--no-setup) setup='' ;;
	--keep) keep=1 ;;
	*) usage ;;
	esac
	shift
done
case $kernel in 6.1 | 6.12) ;; *) usage ;; esac

DIR=$DL_TOP/build/demo
ORIGIN_MIB=192
LOG_MIB=256
ORIGIN_IOPS=300		# what the slow disk does in a second
CUT='the power fails now'

bold='' dim='' green='' red='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' off=$'\e[0m'
fi

chapters=0
chapter() {
	chapters=$((chapters + 1))
	printf '\n%s%d. %s%s\n' "$bold" $chapters "$*" "$off"
}
say() { printf '   %s\n' "$*"; }
figure() { printf '   %-34s %s%s%s\n' "$1" "$bold" "$2" "$off"; }

good() { printf '   %sok%s  %s\n' "$green" "$off" "$*"; }

verdict() {
	local colour=$green
	[ "$1" = PASS ] || colour=$red
	printf '\n%sdemo: %s%s %s\n' "$bold$colour" "$1" "$off" "$2"
}

fail() {
	verdict FAILED "$*"
	say "the kernels' logs and the disks' images are in ${DIR#"$DL_TOP/"}"
	exit 1
}

# NUMBER SUM, as sha256sum reads it
keep_line() { printf '%s  %s\n' "${1#* }" "${1%% *}"; }

# A guest's lines, see tests/demo/lib.sh.
tell() {
	local line
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		'# '*) chapter "${line#'# '}" ;;
		'$ '*) printf '   %s$ %s%s\n' "$dim" "${line#'$ '}" "$off" ;;
		'= '*) line=${line#'= '}; figure "${line%%	*}" "${line#*	}" ;;
		'ok - '*) good "${line#ok - }" ;;
		'not ok - '*) printf '   %sNOT OK%s  %s\n' "$red" "$off" "${line#not ok - }" ;;
		'@kept '*) keep_line "${line#@kept }" >>"$DIR/kept" ;;
		'@sum '*) printf '%s\n' "${line#@sum }" >"$DIR/sum" ;;
		*) say "$line" ;;
		esac
	done
}

# guest NAME RUNNER-OPTION... -- SCRIPT ARG...
guest() {
	local name=$1
	shift
	DELTALOG_TOOL=$DL_TOP/build/tools/deltalog \
		tests/vm/run.sh --kernel "$kernel" --mem 1G --timeout 600 \
		--out "$DIR/$name.log" \
		--disk "$DIR/origin.img,throttling.iops-total=$ORIGIN_IOPS" \
		--disk "$DIR/log.img" "$@" 2>"$DIR/$name.err" | tell ||
		{ cat "$DIR/$name.err" >&2; return 1; }
}

# ---- what is needed ---------------------------------------------------------

if [ -n "$setup" ]; then
	scripts/setup.sh bench
fi
say_building=1
build() {
	[ -z "$say_building" ] || echo "building for Linux $kernel ..."
	say_building=''
	"$@" >"$DIR/build.log" 2>&1 || { cat "$DIR/build.log" >&2; fail "the build"; }
}
rm -rf "$DIR"
mkdir -p "$DIR"
read -r _ release kdir < <(scripts/lab/kdirs.sh "$kernel")
build make -s tools
build make -s module KDIR="$kdir"
build gcc -O2 -Wall -Wextra -o "$DIR/keep" tests/demo/keep.c
tests/vm/fetch.sh "$kernel" >/dev/null
start=$SECONDS

# ---- a disk with files ------------------------------------------------------

chapter "A disk with files on it"
# This project's sources and some of the kernel's headers: what is there on any
# machine that could build the module.
mkdir -p "$DIR/files/project" "$DIR/files/headers"
cp -r README.md Makefile Kbuild Documentation kmod scripts tests tools "$DIR/files/project"
for dir in /usr/src/linux-headers-*-common/include; do
	[ -d "$dir/net" ] || continue
	cp -r "$dir/net" "$dir/crypto" "$DIR/files/headers/"
	break
done
(cd "$DIR/files" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$DIR/files.sha256"
files=$(wc -l <"$DIR/files.sha256")
mke2fs -q -F -t ext4 -b 4096 -L data -d "$DIR/files" -E lazy_itable_init=0,lazy_journal_init=0 \
	"$DIR/origin.img" ${ORIGIN_MIB}M \
	>"$DIR/mke2fs" 2>&1 || {
	cat "$DIR/mke2fs"
	fail "mke2fs"
}
truncate -s ${LOG_MIB}M "$DIR/log.img"
figure "the origin" "$ORIGIN_MIB MiB, ext4, $files files"
figure "  slow" "$ORIGIN_IOPS reads and writes a second, no more"
figure "the log" "$LOG_MIB MiB, blank"
figure "  fast" "as fast as the emulated machine can use it"
rm -rf "$DIR/files"

# ---- life one, and its end --------------------------------------------------

: >"$DIR/kept"
guest first --kill-on "$CUT" -- tests/demo/first-life.sh "$DIR" "$CUT" ||
	fail "before the power cut"
kept=$(wc -l <"$DIR/kept")
[ "$kept" -gt 0 ] || fail "no file was fsynced before the power cut"

chapter "The power is cut"
say "The VM was killed while it wrote. All that it had in memory is gone; the"
say "disks keep what they had acknowledged."
figure "known to have been fsynced" "$kept files"
if ! build/tools/deltalog check "$DIR/log.img" --origin "$DIR/origin.img" >"$DIR/check" 2>&1; then
	cat "$DIR/check"
	fail "deltalog check finds the log damaged"
fi
printf '   %s$ deltalog check log.img --origin origin.img%s\n' "$dim" "$off"
# Where the log ends, how much there is, and the verdict.
grep -vE '^(/|compared)' "$DIR/check" | while IFS= read -r line; do
	say "$line"
done

# ---- life two ---------------------------------------------------------------

guest second -- tests/demo/second-life.sh "$DIR" || fail "after the power cut"
sum=$(cat "$DIR/sum" 2>/dev/null || :)
[ -n "$sum" ] || fail "the volume's sum is missing"

chapter "The same, seen from outside"
say "The VM is off. This machine, which never had the module, reads the image."
[ "$(sha256sum <"$DIR/origin.img")" = "$sum  -" ] ||
	fail "the origin is not what the volume was"
good "sha256 of the origin's image is that of the volume: ${sum:0:16}..."
e2fsck -fn "$DIR/origin.img" >"$DIR/e2fsck" 2>&1 || { cat "$DIR/e2fsck"; fail "e2fsck"; }
good "e2fsck -fn finds nothing"

[ -n "$keep" ] || rm -f "$DIR/origin.img" "$DIR/log.img"
verdict PASS "$kept fsynced files survived the power cut, a bad upgrade was taken back, the bare origin is current to the byte ($((SECONDS - start)) s, Linux $release)"
