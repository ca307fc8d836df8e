#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a script in QEMU on a stock Debian kernel.
#
# Usage: tests/vm/run.sh --kernel 6.1|6.12 [OPTION]... -- SCRIPT [ARG]...
#
# The same contract as tests/uml/run.sh: SCRIPT is an executable, its path
# relative to the repository; it runs as root, sees the host's files read-only,
# and finds functions in "$DL_GUEST/lib.sh".  Its output appears here as it comes.
#
#   --smp N           processors, default 2
#   --mem SIZE        memory, default 2G
#   --icount          guest time is the instruction count (1 ns each), one
#                     processor, idle time skipped: results repeat
#   --disk FILE[,OPTION...]
#                     an image file for the guest to write, raw unless the
#                     options (of QEMU's -drive) say otherwise; the first is
#                     /dev/vda, the next /dev/vdb; may be repeated
#   --kill-on TEXT    kill the guest as soon as it prints TEXT, and exit 0: a
#                     power cut.  The disks' files stay
#   --timeout SEC     kill the guest after this long, default 600
#   --cmdline WORDS   more words for the kernel's command line
#   --out FILE        keep the kernel's log there
#
# KVM is used only after this kernel was seen to boot with it on this host;
# otherwise, or with DELTALOG_ACCEL=tcg, the processor is emulated.
#
# Exits with the script's status; with 1 if that was 0 but the kernel warned,
# oopsed or the like (see allow_splat in lib.sh); 124 on timeout, 125 if the
# guest died.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"
# shellcheck source=scripts/lab/guest-run.sh
. "$DL_TOP/scripts/lab/guest-run.sh"

QEMU=qemu-system-x86_64
PROBE_SECONDS=15

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

kernel='' smp=2 mem=2G icount='' limit=600 cmdline='' disks=()
while [ $# -gt 0 ]; do
	case $1 in
	--icount) icount=1 ;;
	--kernel | --smp | --mem | --disk | --kill-on | --timeout | --cmdline | --out)
		[ $# -ge 2 ] || usage
		case $1 in
		--kernel) kernel=$2 ;;
		--smp) smp=$2 ;;
		--mem) mem=$2 ;;
		--disk) disks+=("$2") ;;
		--kill-on) DL_KILL_ON=$2 ;;
		--timeout) limit=$2 ;;
		--cmdline) cmdline="$cmdline $2" ;;
		--out) DL_OUT_LOG=$2 ;;
		esac
		shift
		;;
	--) shift; break ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -ge 1 ] || usage
[ -n "$kernel" ] || usage
command -v $QEMU >/dev/null || dl_die "$QEMU is missing: run scripts/setup.sh test"

# Does this kernel reach its first process with KVM?  Having /dev/kvm does not
# say so: where virtualization is nested, a guest may hang or be refused.
# shellcheck disable=SC2317 # called through dl_with_lock
probe_kvm() {
	[ ! -e "$1" ] || return 0
	local answer=no said
	dl_say "probing whether $(cat "$dir/release") boots with KVM (at most $PROBE_SECONDS s, once)"
	mkdir -p "${1%/*}"
	# There is no root to find, which stage1 says and dies of.
	said=$(timeout -s KILL $PROBE_SECONDS $QEMU -nodefaults -no-user-config \
		-display none -no-reboot -accel kvm -cpu host -smp 2 -m 512M \
		-kernel "$dir/vmlinuz" -initrd "$dir/initramfs.gz" -serial stdio \
		-append "console=ttyS0 panic=-1" </dev/null 2>/dev/null |
		tr -d '\0') || :
	case $said in
	*'dl-lab: stage1: '*) answer=yes ;;
	esac
	printf '%s\n' "$answer" >"$1.tmp"
	mv "$1.tmp" "$1"
}

accel() {
	local seen want=${DELTALOG_ACCEL:-auto}
	seen=$DL_CACHE/kvm/$(basename "$dir")@$(uname -r)
	if [ -n "$icount" ]; then
		printf '%s\n' -accel tcg -cpu max -smp 1 -icount shift=0,sleep=off
		return
	fi
	if [ "$want" = auto ]; then
		want=tcg
		if [ -w /dev/kvm ]; then
			dl_with_lock kvm-probe probe_kvm "$seen"
			[ "$(cat "$seen")" = no ] || want=kvm
		fi
	fi
	case $want in
	kvm) printf '%s\n' -accel kvm -cpu host -smp "$smp" ;;
	*) printf '%s\n' -accel tcg,thread=multi -cpu max -smp "$smp" ;;
	esac
}

drives() {
	local disk file n=0
	for disk; do
		file=${disk%%,*}
		[ -f "$file" ] || dl_die "--disk $file: not a file (real disks are refused; make one with truncate -s)"
		case ,${disk#"$file"}, in
		*,format=*) ;;
		*) disk=$disk,format=raw ;;
		esac
		printf '%s\n' -drive "file=$disk,if=none,id=disk$n" \
			-device "virtio-blk-pci,drive=disk$n"
		n=$((n + 1))
	done
}

dir=$("$DL_TOP/tests/vm/fetch.sh" "$kernel")
mapfile -t accel_args < <(accel)
drives "${disks[@]}" >/dev/null
mapfile -t drive_args < <(drives "${disks[@]}")

DL_GUEST_NAME=QEMU
DL_JOB_EXTRA="DL_MODULES=$(dl_quote "$dir/modules")"
dl_guest_prepare /dev/ttyS1 "$@"
boot() {
	dl_guest_start "$limit" $QEMU -nodefaults -no-user-config -display none \
		-no-reboot -m "$mem" "${accel_args[@]}" \
		-kernel "$dir/vmlinuz" -initrd "$dir/initramfs.gz" \
		-append "console=ttyS0 loglevel=7 panic=-1 null_blk.nr_devices=0 dl_init=$DL_TOP/tests/guest/init.sh dl_job=$DL_RUN/job$cmdline" \
		-chardev file,id=log,path="$DL_KLOG" -serial chardev:log \
		-chardev file,id=out,path="$DL_RUN/out" -serial chardev:out \
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=root,mount_tag=dlroot \
		"${drive_args[@]}"
}

# An emulator's slip can kill a stock kernel while it boots, before it has run
# anything of ours: that says nothing about what is to be tested.
tries=3
while :; do
	boot
	rc=0
	dl_guest_finish || rc=$?
	tries=$((tries - 1))
	if [ $rc != 125 ] || [ $tries = 0 ] || dl_guest_ran; then
		exit $rc
	fi
	dl_say "it died while it booted: once more"
	dl_guest_again
done
