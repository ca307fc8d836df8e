#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the module for the tests from nothing, with all warnings: one is a
# failure, wherever it comes from.
#
# Usage: scripts/build-strict.sh 6.1|6.12|fast|debug...
#
# Leaves build/<kernel release>/dm-deltalog.ko, as `make module` does.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/lab/common.sh"

[ $# -ge 1 ] || { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
cd "$DL_TOP"
bad=0
for kernel; do
	case $kernel in
	6.*)
		read -r _ _ kdir < <(scripts/lab/kdirs.sh "$kernel")
		arch=''
		;;
	*)
		kdir=$(tests/uml/build.sh "$kernel")
		arch=um
		;;
	esac
	out=build/$(dl_kernel_release "$kdir")
	# What is compiled already would not be warned of again.
	rm -rf "$out/src"
	make -s module KDIR="$kdir" ARCH="$arch" MODFLAGS="-s -j$(nproc) W=1" >/dev/null
	# Said of every module that is built with headers only.
	if grep -vE '^Skipping BTF generation for .* due to unavailability of vmlinux$' "$out/build.log"; then
		echo "not ok - $kernel: the build was not silent"
		bad=1
	else
		echo "ok - $out/dm-deltalog.ko"
	fi
done
exit $bad
