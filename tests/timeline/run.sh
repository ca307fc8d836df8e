#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Snapshots and views: boots a guest and carries out random schedules of writes,
# snapshots, views, moments of a window, rules, rewinds, drains, restarts and
# crashes; all that can be seen is compared with a model.
#
# Usage: tests/timeline/run.sh [OPTION]... [DLTIME-OPTION]...
#
#   --schedules N   default 1000
#   --seed N        default 1
#   --schedule N    only this one, as a report says
#   --ops N         most operations of a schedule, default 150; the same
#                   schedule with fewer is the same, cut short
#   --debug         under the debug kernel of user-mode Linux
#   --kernel 6.1|6.12
#                   under a stock kernel in QEMU instead
#   --timeout SEC   default 300 plus what the schedules may take
#   --mix NAME, --only crash|restart|none, --plain, --no-rewind, --no-window,
#   --count-wrong, --verbose
#                   see build/tests/dltime --help
#
# The module must have been built. Simulated time: what waits, waits for free,
# and the same seed gives the same run.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

flavour=fast schedules=1000 kernel='' limit='' args=() real=()
while [ $# -gt 0 ]; do
	case $1 in
	--debug) flavour=debug ;;
	--plain | --no-rewind | --no-window | --count-wrong | --verbose) args+=("$1") ;;
	--schedules | --seed | --schedule | --ops | --mix | --only | --kernel | --timeout)
		[ $# -ge 2 ] || usage
		case $1 in
		--kernel) kernel=$2 ;;
		--timeout) limit=$2 ;;
		--schedules) schedules=$2 ;;
		--schedule) schedules=1; args+=("$1" "$2") ;;
		*) args+=("$1" "$2") ;;
		esac
		shift
		;;
	*) usage ;;
	esac
	shift
done

again='tests/timeline/run.sh'
make -s -C "$DL_TOP" timeline-tools
if [ -n "$kernel" ]; then
	per_thousand=30000
	again+=" --kernel $kernel"
	real=(--real-time)
elif [ $flavour = debug ]; then
	per_thousand=15000
	again+=' --debug'
else
	per_thousand=400
fi
: "${limit:=$((300 + schedules * per_thousand / 1000))}"

args=(tests/timeline/guest.sh "$again" --schedules "$schedules" "${real[@]}" "${args[@]}")
if [ -n "$kernel" ]; then
	exec "$DL_TOP/tests/vm/run.sh" --kernel "$kernel" --timeout "$limit" -- "${args[@]}"
fi
run=("$DL_TOP/tests/uml/run.sh" --timeout "$limit" --time-travel=inf-cpu)
[ $flavour = fast ] || run+=(--debug)
exec "${run[@]}" -- "${args[@]}"
