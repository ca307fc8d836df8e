#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# First process of a test guest, in user-mode Linux and in QEMU alike.
#
# Not for use by hand: tests/uml/run.sh and tests/vm/run.sh start it with
# `dl_job=FILE` on the kernel's command line.  FILE is a shell fragment that
# sets DL_TOP, DL_CACHE, DL_OUT (the tty that the host reads), DL_NONCE,
# DELTALOG_KO and DELTALOG_TOOL (optional), DL_MODULES (a directory to put over
# /lib/modules, optional), and defines dl_script(), which replaces the shell by
# the script to run.
#
# The root is the host's, read-only.  /run and /mnt are fresh memory, TMPDIR is
# /run/tmp; whatever of the project lives below /run or /mnt stays visible.
#
# Control lines on DL_OUT, told from the script's output by the nonce:
#   NONCE allow REGEX   kernel log entries that are no failure (allow_splat)
#   NONCE exit STATUS   the script's status; the host then ends the guest

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022

mount -n -t proc proc /proc
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	dl_job=*) job=${word#dl_job=} ;;
	esac
done
# shellcheck source=/dev/null
. "$job"

# For each path of the project that the mounts would hide: CMD N PATH.
each_hidden() {
	n=0
	for keep in "$DL_TOP" "$DL_CACHE" "${job%/*}"; do
		n=$((n + 1))
		case $keep in
		/run/* | /mnt/*) "$@" "$n" "$keep" ;;
		esac
	done
}
save() {
	[ -d /dev/dl-keep ] || mount -n -t devtmpfs -o mode=0755 devtmpfs /dev
	mkdir -p "/dev/dl-keep/$1" && mount -n --bind "$2" "/dev/dl-keep/$1"
}
restore() { mkdir -p "$2" && mount -n --move "/dev/dl-keep/$1" "$2"; }

fstab=$DL_TOP/tests/guest/fstab
each_hidden save
if [ -n "${DL_MODULES:-}" ]; then
	mount -n --bind "$DL_MODULES" /lib/modules
	modprobe -q -a configfs loop
fi
mount -n -a -T "$fstab" 2>/dev/null
each_hidden restore

mkdir -p /run/tmp /run/lock
ln -sfn /proc/self/fd /dev/fd
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr

# Nothing said through /dev/kmsg may be lost to rate limiting.
echo on >/proc/sys/kernel/printk_devkmsg

read -r rel </proc/sys/kernel/osrelease
DM_DISABLE_UDEV=1
TMPDIR=/run/tmp
HOME=/run/tmp
DL_GUEST=$DL_TOP/tests/guest
: "${DELTALOG_KO:=$DL_TOP/build/$rel/dm-deltalog.ko}"
: "${DELTALOG_TOOL:=$DL_TOP/build/tools/deltalog}"
export DM_DISABLE_UDEV TMPDIR HOME DL_TOP DL_GUEST DL_OUT DL_NONCE
export DELTALOG_KO DELTALOG_TOOL

stty raw -echo <"$DL_OUT"
cd "$DL_TOP" || :
# The host looks for kernel splats from here on: what the boot said is not ours.
echo "dl-lab: guest script starts" >/dev/kmsg
(dl_script) </dev/null >"$DL_OUT" 2>&1
status=$?
echo "dl-lab: guest script ended with $status" >/dev/kmsg
sync
echo "$DL_NONCE exit $status" >"$DL_OUT"
# The host ends the guest.  Letting the first process exit would be a panic.
while :; do sleep 3600; done
