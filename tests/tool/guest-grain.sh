#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest: policy and granularity map by the tool. Rates are from writes at
# known intervals, so time is simulated: minutes of it take seconds.
#
# Usage: tests/tool/guest-grain.sh     (below uml/run.sh --time-travel)
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup fio cmp
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

mkram gr 64
o=$DISK
mkram grlog 96
l=$DISK
want 0 create gr --origin "$o" --log "$l" --delta-mem-kib 4096
vol=/dev/mapper/gr

# ---- set, show, load, save

want 0 policy show gr
cp out default
says default "page-rate > 30/min -> bit"
want 0 policy show gr --json
json '.volume == "gr" and .default and (.rules | length) == 4 and
	.rules[0] == {rule: 1, text: "page-rate > 30/min -> bit", level: "bit"}'
want 0 policy set gr 'window 10m; hysteresis 10%' 'range 0-1M: -> sub' '# no more'
cat >expected <<'EOF'
window 10m
hysteresis 10%
max-chain 256
range 0-1M: -> sub
-> block
EOF
cmp -s out expected || bad "what is set is not what is shown"
dmsetup message gr 0 policy >told
cmp -s told expected || bad "the kernel has another policy: $(cat told)"
want 0 policy save gr saved
cmp -s saved expected || bad "what is saved is another policy"
want 0 policy save gr saved --json
json '.ok and .did == "saved" and .volume == "gr" and .file == "saved"'
want 0 policy save gr -
cmp -s out expected || bad "what is saved on stdout is another policy"
want 1 policy save gr nowhere/file
one_line
want 0 policy set gr default --json
json '.default'
want 0 policy load gr saved
cmp -s out expected || bad "what was saved is not loaded"
echo '-> coarse' | "$tool" policy load gr - >out 2>err || bad "load from stdin"
says out "-> coarse"
want 0 policy set gr '-> bit'
says out "-> bit"
ok "set, show, load, save"

# ---- what is refused changes nothing

dmsetup message gr 0 policy >before
want 2 policy set gr 'window 1m' '-> bitt'
says err "policy, line 2, column 4, at 'bitt': a level is bit, "
one_line
want 2 policy set gr 'rate > 5 -> sub' --json
json '.exit == 2 and (.error | contains("line 1, column 10"))'
printf 'window 1m\n\nrate >> 5/h -> sub\n' >wrong
want 2 policy load gr wrong
says err "wrong, line 3, column 7"
want 4 policy set nope default
want 4 policy show nope
want 4 policy test nope
want 4 map nope
one_line
dmsetup message gr 0 policy >told
cmp -s before told || bad "what was refused was put in force"
# What the tool lets pass the kernel may still refuse: a log with little room.
long() {
	_i=0
	while [ $_i -lt 32 ]; do
		_i=$((_i + 1))
		echo "range ${_i}s-10000000000000${_i}s: rate >= 100000$_i/h and rate < 9000000$_i/h and page-rate < 100/h -> sub"
	done
}
long >lengthy
[ "$(wc -c <lengthy)" -gt 3000 ] || bad "not long"
mkram small 4
so=$DISK
mkram smalllog 2
sl=$DISK
want 0 create small --origin "$so" --log "$sl"
want 0 policy show small
cp out before
want 6 policy load small lengthy
says err "make it shorter"
one_line
want 0 policy show small
cmp -s out before || bad "what was refused was put in force"
want 0 deactivate small
ok "refusals"

# ---- a policy that the table gives

printf 'window 10m\n# why\nrange 0-1M: rate > 1/h and sequential -> bit\n' >given
printf 'client /a,b: -> sub\n' >comma
want 2 activate small --origin "$so" --log "$sl" --policy wrong
says err "wrong, line 3, column 7"
want 2 activate small --origin "$so" --log "$sl" --policy comma
says err "client /a,b: in a table a comma is a blank"
one_line
want 6 activate small --origin "$so" --log "$sl" --policy lengthy
says err "make it shorter"
want 0 activate small --origin "$so" --log "$sl" --policy given --commit-ms 100
want 0 policy show small
says out "range 0-1M: rate > 1/h and sequential -> bit"
want 0 status small
says out "commit_ms 100 policy"
dmsetup table small | grep -q ' 4 commit_ms 100 policy window,10m;' || bad "table: $(dmsetup table small)"
want 0 policy set small '-> sub'
want 0 deactivate small
want 0 activate small --origin "$so" --log "$sl"
want 0 policy show small
says out "-> sub"
want 0 deactivate small
ok "a policy that the table gives"

# ---- a map of known writes

want 0 policy set gr default
for i in $(seq 128 131); do once $((i * 16)); done
dd if=/dev/urandom of="$vol" bs=4k count=64 seek=4096 oflag=direct status=none ||
	bad "writing in order"
# A page of 1 MiB once a second, one of 3 MiB every five: for four minutes, simulated.
t=0
while [ $t -lt 240 ]; do
	t=$((t + 1))
	once 256
	[ $((t % 5)) != 0 ] || once 768
	sleep 1
done
dmsetup message gr 0 flush

# region START FILTER: the map has it, and so
region() {
	json ".regions | map(select(.start == $1)) | length == 1 and (.[0] | $2)"
}
want 0 map gr --json
json '.volume == "gr" and .live and .sectors == 131072 and .policy.default'
json '[.regions[].start] | . == sort and all(. % 128 == 0)'
region 2048 '.rate_per_hour > 2700 and .rate_per_hour < 3700 and
	.page_rate_per_hour > 2700 and .page_rate_per_hour <= .rate_per_hour and
	.level == "bit" and .rule == 1 and .delta_bytes > 0 and .delta_bytes < 100'
region 6144 '.rate_per_hour > 540 and .rate_per_hour < 900 and
	.level == "sub" and .rule == 2 and .delta_bytes > 0 and .delta_bytes < 200'
region 32768 '.sequential and .level == "coarse" and .delta_bytes == 0'
region 16384 '(.sequential | not) and .level == "block" and .rule == 4'
json '.regions | length >= 10'
nr=$(jq '.regions | length' out)
cp out map.json
want 0 map gr
says out "gr: 64.0 MiB, $nr regions of 64 KiB"
# Four regions of one write each, and four in order: a line for each four.
awk '$1 == 8388608 { b = $2 " " $7 } $1 == 16777216 { c = $2 " " $7 }
	$1 == 1048576 { a = $2 " " $7 " " $8 }
	END { exit a != "64 bit 1:" || b != "256 block" || c != "256 coarse" }' out ||
	bad "not the lines of the map"
pass
want 0 map gr --svg map.svg
says out "gr: map of $nr regions drawn in map.svg"
[ "$(grep -c '^<g><title>' map.svg)" = "$nr" ] || bad "not as many cells as regions"
says map.svg "64.0 KiB from 1.0 MiB: bit, "
says map.svg "; rule 1: page-rate &gt; 30/min -&gt; bit</title>"
if command -v xmllint >/dev/null; then
	xmllint --noout map.svg 2>err || bad "the picture is no XML"
	pass
fi
want 0 status gr
says out "pages as deltas"
want 0 status gr --json
json '.status.deltas > 200 and .status.delta_bytes < .status.deltas * 512 and
	.status.chains >= 2 and (.table | contains("delta_mem_kib 4096"))'
ok "a map of known writes"

# ---- what a rule would do

want 0 policy test gr --offset 1M --json
json '.measured and .volume == "gr" and .rule == 1 and .level == "bit" and
	.level_in_force == "bit" and .page_rate_per_hour > 2700'
want 0 policy test gr --offset 3M
says out "level in force sub (as measured)"
says out "rule 2 hits: page-rate > 6/min -> sub"
want 0 policy test gr --sector 100000 --json
json '(.measured | not) and .rule == 4 and .rate_per_hour == 0'
want 0 policy test gr --offset 1M --page-rate 1/h --json
json '(.measured | not) and .rule == 4'
echo 'range 1M-2M: rate > 40/min -> sub' >other
want 0 policy test gr --policy other --offset 1M --json
json '.measured and .rule == 1 and .level == "sub"'
want 2 policy test gr --offset 64M
says err "gr: sector 131072 is behind its end: it has 131072"
ok "tests of rules"

# ---- policy and map outlast the volume's being down

want 0 policy set gr 'window 2m' 'page-rate > 20/min -> bit' 'page-rate > 5/min -> sub' \
	'sequential -> coarse'
cp out expected
want 0 deactivate gr
want 0 dump "$l"
says out "page-rate > 20/min -> bit"
says out "granularity "
want 0 dump "$l" --super --json
json '.checkpoint.policy | contains("page-rate > 20/min -> bit\n")'
json ".checkpoint.grain_regions == $nr"
want 0 map --log "$l" --json
json '(.live | not) and .policy.rules[0].level == "bit"'
json ".regions | length == $nr"
region 2048 '.rate_per_hour > 2000 and .rate_per_hour < 3700 and .level == "bit" and
	.delta_bytes > 0 and .rule == null'
region 32768 '.sequential and .level == "coarse"'
want 0 map --log "$l" --svg map.svg
want 0 check "$l"
want 0 activate gr --origin "$o" --log "$l"
want 0 policy show gr
cmp -s out expected || bad "the policy was not kept"
want 0 map gr --json
json ".regions | length == $nr"
region 2048 '.rate_per_hour > 2000 and .level == "bit" and .delta_bytes > 0'
region 6144 '.level == "sub"'
region 32768 '.sequential and .level == "coarse"'
want 0 policy set gr default
want 0 deactivate gr
want 0 dump "$l" --super --json
json '.checkpoint.policy == null'
want 0 activate gr --origin "$o" --log "$l"
ok "kept over a deactivation"

# ---- policies come and go under load

fio --minimal --name=load --filename="$vol" --direct=1 --ioengine=libaio --iodepth=8 \
	--rw=randwrite --bssplit=512/30:4k/40:16k/20:64k/10 --size=16M --loops=3 \
	--randrepeat=1 --verify=crc32c --verify_fatal=1 --do_verify=1 \
	--buffer_compress_percentage=60 >fio.out 2>&1 &
fio=$!
sets=0
while kill -0 $fio 2>/dev/null; do
	for text in '-> bit' '-> block' '-> sub' 'window 1s; rate > 1/s -> bit; -> coarse' \
		'max-chain 1; -> bit' default; do
		want 0 policy set gr "$text"
		want 0 map gr --json
		sets=$((sets + 1))
	done
done
wait $fio || bad "fio: $(cat fio.out)"
[ $sets -ge 6 ] || bad "only $sets policies were put in force"
want 0 status gr --json
json '.mode == "rw" and .status.crc_errors == 0 and .status.log_errors == 0'
was=$(sum "$vol")
want 0 deactivate gr
want 0 check "$l" --origin "$o"
want 0 activate gr --origin "$o" --log "$l"
[ "$(sum "$vol")" = "$was" ] || bad "it holds something else after a deactivation"
want 0 detach gr
[ "$(sum "$o")" = "$was" ] || bad "the origin is not what the volume was"
ok "$sets policies under load"

kmemleak_check
splat_check
ok "policy and map in the guest: $passed checks passed"
