# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the benchmark's guest scripts share.  Use:
#
#   . "$DL_TOP/tests/bench/lib.sh"
#
#   null_disk NAME MB [ATTR=VALUE]...   memory-backed null_blk, sets $DISK
#   target_up NAME          builds target NAME over the block devices $FAST, $SLOW
#                           and, for thin, $META; sets $VOL, the device to write
#   target_down             takes it away again
#   finely LEVEL            deltalog only: records every write at LEVEL, block to bit
#   grain WHAT              deltalog only: `deltalog`, with the policy a volume has by
#                           default, `packed`, the same and compressed, or as `finely`
#   settle                  brings what the target still holds back to the origin
#   warm MIB                deltalog only: writes twice as much and settles it, so that
#                           its frames have their memory, as those of a volume that
#                           has been in use for a while
#   status KEY              value of a key of the target's status line
#   fio_run TARGET ARG...   fio over $VOL with what every run has in common;
#                           its JSON goes to the host, jobs told by their names
#   value KEY TARGET NUMBER gives the host one number
#   written DEV, was_read DEV    bytes so far, as the block layer counts them
#   kernel_kib              memory that the kernel has in use
#   snapshots N             makes snapshots s1 to sN of deltalog, with a 4 KiB write
#                           before each; prints how long that took, as message.py
#   message WORD...         sends deltalog a message; prints the same
#   view_up NAME            makes a view of a snapshot, /dev/mapper/view-NAME
#   non_zero DEV            fills a device: what is all zeros is kept for nothing
#
# What the host reads (collect.py) are lines that begin with "@": anything else
# a script says is for people.

# shellcheck source=tests/guest/lib.sh
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

value() { printf '@v %s %s %s\n' "$1" "$2" "$3"; }

null_disk() {
	_name=$1 _mb=$2
	shift 2
	[ -d /sys/kernel/config/nullb ] || modprobe -q null_blk nr_devices=0 || :
	_dir=/sys/kernel/config/nullb/$_name
	mkdir "$_dir" || fail "cannot make device $_name in /sys/kernel/config/nullb"
	for _kv in size="$_mb" memory_backed=1 discard=1 "$@" power=1; do
		echo "${_kv#*=}" >"$_dir/${_kv%%=*}" ||
			fail "null_blk refused $_kv for device $_name"
	done
	DISK=/dev/$_name
	[ -b "$DISK" ] || fail "device node of $_name did not appear"
	# Requests reach the device as the target sent them.
	echo none >"/sys/block/$_name/queue/scheduler"
}

dm_table() { dmsetup create "$1" --table "$2" || fail "dmsetup create $1: $2"; }

# The thin pool's data device is $FAST: all of it is on the fast side.
thin_pool() {
	dm_table pool "0 $(blockdev --getsz "$FAST") thin-pool $META $FAST 128 0 1 skip_block_zeroing"
	dmsetup message pool 0 create_thin 0 || fail "create_thin"
	dm_table thin "0 $1 thin /dev/mapper/pool 0"
	# All of it is mapped before anything is measured: $2 is what the run touches.
	dd if=/dev/zero of=/dev/mapper/thin bs=1M count="$2" oflag=direct conv=fsync 2>/dev/null ||
		fail "cannot fill the thin volume"
}

thin_snapshot() {
	dmsetup suspend thin || fail "cannot suspend the thin volume"
	dmsetup message pool 0 create_snap 1 0 || fail "create_snap"
	dmsetup resume thin || fail "cannot resume the thin volume"
}

# $DL_OPTS are words for deltalog's table; $TOUCHED is how many MiB, from the
# volume's start, the run will write (default: all).
target_up() {
	TARGET=$1
	VOL=/dev/mapper/$1
	_sec=$(blockdev --getsz "$SLOW")
	: "${TOUCHED:=$((_sec / 2048))}"
	case $1 in
	raw-log) VOL=$FAST ;;
	raw-origin) VOL=$SLOW ;;
	linear) dm_table linear "0 $_sec linear $SLOW 0" ;;
	writecache)
		modprobe_all dm-writecache
		dm_table writecache "0 $_sec writecache s $SLOW $FAST 4096 0"
		;;
	crypt)
		modprobe_all aesni-intel dm-crypt
		dm_table crypt "0 $_sec crypt aes-xts-plain64 $(printf %064d 1) 0 $SLOW 0"
		;;
	snap4 | snap64)
		modprobe_all dm-snapshot
		_chunk=8
		[ "$1" = snap4 ] || _chunk=128
		dm_table "$1" "0 $_sec snapshot-origin $SLOW"
		dm_table cow "0 $_sec snapshot $SLOW $FAST P $_chunk"
		;;
	thin | thin-snap)
		modprobe_all dm-thin-pool
		_sec=$(blockdev --getsz "$FAST")
		thin_pool "$_sec" "$TOUCHED"
		[ "$1" = thin ] || thin_snapshot
		VOL=/dev/mapper/thin
		;;
	deltalog)
		# shellcheck disable=SC2119 # no parameters
		[ -d /sys/module/dm_deltalog ] || load_module
		# shellcheck disable=SC2086 # words
		set -- ${DL_OPTS:-}
		dm_table deltalog "0 $_sec deltalog $SLOW $FAST $# $*"
		;;
	*) fail "no target $1" ;;
	esac
}

finely() {
	dmsetup message deltalog 0 policy "window 10s; max-chain 1000; -> $1" ||
		fail "the policy was refused"
}

grain() {
	case $1 in
	deltalog) ;;
	packed) dmsetup message deltalog 0 set compression 1 || fail "compression" ;;
	bit | block) finely "$1" ;;
	*) fail "no target $1" ;;
	esac
}

target_down() {
	case $TARGET in
	raw-*) ;;
	snap*) dmsetup remove "$TARGET" && dmsetup remove cow ;;
	thin*) dmsetup remove thin && dmsetup remove pool ;;
	*) dmsetup remove "$TARGET" ;;
	esac || fail "cannot remove $TARGET"
}

settle() {
	case $TARGET in
	writecache) dmsetup message writecache 0 flush ;;
	deltalog) dmsetup message deltalog 0 drain ;;
	*) blockdev --flushbufs "$VOL" ;;
	esac || fail "$TARGET would not settle"
}

warm() {
	[ "$TARGET" = deltalog ] || return 0
	fio --filename="$VOL" --direct=1 --thread --clocksource=clock_gettime \
		--name=warm --rw=randwrite --bs=4k --ioengine=libaio --iodepth=32 \
		--size="${1}m" --loops=2 --end_fsync=1 >/dev/null || fail "cannot warm up"
	settle
}

# "0 LEN deltalog MODE KEY VALUE..."
status() {
	dmsetup status deltalog | awk -v key="$1" '
		{ for (i = 5; i < NF; i += 2) if ($i == key) { print $(i + 1); found = 1 } }
		END { exit !found }' || fail "the status line has no key $1"
}

fio_run() {
	_target=$1
	shift
	# The time stamp counter is not the guest's clock.
	fio --filename="$VOL" --direct=1 --thread --clocksource=clock_gettime \
		--randrepeat=1 --group_reporting --eta=never --disk_util=0 \
		--percentile_list=50:99:99.9 --output-format=json \
		--output=/run/tmp/fio.json "$@" || fail "fio over $_target"
	printf '@fio %s\n' "$_target"
	cat /run/tmp/fio.json
	printf '\n@end\n'
}

_stat() { awk -v f="$2" '{ printf "%.0f\n", $f * 512 }' "/sys/block/${1##*/}/stat"; }
written() { _stat "$1" 7; }
was_read() { _stat "$1" 3; }

# What the kernel holds on to, less what it would give back.
kernel_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree:/ { f = $2 } /^(Buffers|Cached|SReclaimable):/ { f += $2 }
		/^MemTotal:/ { t = $2 } END { print t - f }' /proc/meminfo
}

message() { python3 "$DL_TOP/tests/bench/message.py" deltalog "$@" || fail "message: $*"; }

snapshots() {
	python3 "$DL_TOP/tests/bench/message.py" --count "$1" --write deltalog \
		'snapshot_create s{}' || fail "cannot make $1 snapshots"
}

view_up() {
	dmsetup create "view-$1" --readonly --table \
		"0 $(blockdev --getsz /dev/mapper/deltalog) deltalog-view /dev/mapper/deltalog $1" ||
		fail "cannot view snapshot $1"
}

non_zero() {
	fio --filename="$1" --direct=1 --thread --name=fill --rw=write --bs=1m \
		--clocksource=clock_gettime >/dev/null || fail "cannot fill $1"
}
