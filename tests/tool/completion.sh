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
	COMP_LINE="${COMP_WORDS[*]}"
	COMP_POINT=${#COMP_LINE}
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
completes deltalog sn -- snapshot
completes deltalog snapshot '' -- --help create list delete rename diff mount umount
completes deltalog snapshot diff vol0 monday --x -- --xml
completes deltalog wait -- wait-event
completes deltalog wait-event vol0 --ti -- --timeout
completes deltalog wait-event vol0 --timeout '' --
completes deltalog snapshot cr -- create
completes deltalog snapshot create vol0 --no -- --no-freeze
completes deltalog snapshot umount /pro -- /proc
completes deltalog view --re -- --remove
completes deltalog view --as x '' --
completes deltalog re -- rewind restore retention
completes deltalog ret -- retention
completes deltalog retention vol0 --on-full t -- throttle
completes deltalog retention vol0 --wi -- --window
completes deltalog retention --a -- --apply --all
completes deltalog rewind vol0 monday --k -- --keep
completes deltalog rewind vol0 monday --keep '' --
completes deltalog restore vol0 monday --no -- --no-keep --no-verify
completes deltalog restore vol0 monday --to /dev/nul -- /dev/null
completes deltalog restore vol0 monday --range '' --
completes deltalog rewind vol0 --to /dev/nul --
completes deltalog po -- policy
completes deltalog policy '' -- --help show set load save test
completes deltalog policy test --le -- --level
completes deltalog policy test --level b -- block bit
completes deltalog policy test --policy /dev/nul -- /dev/null
completes deltalog policy test --rate '' --
completes deltalog policy set vol0 d -- default
completes deltalog policy load vol0 /dev/nul -- /dev/null
completes deltalog map --s -- --svg
completes deltalog fo -- forecast
completes deltalog forecast re -- replay
completes deltalog forecast --c -- --client
completes deltalog to -- top
completes deltalog top --b -- --batch
completes deltalog plot --o -- --output
completes deltalog plot --output /dev/nul -- /dev/null
completes deltalog plot --record /dev/nul -- /dev/null
completes deltalog forecast replay --s -- --season --skip --svg
completes deltalog forecast replay /dev/nul -- /dev/null
completes deltalog forecast replay /dev/null /dev/nul -- /dev/null
completes deltalog forecast replay --season '' --
completes deltalog ke -- key
completes deltalog create vol0 --ke -- --key
completes deltalog create vol0 --cipher a -- aes-gcm
completes deltalog map --svg /dev/nul -- /dev/null
completes deltalog map --log /dev/nul -- /dev/null

# What only a kernel with volumes can tell is told by a stand-in.
real=$(command -v deltalog)
# shellcheck disable=SC2317 # called by what is tested
deltalog() {
	case $* in
	list) printf '%s\n' 'NAME  MODE' 'vol0  rw' 'vol1  rw' ;;
	'snapshot list vol0')
		printf '%s\n' 'ID  TIME  NAME' ' 1  now  monday' ' 2  now  mail:2' \
			'held in the log, by the window too: 4.0 KiB' ;;
	'snapshot list vol1') echo 'vol1 has no snapshots' ;;
	'view --list') printf '%s\n' 'NAME  VOLUME' 'vol0@monday  vol0' 'vol0@mail:2  vol0' ;;
	*) "$real" "$@" ;;
	esac
}
for before in 'snapshot list' 'snapshot delete' 'snapshot rename' \
	'snapshot mount' 'snapshot create' view detach key status 'view --list' \
	'view --as x' 'snapshot create --no-freeze' rewind \
	'rewind --keep x' restore 'restore --range 0+8' history 'history export' 'history export --follow 5' retention 'retention --apply' \
	'snapshot diff' 'snapshot diff --xml' wait-event map 'policy show' 'policy set' \
	'policy load' 'policy save' 'policy test' 'policy test --rate 1/h' \
	'wait-event --timeout 5' top 'top vol0' 'top --interval 2' plot 'plot --seconds 5' \
	'forecast --client'; do
	# shellcheck disable=SC2086 # words
	completes deltalog $before '' -- vol0 vol1
done
completes deltalog snapshot create vol0,v -- vol0,vol0 vol0,vol1
for before in 'snapshot delete vol0' 'snapshot rename vol0' \
	'snapshot mount vol0' 'snapshot delete vol0 mail:2' 'view vol0' \
	'rewind vol0' 'rewind --keep x vol0' 'rewind vol0 --keep x' \
	'restore vol0' 'restore --to x vol0' \
	'snapshot diff vol0' 'snapshot diff vol0 mail:2' \
	'snapshot diff --json vol0'; do
	# shellcheck disable=SC2086 # words
	completes deltalog $before mon -- monday
done
completes deltalog forecast v -- vol0 vol1
completes deltalog forecast vol0 '' --
completes deltalog view vol0 --as x m -- monday mail:2
completes deltalog snapshot delete vol1 '' --
completes deltalog snapshot rename vol0 monday '' --
completes deltalog rewind vol0 monday '' --
completes deltalog rewind vol1 '' --
completes deltalog restore vol0 monday '' --
completes deltalog snapshot diff vol0 monday mail:2 '' --
completes deltalog history export vol0 '' --
completes deltalog history export --format '' -- csv fio
completes deltalog map vol0 '' -- monday mail:2
completes deltalog map vol0 monday '' --
completes deltalog wait-event vol0 '' --
completes deltalog snapshot mount vol0 monday /pro -- /proc
# shellcheck disable=SC2317 # called by what is tested
_deltalog_keys() { echo :32:logon:deltalog:vol0; }
completes deltalog key vol0 '' -- :32:logon:deltalog:vol0
completes deltalog key vol0 :32:logon:deltalog:vol0 '' --
# As an interactive shell has it, what stands before the last @ or : is kept.
COMP_WORDBREAKS=$' \t\n"\'@><=;|&(:'
completes deltalog view --remove vol0@m -- monday mail:2
completes deltalog snapshot delete vol0 mail:2 -- 2
completes deltalog activate vol0 --key :32: -- logon:deltalog:vol0
unset COMP_WORDBREAKS
unset -f deltalog
echo "ok - completion: $passed checks passed"

# Each option of each verb, and each exit code, is in the manual.
manual=$top/Documentation/man/deltalog.8
passed=0
for verb in create activate deactivate detach key list status check dump \
	view rewind restore history 'history export' retention 'snapshot create' 'snapshot list' 'snapshot delete' \
	'snapshot rename' 'snapshot diff' 'snapshot mount' 'snapshot umount' \
	wait-event map 'policy show' 'policy set' 'policy load' 'policy save' \
	'policy test' forecast 'forecast replay' top plot; do
	grep -q "^\.Ss $verb\$" "$manual" || fail "the manual lacks $verb"
	# shellcheck disable=SC2086 # words
	for option in $(deltalog $verb --help | sed -n 's/^  --\([a-z-]*\) .*/\1/p'); do
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
