#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Crash tests: boots a guest and cuts the power at many points of recorded
# workloads, for a bare volume and for ext4 on it.
#
# Usage: tests/crash/run.sh [OPTION]... [-- DLREPLAY-OPTION...]
#
#   --states N      crash states, default 1000. Nine tenths are of bare volumes,
#                   half of these recorded by dm-log-writes and half by the
#                   recorder; the rest are of ext4
#   --seed N        default 1
#   --debug         under the debug kernel of user-mode Linux
#   --kernel 6.1|6.12
#                   under a stock kernel in QEMU instead
#   --only WHAT     recorder, log-writes, ext4 or linear (the stand-in that must
#                   be found wrong)
#   --case FILE     one kept state again; FILE is below build/crash
#   --timeout SEC   default 120 plus what the states may take
#
# Wrong states are kept in build/crash (not from QEMU). Simulated time: what
# waits, waits for free, and the same seed gives the same run.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

states=1000 seed=1 flavour=fast kernel='' only='' case='' limit='' extra=()
while [ $# -gt 0 ]; do
	case $1 in
	--debug) flavour=debug ;;
	--states | --seed | --kernel | --only | --case | --timeout)
		[ $# -ge 2 ] || usage
		case $1 in
		--states) states=$2 ;;
		--seed) seed=$2 ;;
		--kernel) kernel=$2 ;;
		--only) only=$2 ;;
		--case) case=$2 ;;
		--timeout) limit=$2 ;;
		esac
		shift
		;;
	--) shift; extra=("$@"); break ;;
	*) usage ;;
	esac
	shift
done

build=$DL_TOP/build
make -s -C "$DL_TOP" crash-tools
if [ -n "$kernel" ]; then
	read -r _ _ kdir < <("$DL_TOP/scripts/lab/kdirs.sh" "$kernel")
	arch=''
	per_state=6
else
	kdir=$("$DL_TOP/tests/uml/build.sh" "$flavour")
	arch=um
	per_state=1
	[ $flavour = fast ] || per_state=4
fi
"$DL_TOP/tests/crash/build-record.sh" "$kdir" "$build" $arch >/dev/null
: "${limit:=$(awk -v n="$states" -v s=$per_state 'BEGIN { print int(120 + n * s) }')}"

mkdir -p "$build/crash"
args=(tests/crash/guest.sh "$states" "$seed" "${only:-all}" "${case#"$build/crash/"}" "${extra[@]}")
if [ -n "$kernel" ]; then
	exec "$DL_TOP/tests/vm/run.sh" --kernel "$kernel" --timeout "$limit" -- "${args[@]}"
fi
run=("$DL_TOP/tests/uml/run.sh" --timeout "$limit" --time-travel=inf-cpu)
[ $flavour = fast ] || run+=(--debug)
exec "${run[@]}" -- "${args[@]}"
