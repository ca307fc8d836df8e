#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, stock kernel under -icount: a nanosecond is an instruction.  Bytes
# written to the log per user byte, and transactions per second, under PostgreSQL on a
# file system: pgbench's own transactions, like those of TPC-B, one client.
#
# Usage: grain-pgbench.sh FS TRANSACTIONS TARGET...
#
# FS is ext4 or xfs, made with its defaults.  TARGET is as in grain-sqlite.sh.
# PostgreSQL has its defaults, too; the data base is made once, in memory, and each
# target gets a copy.  What is counted is from one checkpoint to the end of the next,
# TRANSACTIONS between them; the time is theirs alone, as pgbench tells it: what is
# computed, an instruction a nanosecond, and what the devices take, 20 us a request.
#
# The guest's clock runs while it waits for the host's files.  So a tenth as many
# transactions are made before, and nothing is read from the host after.

set -u
# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"

fs=$1 transactions=$2
shift 2
need dmsetup setpriv "mkfs.$fs"
for dir in /usr/lib/postgresql/*/bin; do PATH=$PATH:$dir; done
need initdb pg_ctl pgbench psql

icount_begin
# What is stamped with the time is stamped with the same each time.
date -s '2025-01-01 00:00:00 UTC' >/dev/null

# PostgreSQL does not run as root.
home=/run/tmp/pg
mkdir $home
chown postgres: $home
as() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
export TZ=UTC LC_ALL=C PGHOST=$home PGUSER=postgres PGDATABASE=postgres

server() {
	as pg_ctl -s -w -t 3600 -D "$2" -l $home/log -o "-k $home -h ''" "$1" || {
		tail -n 20 $home/log
		fail "PostgreSQL does not $1"
	}
}
sql() { as psql -qAtX -c "$1"; }
transact() { as pgbench "$@" 2>$home/err || { cat $home/err; fail "pgbench $*"; } }

as initdb -D $home/made -U postgres -A trust -E UTF8 --no-locale -N >/dev/null ||
	fail "initdb"
server start $home/made
transact -i -q -s 1 >/dev/null
server stop $home/made

# The same identifiers each time.
uuid=00112233-4455-6677-8899-aabbccddeeff
warm=$((transactions / 10))
counters='user_bytes log_bytes deltas delta_bytes rebased rewritten unchanged commits'

# What counters gained since $was, under their names with a suffix.
since() {
	_suffix=${1:+_$1}
	shift
	for key; do
		old=${was#* "$key"=}
		value "$key$_suffix" "$target" $(($(status "$key") - ${old%% *}))
	done
}

for target; do
	null_disk fast 1024 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
	FAST=$DISK
	null_disk slow 512 blocksize=512 irqmode=2 completion_nsec=20000 cache_size=16
	# shellcheck disable=SC2034 # for target_up
	SLOW=$DISK
	# shellcheck disable=SC2034 # for target_up
	DL_OPTS='high_watermark 90 reconcile_secs 86400'
	target_up deltalog
	grain "$target"
	case $fs in
	ext4) mkfs.ext4 -q -U $uuid -E hash_seed=$uuid,lazy_itable_init=0 "$VOL" ;;
	xfs) mkfs.xfs -q -m uuid=$uuid "$VOL" ;;
	esac || fail "mkfs.$fs"
	mkdir -p /run/tmp/mnt
	mount -t "$fs" "$VOL" /run/tmp/mnt || fail "cannot mount $fs"
	base=/run/tmp/mnt/base
	cp -a $home/made $base || fail "cannot copy the data base"
	server start $base
	transact --random-seed=1 -c 1 -t $warm >/dev/null
	sql CHECKPOINT || fail "no checkpoint"
	sync
	# What was done before has left to do in the background, such as a summary, and
	# nothing tells when that is done; the guest's clock is simulated.
	sleep 1

	was=''
	for key in $counters; do was="$was $key=$(status "$key")"; done
	transact --random-seed=2 -c 1 -n -t "$transactions" >$home/said
	# Until the checkpoint it is nearly all PostgreSQL's log; the rest is its pages.
	since run user_bytes log_bytes
	sql CHECKPOINT || fail "no checkpoint"
	sync
	# shellcheck disable=SC2086 # words
	since '' $counters
	value transactions "$target" "$(awk -F '[:/]' '/actually processed/ { print $2 + 0 }' $home/said)"
	value tps "$target" "$(awk '/^tps = / { print $3 }' $home/said)"

	[ "$(sql 'SELECT (SELECT sum(abalance) FROM pgbench_accounts) = h,
			(SELECT sum(tbalance) FROM pgbench_tellers) = h,
			(SELECT sum(bbalance) FROM pgbench_branches) = h, n
		FROM (SELECT sum(delta) AS h, count(*) AS n FROM pgbench_history) AS all_of_it')" = \
		"t|t|t|$((warm + transactions))" ] || fail "the data base is wrong"
	server stop $base
	umount /run/tmp/mnt || fail "cannot unmount"
	case $fs in
	ext4) e2fsck -fn "$VOL" >/dev/null 2>&1 ;;
	xfs) xfs_repair -n "$VOL" >/dev/null 2>&1 ;;
	esac || fail "$fs is damaged"
	target_down
	{ rmdisk fast && rmdisk slow; } || fail "cannot remove the devices"
	ok "$target: the data base and $fs are whole"
done
