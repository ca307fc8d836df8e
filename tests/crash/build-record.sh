#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Build the recorder against one kernel build folder.
# Usage: build-record.sh KDIR BUILD [ARCH]
# Leaves BUILD/<uname -r of that kernel>/dl-record.ko and prints its path.
set -eu

[ $# -ge 2 ] || {
	sed -n '4,5s/^# //p' "$0" >&2
	exit 2
}
kdir=$1 build=$2 arch=${3:-}
here=$(cd "$(dirname "$0")/record" && pwd)
rel=$(sed -n 's/^#define UTS_RELEASE "\(.*\)"/\1/p' \
	"$kdir/include/generated/utsrelease.h" 2>/dev/null || :)
if [ -z "$rel" ]; then
	echo "build-record: '$kdir' is no kernel build folder" >&2
	exit 1
fi

# kbuild leaves its objects beside the sources: give it links in a place of its
# own for each kernel.
work=$build/$rel/record
mkdir -p "$work"
(
	flock 9
	for f in "$here"/*; do
		ln -sfn "$f" "$work/"
	done
	log=$work/build.log
	make --no-print-directory -C "$kdir" M="$work" ${arch:+ARCH="$arch"} \
		modules >"$log" 2>&1 || {
		cat "$log" >&2
		exit 1
	}
	grep -E 'warning|error' "$log" >&2 || :
	cmp -s "$work/dl-record.ko" "$build/$rel/dl-record.ko" ||
		cp "$work/dl-record.ko" "$build/$rel/dl-record.ko"
) 9>"$work/.lock"
echo "$build/$rel/dl-record.ko"
