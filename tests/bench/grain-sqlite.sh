#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Guest script, simulated time, or stock kernel under -icount: bytes written to the
# log per user byte, and how long it takes, under a data base that makes many small
# transactions on a file system.
#
# Usage: grain-sqlite.sh TARGET FS MODE TRANSACTIONS
#
# TARGET is `deltalog`, with the policy a volume has by default, `bit`, recording
# every write as finely as can be, `block`, recording whole pages, or `packed`, as by
# default and compressed.  FS is ext4 or
# xfs, made with its defaults; MODE is SQLite's journal: wal or delete.  A table of 20,000
# accounts is filled; then each transaction changes two of them and adds a line to a
# ledger, and is made durable.  What is counted begins after the filling.

set -u
# shellcheck source=tests/bench/icount.sh
. "$DL_TOP/tests/bench/icount.sh"
# shellcheck source=tests/bench/grain-fs.sh
. "$DL_TOP/tests/bench/grain-fs.sh"

target=$1 fs=$2 mode=$3 transactions=$4
need dmsetup sqlite3 "mkfs.$fs"

fs_up "$target" "$fs" 8000000

# Nothing of it is random.
sqlite3 $base <<SQL >/dev/null || fail "cannot fill the data base"
PRAGMA page_size = 4096;
PRAGMA journal_mode = $mode;
CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, name TEXT);
CREATE TABLE ledger (id INTEGER PRIMARY KEY, source INTEGER, dest INTEGER, amount INTEGER);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO account SELECT i, 1000000, printf('holder of account number %08d', i) FROM n;
SQL
awk -v n="$transactions" 'BEGIN {
	print "PRAGMA synchronous = FULL;"
	x = 1
	for (i = 0; i < n; i++) {
		for (j = 0; j < 3; j++) {
			x = (x * 16807) % 2147483647
			v[j] = x
		}
		a = v[0] % 20000 + 1; b = v[1] % 20000 + 1; c = v[2] % 1000
		print "BEGIN;"
		print "UPDATE account SET balance = balance -", c, "WHERE id =", a ";"
		print "UPDATE account SET balance = balance +", c, "WHERE id =", b ";"
		print "INSERT INTO ledger (source, dest, amount) VALUES (" a "," b "," c ");"
		print "COMMIT;"
	}
}' >/run/tmp/work.sql
keep sqlite3 date
sync
# What was done before has left to do in the background, such as a summary.
sleep 1

count_from_here
begin=$(now)
kept sqlite3 $base </run/tmp/work.sql >/dev/null || fail "SQLite"
took=$(($(now) - begin))
sync
# shellcheck disable=SC2086 # words
since '' $counters
value transactions "$target" "$transactions"
value took "$target" $took

[ "$(sqlite3 $base 'SELECT sum(balance) FROM account; SELECT count(*) FROM ledger;' |
	tr '\n' ' ')" = "20000000000 $transactions " ] || fail "the data base is wrong"
[ "$(sqlite3 $base 'PRAGMA integrity_check;')" = ok ] || fail "the data base is damaged"
fs_down "$fs"
