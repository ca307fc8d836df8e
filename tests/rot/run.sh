#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Bit rot: damages the bytes of a small log in turn and activates it, in
# user-mode Linux. Prints what became of them.
#
# Usage: tests/rot/run.sh [OPTION]... [ROT-OPTION]...
#
#   --quick           a sample of all bytes, drawn by the seed; the default
#   --all             every byte that is used
#   --debug           under the debug kernel, a smaller sample
#   --seed N          of workload and sample; default 1
#   --only STATE      clean or crash
#   --byte N [--mask N]
#                     this byte only
#   --timeout SEC     default 600, with --all 7200
#
# Simulated time: pauses take none, and the same seed gives the same run.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

flavour=fast which=quick limit='' more=()
while [ $# -gt 0 ]; do
	case $1 in
	--quick | --all) which=${1#--} ;;
	--debug) flavour=debug ;;
	--byte) which=byte more+=("$1" "${2?}"); shift ;;
	--timeout) limit=${2?}; shift ;;
	--*) more+=("$1" "${2?}"); shift ;;
	*) usage ;;
	esac
	shift
done

repeat='tests/rot/run.sh'
[ $flavour = fast ] || repeat+=' --debug'
case $which-$flavour in
quick-fast) args=(--meta-stride 7 --payload-stride 331 --unused-stride 20011 --running 100 --drained 12 --sealed-stride 487) ;;
quick-debug) args=(--meta-stride 997 --payload-stride 10007 --unused-stride 100003 --running 20 --drained 3 --sealed-stride 16381) ;;
all-*) args=(--meta-stride 1 --payload-stride 1 --unused-stride 1009 --running 2000 --drained 200 --sealed-stride 13) ;;
byte-*) args=() ;;
esac
[ "$which" != all ] || : "${limit:=7200}"

make -s -C "$DL_TOP" rot-tools
kdir=$("$DL_TOP/tests/uml/build.sh" "$flavour")
"$DL_TOP/tests/crash/build-record.sh" "$kdir" "$DL_TOP/build" um >/dev/null
run=("$DL_TOP/tests/uml/run.sh" --timeout "${limit:-600}" --time-travel=inf-cpu)
[ $flavour = fast ] || run+=(--debug)
exec "${run[@]}" -- tests/rot/guest.sh "${args[@]}" --repeat "$repeat" "${more[@]}"
