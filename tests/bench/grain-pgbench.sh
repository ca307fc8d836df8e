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
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
# shellcheck source=tests/bench/grain-fs.sh
. "$DL_TOP/tests/bench/grain-fs.sh"

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

warm=$((transactions / 10))

for target; do
	fs_up "$target" "$fs" 20000
	cp -a $home/made $base || fail "cannot copy the data base"
	server start $base
	transact --random-seed=1 -c 1 -t $warm >/dev/null
	sql CHECKPOINT || fail "no checkpoint"
	sync
	# What was done before has left to do in the background, such as a summary, and
	# nothing tells when that is done; the guest's clock is simulated.
	sleep 1

	count_from_here
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
	fs_down "$fs"
	{ rmdisk fast && rmdisk slow; } || fail "cannot remove the devices"
	ok "$target: the data base and $fs are whole"
done
