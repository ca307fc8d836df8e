#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of the tool that need no kernel: command lines, refusals, and check and
# dump on images of logs, whole and damaged.
#
# Usage: tests/tool/host.sh [FOLDER]     with deltalog and mkimage
#                                        (default: build/tools-san)

set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-$top/build/tools-san}
tool=$bin/deltalog
mkimage=$bin/mkimage
work=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-tool.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
# Leaks are findings too.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0:exitcode=99
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:exitcode=99
export TZ=UTC

passed=0
fail() {
	printf 'not ok - %s\n' "$*"
	[ ! -s out ] || { echo '--- stdout'; head -n 40 out; }
	[ ! -s err ] || { echo '--- stderr'; head -n 40 err; }
	exit 1
}
ok() { passed=$((passed + 1)); }

# want CODE ARG...: run the tool, expect its exit code
want() {
	local code=$1 rc=0
	shift
	"$tool" "$@" >out 2>err || rc=$?
	[ "$rc" = "$code" ] || fail "deltalog $*: exit code $rc, expected $code"
	ok
}
# says FILE TEXT: the last run's out or err has it
says() {
	grep -qF -- "$2" "$1" || fail "'$2' is not in std$1"
	ok
}
one_line() {
	[ "$(wc -l <err)" = 1 ] || fail "more than one line on stderr"
	ok
}
# json FILTER: the last run's JSON satisfies it
json() {
	jq -e "$1" out >/dev/null || fail "JSON is not: $1"
	ok
}

# ---- the command line

usage() {
	want 2 "$@"
	grep -q '^usage: deltalog' err || fail "no usage line: deltalog $*"
	[ ! -s out ] || fail "output on wrong usage: deltalog $*"
}
usage
usage frobnicate
usage --frobnicate
usage create
usage create a b --origin x --log y
usage create vol0
usage create vol0 --origin x
usage create vol0 --log y
usage create --origin x --log y
usage create vol0 --origin
usage create vol0 --origin x --log
usage create vol0 --origin x --log ''
usage create vol0 --origin= --log y
usage create vol0 --origin x --log y --force=yes
usage create vol0 --origin x --log y --forc
usage create vol0 --origin x --log y -f
usage create vol0 --origin x --log y --block-size 511
usage create vol0 --origin x --log y --block-size 8k
usage create vol0 --origin x --log y --block-size 1000
usage create vol0 --origin x --log y --block-size 18446744073709551616
usage create vol0 --origin x --log y --block-size -512
usage create vol0 --origin x --log y --block-size 4kk
usage create vol0 --origin x --log y --commit-ms 0
usage create vol0 --origin x --log y --commit-ms 60001
usage create vol0 --origin x --log y --commit-ms 1s
usage create vol0 --origin x --log y --commit-ms ' 5'
usage create vol0 --origin x --log y --high-watermark 96
usage create vol0 --origin x --log y --high-watermark 30 --low-watermark 30
usage create vol0 --origin x --log y --label 123456789012345678901234567890123
usage create vol0 --origin x --log y --label $'a\nb'
usage create vol0 --origin x --log y --accept-origin
usage activate vol0 --origin x
usage activate vol0 --log x
usage activate vol0 --origin x --log y --low-watermark 20 --high-watermark 10
usage deactivate
usage deactivate a b
usage detach
usage detach a b
usage list all
usage status a b
usage check
usage check a b
usage check a --payloads
usage dump
usage dump a b
usage dump a --page 5
usage dump a --records --page 1099511627776
usage dump a --records --page x
usage snapshot
usage snapshot frobnicate
usage snapshot --frobnicate
usage snapshot creat vol0 one
usage snapshot create
usage snapshot create vol0
usage snapshot create vol0 one two
usage snapshot create '' one
usage snapshot create , one
usage snapshot create vol0, one
usage snapshot create ,vol0 one
usage snapshot create vol0,,vol1 one
usage snapshot create vol0,vol1,vol0 one
says err "vol0 is named twice"
usage snapshot create vol0,vol1 one --no-freeze
says err "have no instant in common"
usage snapshot create "$(printf 'x%.0s' {1..128})" one
usage snapshot create "$(seq -s, 1 65)" one
says err "more than 64 volumes"
usage snapshot create vol0 one --freeze
usage snapshot list
usage snapshot list vol0 vol1
usage snapshot delete
usage snapshot delete vol0
# shellcheck disable=SC2046 # one argument each
usage snapshot delete vol0 $(seq 1 64)
usage snapshot rename vol0 one
usage snapshot rename vol0 one two three
usage snapshot mount vol0 one
usage snapshot mount vol0 one dir dir2
usage snapshot umount
usage snapshot umount dir dir2
usage view
usage view vol0
usage view vol0 one two
usage view vol0 one --as
usage view vol0 one --as ''
usage view vol0 one --list
usage view vol0 one --remove x
usage view vol0 --remove x
usage view --remove
usage view --remove x --list
usage view --remove x --as y
usage view --list --as y
usage view --list vol0 one
usage rewind
usage rewind vol0
usage rewind vol0 one two
usage rewind vol0 one --to now
usage rewind vol0 @1 --to now
usage history
usage history vol0 vol1
usage retention
usage retention vol0 --window
want 2 retention vol0 --window 1h --off
usage retention
usage retention --apply
usage retention --all
usage retention --all --apply vol0
usage retention vol0 --apply --window 1h
says err "--apply does what is in force"
usage retention vol0 --apply --off
usage snapshot create vol0 one --at now --no-freeze
usage rewind vol0 one --keep
usage rewind vol0 one --keep ''
usage rewind vol0 one --as two
usage restore
usage restore vol0 --range 0+8
usage restore vol0 one two --range 0+8
usage restore vol0 one
says err "--range or --to is missing; 'deltalog rewind' takes a whole volume back"
usage restore vol0 one --to
usage restore vol0 one --to ''
usage restore vol0 one --range 0+8 --force
usage restore vol0 one --range 0+8 --keep a --no-keep
usage restore vol0 one --to x --keep a
usage restore vol0 one --to x --no-keep
for range in 8 + 8+ +8 '8+8,' ',8+8' '8+8,,8+8' 8+8+8 8-16 x+8 8+x -1+8 ' 8+8' '8 +8' \
	8+8k8 1KB+8 B+8 0x+8 8+0xg 1.5M+8 18446744073709551616+8 17E+8; do
	usage restore vol0 one "--range=$range"
	says err "--range: "
done
usage restore vol0 one --range 8
says err "--range: '8' is not START+LENGTH"
usage restore vol0 one --range 4096+8,8+0
says err "--range: the range at 8 is empty"
usage restore vol0 one --range 0+513B
says err "--range: 513B is not a whole number of sectors of 512 bytes"
usage restore vol0 one --range 1B+8
usage restore vol0 one --range 18014398509481984+8
says err "--range: 18014398509481984 is too large"
usage restore vol0 one --range 8388608T+8
usage restore vol0 one --range 8388607T+1T
says err "--range: the range at 8388607T is too long"
for name in '' .one -one a/b 'a b' 'a,b' $'a\nb' a@b a= $'\303\244' \
	"$(printf 'x%.0s' {1..64})"; do
	want 2 snapshot create vol0 -- "$name"
	says err "cannot be a snapshot's name"
	want 2 snapshot delete vol0 -- one "$name"
	want 2 snapshot rename vol0 -- one "$name"
	want 2 snapshot rename vol0 -- "$name" one
	want 2 snapshot mount vol0 -- "$name" .
	want 2 view vol0 -- "$name"
	want 2 rewind vol0 -- "$name"
	want 2 restore vol0 --range 0+8 -- "$name"
	says err "cannot be a snapshot's name"
done
want 2 rewind vol0 one --keep a/b --json
says err "'a/b' cannot be a snapshot's name"
one_line
json '.ok == false and .exit == 2'
want 2 restore vol0 one --range 0+8 --keep a/b --json
says err "'a/b' cannot be a snapshot's name"
one_line
json '.ok == false and .exit == 2'
for name in a/b .. control 'a b' "$(printf 'x%.0s' {1..128})"; do
	want 2 view vol0 one --as "$name"
	says err "cannot be a device's name"
done
want 2 view "$(printf 'x%.0s' {1..100})" "$(printf 'y%.0s' {1..63})"
says err "is too long for a device's name"
says err "--as NAME"
want 2 view 'a b' one
want 2 snapshot create --json vol0 a@b
json '.ok == false and .exit == 2 and (.error | length > 0)'
want 3 snapshot mount vol0 one nowhere
says err "make the directory first"
one_line
want 3 snapshot mount vol0 one /dev/null
says err "is no directory"
want 3 snapshot umount nowhere --json
json '.ok == false and .exit == 3'
for name in '' a/b .. . control 'a b' $'a\tb' "$(printf 'x%.0s' {1..128})"; do
	want 2 create "$name" --origin x --log y
	want 2 activate "$name" --origin x --log y
done
want 2 create --json vol0
json '.ok == false and .exit == 2 and (.error | length > 0)'
want 2 create -- --json --origin x
want 0 --help
want 0 -h
want 0 help
want 0 --version
says out deltalog
for verb in create activate deactivate detach list status check dump; do
	want 0 "$verb" --help
	says out "usage: deltalog $verb"
	[ ! -s err ] || fail "help of $verb on stderr"
	want 0 "$verb" --nonsense -h
done
for verb in view rewind restore history retention 'snapshot create' 'snapshot list' 'snapshot delete' \
	'snapshot rename' 'snapshot mount' 'snapshot umount'; do
	# shellcheck disable=SC2086 # words
	want 0 $verb --help
	says out "usage: deltalog $verb"
	[ ! -s err ] || fail "help of $verb on stderr"
done
want 0 snapshot --help
says out "usage: deltalog snapshot VERB"
want 0 snapshot help
want 0 snapshot --nonsense -h
echo "ok - command line"

# ---- devices that are none

truncate -s 1M file
mkdir dir
for verb in create activate; do
	want 3 $verb vol0 --origin file --log file
	says err "origin file is not a block device; put a loop device over the file"
	one_line
	want 3 $verb vol0 --origin dir --log file
	says err "is not a block device"
	want 3 $verb vol0 --origin /dev/null --log file
	says err "is not a block device"
	want 3 $verb vol0 --origin nowhere --log file
	says err "no such device"
	one_line
	want 3 $verb vol0 --origin nowhere --log file --json
	json '.ok == false and .exit == 3'
done
want 3 check nowhere
want 3 check dir
want 3 check /dev/null
want 3 dump nowhere
[ "$(tr -d '\0' <file | wc -c)" = 0 ] || fail "a refused file was written to"
echo "ok - devices that are none"

# ---- images that are no logs

want 3 check file
says err "is blank; 'deltalog create' makes a log on it"
one_line
want 3 dump file
head -c 1M /dev/urandom >noise
want 3 check noise
says err "holds no deltalog log"
want 3 dump noise
: >empty
want 5 check empty
says err "neither superblock can be read"
truncate -s 4095 short
want 5 check short
want 5 dump short --json
json '.exit == 5'
echo "ok - images that are no logs"

# ---- whole images

for block in 512 1024 2048 4096; do
	for seed in 1 2 3; do
		$mkimage build log origin $seed $block >map
		sha256sum log >sums
		want 0 check log
		says out unclean
		[ "$(tail -n 1 out)" = clean ] || fail "last line is not 'clean'"
		want 0 check log --origin origin
		says out "compared 3 samples of the origin, 0 could not be"
		want 0 check log --quick
		want 0 check log --origin origin --json
		json '.ok and .problems == 0 and .segments == 5 and .label == "image"'
		cp out check.json
		want 0 dump log
		says out 'superblock 1 at sector 8, in use'
		want 0 dump log --super --segments --frames --records --json
		json '.superblocks | length == 2'
		json '.checkpoint.samples | length == 3'
		json '.segments | length == 5 and .[0].by_summary and .[4].after_checkpoint'
		jq -e --slurpfile c check.json \
			'(.frames | length) == $c[0].frames and
			 (.records | length) == $c[0].records' out >/dev/null ||
			fail "dump and check count differently"
		ok
		# A page's records are those of all records that concern it.
		page=$(jq '[.records[] | select(.type == "data")][5].page' out)
		n=$(jq --argjson p "$page" '[.records[] | select(
			.page == $p or (.type == "zero-run" and
			(.sector / 8 | floor) <= $p and
			((.sector + .sectors - 1) / 8 | floor) >= $p))] | length' out)
		want 0 dump log --records --page "$page" --json
		json ".records | length == $n"
		want 0 dump log --records --page "$page"
		[ "$(wc -l <out)" = $((n + 1)) ] || fail "rows of page $page"
		sha256sum --quiet -c sums || fail "check or dump wrote to the image"
		ok
	done
done
$mkimage clean log origin 1 512 >map
want 0 check log --origin origin
says out ", detached, "
want 0 dump log --frames --records --json
json '.frames == [] and .records == []'
$mkimage lost log origin 1 512 >map
want 5 check log --json
json '.problems == 1 and .findings[0].page == 6000'
want 5 check log
says out "sectors lost to earlier damage"
want 0 dump log --super --json
json '.checkpoint.lost | length == 2'
want 0 dump log
says out "sectors of 2 pages"
echo "ok - whole images"

# ---- damage: every structure in turn

$mkimage build good origin 7 512 >map
last=$(awk '$1 == "head" { c = $4 } END { print c }' map)

# finding KIND WHAT: there is one like this
finding() {
	json ".findings | any(.kind == \"$1\" and (.what | contains(\"$2\")) $3)"
}
nr=0
while read -r kind at bytes commit page; do
	nr=$((nr + 1))
	places="0 $((bytes / 2)) $((bytes - 1))"
	# Of payloads, of which there are hundreds, one byte of every third.
	if [ "$kind" = payload ]; then
		[ $((nr % 3)) = 0 ] || continue
		places="$((nr % bytes))"
	fi
	for pos in $places; do
		cp good log
		$mkimage flip log $((at + pos))
		sector=$(((at + pos) / 512))
		case $kind in
		slot | area)
			want 9 check log --json
			finding repaired 'slot' "and .sector == $((at / 512))"
			;;
		summary)
			# Which is the spare one: the summary or the frames?
			want 9 check log --json
			finding repaired summary "and .segment == 1"
			;;
		tail)
			want 9 check log --json
			finding repaired summary "and .sector == $sector and .segment == 1"
			;;
		payload)
			if [ "$commit" = "$last" ]; then
				# Not proven durable: as if the power had failed.
				want 0 check log --json
				finding info payload "and .commit == $commit"
			else
				want 5 check log --json
				finding damage payload \
					"and .sector <= $sector and .sector + 8 > $sector and .commit == $commit and .page == $page"
				json '.problems == 1'
				[ "$sector" -ge 256 ] || want 0 check log --quick
			fi
			;;
		head)
			seg=$(awk -v s="$sector" 'BEGIN { print s < 256 ? 1 : 2 }')
			if [ "$seg" = 1 ]; then
				# A summary says what the frame said.
				want 9 check log --json
				finding repaired frame "and .commit == $commit and .segment == 1"
			elif [ "$commit" = "$last" ]; then
				want 0 check log --json
				# Without its magic number there is no frame at all.
				[ "$pos" = 0 ] ||
					finding info frame "and .commit == $commit"
			else
				want 5 check log --json
				finding fatal frame "and .commit == $commit"
			fi
			;;
		esac
	done
done <map
echo "ok - damage in every structure in turn"

both() {
	cp good log
	awk -v k="$1" '$1 == k { print $2 + 100 }' map |
		while read -r at; do $mkimage flip log "$at"; done
}
both slot
want 5 check log
says out "2 problems: 2 fatal"
want 5 check log --json
json '.problems == 2 and .exit == 5'
want 5 dump log
says out "superblock 0 at sector 0: checksum mismatch"
want 5 dump log --records
want 5 dump log --super --json
json '.superblocks | all(.valid == false)'
both area
want 5 check log
says out "checkpoint, slot 1: checksum mismatch; sector 64"
want 5 dump log
# The better slot's checkpoint is bad: the other one serves.
cp good log
$mkimage flip log $((64 * 512))
want 0 dump log
says out 'superblock 0 at sector 0, in use'
echo "ok - both copies damaged, one copy damaged"

# ---- what is well-formed and wrong

edit() {
	cp good log
	$mkimage super log 0 "$1" "$2"
	$mkimage super log 1 "$1" "$2"
}
edit version 2
want 3 check log
says err "format version that this release does not know"
one_line
want 3 dump log
edit incompat 0x8000000000000001
want 3 check log
says err "incompat 0x8000000000000001"
cp good log
$mkimage super log 0 version 2
want 9 check log
says out "superblock, slot 0: format version not known"
cp good log
$mkimage super log 0 uuid 1
want 5 check log
says out "superblock of another log, slot 0"
cp good log
truncate -s 900K log
want 5 check log
says out "device, cut short"
want 5 check log --json
json '.findings[0].sector == 1800'
edit log_sectors 4096
want 5 check log
edit volume_sectors 0
want 5 check log
says out "a size or count is out of range"
cp good log
truncate -s 300M small
want 5 check log --origin small
says out "origin, smaller than the volume"
cp origin other
$mkimage flip other $((5000 * 4096 + 17))
want 5 check log --origin other
says out "origin, changed behind the log's back: checksum mismatch"
says out "page 5000"
# Page 0 has records that are not in the origin: it may be anything.
if "$tool" dump good --records --page 0 | grep -q data; then
	cp origin other
	$mkimage flip other 5
	want 0 check log --origin other
	says out "compared 2 samples of the origin, 1 could not be"
fi
want 3 check good --origin nowhere
echo "ok - well-formed and wrong"

# ---- bytes all over the place: an exit code the manual knows, and no more

seen=' '
for ((i = 0; i < 150; i++)); do
	cp good log
	for ((k = 0; k < 1 + i % 4; k++)); do
		$mkimage flip log $(((RANDOM * 32768 + RANDOM) % 400000))
	done
	rc=0
	"$tool" check log --origin origin >out 2>err || rc=$?
	case $rc in
	0 | 3 | 5 | 9) ;;
	*) fail "check of a log with random damage: exit code $rc" ;;
	esac
	[[ $seen == *" $rc "* ]] || seen+="$rc "
	ok
done
echo "ok - random damage, exit codes$seen"

# ---- output that cannot be written

rc=0
"$tool" dump good --records >/dev/full 2>err || rc=$?
[ $rc = 1 ] || fail "a full disk: exit code $rc"
says err "cannot write the output"
echo "ok - output that cannot be written"

# ---- without device-mapper the verbs that need it say so

if ! dmsetup version >/dev/null 2>&1; then
	for args in list status 'status vol0' 'deactivate vol0' 'detach vol0' \
		'snapshot create vol0 one' 'snapshot create vol0,vol1 one' \
		'snapshot create vol0 one --no-freeze' 'snapshot list vol0' \
		'snapshot delete vol0 one two' 'snapshot rename vol0 one two' \
		'snapshot mount vol0 one .' 'snapshot umount .' 'view vol0 one' \
		'view vol0 one --as x' 'view --remove vol0@one' 'view --list' \
		'view --list vol0' 'restore vol0 one --to x' \
		'restore vol0 one --range 0+8,0x10+1,4KiB+512B,1M+1g,8388607T+1M'; do
		# shellcheck disable=SC2086
		want 6 $args
		says err "no device-mapper"
		one_line
		# shellcheck disable=SC2086
		want 6 $args --json
		json '.exit == 6'
	done
	echo "ok - without device-mapper"
fi
echo "tool on the host: $passed checks passed"
