#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds user-mode Linux for the tests from Debian's linux-source-6.12.
#
# Usage: tests/uml/build.sh fast|debug [--print-dir]
#
# Prints the build directory on stdout, progress on stderr.  A second call
# finds the build in the cache and returns at once.  The directory holds the
# kernel (`linux`) and can build modules: make -C DIR M=... ARCH=um modules
#
#   fast    native speed, simulated time        release 6.12.x-dlfast
#   debug   KASAN, lockdep, kmemleak, faults    release 6.12.x-dldebug
#   --print-dir  only say where it is or would be
#
# The directory's name is made of the source's version and a hash of the config
# and the compiler, so that a change to either is a new build.  A build that was
# killed is resumed by the next call; two callers do not build twice.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

SERIES=6.12
TARBALL=/usr/src/linux-source-$SERIES.tar.xz

usage() { sed -n '3,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

flavour='' print_only=''
for arg; do
	case $arg in
	fast | debug) flavour=$arg ;;
	--print-dir) print_only=1 ;;
	*) usage ;;
	esac
done
[ -n "$flavour" ] || usage

conf() { cat "$DL_TOP/tests/uml/config-common" "$DL_TOP/tests/uml/config-$flavour"; }

version=$(dl_pkg_version linux-source-$SERIES) ||
	dl_die "package linux-source-$SERIES is missing: run scripts/setup.sh test"
key=$({ conf; gcc -dumpfullversion; } | sha256sum | cut -c1-12)
src=$DL_CACHE/src/linux-${version//[~+]/-}
dir=$DL_CACHE/uml/$flavour-${version//[~+]/-}-$key

if [ -n "$print_only" ]; then
	printf '%s\n' "$dir"
	exit 0
fi

# The parts of the tree that this build never compiles are not unpacked; their
# Kconfig and Makefiles are, because the config reads all of them.
unpack() {
	[ ! -e "$src" ] || return 0
	local tmp=$src.tmp part skip=()
	for part in Documentation samples sound tools/perf tools/testing \
		drivers/accel drivers/gpu drivers/infiniband drivers/media \
		'drivers/net/*' drivers/scsi drivers/staging drivers/usb \
		arch/{alpha,arc,arm,arm64,csky,hexagon,loongarch,m68k,microblaze} \
		arch/{mips,nios2,openrisc,parisc,powerpc,riscv,s390,sh,sparc,xtensa}; do
		skip+=(--exclude="linux-source-$SERIES/$part/*."{c,h,S,rst,dts,dtsi,yaml,json,txt})
	done
	dl_say "unpacking $TARBALL"
	rm -rf "$tmp"
	mkdir -p "$tmp"
	tar -C "$tmp" --strip-components=1 "${skip[@]}" -xf "$TARBALL"
	mv "$tmp" "$src"
}

kmake() { make -s -C "$src" O="$dir" ARCH=um "$@" </dev/null; }

# Every line of the fragments must be in the final config, or be unset there.
check_config() {
	local line sym lost=0
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF -- "$line" "$dir/.config" && continue ;;
		'# CONFIG_'*' is not set')
			sym=${line#\# }
			sym=${sym%% *}
			grep -q "^$sym=" "$dir/.config" || continue
			;;
		*) continue ;;
		esac
		dl_say "config line did not survive olddefconfig: $line"
		lost=1
	done < <(awk '
		# A later fragment overrides an earlier one.
		match($0, /CONFIG_[A-Z0-9_a-z]+/) && /^(# )?CONFIG_/ {
			last[substr($0, RSTART, RLENGTH)] = $0
		}
		END { for (s in last) print last[s] }' < <(conf))
	[ $lost = 0 ] || dl_die "fix tests/uml/config-*: a dependency is missing or a symbol was renamed"
}

# One line every 250 compiled files, so that a log stays short and shows life.
progress() {
	awk -v me="${0##*/}" -v fl="$flavour" '
		/^ +(CC|AS|LD|AR) / && ++n % 250 == 0 {
			printf "%s: %s: %d files\n", me, fl, n; fflush()
		}' >&2
}

build() {
	[ ! -e "$dir/.complete" ] || return 0
	local start=$SECONDS log=$dir/build.log
	dl_with_lock src unpack
	mkdir -p "$dir"
	dl_say "building user-mode Linux ($flavour) in $dir"
	kmake defconfig >"$log"
	conf | grep -E '^(# )?CONFIG_' >>"$dir/.config"
	kmake olddefconfig >>"$log" 2>&1
	check_config
	if ! make -C "$src" O="$dir" ARCH=um -j"$(nproc)" </dev/null 2>&1 |
		tee -a "$log" | progress; then
		grep -nE 'error|Error|No rule' "$log" | head -n 20 >&2 || :
		dl_die "kernel build failed; whole log: $log"
	fi
	[ -x "$dir/linux" ] || dl_die "no kernel came out of the build: see $log"
	dl_kernel_release "$dir" >"$dir/.complete.tmp"
	mv "$dir/.complete.tmp" "$dir/.complete"
	dl_say "built $(cat "$dir/.complete") in $((SECONDS - start)) s"
}

if [ ! -e "$dir/.complete" ]; then
	dl_with_lock "uml-$flavour" build
fi
printf '%s\n' "$dir"
