# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# For scripts that try snapshots by the tool in a test guest: what they expect of
# a run of it, whose output is in the files out and err. It brings them to the
# guest's folder for files.

tool=$DELTALOG_TOOL
[ -x "$tool" ] || tool=$DL_TOP/build/tools/deltalog
[ -x "$tool" ] || fail "no tool: run 'make tools' on the host"
cd "$TMPDIR" || fail "no TMPDIR"

passed=0
pass() { passed=$((passed + 1)); }
bad() {
	printf 'not ok - %s\n--- stdout\n' "$*"
	cat out
	echo '--- stderr'
	cat err
	dmesg | tail -n 15
	exit 1
}
# want CODE ARG...: run the tool, expect its exit code
want() {
	_code=$1
	shift
	"$tool" "$@" >out 2>err
	_rc=$?
	[ $_rc = "$_code" ] || bad "deltalog $*: exit code $_rc, expected $_code"
	pass
}
says() {
	grep -qF -- "$2" "$1" || bad "'$2' is not in std$1"
	pass
}
one_line() {
	[ "$(wc -l <err)" = 1 ] || bad "more than one line on stderr"
	pass
}
json() {
	jq -e "$1" out >/dev/null || bad "JSON is not: $1"
	pass
}
sum() { dd if="$1" bs=1M iflag=direct 2>/dev/null | md5sum; }
# Every file below a folder, with its content.
tree() { (cd "$1" && find . -type f -exec md5sum {} + | sort | md5sum); }
noise() { dd if=/dev/urandom of="$1" bs=64k count="$2" conv=fsync 2>/dev/null; }
running() {
	for _vol; do
		[ "$(dmsetup info -c --noheadings -o suspended "$_vol")" = Active ] ||
			bad "$_vol is suspended"
	done
	pass
}
views() {
	[ "$(dmsetup ls --target deltalog-view | grep -c "(")" = "$1" ] ||
		bad "there are not $1 views but: $(dmsetup ls --target deltalog-view)"
	pass
}
snapshots() {
	want 0 snapshot list "$1" --json
	json ".volume == \"$1\" and [.snapshots[].name] == $2"
}
# want_older CODE MESSAGE ARG...: as want, but the first message MESSAGE that the tool
# sends is one that the module does not know, as an older one would not
want_older() {
	_code=$1 _message=$2
	shift 2
	cat >older.c <<-'EOF'
	#define _GNU_SOURCE
	#include <dlfcn.h>
	#include <stdlib.h>
	#include <string.h>
	struct dm_task;
	int dm_task_set_message(struct dm_task *t, const char *m);
	int dm_task_set_message(struct dm_task *t, const char *m)
	{
		int (*real)(struct dm_task *, const char *) = dlsym(RTLD_NEXT, __func__);
		static int known;
		if (!known && !strcmp(m, getenv("OLDER"))) {
			known = 1;
			m = "not-in-this-release";
		}
		return real(t, m);
	}
	EOF
	[ -e older.so ] || gcc -shared -fPIC -o older.so older.c -ldl || bad "no library"
	OLDER=$_message LD_PRELOAD=$TMPDIR/older.so ASAN_OPTIONS=verify_asan_link_order=0 \
		"$tool" "$@" >out 2>err
	_rc=$?
	[ $_rc = "$_code" ] || bad "deltalog $*: exit code $_rc, expected $_code"
	pass
}

# once PAGE: write it to $vol anew, eight bytes of it other than before
nr_once=0
once() {
	nr_once=$((nr_once + 1))
	[ -e noise ] || head -c 4096 /dev/urandom >noise
	{
		head -c 1000 noise
		printf '%08d' $nr_once
		tail -c 3088 noise
	} >page
	# shellcheck disable=SC2154 # the caller's
	dd if=page of="$vol" bs=4k count=1 seek="$1" oflag=direct conv=notrunc status=none ||
		bad "writing page $1"
}
