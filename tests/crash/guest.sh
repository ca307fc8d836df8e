#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of tests/crash/run.sh.
# Usage: guest.sh STATES SEED all|recorder|log-writes|ext4|linear CASE [OPTION...]
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

states=$1 seed=$2 only=$3 case=$4
shift 4

modprobe_all dm-mod loop dm-log-writes ext4
need mkfs.ext4 e2fsck
build=$DL_TOP/build
tool=$build/tests/dlreplay
insmod "$build/$(uname -r)/dl-record.ko" || fail "no recorder for this kernel"
# shellcheck disable=SC2119 # no parameters for the module
[ "$only" = linear ] || load_module

# User-mode Linux can write to the host, if it is told where.
keep=
mkdir -p /mnt/crash
if mount -t hostfs -o "$build/crash" none /mnt/crash 2>/dev/null; then
	keep=/mnt/crash
fi

one() {
	_what=$1 _states=$2
	shift 2
	case $_what in
	recorder | log-writes)
		"$tool" --seed "$seed" --states "$_states" --via "$_what" \
			${keep:+--save "$keep"} \
			--command "tests/crash/run.sh --only $_what --seed $seed --" "$@"
		;;
	ext4)
		"$tool" --ext4 --seed "$seed" --states "$_states" \
			--per-round 20 "$@"
		;;
	linear)
		"$tool" --target linear --seed "$seed" --states "$_states" \
			--count-wrong "$@"
		;;
	*)
		fail "no such part: $_what"
		;;
	esac
}

if [ -n "$case" ]; then
	[ -n "$keep" ] || fail "kept states are for user-mode Linux"
	exec "$tool" --case "$keep/$case"
fi
if [ "$only" != all ]; then
	one "$only" "$states" "$@"
	exit
fi
one recorder $((states * 45 / 100)) "$@"
one log-writes $((states * 45 / 100)) "$@"
one ext4 $((states / 10)) "$@"
