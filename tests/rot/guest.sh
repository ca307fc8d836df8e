#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of tests/rot/run.sh.
# Usage: guest.sh ROT-OPTION...
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"

modprobe_all dm-mod loop
build=$DL_TOP/build
insmod "$build/$(uname -r)/dl-record.ko" || fail "no recorder for this kernel"
# shellcheck disable=SC2119 # no parameters for the module
load_module
# What is told of every activation is read in the guest; the host keeps
# warnings and worse, so also what tests/guest/splats.awk looks for.
dmesg -n 5
# A long run must not notice that somebody builds it anew on the host.
cp "$build/tests/rot" "$TMPDIR/rot"
exec "$TMPDIR/rot" "$@"
