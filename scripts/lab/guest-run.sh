# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The host's half of running one script in a guest kernel; to be sourced by
# tests/uml/run.sh and tests/vm/run.sh after common.sh.  tests/guest/init.sh is
# the other half, and says what the two exchange.
#
#   dl_guest_prepare TTY SCRIPT [ARG...]   make the job; sets DL_RUN, DL_KLOG
#   dl_guest_start SECONDS CMD...          start the guest: stdout is what TTY
#                                          said, fd 3 the kernel's log
#   dl_guest_finish                        relay the output, end the guest, judge
#   dl_guest_ran                           did it get as far as the script?
#   dl_guest_again                         forget what it said, to start it again
#                                          it; returns the status to exit with
#
# Callers may set DL_OUT_LOG (where to keep the kernel's log), DL_KILL_ON (text
# in the output at which the guest is killed, for a power cut) and DL_JOB_EXTRA
# (lines for the job).
#
# Output and log are plain files: a guest never has to wait for a slow reader,
# which in simulated time would change the result.
#
# Exit status: the script's, or 1 if it was 0 and the kernel complained;
# 124 timeout, 125 the guest died or the lab itself failed.

DL_RUN='' DL_PID='' DL_RELAY=''

# Quote for a POSIX shell.
dl_quote() { printf "'%s'" "${1//\'/\'\\\'\'}"; }

dl_guest_end() {
	[ -n "$DL_PID" ] || return 0
	# The guest leads a process group of its own; what it started goes with it.
	kill -KILL "$DL_PID" 2>/dev/null || :
	kill -KILL -- "-$DL_PID" 2>/dev/null || :
	wait "$DL_PID" 2>/dev/null || :
	DL_PID=''
	# shellcheck disable=SC2086 # two processes
	[ -z "$DL_RELAY" ] || kill $DL_RELAY 2>/dev/null || :
	DL_RELAY=''
}

dl_guest_cleanup() {
	dl_guest_end
	[ -z "$DL_RUN" ] || rm -rf "$DL_RUN"
	DL_RUN=''
}

dl_guest_prepare() {
	local tty=$1 script=$2 arg
	shift 2
	case $DL_TOP$DL_CACHE in
	*[[:space:]]*) dl_die "the repository's and the cache's paths must not hold spaces" ;;
	esac
	case $script in
	/*) ;;
	*) script=$DL_TOP/$script ;;
	esac
	[ -f "$script" ] || dl_die "no such script: $script"
	[ -x "$script" ] || dl_die "not executable: $script (chmod +x)"

	trap dl_guest_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	DL_RUN=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-run.XXXXXX")
	DL_NONCE=dl-$(od -An -N8 -tx8 /dev/urandom | tr -d ' \n')
	DL_KLOG=${DL_OUT_LOG:-$DL_RUN/kernel.log}
	: >"$DL_KLOG" || dl_die "cannot write $DL_KLOG"
	: >"$DL_RUN/out"
	: >"$DL_RUN/err"
	{
		printf 'DL_TOP=%s\n' "$(dl_quote "$DL_TOP")"
		printf 'DL_CACHE=%s\n' "$(dl_quote "$DL_CACHE")"
		printf 'DL_OUT=%s\nDL_NONCE=%s\n' "$tty" "$DL_NONCE"
		for arg in DELTALOG_KO DELTALOG_TOOL; do
			[ -z "${!arg:-}" ] || printf '%s=%s\n' "$arg" "$(dl_quote "${!arg}")"
		done
		[ -z "${DL_JOB_EXTRA:-}" ] || printf '%s\n' "$DL_JOB_EXTRA"
		printf 'dl_script() { exec'
		for arg in "$script" "$@"; do
			printf ' %s' "$(dl_quote "$arg")"
		done
		printf '; }\n'
	} >"$DL_RUN/job"
}

dl_guest_start() {
	DL_LIMIT=$1
	shift
	ulimit -c 0
	# Its own session, and gone when this shell is killed.
	setsid setpriv --pdeathsig KILL "$@" \
		</dev/null >"$DL_RUN/out" 2>"$DL_RUN/err" 3>"$DL_KLOG" &
	DL_PID=$!
}

# Print the guest's output as it comes, less the control lines, until the exit
# line, the kill text, the guest's death, or the time limit (then fails).
dl_guest_relay() {
	local tail_pid rc=0 kill_on=()
	if [ -n "${DL_KILL_ON:-}" ]; then
		local pat
		pat=$(printf '%s' "$DL_KILL_ON" | sed 's/[][\.*^$/]/\\&/g')
		kill_on=(-e "/$pat/{" -e "w $DL_RUN/killed" -e 'q' -e '}')
	fi
	exec 4< <(exec tail -n +1 -s 0.2 -f --pid="$DL_PID" "$DL_RUN/out" 2>/dev/null)
	tail_pid=$!
	# The exit line may follow output that did not end in a newline.
	timeout --foreground "$DL_LIMIT" sed -u \
		-e "/$DL_NONCE exit [0-9]/{" -e "h;s/$DL_NONCE exit .*//;/./p;g" \
		-e "s/.*$DL_NONCE exit //" -e "w $DL_RUN/status" -e 'Q' -e '}' \
		-e "/$DL_NONCE allow /{" -e "s/.*$DL_NONCE allow //" \
		-e "w $DL_RUN/allow" -e 'd' -e '}' "${kill_on[@]}" <&4 &
	DL_RELAY="$tail_pid $!"
	exec 4<&-
	# Only while it waits does a shell heed a signal at once.
	wait $! || rc=$?
	dl_guest_end
	[ "$rc" != 124 ]
}

# The guest said nothing about its end: show what there is to see.
dl_guest_dead() {
	dl_say "$1"
	if [ -s "$DL_RUN/err" ]; then
		dl_say "what ${DL_GUEST_NAME:-the guest} said on stderr:"
		tail -n 15 "$DL_RUN/err" >&2
	fi
	dl_say "last lines of the kernel's log:"
	tail -n 20 "$DL_KLOG" >&2
}

# Did the guest get as far as the script?
dl_guest_ran() {
	grep -aqF 'dl-lab: guest script starts' "$DL_KLOG"
}

# Forget what the guest said, for another start.
dl_guest_again() {
	rm -f "$DL_RUN/status" "$DL_RUN/killed" "$DL_RUN/allow"
	: >"$DL_KLOG"
	: >"$DL_RUN/out"
	: >"$DL_RUN/err"
}

dl_guest_finish() {
	local status='' found timeout=''
	dl_guest_relay || timeout=1
	if [ -s "$DL_RUN/status" ]; then
		status=$(tr -dc 0-9 <"$DL_RUN/status")
	elif [ -s "$DL_RUN/killed" ]; then
		dl_say "killed the guest at '$DL_KILL_ON'"
		status=0
	elif [ -n "$timeout" ]; then
		dl_guest_dead "timeout: the guest was killed after $DL_LIMIT s"
		status=124
	else
		dl_guest_dead "the guest died before its script ended"
		status=125
	fi
	if ! found=$(DL_ALLOW=$(cat "$DL_RUN/allow" 2>/dev/null) \
		awk -f "$DL_TOP/tests/guest/splats.awk" "$DL_KLOG"); then
		dl_say "the guest's kernel complained:"
		printf '%s\n' "$found" >&2
		[ "$status" != 0 ] || status=1
	elif [ "$status" != 0 ] && [ "$status" -lt 124 ]; then
		dl_say "the guest's script exited with status $status"
	fi
	return "$status"
}
