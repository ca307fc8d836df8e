#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Shows that the checks can fail: plants what they look for.
#
# Usage: tests/check-selftest.sh
#
# shellcheck disable=SC2016,SC2317 # planted text; called through expect

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../scripts/lab/common.sh"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-selftest.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
failed=0

verdict() {
	if [ "$1" = 0 ]; then
		printf 'ok - %s\n' "$2"
	else
		printf 'not ok - %s\n' "$2"
		sed 's/^/    /' "$tmp/out"
		failed=1
	fi
}

# expect STATUS WHAT CMD...
expect() {
	local want=$1 what=$2 got=0
	shift 2
	"$@" </dev/null >"$tmp/out" 2>&1 || got=$?
	[ "$got" = "$want" ] || echo "exit status $got, expected $want" >>"$tmp/out"
	verdict $((got != want)) "$what"
}

# said TEXT WHAT: it was said, as a whole line where TEXT starts with ^
said() {
	local bad=0
	grep -q -- "$1" "$tmp/out" || bad=1
	verdict $bad "$2"
}

# ---- the runner

cat >"$tmp/steps" <<'END'
step good in=one,all -- 'echo hello'
step counted in=all -- 'printf "ok - a\nok - b\n"'
step cmocka in=all -- 'echo "x: [  PASSED  ] 7 test(s)."'
step bad-status in=all -- 'echo seen; exit 3'
step bad-line in=all -- 'printf "ok - a\nnot ok - b\n"'
step bad-cmocka in=all -- 'printf "[  PASSED  ] 5 test(s).\n[  FAILED  ] 2 test(s), listed below:\n"; exit 2'
step needy in=all needs=bad-status -- 'echo not to be run'
step slow in=all limit=1 -- 'sleep 600'
step few in=all least=3 -- 'printf "ok - a\nok - b\n"'
step pipe in=all -- 'false | true'
step first in=all -- 'mkfifo "$DL_SELFTEST/fifo"; echo >"$DL_SELFTEST/fifo"'
step second in=all -- 'until [ -p "$DL_SELFTEST/fifo" ]; do :; done; cat "$DL_SELFTEST/fifo"'
step busy in=all -- 'touch "$DL_SELFTEST/busy"; sleep 1; rm "$DL_SELFTEST/busy"'
step alone in=all alone -- '[ ! -e "$DL_SELFTEST/busy" ]'
END
export DL_SELFTEST=$tmp
check() { DELTALOG_STEPS=$tmp/steps DELTALOG_LOGS=$tmp/logs "$DL_TOP/tests/run-check.sh" "$@"; }

expect 0 'a step that ends well' check one
said '^1 passed, 0 failed$' 'and its count'
expect 1 'steps that end badly' check all
said '^not ok 4 - bad-status ([0-9]* s)$' 'a status'
said '^    seen$' 'and what the step said'
said '^not ok 5 - bad-line, 2 tests' 'a line "not ok"'
said '^not ok 6 - bad-cmocka, 7 tests' 'a total of cmocka'
said '^not ok 7 - needy: not run, bad-status failed$' 'a step that needs one that failed'
said 'run-check: stopped after 1 s' 'a step that hangs'
said 'at least 3 were expected' 'too few tests'
said '^not ok 10 - pipe' 'a failure inside a pipe'
said '^ok 12 - second' 'two steps at a time'
said '^ok 14 - alone' 'a step alone'
said '^22 passed, 8 failed$' 'the counts'
bad=0
[ "$(tail -n 1 "$tmp/out")" = '22 passed, 8 failed' ] || bad=1
verdict $bad 'the counts are the last line'
expect 1 'a step that there is not' check nonesuch

# ---- layers

plant() {
	rm -rf "$tmp/tree"
	mkdir "$tmp/tree"
	cp -r "$DL_TOP"/{Kbuild,kmod,tools} "$tmp/tree"
}
layers() { "$DL_TOP/scripts/check-layers.sh" "$tmp/tree"; }

# found FILE LINE TEXT: LINE, added to FILE, makes it say TEXT
found() {
	plant
	printf '%s\n' "$2" >>"$tmp/tree/$1"
	layers >"$tmp/out" 2>&1 || :
	said "$3" "layers: $3"
}
found kmod/map.h '#include "target.h"' 'map (mechanisms) includes kmod/target.h (glue)'
found kmod/log.c '#include "map.h"' 'the log includes kmod/map.h'
found kmod/core/super.h '#include "../log.h"' 'the core includes kmod/log.h'
found kmod/core/status.c '#include <linux/slab.h>' 'the core includes what is not the core'
found kmod/core/status.c 'int dl_count;' 'has a global that can change: dl_count'
found kmod/core/status.c 'int dl_x(void); int rand(void); int dl_x(void) { return rand(); }' 'calls rand'
found kmod/core/format.h '#ifdef __KERNEL__' 'not for the core: *__KERNEL__'
found kmod/core/format.h '#include "super.h"' 'in a circle'
found kmod/log.c '#if LINUX_VERSION_CODE > 0' 'kernel versions are for kmod/compat'
found kmod/odd.c '/* odd */' 'kmod/odd.c:1: is in no layer'
found kmod/core/odd.c '/* odd */' 'does not link: kmod/core/odd.c'
found tools/main.c '#include "../kmod/log.h"' 'a tool includes'
found kmod/log.c "$(yes | head -n 800)" 'kmod/log.c: [0-9]* lines, at most 800'
plant
printf '%s\n' '/* kmalloc( and __KERNEL__,' ' * #include "target.h"' ' */ // LINUX_VERSION_CODE' >>"$tmp/tree/kmod/core/format.h"
expect 0 'layers: comments are no code' layers

# ---- style, in a tree of its own

rm -rf "$tmp/tree"
mkdir -p "$tmp/tree/kmod" "$tmp/tree/tools"
cp -r "$DL_TOP/scripts" "$tmp/tree"
cd "$tmp/tree"
git init -q
spdx='SPDX-License-Identifier: GPL-2.0'
cat >Kbuild <<END
# $spdx
obj-m := dm-deltalog.o
dm-deltalog-y := kmod/odd.o
END
printf '%s\n' "// $spdx" '#include <linux/module.h>' '#include <linux/uaccess.h>' '' \
	'int odd_peek(int __user *p);' '' \
	'int odd_peek(int __user *p)' '{' '	if(p)' '		return 1;' '	return *p;' '}' '' \
	'MODULE_LICENSE("GPL");' >kmod/odd.c
printf '%s\n' "/* $spdx */" 'static int odd;  ' >tools/odd.h
printf '%s\n' '#!/bin/sh' 'cd $1' >tools/odd
style() { scripts/check-style.sh "$@"; }
expect 1 'style: checkpatch' style checkpatch
said '^kmod/odd.c:9: ERROR:SPACING' 'style: and what it found'
expect 1 'style: sparse' style sparse
said '^kmod/odd.c:11:.*dereference of noderef' 'style: and what it found'
expect 1 'style: shellcheck, by the first line' style shell
said '^tools/odd:2:' 'style: and what it found'
expect 1 'style: text' style text
said '^tools/odd.h:2: blanks' 'style: blanks at the end'
printf '%s\n' 'odd' >tools/odd.h
expect 1 'style: no licence' style text
said '^tools/odd.h:1: no SPDX' 'style: and where'
exit $failed
