#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs tests as named steps: `make check`.
#
# Usage: tests/run-check.sh full|quick|list|STEP...
#
# Prints a line for each step, its time and how many tests it reported; when it
# failed, the end of its log as well.  The whole log is build/check/STEP.log.
# Goes on after a failure; a step that needs what failed is not run, and counts
# as failed.  The last line is "N passed, N failed"; exits 1 if any failed.
#
# Two steps run at a time unless one asks to be alone.  They are started in the
# order of tests/check-steps.sh ($DELTALOG_STEPS names another file, and
# $DELTALOG_LOGS another folder for the logs).
#
# What a step reported is counted in its log: lines "ok ..." and "not ok ...",
# cmocka's and libFuzzer's totals.  A step that reports nothing is one test, and
# one that fails without saying so has one test failed.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../scripts/lab/common.sh"
cd "$DL_TOP"

SLOTS=2
LOGS=${DELTALOG_LOGS:-$DL_TOP/build/check}
TAIL=30

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

# ---- the steps

NAMES=()
declare -A SETS=() NEEDS=() LIMIT=() LEAST=() ALONE=() COMMAND=()

# step NAME [in=SET,SET] [needs=STEP,STEP] [limit=SECONDS] [least=TESTS] [alone]
# -- COMMAND
step() {
	local name=$1
	shift
	NAMES+=("$name")
	SETS[$name]=full NEEDS[$name]='' LIMIT[$name]=600 LEAST[$name]=1 ALONE[$name]=''
	while [ "$1" != -- ]; do
		case $1 in
		in=*) SETS[$name]=${1#*=} ;;
		needs=*) NEEDS[$name]=${1#*=} ;;
		limit=*) LIMIT[$name]=${1#*=} ;;
		least=*) LEAST[$name]=${1#*=} ;;
		alone) ALONE[$name]=1 ;;
		*) dl_die "step $name: what is '$1'?" ;;
		esac
		shift
	done
	shift
	COMMAND[$name]=$*
}

# shellcheck source=tests/check-steps.sh
. "${DELTALOG_STEPS:-$DL_TOP/tests/check-steps.sh}"

# in_list WORD A,B,C
in_list() {
	case ,$2, in
	*,"$1",*) ;;
	*) return 1 ;;
	esac
}

chosen=()
choose() {
	local name
	for name in "${NAMES[@]}"; do
		if in_list "$1" "${SETS[$name]}" || [ "$1" = "$name" ]; then
			chosen+=("$name")
		fi
	done
}

[ $# -ge 1 ] || usage
for arg; do
	case $arg in
	list) printf '%s\n' "${NAMES[@]}"; exit 0 ;;
	-*) usage ;;
	esac
	before=${#chosen[@]}
	choose "$arg"
	[ ${#chosen[@]} -gt "$before" ] ||
		dl_die "no step or set '$arg': $0 list names them"
done

# ---- running them

declare -A RESULT=() STARTED=() NUMBER=() PID_OF=() STEP_OF=()
passed=0 failed=0 finished=''
began=$SECONDS

# A step is a session of its own, and `timeout` its leader: what it signals are
# all of the step's processes.  (Guests are not among them, but end with those
# who started them.)
stop_all() {
	local name
	[ -n "$finished" ] || dl_say "stopped before the last step had ended"
	for name in "${!PID_OF[@]}"; do
		# Just started, it may not lead its group yet.
		kill -TERM -- "-${PID_OF[$name]}" 2>/dev/null ||
			kill -TERM "${PID_OF[$name]}" 2>/dev/null || :
	done
	wait
}
trap stop_all EXIT
trap 'dl_say interrupted; exit 130' INT
trap 'dl_say "told to stop"; exit 143' TERM HUP

start() {
	local name=$1
	STARTED[$name]=$SECONDS
	setsid setpriv --pdeathsig TERM timeout --kill-after=30 "${LIMIT[$name]}" \
		bash -euo pipefail -c "TIMEFORMAT='# %R s, processor: %U s user, %S s system'
			time { ${COMMAND[$name]}
			}" step-"$name" \
		</dev/null >"$LOGS/$name.log" 2>&1 9>&- &
	PID_OF[$name]=$!
	STEP_OF[$!]=$name
}

# Sets n_ok and n_bad to what the log reports.
count() {
	read -r n_ok n_bad < <(LC_ALL=C awk '
		/^ok([ \t]|$)/ { ok++ }
		/^not ok([ \t]|$)/ { bad++ }
		# Said by cmocka once for a program; a failure is listed below.
		match($0, /\[  (PASSED|FAILED)  \] [0-9]+ test\(s\)/) {
			split(substr($0, RSTART, RLENGTH), w, " ")
			if (w[2] == "PASSED")
				ok += w[4]
			else
				bad += w[4]
		}
		/(^|: )Done [0-9]+ runs in / { ok++ }
		END { print ok + 0, bad + 0 }' "$1")
}

# verdict NAME: counts and prints it
verdict() {
	local name=$1 rc=$2 n_ok n_bad said='' took=$((SECONDS - STARTED[$1]))
	count "$LOGS/$name.log"
	if [ "$rc" != 0 ] && [ "$took" -ge "${LIMIT[$name]}" ]; then
		echo "run-check: stopped after ${LIMIT[$name]} s" >>"$LOGS/$name.log"
	elif [ "$rc" != 0 ]; then
		echo "run-check: exit status $rc" >>"$LOGS/$name.log"
	fi
	if [ "$rc" = 0 ] && [ $((n_ok + n_bad)) -gt 0 ] && [ "$n_ok" -lt "${LEAST[$name]}" ]; then
		echo "run-check: $n_ok tests, at least ${LEAST[$name]} were expected" >>"$LOGS/$name.log"
		rc=1
	fi
	[ $((n_ok + n_bad)) -le 1 ] || said=", $((n_ok + n_bad)) tests"
	if [ "$rc" = 0 ] && [ "$n_bad" = 0 ]; then
		[ "$n_ok" -gt 0 ] || n_ok=1
		RESULT[$name]=ok
		printf 'ok %d - %s%s (%d s)\n' "${NUMBER[$name]}" "$name" "$said" "$took"
	else
		[ "$n_bad" -gt 0 ] || n_bad=1
		RESULT[$name]=bad
		printf 'not ok %d - %s%s (%d s)\n' "${NUMBER[$name]}" "$name" "$said" "$took"
		tail -n $TAIL "$LOGS/$name.log" | sed 's/^/    /'
		printf '    # whole log: %s\n' "${LOGS#"$DL_TOP/"}/$name.log"
	fi
	passed=$((passed + n_ok))
	failed=$((failed + n_bad))
}

# Waits for one step to end.
reap() {
	local pid='' rc=0 name
	wait -n -p pid "${PID_OF[@]}" || rc=$?
	name=${STEP_OF[$pid]}
	unset "PID_OF[$name]" "STEP_OF[$pid]"
	verdict "$name" "$rc"
}

# What NAME needs and is still running, or not run at all (then 1).
ready() {
	local need
	for need in ${NEEDS[$1]//,/ }; do
		while [ -n "${PID_OF[$need]:-}" ]; do reap; done
		[ "${RESULT[$need]:-ok}" = ok ] || {
			RESULT[$1]=bad
			failed=$((failed + 1))
			printf 'not ok %d - %s: not run, %s failed\n' "${NUMBER[$1]}" "$1" "$need"
			return 1
		}
	done
}

mkdir -p "$LOGS"
exec 9>"$LOGS/.lock"
flock -n 9 || dl_die "another run is using $LOGS"
for name in "${chosen[@]}"; do rm -f "$LOGS/$name.log"; done
n=0
for name in "${chosen[@]}"; do
	n=$((n + 1))
	NUMBER[$name]=$n
	ready "$name" || continue
	while [ ${#PID_OF[@]} -ge $SLOTS ] ||
		{ [ -n "${ALONE[$name]}" ] && [ ${#PID_OF[@]} -gt 0 ]; }; do
		reap
	done
	start "$name"
	while [ -n "${ALONE[$name]}" ] && [ -n "${PID_OF[$name]:-}" ]; do reap; done
done
while [ ${#PID_OF[@]} -gt 0 ]; do reap; done

finished=1
took=$((SECONDS - began))
printf '# %d steps in %d min %d s\n' ${#chosen[@]} $((took / 60)) $((took % 60))
printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" = 0 ]
