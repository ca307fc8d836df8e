#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# In a test guest, under simulated time: a steady pace is foreseen as what it is, and
# forecast, top and plot tell so.
#
# Usage: tests/tool/guest-foresight.sh     (below uml/run.sh --time-travel=inf-cpu)
set -u

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq dmsetup script pkill python3
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
dlctl=$DL_TOP/build/tests/dlctl
[ -x "$dlctl" ] || fail "no dlctl: run 'make control-tools' on the host"

modprobe_all dm-mod loop
# shellcheck disable=SC2119
load_module

mkram fo 64
o=$DISK
mkram folog 128
l=$DISK
want 0 create vol0 --origin "$o" --log "$l"
sys=/sys/block/dm-$(dmsetup info -c --noheadings -o minor vol0)/deltalog
dev=$(dmsetup info -c --noheadings -o major,minor --separator : vol0)

# steady SECONDS: 100 writes a second of 8 KiB, ten at a time. fio, which waits for short
# whiles by looking at the clock, takes minutes for that when time is simulated.
steady() {
	_n=0
	while [ $_n -lt $(($1 * 10)) ]; do
		dd if=/dev/urandom of=/dev/mapper/vol0 bs=8k count=10 seek=$((_n * 37 % 8000)) \
			oflag=direct conv=notrunc status=none || bad "writing"
		_n=$((_n + 1))
		sleep 0.1
	done
}

# ---- nothing yet

want 0 forecast vol0 --client
says out "nothing is known so far"
want 0 forecast vol0 --json
json '.volume == "vol0" and (.series | length == 25) and .clients == []'
json 'all(.series[]; .confidence == 0)'
json '.space.full_within == null and .space.within_secs > 0'
json '.placeholders.precision == null and .neighbours.precision == null'
ok "nothing is foreseen of nothing"

# ---- a steady pace

steady 20
want 0 forecast vol0 --json
cp out forecast.json
# of SERIES PACE FILTER: the entry satisfies it
of() {
	jq -e ".series[] | select(.series == \"$1\" and .pace_ms == $2) | $3" forecast.json \
		>/dev/null || {
		cp forecast.json out
		bad "$1 at $2 ms is not: $3"
	}
	pass
}
of writes 500 '.value >= 39 and .value <= 61 and .confidence > 128 and .seen >= 38'
of bytes 500 '.value >= 39 * 8192 and .value <= 61 * 8192 and .low <= .value and .value <= .high'
of bytes 500 '.last >= 39 * 8192 and .last <= 61 * 8192 and .held > 0.7'
of bytes 500 '.foreseen >= 39 * 8192 and .foreseen <= 61 * 8192'
of log 500 '.value >= 200000 and .value <= 900000 and .confidence > 0'
of size 500 '.value >= 8100 and .value <= 8300 and .confidence > 200'
of bytes 5000 '.value >= 400 * 8192 and .value <= 600 * 8192'
of writes 1800000 '.confidence == 0'
want 0 forecast vol0
says out "bytes    500 ms"
says out "log full      0.0 % likely within"
want 0 forecast vol0 --client --json
json 'all(.clients[]; .value <= 65536 and .pace_ms > 0)'
want 0 forecast vol0 --client
says out "CLIENT"
"$dlctl" forecast "$dev" 7 >ioctl || bad "dlctl forecast"
[ "$(wc -l <ioctl)" -ge 25 ] || bad "not all is told by pieces of 7"
[ "$(cut -d' ' -f1-3 ioctl | sort | uniq -d)" = '' ] || bad "something is told twice"
[ "$(find "$sys/forecast" -type f | wc -l)" = 52 ] || bad "not as many files as there are"
[ "$(cat "$sys/stats/writes")" -ge 1900 ] || bad "writes are not counted"
# Whoever asks between two ticks takes nothing from the series.
was=$(jq '.series[] | select(.series == "writes" and .pace_ms == 500) | .seen' forecast.json)
steady 10 &
writer=$!
for _i in $(seq 160); do
	"$dlctl" forecast "$dev" 99 >/dev/null || bad "dlctl forecast"
	sleep 0.03
done
value=$(cat "$sys/forecast/writes_500ms")
{ [ "$value" -ge 40 ] && [ "$value" -le 60 ]; } || bad "sysfs foresees $value writes"
[ "$(cat "$sys/forecast/writes_500ms_confidence")" -gt 128 ] || bad "sysfs is not sure"
wait $writer
want 0 forecast vol0 --json
cp out forecast.json
of writes 500 ".value >= 39 and .value <= 61 and .seen >= $was + 9"
ok "a steady pace is foreseen"

# ---- top

steady 40 &
writer=$!
sleep 2
want 0 top --batch 2 vol0
[ "$(grep -c '^vol0  rw$' out)" = 2 ] || bad "not two rounds"
[ "$(grep -c '^  rates  ' out)" = 2 ] || bad "not the rates of two rounds"
for line in forecast segments fusion deltas reconcile space; do
	says out "  $line  "
done
! grep -q "$(printf '\033')" out || bad "a terminal's codes in a file"
want 0 top --once --json
json '.rounds | length == 1 and (.[0].volumes | length == 1)'
json '.rounds[0].volumes[0] | .name == "vol0" and .per_second.writes > 60 and .per_second.writes < 140'
json '.rounds[0].volumes[0] | .per_second.bytes > 60 * 8192 and .per_second.log_bytes > 60 * 8192'
json '.rounds[0].volumes[0].forecast_bytes | length == 2 and .[0].value > 0'
# On a terminal: the screen comes back whatever ends it.
# on_terminal TERM COLUMNS WORD: until that came twice
on_terminal() {
	rm -f screen
	script -qfec "stty rows 24 cols $2; TERM=$1 $tool top vol0 --interval 1" screen \
		</dev/null >/dev/null 2>err &
	viewer=$!
	tries=0
	until [ "$(grep -c "$3" screen 2>/dev/null)" -ge 2 ]; do
		[ $((tries += 1)) -lt 60 ] || bad "nothing on the screen: $(cat screen err)"
		sleep 0.1
	done
	pkill -TERM -x deltalog || bad "no top below script"
	wait $viewer || bad "ended by a signal it fails"
	grep -v '^Script' screen | tr -d '\r' | sed 's/\x1b\[[?0-9;]*[A-Za-z]//g' >plain
}
# As many columns as there are, and everything in them.
for cols in 80 132; do
	on_terminal vt100 $cols 'q: quit'
	awk -v n=$cols 'length > n { print; exit 1 }' plain || bad "lines of more than $cols"
	for word in 'writes/s' 'to the origin' sure 'foreseen [0-9]' 'waited for one' \
		'neighbours came' 'longest lag' replaced likely; do
		grep -q "$word" plain || bad "no '$word' in $cols columns: $(cat plain)"
	done
done
[ "$(grep -c ' sure; last .* foreseen ' plain)" -ge 2 ] || bad "broken, though there is room"
on_terminal dumb 80 '^  rates  '
! grep -q "$(printf '\033')" screen || bad "codes for a terminal that has none"
awk 'length > 80 { exit 1 }' plain || bad "lines of more than 80: $(cat plain)"
on_terminal '' 80 '^  rates  '
! grep -q "$(printf '\033')" screen || bad "codes for a terminal that is not known"
on_terminal vt100 80 'q: quit'
[ "$(tail -c 200 screen | grep -c "$(printf '\033\\[?25h')")" -ge 1 ] || bad "the cursor is gone"
wait $writer
ok "top"

# ---- plot

steady 30 &
writer=$!
want 0 plot vol0 --seconds 5 --output plot.svg --record plot.csv
says out "vol0: 10 samples drawn to plot.svg"
[ "$(wc -l <plot.csv)" = 11 ] || bad "not ten samples: $(cat plot.csv)"
awk -F, 'NR > 2 && ($2 < 250000 || $2 > 580000) { exit 1 }' plot.csv || bad "not what was written: $(cat plot.csv)"
python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("plot.svg")' || bad "the picture is no XML"
# A disk that was mistaken for a file keeps what it holds.
mkram mistaken 1
for verb in "plot vol0 --seconds 1 --output x.svg --record" \
	"history export vol0 --output" "policy save vol0"; do
	# shellcheck disable=SC2086 # words
	want 1 $verb "$DISK"
	says err "is a block device, which is not written to"
done
[ "$(tr -d '\0' <"$DISK" | wc -c)" = 0 ] || bad "a block device was written to"
want 2 plot vol0 --output x.svg --record x.svg
says err "want the same file"
want 4 view ./nothing one
says err "no active volume"
want 0 plot plot.csv --output again.svg
sed s/plot.csv/vol0/ again.svg | cmp -s - plot.svg || bad "the recording is drawn otherwise"
want 0 plot vol0 --seconds 2 --output other.svg --json
json '.ok and .samples == 4 and .of == "vol0"'
want 0 plot vol0 --seconds 2 --output other.svg --record -
[ "$(head -n 1 out | cut -d, -f1-3)" = t_ms,bytes,foreseen ] || bad "no record"
[ "$(wc -l <out)" = 5 ] || bad "not four samples, and nothing else"
# What is left is the rest of a time that is known.
script -qfec "stty cols 80; TERM=vt100 $tool plot vol0 --seconds 6 --output other.svg" screen \
	</dev/null >/dev/null 2>err || bad "plot on a terminal"
tr '\r' '\n' <screen | sed -n 's/.*%  \([0-9]*\) s of 6 s, \([0-9]*\) s left.*/\1 \2/p' >left
[ "$(wc -l <left)" -ge 10 ] || bad "no progress: $(cat screen)"
awk '$1 + $2 != 6 { exit 1 }' left || bad "not what is left: $(cat left)"
# What cannot be written is told before anything is sampled.
start=$(date +%s)
for _n in '--output nowhere/x.svg' '--output x.svg --record nowhere/x.csv' '--output folder.svg'; do
	mkdir -p folder.svg
	# shellcheck disable=SC2086 # words
	want 1 plot vol0 --seconds 600 $_n
	says err "cannot be made"
done
[ $(($(date +%s) - start)) -lt 30 ] || bad "not told before it is sampled"
[ ! -e x.svg ] || bad "left behind: x.svg"
cp plot.svg kept.svg
want 4 plot nope --output kept.svg
cmp -s plot.svg kept.svg || bad "overwritten with nothing"
# A volume that goes: what was sampled is not lost.
"$tool" plot vol0 --seconds 600 --output gone.svg --record gone.csv >out 2>err &
plot=$!
wait $writer
# What four samples take; time is simulated.
sleep 2
"$tool" deactivate vol0 >/dev/null || bad "deactivate"
wait $plot
rc=$?
[ $rc = 1 ] || bad "exit code $rc of a plot whose volume is gone"
[ "$(grep -cv '^sampling: ' err)" = 1 ] || bad "it is not said in one line"
n=$(($(wc -l <gone.csv) - 1))
[ $n -ge 3 ] || bad "$n samples"
says err "vol0: is gone after $n samples, which are drawn"
[ "$(grep -c '<circle' gone.svg)" = $n ] || bad "they are not drawn"
"$tool" activate vol0 --origin "$o" --log "$l" >/dev/null || bad "activate"
# A file is meant before a volume, if it is there.
dmsetup rename vol0 a.csv || bad "rename"
want 0 plot a.csv --seconds 1 --output other.svg
says out "a.csv: 2 samples"
cp plot.csv a.csv
want 0 plot a.csv --output other.svg
says out "a.csv: 10 samples"
want 0 plot /dev/mapper/a.csv --seconds 1 --output other.svg --json
json '.of == "a.csv" and .samples == 2'
dmsetup rename a.csv vol0
want 4 plot nope --output x.svg
want 2 plot vol0
ok "plot"
want 4 top nope
want 2 top vol0 --json
want 2 top vol0 --once --batch 2
want 2 top --interval 0
want 4 forecast nope
want 2 forecast
want 2 forecast vol0 vol1
dmsetup rename vol0 replay || bad "rename"
want 0 forecast -- replay
says out replay
dmsetup rename replay vol0
ok "wrong usages"

# ---- off

want 0 status vol0 --json
json '.foresight and .status.full_probability == 0 and .status.full_within == null'
want 0 status vol0
! grep -q 'log full soon' out || bad "likely full"
dmsetup message vol0 0 set foresight off
want 0 status vol0
says out "log full soon      off, as foresight is"
want 0 status vol0 --json
json '.foresight == false and (.status | has("full_within") and .full_within == null)'
want 0 forecast vol0
says out "log full      off, as foresight is"
! grep -q 'likely' out || bad "a chance of what is not looked for"
want 0 forecast vol0 --json
json '.foresight == false and .space.full_probability == 0'
want 0 top vol0 --once
says out "; full soon: off, as foresight is"
want 0 top vol0 --once --json
json '.rounds[0].volumes[0] | .foresight == false and .status.full_within == null'
dmsetup message vol0 0 set foresight on
want 0 forecast vol0 --json
json .foresight
ok "off"

# ---- what was learned is kept

want 0 deactivate vol0
want 0 activate vol0 --origin "$o" --log "$l"
want 0 forecast vol0 --json
cp out forecast.json
of bytes 500 '.seen >= 38'
of writes 5000 '.seen >= 3'
# Six bursts of 12 MiB: a pool for the next one is ready in the next life, too.
key() { dmsetup status vol0 | tr ' ' '\n' | sed -n "/^$1\$/{n;p}"; }
for _n in 1 2 3 4 5 6; do
	dd if=/dev/urandom of=/dev/mapper/vol0 bs=64k count=192 oflag=direct conv=notrunc \
		status=none || bad "writing"
	sleep 4
done
pool=$(key pool_kib)
want 0 deactivate vol0
want 0 activate vol0 --origin "$o" --log "$l" --foresight off
static=$(key pool_kib)
[ "$pool" -gt $((2 * static)) ] || bad "no pool for bursts: $pool KiB, without $static"
want 0 deactivate vol0
want 0 activate vol0 --origin "$o" --log "$l"
dd if=/dev/urandom of=/dev/mapper/vol0 bs=4k count=1 oflag=direct conv=notrunc status=none
tries=0
until [ "$(key pool_kib)" -gt $((2 * static)) ] || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
[ "$(key pool_kib)" -gt $((2 * static)) ] ||
	bad "bursts are forgotten: $(key pool_kib) KiB, before $pool, without $static"
ok "kept over a deactivation"
want 0 deactivate vol0
splat_check
ok "$passed checks"
