# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the benchmarks of data bases on a file system share.  Use:
#
#   . "$DL_TOP/tests/bench/icount.sh"
#   . "$DL_TOP/tests/bench/grain-fs.sh"
#
#   fs_up TARGET FS NS      file system FS over deltalog, recording as TARGET says; its
#                           origin takes NS for a request; $base is a path in it
#   fs_down FS              takes them away, when FS is found whole
#   count_from_here         keeps what all of $counters are, in $was
#   since SUFFIX KEY...     gives the host what $target gained of them since, under
#                           their names with SUFFIX, if there is one

# The same identifiers each time.
uuid=00112233-4455-6677-8899-aabbccddeeff
counters='user_bytes log_bytes deltas delta_bytes rebased rewritten unchanged commits'

fs_up() {
	null_disk fast 1024 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
	# shellcheck disable=SC2034 # for target_up
	FAST=$DISK
	null_disk slow 512 blocksize=512 irqmode=2 completion_nsec="$3" cache_size=16
	# shellcheck disable=SC2034 # for target_up
	SLOW=$DISK
	# shellcheck disable=SC2034 # for target_up
	DL_OPTS='high_watermark 90 reconcile_secs 86400'
	target_up deltalog
	grain "$1"
	case $2 in
	ext4) mkfs.ext4 -q -U $uuid -E hash_seed=$uuid,lazy_itable_init=0 "$VOL" ;;
	xfs) mkfs.xfs -q -m uuid=$uuid "$VOL" ;;
	esac || fail "mkfs.$2"
	mkdir -p /run/tmp/mnt
	mount -t "$2" "$VOL" /run/tmp/mnt || fail "cannot mount $2"
	# shellcheck disable=SC2034 # for who calls this
	base=/run/tmp/mnt/base
}

fs_down() {
	umount /run/tmp/mnt || fail "cannot unmount"
	case $1 in
	ext4) e2fsck -fn "$VOL" >/dev/null 2>&1 ;;
	xfs) xfs_repair -n "$VOL" >/dev/null 2>&1 ;;
	esac || fail "$1 is damaged"
	target_down
}

count_from_here() {
	was=''
	for key in $counters; do was="$was $key=$(status "$key")"; done
}

since() {
	_suffix=${1:+_$1}
	shift
	for key; do
		_old=${was#* "$key"=}
		# shellcheck disable=SC2154 # who calls this has it
		value "$key$_suffix" "$target" $(($(status "$key") - ${_old%% *}))
	done
}
