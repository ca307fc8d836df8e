# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the lab's scripts share; to be sourced after `set -eu`.
#
# Sets   DL_TOP    the repository
#        DL_CACHE  built kernels and unpacked packages ($DELTALOG_CACHE, else
#                  ~/.cache/dm-deltalog); safe to delete at any time
# Unsets what a `make` around us would push into the kernel's own build.
# Gives  dl_say, dl_die, dl_with_lock, dl_pkg_version, dl_kernel_release

# shellcheck disable=SC2034
DL_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
DL_CACHE=${DELTALOG_CACHE:-${HOME:-/root}/.cache/dm-deltalog}
case $DL_CACHE in
/*) ;;
*) DL_CACHE=$PWD/$DL_CACHE ;;
esac

unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES ARCH CROSS_COMPILE KBUILD_OUTPUT O
export LC_ALL=C

# Progress goes to stderr: stdout is for what a caller may capture.
dl_say() { printf '%s\n' "${0##*/}: $*" >&2; }

dl_die() {
	dl_say "error: $*"
	exit 1
}

# dl_with_lock NAME CMD [ARG...]: run CMD while no other caller holds NAME.
dl_with_lock() {
	local file=$DL_CACHE/lock/$1
	shift
	mkdir -p "$DL_CACHE/lock"
	(
		if ! flock -n 9; then
			dl_say "waiting for another caller (lock $file)"
			flock 9
		fi
		"$@" 9>&-
	) 9>"$file"
}

# Version of an installed package; fails when it is not installed.
dl_pkg_version() {
	local st
	st=$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$1" 2>/dev/null) || return 1
	case $st in
	installed\ *) printf '%s\n' "${st#* }" ;;
	*) return 1 ;;
	esac
}

# Release, as `uname -r` will say it, of the kernel that a build or header
# directory is for.  (Debian's include/config/kernel.release may differ.)
dl_kernel_release() {
	sed -n 's/^#define UTS_RELEASE "\(.*\)"$/\1/p' "$1/include/generated/utsrelease.h"
}
