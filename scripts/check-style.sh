#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks the sources' style.  Silence is what passes.
#
# Usage: scripts/check-style.sh [checkpatch|sparse|shell|text]...   (default: all)
#
#   checkpatch  the kernel's own script over all C: strictly over what runs in
#               a kernel, by its errors and warnings over what does not
#   sparse      the module against Linux 6.12 with C=1 and W=1
#   shell       shellcheck over everything that starts with a shell's name
#   text        licence lines, blanks at the ends of lines
#
# Looks at the files that git knows or would add.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/lab/common.sh"

# What checkpatch is told not to say, and why:
#
#   COMPLEX_MACRO, MACRO_ARG_REUSE, MACRO_ARG_UNUSED, BRACKET_SPACE
#	lists of names are X-macros, which it takes for macros of code
#   BIT_MACRO
#	masks on disk have a fixed width, BIT() has that of a long
#   LINUX_VERSION_CODE, CONSTANT_COMPARISON
#	meant for the kernel's tree; check-layers.sh keeps them to kmod/compat
#   EMBEDDED_FUNCTION_NAME
#	takes words of messages for names of functions ("set")
#   LONG_LINE_STRING
#	a message that can be grepped for is longer than a line
IGNORE=COMPLEX_MACRO,MACRO_ARG_REUSE,MACRO_ARG_UNUSED,BRACKET_SPACE
IGNORE+=,BIT_MACRO,LINUX_VERSION_CODE,CONSTANT_COMPARISON
IGNORE+=,EMBEDDED_FUNCTION_NAME,LONG_LINE_STRING
# Outside of the kernel there are no such macros (nor kernel types), and text
# that goes over lines starts where it must.
IGNORE_USER=$IGNORE,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO
IGNORE_USER+=,ARRAY_SIZE,PREFER_FALLTHROUGH,STRCPY,VOLATILE,LEADING_SPACE
# What runs in a kernel and is meant to be good there.
KERNEL='^(kmod|tests/crash/record)/'
# Tracepoints are written as in the kernel's own headers of them, where macros
# have arguments that open with a parenthesis and span lines.
TRACE='^kmod/trace\.h$'
IGNORE_TRACE=$IGNORE,OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT

cd "$DL_TOP"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-style.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

sources() {
	# A file that git knows may have been deleted.
	git ls-files -co --exclude-standard | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done | sort -u
}

# The script comes with the kernel's source, of which little else is needed.
checkpatch_dir() {
	local version dir src=linux-source-6.12
	version=$(dl_pkg_version "$src") ||
		dl_die "package $src is missing: run scripts/setup.sh test"
	dir=$DL_CACHE/checkpatch/${version//[~+]/-}
	[ -e "$dir" ] || dl_with_lock checkpatch unpack_checkpatch "$src" "$dir"
	printf '%s\n' "$dir"
}

# shellcheck disable=SC2317 # called through dl_with_lock
unpack_checkpatch() {
	[ ! -e "$2" ] || return 0
	rm -rf "$2.tmp"
	mkdir -p "$2.tmp"
	dl_say "unpacking checkpatch.pl"
	tar -C "$2.tmp" --strip-components=2 -xf "/usr/src/$1.tar.xz" \
		"$1"/scripts/{checkpatch.pl,spelling.txt,const_structs.checkpatch}
	mv "$2.tmp" "$2"
}

# checkpatch_over FOLDER IGNORED [OPTION...] FILE...
checkpatch_over() {
	local dir=$1 ignored=$2
	shift 2
	# It leaves a cache of names in the folder it is run in, and has no use
	# for ours.
	(cd "$tmp" && perl "$dir/checkpatch.pl" --no-tree --no-summary --terse \
		--show-types --ignore "$ignored" "$@" 2>&1) |
		sed "s,^$DL_TOP/,," |
		# Its own slip at a macro that ends a file, no finding.
		grep -v -e '^total: ' -e '^Use of uninitialized value .*/checkpatch.pl line' || :
}

checkpatch() {
	local dir kernel user trace
	dir=$(checkpatch_dir)
	mapfile -t kernel < <(sources | grep -E '\.[ch]$' | grep -E "$KERNEL" | grep -vE "$TRACE" | sed "s,^,$DL_TOP/,")
	mapfile -t user < <(sources | grep -E '\.[ch]$' | grep -vE "$KERNEL" | sed "s,^,$DL_TOP/,")
	checkpatch_over "$dir" "$IGNORE" --strict -f "${kernel[@]}" >"$tmp/kernel" &
	checkpatch_over "$dir" "$IGNORE_USER" -f "${user[@]}" >"$tmp/user"
	mapfile -t trace < <(sources | grep -E "$TRACE" | sed "s,^,$DL_TOP/,")
	[ ${#trace[@]} = 0 ] ||
		checkpatch_over "$dir" "$IGNORE_TRACE" --strict -f "${trace[@]}" >>"$tmp/user"
	wait
	cat "$tmp/kernel" "$tmp/user"
}

sparse() {
	local kdir out=$DL_TOP/build/check/sparse
	command -v sparse >/dev/null || dl_die "sparse is missing: run scripts/setup.sh test"
	read -r _ _ kdir < <(scripts/lab/kdirs.sh 6.12)
	# What is compiled already would not be looked at.
	rm -rf "$out"
	scripts/build-module.sh "$kdir" "$out" '' -s -j"$(nproc)" W=1 C=1 >"$tmp/ko" 2>"$tmp/err" ||
		{ cat "$tmp/err"; return; }
	# Said of every module that is built with headers only.
	sed "s,^$out/[^/]*/src/,," "$out"/*/build.log |
		grep -vE '^Skipping BTF generation for .* due to unavailability of vmlinux$' || :
}

shell() {
	local scripts
	mapfile -t scripts < <(sources | while read -r file; do
		case $file in
		*.sh) printf '%s\n' "$file"; continue ;;
		esac
		head -n 1 "$file" | LC_ALL=C grep -qaE '^#!.*[/ ](ba|da)?sh( |$)' &&
			printf '%s\n' "$file"
	done)
	command -v shellcheck >/dev/null || dl_die "shellcheck is missing: run scripts/setup.sh test"
	shellcheck -x -f gcc "${scripts[@]}" || :
}

text() {
	local file
	sources | while read -r file; do
		case $file in
		*.[ch] | *.sh | *.mk | *.py | *.awk | Makefile | Kbuild | */Kbuild | .ci/*)
			head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' ||
				echo "$file:1: no SPDX-License-Identifier: GPL-2.0"
			;;
		esac
	done
	sources | xargs -d '\n' grep -nIE '[[:blank:]]+$' /dev/null |
		sed 's/:\([0-9]*\):.*/:\1: blanks at the end of the line/' || :
}

verdict() {
	if [ -s "$tmp/found" ]; then
		cat "$tmp/found"
		echo "not ok - $1: $(wc -l <"$tmp/found") findings"
		bad=1
	else
		echo "ok - $1"
	fi
}

bad=0
[ $# -gt 0 ] || set -- checkpatch sparse shell text
for part; do
	case $part in
	checkpatch) checkpatch >"$tmp/found" ;;
	sparse) sparse >"$tmp/found" ;;
	shell) shell >"$tmp/found" ;;
	text) text >"$tmp/found" ;;
	*) sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	esac
	verdict "$part"
done
exit $bad
