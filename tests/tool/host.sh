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
usage create vol0 --origin x --log y --delta-mem-kib 63
usage create vol0 --origin x --log y --high-watermark 30 --low-watermark 30
usage create vol0 --origin x --log y --label 123456789012345678901234567890123
usage create vol0 --origin x --log y --label $'a\nb'
usage create vol0 --origin x --log y --accept-origin
usage create vol0 --origin x --log y --cipher aes-gcm
says err "--cipher goes with --key"
key=:32:logon:deltalog:vol0
usage create vol0 --origin x --log y --key $key --cipher aes
says err "--cipher is aes-gcm or chacha20-poly1305, not 'aes'"
usage create vol0 --origin x --log y --key $key --block-size 512
says err "an encrypted log has blocks of 4096 bytes, not 512"
usage key
usage key vol0
usage key vol0 $key x
# What does not say where a key is is not repeated: it may be one.
material=$(head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
for wrong in "$material" ":32:logon:deltalog:$material" ":32:user:$material" "0x$material" \
	":64:logon:deltalog:$material" "${material:0:32}" "${material^^}" \
	:32:logon: :32:user: :32:logon:vol0 :32:logon::vol0 :16:logon:deltalog:vol0 \
	:32:encrypted:vol0 32:logon:deltalog:vol0 deltalog:vol0 secret-word \
	':32:user:secret word' ':32:user:secret\word' $':32:user:secret\nword' \
	$':32:user:\303\244' ":32:user:$(printf 'x%.0s' {1..247})"; do
	usage create vol0 --origin x --log y "--key=$wrong"
	says err "--key: "
	usage activate vol0 --origin x --log y --key "$wrong"
	want 2 key vol0 "$wrong" --json
	says err "KEY: "
	json '.ok == false and .exit == 2'
	! grep -qiE "${material:0:32}|secret" out err || fail "a key is repeated"
done
usage activate vol0 --origin x --log y --key "$material"
says err "that looks like a key, which a command line shows to everybody"
says err "keyctl padd logon deltalog:NAME @u < FILE"
usage activate vol0 --origin x --log y --key vol0
says err "keyctl padd logon deltalog:NAME @u < FILE"
usage activate vol0 --origin x --log y --key :32:logon:vol0
says err "a logon key has a prefix and a colon"
want 3 create vol0 --origin x --log y --key ":32:user:$(printf 'x%.0s' {1..246})"
want 3 create vol0 --origin x --log y --key $key --block-size 4096 --cipher chacha20-poly1305
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
usage history export vol0 vol1
usage history export vol0 --format xml
usage history export vol0 --follow 0
want 2 history export vol0 --json
says err "--json goes with --output FILE"
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
usage policy
usage policy frobnicate
usage policy --frobnicate
usage policy show
usage policy show vol0 vol1
usage policy set
usage policy set vol0
usage policy set vol0 '-> block' --force
usage policy load vol0
usage policy load vol0 a b
usage policy save vol0
want 2 policy save vol0 - --json
says err "--json goes with a file"
usage policy test
says err "VOLUME or --policy FILE is missing"
usage policy test vol0 vol1
usage policy test vol0 --sector 1 --offset 512
usage policy test vol0 --rate 5
says err "--rate '5' is not a whole number with /s, /min or /h"
for rate in '' 5/m 5 /s x/s -1/s 1.5/min '5 /s' 1000000000000/s; do
	usage policy test vol0 "--rate=$rate"
	usage policy test vol0 "--page-rate=$rate"
done
usage policy test vol0 --rate 5/h --page-rate 1/min
says err "--page-rate is above --rate"
usage policy test vol0 --level fine
usage policy test vol0 --level unsaid
usage map
usage map vol0 monday tuesday
usage map --log x monday tuesday
says err "either VOLUME or --log LOGDEV is needed"
usage map vol0 --svg
want 2 map vol0 --svg - --json
usage forecast
usage forecast vol0 vol1
usage forecast --frobnicate
usage top --interval 0
usage top --batch 0
usage top vol0 --frobnicate
usage top --once --batch 2
says err "--once is --batch 1"
want 2 top --json
says err "--json goes with --batch N or --once"
usage plot
usage plot vol0
says err "--output FILE is missing"
usage plot vol0 vol1 --output x.svg
usage plot vol0 --output x.svg --seconds 0
usage plot x.csv --output x.svg --seconds 5
usage plot x.csv --output x.svg --record y.csv
says err "are for sampling a volume"
want 2 plot x.csv --output - --json
want 2 plot vol0 --output x.gif
says err "ends with .svg or .png"
one_line
usage forecast replay
usage forecast replay x --svg
usage forecast replay x --skip 0
usage forecast replay x --season 61
usage forecast replay x --season -1
usage forecast replay x --season 1
says err "--season is 2 to 60, or 0 for none"
want 2 forecast replay x --svg - --json
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
for verb in create activate deactivate detach key list status check dump; do
	want 0 "$verb" --help
	says out "usage: deltalog $verb"
	[ ! -s err ] || fail "help of $verb on stderr"
	want 0 "$verb" --nonsense -h
done
for verb in view rewind restore history 'history export' retention 'snapshot create' 'snapshot list' 'snapshot delete' \
	'snapshot rename' 'snapshot mount' 'snapshot umount' map 'policy show' 'policy set' \
	'policy load' 'policy save' 'policy test' forecast 'forecast replay' top plot; do
	# shellcheck disable=SC2086 # words
	want 0 $verb --help
	says out "usage: deltalog $verb"
	[ ! -s err ] || fail "help of $verb on stderr"
done
want 0 snapshot --help
says out "usage: deltalog snapshot VERB"
want 0 snapshot help
want 0 snapshot --nonsense -h
want 0 policy --help
says out "usage: deltalog policy VERB"
says out "  test         tell which rule"
want 0 policy help
want 0 forecast --help
says out "deltalog forecast replay FILE.csv"
want 0 policy --nonsense -h
echo "ok - command line"

# ---- policies

cat >db.policy <<'EOF'
# A database, and a backup that must not disturb.
window 5m
client /no/such: -> coarse
client 4711: -> coarse
range 0-1G: page-rate > 4/min -> bit
range 0-1G: rate < 100/h and rate >= 10/h -> sub
sequential -> coarse
EOF
# hits RULE LEVEL ARG...: which rule does the policy test of db.policy tell?
hits() {
	local rule=$1 level=$2
	shift 2
	want 0 policy test --policy db.policy --json "$@"
	json ".rule == $rule and .level == \"$level\" and (.passed_over | length) == $rule - 1"
	json '.passed_over | all(.why_not | length > 5)'
}
hits 6 block
hits 3 bit --rate 5/min
hits 3 bit --rate 5/min --page-rate 241/h
hits 3 bit --page-rate 1/s --offset 1073741823
hits 6 block --page-rate 1/s --offset 1G
hits 6 block --page-rate 1/s --sector 2097152
hits 3 bit --page-rate 1/s --sector 2097151
# The level in force eases its own rules.
hits 6 block --page-rate 200/h
hits 3 bit --page-rate 200/h --level bit
hits 6 block --page-rate 200/h --level sub
hits 4 sub --rate 10/h
hits 6 block --rate 9/h
hits 4 sub --rate 9/h --level sub
hits 4 sub --rate 124/h --level sub
hits 6 block --rate 126/h --level sub
hits 5 coarse --sequential
hits 4 sub --sequential --rate 50/h
hits 2 coarse --client 4711
hits 1 coarse --client /no/such
hits 1 coarse --client /no/such/deeper/still
hits 6 block --client /no/suchlike
hits 6 block --client /no
hits 6 block --client /none/such
hits 6 block --client 4712
want 0 policy test --policy db.policy --page-rate 200/h --level bit
says out "a write to sector 0: rate 200/h, page-rate 200/h, not in order, level in force bit"
says out "  rule 1 does not hit: client /no/such: -> coarse"
says out "    there is no cgroup /no/such"
says out "    no --client is given"
says out "  rule 3 hits: range 0-1G: page-rate > 4/min -> bit"
says out "it is recorded as bit"
want 0 policy test --policy db.policy --offset 2G --rate 9/h --client 5
says out "    it is another client"
says out "    it begins at sector 4194304, the range is 0 to 2097151"
says out "    it is not written in order"
want 0 policy test --policy db.policy --rate 9/h
says out "    rate is 9/h, 10/h at least is asked for"
want 0 policy test --policy db.policy --rate 110/h --level coarse
says out "    rate is 110/h, 99/h at most is asked for"
want 0 policy test --policy db.policy --rate 130/h --level sub
says out "    rate is 130/h, 124/h at most is asked for (eased: its level is in force)"
want 2 policy test --policy db.policy --client 0
says err "--client '0' is neither a number above 0 nor a path"
one_line
rc=0
"$tool" policy test --policy - --json <db.policy >out 2>err || rc=$?
[ $rc = 0 ] || fail "a policy from standard input: exit code $rc"
json '.rule == 6'

# wrong LINE COLUMN TEXT: what is refused, and where; by file and by arguments
wrong() {
	printf '%b' "$3" >wrong.policy
	want 2 policy test --policy wrong.policy
	says err "wrong.policy, line $1, column $2, "
	one_line
	want 2 policy load vol0 wrong.policy
	says err "wrong.policy, line $1, column $2, "
	want 2 policy set vol0 "$(cat wrong.policy)" --json
	says err "policy, line $1, column $2, "
	one_line
	json '.ok == false and .exit == 2 and (.error | startswith("policy, line"))'
}
wrong 1 1 'frob 5'
says err "at 'frob 5': a line is window, "
wrong 2 4 'window 1m\n-> blok\n-> sub'
says err "at 'blok': a level is bit, "
wrong 1 12 'window 1m; hyst 5%'
wrong 1 8 'window 25h'
wrong 2 5 'window 1m\nrate\n'
says err "at the end: one of > >= < <= is missing here"
wrong 3 1 '# text\n-> block\n-> sub'
says err "never reached: "
wrong 1 10 'rate > 5 -> sub'
says err "the unit is missing"
want 2 policy set vol0 'window 1m' 'hysteresis 99%' '-> block'
says err "policy, line 2, column 12, at '99%': "
head -c 4001 /dev/zero | tr '\0' ' ' >long.policy
want 2 policy test --policy long.policy
says err "longer than 4000 bytes"
want 2 policy set vol0 "$(tr ' ' '#' <long.policy)"
says err "the policy is longer than 4000 bytes"
head -c 100 /dev/urandom >noise.policy
want 2 policy test --policy noise.policy
one_line
want 1 policy test --policy nowhere
says err "nowhere: cannot be opened"
want 1 policy test --policy dir-that-is-none/x
mkdir folder
want 1 policy load vol0 folder
says err "folder: cannot be read"
one_line
echo "ok - policies"

# ---- recorded series

data=$top/tests/data
want 0 forecast replay "$data"/volume-*.csv
says out "geometric mean of RELATIVE: 0."
[ "$(grep -c '  48 .*volume-w' out)" = 6 ] || fail "a season of 30 minutes is not a day"
want 0 forecast replay "$data"/volume-*.csv --json
json '.relative_mean <= 0.85'
json '.files | length == 6 and all(.held >= 0.85 and .held <= 0.95)'
json '.files | all(.column == "write_bytes" and .samples + 96 == .rows and .season == 48)'
json '.files | all(.relative > 0 and .confidence > 0 and .confidence <= 255)'
held=$(jq '.files[0].held' out)
want 0 forecast replay "$data"/volume-w05.csv --column 3 --season 48 --json
json ".files[0].held == $held"
want 0 forecast replay "$data"/volume-w05.csv --column writes --skip 200 --season 0 --json
json '.files[0].column == "writes" and .files[0].samples == .files[0].rows - 200'
json '.files[0].season == 0'
want 0 forecast replay "$data"/volume-w05.csv --svg fore.svg
says out "geometric mean"
says fore.svg "<polygon"
[ "$(grep -c '<circle' fore.svg)" = 200 ] || fail "not all rows are in the picture"
want 0 forecast replay "$data"/volume-w05.csv --svg -
says out "</svg>"
if command -v xmllint >/dev/null; then
	xmllint --noout fore.svg || fail "the picture is no XML"
fi
want 1 forecast replay "$data"/volume-w05.csv --svg nowhere/x.svg
says err "nowhere/x.svg: cannot be made"
# rows FROM TO VALUE: of a file with times a millisecond apart
rows() {
	seq "$1" "$2" | awk -v v="$3" '{ printf "%d,%s\n", $1 * 50, v }'
}
# Nothing changes: nothing to be better than.
{ echo t_ms,x; rows 1 200 7; } >same.csv
want 0 forecast replay same.csv --json
json '.relative_mean == null and (.files[0] | .relative == null and .held == 1 and .season == 20)'
json '.files[0].error == 0 and .files[0].confidence == 255'
want 0 forecast replay same.csv
says out "  100.0%         255  same.csv"
# The first number behind times; a mark of the end of lines, blanks, quotes, a fraction.
printf '"time", name ,"x"\r\n\r\n' >odd.csv
for i in 1 2 3 4 5 6; do printf '%d.5,"a", 1.5e3 \r\n' $i; done >>odd.csv
want 0 forecast replay odd.csv --skip 2 --json
json '.files[0].column == "x" and .files[0].rows == 6 and .files[0].season == 10'
rc=0
"$tool" forecast replay - --skip 2 --json <odd.csv >out 2>err || rc=$?
[ $rc = 0 ] || fail "a series from standard input: exit code $rc"
json '.files[0].rows == 6'

# amiss CODE TEXT BYTES: a file that is refused, and why
amiss() {
	printf '%b' "$3" >amiss.csv
	want "$1" forecast replay amiss.csv --skip 1 --json
	says err "amiss.csv$2"
	one_line
	json ".ok == false and .exit == $1"
}
amiss 3 ": is empty; " ''
amiss 3 ":1: '5' is no name of a column" '5,6\n7,8\n'
amiss 3 ":1: nothing comes behind" 't,x\n'
amiss 2 ":1: has neither a column write_bytes nor" 'a,b\n1,2\n'
amiss 3 ":3: has 3 columns, the first line has 2" 't,x\n1,2\n1,2,3\n'
amiss 3 ":4: '-5' in column 2 is no number" 't,x\n1,2\n\n2,-5\n'
amiss 3 ":3: '' in column 2 is no number" 't,x\n1,2\n2,\n'
amiss 3 ":3: 'nan' in column 2 is no number" 't,x\n1,2\n2,nan\n'
amiss 3 ":3: '18446744073709551616' in column 2 is no number" 't,x\n1,2\n2,18446744073709551616\n'
amiss 3 ":3: 'noon' is no time" 't,x\n1,2\nnoon,2\n'
amiss 3 ":2: no number in a column behind that of times" 'x,t\n1,2\n'
amiss 3 ":2: has a byte of zero" 't,x\n1,2\00003\n'
amiss 3 ": has 1 rows, and the first 1 are not scored" 't,x\n1,2\n'
amiss 3 ":1: has more than 256 columns" "$(seq -s, 1 300)"
want 2 forecast replay odd.csv --column y
says err "odd.csv:1: has no column 'y'; it has 3, the first of which is 'time'"
want 2 forecast replay odd.csv --column 4
want 1 forecast replay nowhere.csv
says err "nowhere.csv: cannot be opened"
want 1 forecast replay folder
says err "folder: cannot be read"
# Random bytes may be a header of one column; with a zero they cannot.
{ printf 'x\0'; head -c 100000 /dev/urandom; } >noise.csv
want 3 forecast replay noise.csv
one_line
echo "ok - recorded series"

# ---- recorded foresight

{
	echo t_ms,bytes,foreseen,low,high,confidence,segment_kib,pool_kib,kept,filled
	for i in {0..39}; do
		echo "$((i * 500)),$((i % 7 * 40000)),120000,10000,$((i < 2 ? (1 << 63) - 1 : 200000)),99,1024,$i,8,6"
	done
} >foresight.csv
want 0 plot foresight.csv --output plot.svg
says out "foresight.csv: 40 samples drawn to plot.svg"
says plot.svg "75.0 % of the room was filled"
[ "$(grep -c '<circle' plot.svg)" = 40 ] || fail "not all samples are in the picture"
# Of two the interval is not known; 10 of the others are below or above theirs.
[ "$(grep -c '<rect.*height=.*fill="#cfe0f3"' plot.svg)" = 39 ] || fail "not 38 intervals and the legend"
[ "$(grep -c '<circle.*#d0342c' plot.svg)" = "$(
	awk -F, 'NR > 3 && ($2 < $4 || $2 > $5)' foresight.csv | wc -l)" ] || fail "what is outside does not stand out"
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("plot.svg")' || fail "the picture is no XML"
want 0 plot foresight.csv --output plot.svg --json
json '.ok and .of == "foresight.csv" and .file == "plot.svg" and .samples == 40'
want 0 plot foresight.csv --output -
says out "</svg>"
cp foresight.csv 'a<b&c.csv'
want 0 plot 'a<b&c.csv' --output plot.svg
says plot.svg 'a&#60;b&#38;c.csv'
want 0 forecast replay foresight.csv --column bytes --skip 10
# As it comes, once.
drawn() { sed 's/standard input\|foresight.csv\|\.\/pipe/X/g' "$1"; }
want 0 plot foresight.csv --output plot.svg
tail -n +1 foresight.csv | "$tool" plot - --output piped.svg >out 2>err || fail "a recording from a pipe"
says out "standard input: 40 samples drawn to piped.svg"
cmp -s <(drawn plot.svg) <(drawn piped.svg) || fail "a pipe is drawn otherwise"
tail -n +1 foresight.csv | "$tool" plot /dev/stdin --output piped.svg >out 2>err || fail "a pipe by its path"
says out "/dev/stdin: 40 samples"
mkfifo pipe
cat foresight.csv >pipe &
want 0 plot ./pipe --output piped.svg
says out "./pipe: 40 samples"
wait $!
want 1 plot nowhere.csv --output unmade.svg
[ ! -e unmade.svg ] || fail "left behind: unmade.svg"
want 1 plot nowhere.csv --output plot.svg
cmp -s <(drawn plot.svg) <(drawn piped.svg) || fail "overwritten with nothing"
usage plot vol0 --output - --record -
says err "both want standard output"
want 2 plot vol0 --output x.svg --record - --json
json '.error | contains("--json and --record -")'
# Of no confidence, no interval: neither drawn nor held against what came.
sed '2,9s/,99,/,0,/' foresight.csv >early.csv
want 0 plot early.csv --output plot.svg
[ "$(grep -c '<rect.*height=.*fill="#cfe0f3"' plot.svg)" = 33 ] || fail "not 32 intervals and the legend"
[ "$(grep -c '<circle.*#d0342c' plot.svg)" = "$(
	awk -F, 'NR > 9 && ($2 < $4 || $2 > $5)' early.csv | wc -l)" ] || fail "outside of what is not known"
want 0 forecast replay "$data"/volume-w05.csv --skip 1 --svg fore.svg
rows=$(grep -c '<circle cx=.*r="1.8"' fore.svg)
[ "$(grep '<polygon' fore.svg | tr ' ' '\n' | grep -c '^[points="]*[0-9.]*,[0-9.]*$')" = $((2 * (rows - 15))) ] ||
	fail "not an interval of each row from the 17th on"
want 1 plot foresight.csv --output nowhere/plot.svg
says err "nowhere/plot.svg: cannot be made"
want 1 plot nowhere.csv --output plot.svg
want 2 plot same.csv --output plot.svg
says err "same.csv:1: has no column 'bytes'"
# PNG is the work of another program, which is a stand-in here.
mkdir none have
rc=0
PATH=$work/none "$tool" plot foresight.csv --output plot.png >out 2>err || rc=$?
[ $rc = 1 ] || fail "PNG without a converter: exit code $rc"
says err "install the package librsvg2-bin"
one_line
cat >have/rsvg-convert <<'EOF'
#!/bin/sh
[ "$1 $2" = "--format=png --output" ] || exit 3
cat >"$3"
[ "$3" != bad.png ]
EOF
chmod +x have/rsvg-convert
PATH=$work/have:$PATH want 0 plot foresight.csv --output plot.png
"$tool" plot foresight.csv --output - >out
cmp -s out plot.png || fail "the converter was given another picture"
PATH=$work/have:$PATH want 0 plot foresight.csv --output=-x.png
[ -s ./-x.png ] || fail "a name that looks like an option"
PATH=$work/have:$PATH want 1 plot foresight.csv --output bad.png
says err "bad.png: rsvg-convert could not make it"
echo "ok - recorded foresight"

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
		# The sample of page 0 is of use unless random records are of it.
		want 0 dump log --records --page 0
		hit=$(($(wc -l <out) > 1))
		want 0 check log --origin origin
		says out "compared $((3 - hit)) samples of the origin, $hit could not be"
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
$mkimage grain log origin 1 512 >map
want 0 check log
want 0 dump log
says out "policy         72 bytes"
says out "page-rate > 4/min -> bit"
says out "granularity    4 regions; 'deltalog map --log' shows them"
want 0 dump log --super --json
json '.checkpoint.policy | startswith("window 5m\n")'
json '.checkpoint.grain_regions == 4 and .checkpoint.snapshot_maps == 1'
echo "ok - whole images"

# ---- the granularity map of a log

want 0 map --log log
says out "log: 512.0 MiB, 3 regions of 64 KiB (192.0 KiB) were written lately, as of the last checkpoint"
sed 1,2d out | tr -s ' ' >lines
printf ' %s\n' "196608 64 7200 - 90 no bit" "720896 128 6 - - yes block" >expected
sed 's/ *$//' lines | cmp -s - expected || fail "not the lines of the map: $(cat out)"
ok
want 0 map --log log --json
json '.log == "log" and .live == false and .policy.max_chain == 64 and
	[.policy.rules[].level] == ["bit", "block"]'
json '[.regions[].start] == [384, 1408, 1536]'
json '.regions[0] == {start: 384, sectors: 128, rate_per_hour: 7200, delta_bytes: 90,
	sequential: false, level: "bit"}'
want 0 map --log log --svg map.svg
says out "log: map of 3 regions drawn in map.svg"
want 0 map --log log --svg -
cmp -s out map.svg || fail "the picture on stdout is another"
if command -v xmllint >/dev/null; then
	xmllint --noout map.svg 2>err || fail "the picture is no XML"
	xpath() { xmllint --xpath "$1" map.svg 2>err; }
	[ "$(xpath 'count(//*[local-name()="g"])')" = 3 ] || fail "not three cells"
	[ "$(xpath 'string(//*[local-name()="g"][1]/*[local-name()="title"])')" = \
		"256.0 KiB from 0 B: bit, 7200 writes/h, mean delta 90 bytes" ] ||
		fail "$(xpath 'string(//*[local-name()="g"][1])')"
	ok
	ln -s log '"<&>'
	want 0 map --log '"<&>' --svg map.svg
	xmllint --noout map.svg 2>err || fail "a name makes it no XML"
fi
# As it was when a snapshot was made; what lies behind the end is left out.
want 0 map --log log monday
says out "log: 512.0 MiB, 2 regions of 64 KiB (128.0 KiB) were written lately, at snapshot monday, 2023-11-1"
says out "Of 5 that were known then these are the hottest: there was no room for more."
sed 1,3d out | tr -s ' ' >lines
printf ' %s\n' "196608 64 8 - - yes block" "1310720 64 3600 - 64 no sub" >expected
sed 's/ *$//' lines | cmp -s - expected || fail "not the lines of the map: $(cat out)"
ok
want 0 map --log log monday --json
json '.log == "log" and .snapshot == "monday" and .live == false and has("policy") == false'
json '.known_regions == 5 and .regions[1] == {start: 2560, sectors: 128, rate_per_hour: 3600,
	delta_bytes: 64, sequential: false, level: "sub"}'
want 0 map --log log monday --svg -
says out "at snapshot monday, 2023-11-1"
says out ", the hottest of 5</text>"
for i in bare torn; do
	want 4 map --log log $i
	says err "log: no map was kept with snapshot $i"
done
want 4 map --log log sunday
says err "its last checkpoint has no snapshot 'sunday'"
want 2 map --log log -- -x
want 2 map --log log monday tuesday
want 2 map
want 1 map --log log --svg nowhere/map.svg
says err "nowhere/map.svg: cannot be made"
want 3 map --log file
says err "is blank; 'deltalog create' makes a log on it"
$mkimage build log origin 1 512 >map
want 0 map --log log
says out "0 regions of 64 KiB"
[ "$(wc -l <out)" = 1 ] || fail "more than one line of an empty map"
want 0 map --log log --svg map.svg
want 0 map --log log --json
json '.regions == [] and .policy.default'
# As the kernel, which does not start from what it does not understand.
$mkimage misrule log origin 1 512 >map
want 5 check log
says out "checkpoint, policy"
want 5 map --log log
echo "ok - the granularity map of a log"

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

# ---- encrypted: what can be told without the key, and that it is no damage

$mkimage build log origin 1 4096 >map
features=$("$tool" dump log --super --json | jq '.superblocks[0].incompat')
# seal FILE STATE CIPHER: both superblocks say so; the rest stays what it is
seal() {
	for slot in 0 1; do
		$mkimage super "$1" $slot crypt_state "$2"
		$mkimage super "$1" $slot cipher "$3"
		$mkimage super "$1" $slot incompat $((features | 8))
	done
}
want 0 dump log --super --json
json '[.superblocks[].encryption] == [null, null] and .checkpoint.encrypted == false'
seal log 1 2
cp log sealed
sha256sum log origin >sums
want 0 check log
says out "is encrypted: 'deltalog scrub' of the active volume verifies it"
! grep -q "^checked [0-9]" out || fail "frames are counted"
[ "$(tail -n 1 out)" = clean ] || fail "last line is not 'clean'"
want 0 check log --json
json '.ok and .problems == 0 and .findings == [] and .records_checked == false'
json '.encryption == {"cipher": "chacha20-poly1305", "keyed": true}'
want 3 check log --origin origin
says err "the samples of the origin are in it"
one_line
want 0 dump log
says out "encryption     chacha20-poly1305, with a key of its own"
says out "checkpoint, encrypted"
! grep -qE "horizon|SEGMENT" out || fail "what is encrypted is shown"
want 0 dump log --json
json '[.superblocks[].encryption.keyed] == [true, true] and .superblocks[1].in_use'
json '.checkpoint == {"encrypted": true} and has("segments") == false'
for table in segments frames records; do
	want 3 dump log --$table
	says err "is encrypted: segments, frames and records cannot be shown"
	one_line
	[ ! -s out ] || fail "output beside the refusal"
	want 3 dump log --$table --json
	json '.ok == false and .exit == 3'
done
want 3 dump log --super --records
says out "encryption     chacha20-poly1305"
want 3 dump log --super --records --json
json '.superblocks | length == 2'
want 3 map --log log
says err "is encrypted, and the map is in it"
one_line
sha256sum --quiet -c sums || fail "check or dump wrote to the image"
# Damage is damage all the same.
$mkimage flip log $((64 * 512))
want 9 check log
says out "checkpoint, slot 1: checksum mismatch; sector 64"
want 0 dump log
says out 'superblock 0 at sector 0, in use'
awk '$1 == "area" { print $2 + 100 }' map | while read -r at; do $mkimage flip log "$at"; done
want 5 check log
want 5 dump log
cp sealed log
truncate -s 900K log
want 5 check log
says out "device, cut short"
# No key was drawn: nothing is encrypted yet.
$mkimage clean log origin 1 4096 >map
seal log 0 1
want 0 check log --origin origin
says out "checked 0 segments"
want 0 dump log
says out "encryption     aes-gcm, no key drawn yet"
want 0 dump log --json
json '.superblocks[0].encryption == {"cipher": "aes-gcm", "keyed": false}'
json '.checkpoint.encrypted == false and .segments == []'
seal log 1 3
want 3 check log
says err "features that this release does not have"
echo "ok - encrypted"

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
		'policy show vol0' 'policy set vol0 default' \
		'policy load vol0 db.policy' 'policy save vol0 x' \
		'policy test vol0' 'map vol0' 'map vol0 --svg x' \
		'key vol0 :32:logon:deltalog:vol0' \
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
