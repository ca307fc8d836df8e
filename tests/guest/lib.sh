# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Functions for scripts that run in a test guest.  Use:
#
#   . "$DL_GUEST/lib.sh"
#
#   ok MSG, fail MSG        say what was shown; fail also ends the script
#   need PROG...            fail early when a program is missing
#   load_module [PARAM=V..] insert the module built for this kernel
#   mkram NAME MB           memory-backed device, answers at once
#   mknull NAME MB NS [CACHE_MB]
#                           memory-backed device that takes NS per request,
#                           with a volatile write cache if CACHE_MB is given
#   rmdisk NAME             remove what mkram or mknull made
#                           mkram and mknull set $DISK to the device's path
#   kmemleak_check          fail on leaked kernel memory (debug kernel only)
#   splat_check             fail now if the kernel complained since the start
#   allow_splat REGEX       kernel log entries matching REGEX are expected
#   modprobe_all NAME...    load what is a module here and built in elsewhere

ok() { printf 'ok - %s\n' "$*"; }

fail() {
	printf 'not ok - %s\n' "$*"
	exit 1
}

need() {
	for _prog; do
		command -v "$_prog" >/dev/null ||
			fail "$_prog is not installed: run scripts/setup.sh test on the host"
	done
}

# A module that is built in, or that this kernel does not have, is no error
# here: what needs it will say so.  User-mode Linux has everything built in.
modprobe_all() {
	read -r _rel </proc/sys/kernel/osrelease
	[ -d "/lib/modules/$_rel" ] || return 0
	for _mod; do modprobe -q "$_mod" || :; done
}

load_module() {
	[ -r "$DELTALOG_KO" ] ||
		fail "no module for this kernel: expected $DELTALOG_KO (make module KDIR=...)"
	# A module that is loaded by its path does not bring what it depends on.
	# shellcheck disable=SC2046 # one argument each
	modprobe_all $(modinfo -F depends "$DELTALOG_KO" | tr ',' ' ')
	insmod "$DELTALOG_KO" "$@" || fail "insmod $DELTALOG_KO $*"
}

# _nullb NAME MB IRQMODE NS CACHE_MB
_nullb() {
	[ -d /sys/kernel/config/nullb ] || modprobe -q null_blk nr_devices=0 || :
	_dir=/sys/kernel/config/nullb/$1
	mkdir "$_dir" || fail "cannot make device $1 in /sys/kernel/config/nullb"
	for _kv in size="$2" blocksize=512 memory_backed=1 discard=1 \
		irqmode="$3" completion_nsec="$4" cache_size="$5" power=1; do
		# Kernels differ in what they know; only power must be understood.
		if [ "${_kv%%=*}" = discard ] && [ ! -e "$_dir/discard" ]; then
			continue
		fi
		echo "${_kv#*=}" >"$_dir/${_kv%%=*}" ||
			fail "null_blk refused $_kv for device $1"
	done
	# Newer kernels name the disk after the directory, older ones number it.
	DISK=/dev/$1
	[ -b "$DISK" ] || DISK=/dev/nullb$(cat "$_dir/index")
	[ -b "$DISK" ] || fail "device node of $1 did not appear"
}

mkram() { _nullb "$1" "$2" 0 0 0; }
mknull() { _nullb "$1" "$2" 2 "$3" "${4:-0}"; }

rmdisk() {
	echo 0 >"/sys/kernel/config/nullb/$1/power" &&
		rmdir "/sys/kernel/config/nullb/$1"
}

# Kmemleak reports what is older than 5 s and was unreachable in the last scan.
kmemleak_check() {
	[ -w /sys/kernel/debug/kmemleak ] || return 0
	echo scan >/sys/kernel/debug/kmemleak
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	# Its size is always 0: only reading tells.
	_leaks=$(cat /sys/kernel/debug/kmemleak)
	[ -z "$_leaks" ] || {
		printf '%s\n' "$_leaks"
		fail "the kernel leaked memory"
	}
	ok "no kernel memory leaked"
}

allow_splat() {
	printf '%s allow %s\n' "$DL_NONCE" "$1" >"$DL_OUT"
	DL_ALLOW="${DL_ALLOW:+$DL_ALLOW
}$1"
	export DL_ALLOW
}

splat_check() {
	_found=$(dmesg | DL_ALLOW="${DL_ALLOW:-}" awk -f "$DL_GUEST/splats.awk") && return 0
	printf '%s\n' "$_found"
	fail "the kernel complained, see above"
}
