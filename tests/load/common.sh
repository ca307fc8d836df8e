# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the load tests share; to be sourced after "$DL_GUEST/lib.sh", in a guest.
#
#   disk NAME MIB [BLOCK]      a loop device over memory, its path in $DISK
#   volume ORIGIN LOG [OPTS]   activate $VOL (/dev/mapper/$V); fails if refused
#   table ORIGIN LOG [OPTS]    the table line for that, in $TABLE
#   gone                       remove the volume
#   stat KEY                   a value of its status; stat mode: rw, ro, ...
#   expect_stat KEY VALUE      fail unless it is that
#   healthy                    rw, and no errors counted
#   model ARG...               the content model, dlmodel
#   log_mark, log_since        the kernel's lines since the mark
#   log_wants TEXT             fail unless one of them has TEXT
#   holdable                   $DISK by way of another device, which copies hold
#   copies, back_to_copies     keep what $origin and $log hold, after a flush; put it
#                              back
#   power_cut                  go on with what they hold now, as if there had been one;
#                              with $opts
#   same_as_origin ORIGIN      drain; the bare origin must equal the volume
#   smoothly SECONDS CMD...    fail if CMD takes longer
#   some N                     N, or less of it where the kernel is slow

V=${V:-load}
VOL=/dev/mapper/$V
MODEL=$DL_TOP/build/tests/dlmodel

load_setup() {
	modprobe_all dm-mod loop "$@"
	# shellcheck disable=SC2119 # no parameters for the module
	load_module
	[ -x "$MODEL" ] || fail "no $MODEL: make crash-tools"
	mkdir -p /run/tmp
}

# shellcheck disable=SC2034 # for the caller
disk() {
	_file=/run/tmp/$1.img
	rm -f "$_file"
	truncate -s "$2M" "$_file"
	DISK=$(losetup -f --show ${3:+--sector-size "$3"} "$_file") ||
		fail "no loop device for $1"
}

table() { TABLE="0 ${SECTORS:-$(blockdev --getsz "$1")} deltalog $*"; }

volume() {
	table "$@"
	dmsetup create "$V" --table "$TABLE" ||
		fail "cannot activate: $TABLE: $(dmesg | tail -n 5)"
}

gone() { dmsetup remove "$V" || fail "the volume cannot be removed"; }

stat() {
	dmsetup status "$V" | awk -v key="$1" '
		key == "mode" { print $4 }
		{ for (i = 5; i < NF; i += 2) if ($i == key) print $(i + 1) }'
}

expect_stat() {
	_is=$(stat "$1")
	[ "$_is" = "$2" ] ||
		fail "status: $1 is '$_is', expected '$2': $(dmsetup status "$V")"
}

healthy() {
	expect_stat mode rw
	expect_stat crc_errors 0
	expect_stat log_errors 0
	expect_stat origin_errors 0
}

model() { "$MODEL" "$@"; }

log_mark() {
	_nr_marks=$((${_nr_marks:-0} + 1))
	echo "dl-load: mark $_nr_marks" >/dev/kmsg
}

log_since() { dmesg | sed -n "/dl-load: mark ${_nr_marks:-0}\$/,\$p" | sed 1d; }

log_wants() {
	log_since | grep -qF -- "$1" ||
		fail "the kernel did not say '$1' but: $(log_since)"
}

holdable() {
	below=$DISK
	dmsetup create held --table "0 $(blockdev --getsz "$below") linear $below 0" ||
		fail "cannot be covered: $below"
	DISK=/dev/mapper/held
}

# Of a log that goes on to be written no power cut would leave what is copied: one part
# of a checkpoint and not another.
# shellcheck disable=SC2154 # the caller's
copies() {
	dmsetup message "$V" 0 flush
	[ -z "${below-}" ] || dmsetup suspend --noflush --nolockfs held
	dd if="${below:-$log}" of=log.copy bs=64k status=none iflag=direct
	# What cannot be held is quiet, or will be.
	_tries=0
	until [ -n "${below-}" ] || dd if="$log" bs=64k status=none iflag=direct | cmp -s - log.copy; do
		[ $((_tries += 1)) -lt 100 ] || fail "the log is written without a pause"
		dd if="$log" of=log.copy bs=64k status=none iflag=direct
	done
	# At once: an origin that takes its time must not hold the log for minutes.
	dd if="$origin" of=origin.copy bs=16M status=none iflag=direct
	[ -z "${below-}" ] || dmsetup resume held
}

back_to_copies() {
	dd if=log.copy of="$log" bs=64k status=none oflag=direct
	dd if=origin.copy of="$origin" bs=16M status=none oflag=direct
}

# shellcheck disable=SC2154 # the caller's
power_cut() {
	copies
	gone
	back_to_copies
	volume "$origin" "$log" "$opts"
}

same_as_origin() {
	dmsetup message "$V" 0 drain || fail "drain failed"
	_bytes=$(($(blockdev --getsz "$VOL") * 512))
	# The origin's cached pages are from before what the volume wrote.
	blockdev --flushbufs "$1"
	cmp -n "$_bytes" "$VOL" "$1" ||
		fail "after a drain the bare origin differs"
}

now_s() { cut -d. -f1 /proc/uptime; }

smoothly() {
	_limit=$1
	_began=$(now_s)
	shift
	"$@" || fail "failed: $*"
	_took=$(($(now_s) - _began))
	[ "$_took" -le "$_limit" ] || fail "took $_took s, at most $_limit: $*"
}

# The debug kernel and an emulated processor are about ten times as slow.
some() {
	case $(uname -r) in
	*-dlfast) echo "$1" ;;
	*) echo $(($1 / 5 + 1)) ;;
	esac
}
