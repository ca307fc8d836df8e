#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: a nanosecond is an instruction.
# Instructions per 4 KiB write of a page that was written before, of which 64 random
# bytes changed; 32 in flight, no flushes, over brd.
#
# Usage: grain-instr.sh PAGES WRITES TARGET...
#
# Pages are drawn as in grain.sh.  What is counted is all that the machine does while
# dlgrain is in calls of the kernel, and not what it takes to change the pages.  Half
# of the writes come before.  Targets as there; sealed and chacha are whole pages,
# encrypted; packed is whole pages, compressed, which are text and all new.

set -u
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
need dmsetup keyctl

pages=$1 writes=$2
shift 2
opts='high_watermark 95 reconcile_secs 86400'

icount_begin
modprobe_all aesni-intel ghash-clmulni-intel gcm chacha-x86_64 poly1305-x86_64 chacha20poly1305
head -c 32 /dev/urandom | keyctl padd logon bench:key @u >/dev/null || fail "no key"
cp "$DL_TOP/build/tests/dlgrain" /run/tmp/ || fail "no dlgrain: make bench-tools"
PATH=$PATH:/run/tmp
keep dlgrain

for target; do
	fresh 512 64
	level=block
	case $target in block | sealed | chacha | packed) ;; *) level=bit ;; esac
	DL_OPTS=$opts
	kind=bytes64
	case $target in
	packed) DL_OPTS="$opts compression 1" kind=text ;;
	sealed) DL_OPTS="$opts new_key key :32:logon:bench:key" ;;
	chacha) DL_OPTS="$opts new_key key :32:logon:bench:key cipher chacha20-poly1305" ;;
	esac
	case $target in
	deltalog | block | sealed | chacha | packed)
		target_up deltalog
		finely "$level"
		warm 64
		;;
	*) target_up "$target" ;;
	esac
	kept dlgrain fill "$VOL" "$pages" || fail "cannot fill the pages"
	kept dlgrain write "$VOL" "$pages" $kind 0 "$writes" 0 >/dev/null ||
		fail "cannot write"
	[ "$TARGET" != deltalog ] || deltas=$(status deltas)
	took=$(kept dlgrain write "$VOL" "$pages" $kind "$writes" "$writes" 0) ||
		fail "cannot write"
	value took "$target" "$took"
	value writes "$target" "$writes"
	[ "$kind" = bytes64 ] || value bytes "$target" "$(($(status packed_bytes) / $(status packed)))"
	[ "$TARGET" != deltalog ] || value deltas "$target" $(($(status deltas) - deltas))
	kept dlgrain check "$VOL" "$pages" $kind $((writes * 2)) ||
		fail "it does not read as it was written"
	stale
done
