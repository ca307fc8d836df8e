#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build the module against one kernel build folder.
# Usage: build-module.sh KDIR BUILD [ARCH] [make arguments...]
# Leaves BUILD/<uname -r of that kernel>/dm-deltalog.ko.
set -eu

kdir=$1 build=$2 arch=${3:-}
shift 2
[ $# -eq 0 ] || shift

rel=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' \
	"$kdir/include/generated/utsrelease.h" 2>/dev/null || :)
if [ -z "$rel" ]; then
	echo "build-module: '$kdir' is no kernel build folder (KDIR=...):" \
		"install the kernel's headers or name another" >&2
	exit 1
fi

# kbuild leaves its objects beside the sources: give each kernel a copy of the
# tree made of symbolic links, so that builds do not see each other's.
src=$(pwd)
work=$build/$rel/src
mkdir -p "$work"
# Two at once in one folder would take each other's objects away.
exec 9>"$build/$rel/lock"
flock 9
cp -asf "$src/Kbuild" "$src/kmod" "$work/"
# A source that went away must not linger in the copy.
find "$work" -xtype l -delete

${MAKE:-make} --no-print-directory -C "$kdir" M="$work" \
	${arch:+ARCH="$arch"} "$@" modules >"$build/$rel/build.log" 2>&1 || {
	cat "$build/$rel/build.log" >&2
	exit 1
}
grep -E 'warning|error' "$build/$rel/build.log" >&2 || :
cp "$work/dm-deltalog.ko" "$build/$rel/dm-deltalog.ko"
echo "$build/$rel/dm-deltalog.ko"
