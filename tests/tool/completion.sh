#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the completion for bash, and of what the manual and the help say.
#
# Usage: tests/tool/completion.sh [FOLDER]     with deltalog
#                                              (default: build/tools)

set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=${1:-$top/build/tools}:$PATH
# shellcheck source=tools/completion/deltalog
. "$top/tools/completion/deltalog"

passed=0
fail() {
	printf 'not ok - %s\n' "$*"
	exit 1
}

# completes WORD... -- EXPECTED...: the last word is being typed
completes() {
	COMP_WORDS=()
	while [ "$1" != -- ]; do
		COMP_WORDS+=("$1")
		shift
	done
	shift
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_deltalog || :		# a shell in use has no set -e
	[ "${COMPREPLY[*]}" = "$*" ] ||
		fail "${COMP_WORDS[*]}: '${COMPREPLY[*]}', expected '$*'"
	passed=$((passed + 1))
}

completes deltalog cr -- create
completes deltalog de -- deactivate detach
completes deltalog --v -- --version
completes deltalog create vol0 --lo -- --log --low-watermark
completes deltalog create vol0 --log /dev/nul -- /dev/null
completes deltalog create vol0 --block-size 10 -- 1024
completes deltalog create vol0 --label '' --
completes deltalog create vol0 --force --or -- --origin
completes deltalog dump x --records --pa -- --page
completes deltalog check /dev/nul -- /dev/null
completes deltalog nonsense --a --
echo "ok - completion: $passed checks passed"

# Each option of each verb, and each exit code, is in the manual.
manual=$top/Documentation/man/deltalog.8
passed=0
for verb in create activate deactivate detach list status check dump; do
	grep -q "^\.Ss $verb\$" "$manual" || fail "the manual lacks $verb"
	for option in $(deltalog "$verb" --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p'); do
		grep -q -- "-$option\b" "$manual" ||
			fail "the manual lacks --$option of $verb"
		passed=$((passed + 1))
	done
done
for code in $(deltalog --help | sed -n '/^Exit codes/,/^$/s/^  \([0-9]*\) .*/\1/p'); do
	grep -q "^\.It $code\$" "$manual" || fail "the manual lacks exit code $code"
	passed=$((passed + 1))
done
if command -v mandoc >/dev/null; then
	complaints=$(mandoc -Tlint -W warning "$manual") || fail "mandoc: $complaints"
	passed=$((passed + 1))
fi
echo "ok - manual: $passed checks passed"
