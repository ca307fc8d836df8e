#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Instructions of the forecaster for each tick, counted by callgrind: the same numbers
# whatever else the machine does.  Compiled as the kernel is, with -O2.
#
# Usage: tests/bench/forecast.sh [MOST]     MOST instructions a tick (default: 2000)
#
# `series` is one dl_series_add(), `tick` a whole tick of a cascade with its slower
# levels, in the mean of 2400 ticks, after which the series has long all that it can
# have.  Fails where either is above MOST.

set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C

most=${1:-2000}
ticks=2400
work=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-forecast.XXXXXX")
trap 'rm -rf "$work"' EXIT
command -v valgrind >/dev/null || {
	echo "not ok - valgrind is missing: run scripts/setup.sh test"
	exit 1
}
gcc -std=gnu11 -Wall -Wextra -Werror -O2 -g -Itools/port -Ikmod/core -o "$work/dlforecast" \
	tests/bench/dlforecast.c kmod/core/series.c kmod/core/cascade.c tools/port/crc32c.c

# counted FUNCTION KIND: instructions in it and what it calls, and how often it was called
counted() {
	valgrind --tool=callgrind --callgrind-out-file="$work/out" --toggle-collect="$1" \
		"$work/dlforecast" "$2" "$ticks" >"$work/said" 2>"$work/log" || {
		cat "$work/log"
		echo "not ok - dlforecast $2 under valgrind"
		exit 1
	}
	sed -n 's/.* Collected : \([0-9]*\).*/\1/p' "$work/log"
}

bad=0
for kind in steady idle random bursts hostile; do
	# In so many ticks the levels close 2400, 240, 24 and 2 intervals.
	series=$(($(counted dl_series_add $kind) / (ticks + ticks / 10 + ticks / 100 + ticks / 1200)))
	tick=$(($(counted dl_cascade_add $kind) / ticks))
	verdict=ok
	if [ "$series" -lt 1 ] || [ "$series" -gt "$most" ] || [ "$tick" -gt "$most" ]; then
		verdict='not ok' bad=1
	fi
	echo "$verdict - $kind: $series instructions a series, $tick a tick of a cascade, at most $most"
done
exit $bad
