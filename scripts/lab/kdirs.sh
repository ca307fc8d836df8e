#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Lists the header directories of stock kernels that the module is built for.
#
# Usage: scripts/lab/kdirs.sh [SERIES]
#
# Prints one line for each series found: "6.1 RELEASE KDIR", "6.12 RELEASE KDIR".
# With SERIES, prints that line only and fails if there is none.  Of several
# releases of a series the newest counts; an installed header package goes
# before one that scripts/setup.sh unpacked into the cache.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/common.sh"

newest() {
	local dir
	for dir; do
		case $dir in
		*-rt-amd64 | *-cloud-amd64) continue ;;
		esac
		[ ! -r "$dir/include/generated/utsrelease.h" ] || printf '%s\n' "$dir"
	done | sort -V | tail -n 1
}

show() {
	local dir
	dir=$(newest "/usr/src/linux-headers-$1."*-amd64)
	[ -n "$dir" ] || dir=$(newest "$DL_CACHE/headers/linux-headers-$1."*-amd64)
	[ -n "$dir" ] || return 1
	printf '%s %s %s\n' "$1" "$(dl_kernel_release "$dir")" "$dir"
}

case $# in
0)
	show 6.1 || :
	show 6.12 || :
	;;
1)
	show "$1" || dl_die "no headers of Linux $1: run scripts/setup.sh build"
	;;
*)
	sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
