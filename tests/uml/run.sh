#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs a script in user-mode Linux.
#
# Usage: tests/uml/run.sh [OPTION]... -- SCRIPT [ARG]...
#
# SCRIPT is an executable, its path relative to the repository.  It runs as root
# in the guest, sees the host's files read-only, and finds functions in
# "$DL_GUEST/lib.sh".  Its output appears here as it comes.
#
#   --debug           the kernel with the checkers (see build.sh)
#   --mem SIZE        memory, default 2G; 1G with --debug, whose every fork
#                     takes the longer, the more there is
#   --time-travel     simulated time: sleeping takes no time
#   --time-travel=inf-cpu
#                     the same, and computing takes no time either
#   --timeout SEC     kill the guest after this long, default 300
#   --cmdline WORDS   more words for the kernel's command line
#   --out FILE        keep the kernel's log there
#
# Exits with the script's status; with 1 if that was 0 but the kernel warned,
# oopsed or the like (see allow_splat in lib.sh); 124 on timeout, 125 if the
# guest died.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"
# shellcheck source=scripts/lab/guest-run.sh
. "$DL_TOP/scripts/lab/guest-run.sh"

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

flavour=fast mem='' limit=300 words=()
while [ $# -gt 0 ]; do
	case $1 in
	--debug) flavour=debug ;;
	--time-travel | --time-travel=inf-cpu) words+=("${1#--}") ;;
	--mem | --timeout | --cmdline | --out)
		[ $# -ge 2 ] || usage
		case $1 in
		--mem) mem=$2 ;;
		--timeout) limit=$2 ;;
		--cmdline) read -r -a more <<<"$2"; words+=("${more[@]}") ;;
		--out) DL_OUT_LOG=$2 ;;
		esac
		shift
		;;
	--) shift; break ;;
	-*) usage ;;
	*) break ;;
	esac
	shift
done
[ $# -ge 1 ] || usage
case $flavour in
fast) : "${mem:=2G}" ;;
debug) : "${mem:=1G}"; words+=(page_poison=1) ;;
esac

dir=$("$DL_TOP/tests/uml/build.sh" "$flavour")
DL_GUEST_NAME='user-mode Linux'
dl_guest_prepare /dev/tty0 "$@"
# The first console is the script's output, the first serial line the log.
dl_guest_start "$limit" "$dir/linux" mem="$mem" \
	rootfstype=hostfs rootflags=/ ro init="$DL_TOP/tests/guest/init.sh" \
	con=null con0=null,fd:1 ssl=null ssl0=null,fd:3 console=ttyS0 loglevel=7 \
	uml_dir="$DL_RUN/" null_blk.nr_devices=0 "${words[@]}" dl_job="$DL_RUN/job"
dl_guest_finish
