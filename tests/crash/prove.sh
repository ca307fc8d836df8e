#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Proves the crash tests: breaks a copy of the module, one promise at a time,
# and fails unless each break is found.
#
# Usage: tests/crash/prove.sh [--states N] [NAME]...
#
#   --states N   crash states for each break, default 160
#   NAME         only these breaks; 'list' lists them

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

# name ~ file ~ sed expression ~ what is then no longer promised
breaks() {
	cat <<-'END'
	none~commit.c~s/Frames pass here/Frames come by here/~nothing: must be found right
	no-fua~commit.c~s/REQ_SYNC | REQ_FUA;/REQ_SYNC;/~a committed frame is durable
	no-preflush~commit.c~s/REQ_FUA | REQ_PREFLUSH;/REQ_FUA;/~the frames before it are, too
	no-origin-flush~reconcile.c~s/blkdev_issue_flush(v->origin.bdev)/false/~the origin holds what the horizon says
	no-checkpoint-flush~checkpoint.c~s/REQ_PREFLUSH | REQ_FUA/0/~a checkpoint is durable before it is relied on
	no-checkpoint-preflush~checkpoint.c~s/REQ_PREFLUSH | REQ_FUA/REQ_FUA/~a superblock points at a whole checkpoint
	first-slot-first~checkpoint.c~s/slot = ck->first ^ i;/slot = i;/~one checkpoint is good at any time
	END
}

states=160 names=()
while [ $# -gt 0 ]; do
	case $1 in
	--states) states=$2; shift ;;
	list) breaks | cut -d'~' -f1,4; exit ;;
	-*) sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	*) names+=("$1") ;;
	esac
	shift
done

kdir=$("$DL_TOP/tests/uml/build.sh" fast)
release=$(dl_kernel_release "$kdir")
work=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-prove.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

wanted() {
	local name
	[ ${#names[@]} -gt 0 ] || return 0
	for name in "${names[@]}"; do
		[ "$name" != "$1" ] || return 0
	done
	return 1
}

# found NAME SEED...: do the crash tests find anything?
found() {
	local seed
	for seed in 5 6 7; do
		DELTALOG_KO=$work/$release/dm-deltalog.ko \
			"$DL_TOP/tests/crash/run.sh" --only recorder \
			--states "$states" --seed "$seed" --timeout 900 -- \
			--count-wrong --deep 30 >"$work/log" 2>&1 || :
		grep '^\(ok\|not ok\) - [0-9]* crash states' "$work/log" >"$work/end" ||
			{ cat "$work/log" >&2; dl_die "the test did not run"; }
		if grep -q '^not ok' "$work/end"; then
			return 0
		fi
	done
	return 1
}

while IFS='~' read -r name file expr promise; do
	wanted "$name" || continue
	rm -rf "$work/tree" "${work:?}/$release"
	mkdir -p "$work/tree"
	cp -r "$DL_TOP/Kbuild" "$DL_TOP/kmod" "$DL_TOP/scripts" "$work/tree/"
	sed -i "$expr" "$work/tree/kmod/$file"
	! cmp -s "$work/tree/kmod/$file" "$DL_TOP/kmod/$file" ||
		dl_die "break '$name' no longer fits $file: mend this script"
	(cd "$work/tree" && scripts/build-module.sh "$kdir" "$work" um) >/dev/null
	if found </dev/null; then
		result=found want=found
	else
		result='not found' want=found
	fi
	[ "$name" != none ] || want='not found'
	if [ "$result" = "$want" ]; then
		echo "ok - $name ($promise): $result, $(sed 's/^[a-z ]* - //' "$work/end")"
	else
		echo "not ok - $name ($promise): $result"
		failed=1
	fi
done < <(breaks)
exit $failed
