#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of tests/timeline/run.sh.
# Usage: guest.sh COMMAND DLTIME-OPTION...
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

command=$1
shift
modprobe_all dm-mod loop
# shellcheck disable=SC2119 # no parameters for the module
load_module
# What is told of every activation is read in the guest; the host keeps
# warnings and worse, so also what tests/guest/splats.awk looks for.
dmesg -n 5
# A long run must not notice that somebody builds it anew on the host.
cp "$DL_TOP/build/tests/dltime" "$TMPDIR/dltime"
exec "$TMPDIR/dltime" --command "$command" "$@"
