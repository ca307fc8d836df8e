#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# First process of a test guest, in user-mode Linux and in QEMU alike.
#
# Not for use by hand: tests/uml/run.sh and tests/vm/run.sh start it with
# `dl_job=FILE` on the kernel's command line.  FILE is a shell fragment that
# sets DL_TOP, DL_CACHE, DL_OUT (the tty that the host reads), DL_NONCE,
# DELTALOG_KO and DELTALOG_TOOL (optional), and defines dl_script(), which
# replaces the shell by the script to run.
#
# The root is the host's, read-only.  /run and /mnt (and TMPDIR, in /run) are fresh
# memory; whatever of the project lives below one of them stays visible.
#
# Control lines on DL_OUT, told from the script's output by the nonce:
#   NONCE allow REGEX   kernel log entries that are no failure (allow_splat)
#   NONCE exit STATUS   the script's status; the host then ends the guest

PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
umask 022

mount_once() { mountpoint -q "$3" || mount -n -t "$1" -o "$2" "$1" "$3"; }

mount_once proc nosuid,noexec,nodev /proc
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
	case $word in
	dl_job=*) job=${word#dl_job=} ;;
	esac
done
# shellcheck source=/dev/null
. "$job"

mount_once devtmpfs mode=0755 /dev
mount_once sysfs nosuid,noexec,nodev /sys

# A fresh tmpfs on $1 that does not hide the project's own paths below it.
fresh_dir() {
	n=0
	mkdir -p /dev/dl-keep
	for keep in "$DL_TOP" "$DL_CACHE" "${job%/*}"; do
		n=$((n + 1))
		case $keep in
		"$1"/*)
			mkdir -p "/dev/dl-keep/$n"
			mount -n --bind "$keep" "/dev/dl-keep/$n"
			;;
		esac
	done
	mount -n -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$1"
	n=0
	for keep in "$DL_TOP" "$DL_CACHE" "${job%/*}"; do
		n=$((n + 1))
		if mountpoint -q "/dev/dl-keep/$n"; then
			mkdir -p "$keep"
			mount -n --move "/dev/dl-keep/$n" "$keep"
		fi
	done
}
fresh_dir /run
fresh_dir /mnt

mkdir -p /dev/pts /dev/shm /run/tmp /run/scratch /run/lock
mount -n -t devpts -o mode=0620 devpts /dev/pts 2>/dev/null
mount -n -t tmpfs tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
ln -sf /proc/self/fd/1 /dev/stdout
ln -sf /proc/self/fd/2 /dev/stderr
mount_once debugfs mode=0755 /sys/kernel/debug
mount_once tracefs mode=0755 /sys/kernel/tracing 2>/dev/null
mount -n -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null
# null_blk and others are set up through configfs; in the VM it is a module.
[ -n "${DL_MODULES:-}" ] && mount -n --bind "$DL_MODULES" /lib/modules
[ -d /sys/kernel/config ] || modprobe configfs 2>/dev/null
mount_once configfs nosuid,noexec,nodev /sys/kernel/config

# Any module that a kernel thread asks for is found by the usual program.
[ -w /proc/sys/kernel/modprobe ] && echo /sbin/modprobe >/proc/sys/kernel/modprobe
# Nothing said through /dev/kmsg may be lost to rate limiting.
echo on >/proc/sys/kernel/printk_devkmsg 2>/dev/null

rel=$(uname -r)
DM_DISABLE_UDEV=1
TMPDIR=/run/tmp
HOME=/run/tmp
DL_GUEST=$DL_TOP/tests/guest
: "${DELTALOG_KO:=$DL_TOP/build/$rel/dm-deltalog.ko}"
: "${DELTALOG_TOOL:=$DL_TOP/build/deltalog}"
export DM_DISABLE_UDEV TMPDIR HOME DL_TOP DL_GUEST DL_OUT DL_NONCE
export DELTALOG_KO DELTALOG_TOOL

stty raw -echo <"$DL_OUT" 2>/dev/null
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
