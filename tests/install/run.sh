#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests `make install` and `make uninstall`, with DKMS, for both stock kernels.
#
# Usage: tests/install/run.sh [--uml]
#
# Every folder that is written to is memory over the host's, in a mount
# namespace: nothing is installed here.  Where there may be none, as in most
# containers, or with --uml, it runs in user-mode Linux, which is slower.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

args=()
for series in 6.1 6.12; do
	read -r _ release kdir < <("$DL_TOP/scripts/lab/kdirs.sh" $series)
	args+=("$release" "$kdir" "$("$DL_TOP/tests/vm/fetch.sh" $series)/modules")
done
make -s -C "$DL_TOP" tools >/dev/null
if [ "${1:-}" != --uml ] && unshare --mount --propagation private true 2>/dev/null; then
	TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-install.XXXXXX")
	trap 'rm -rf "$TMPDIR"' EXIT
	export TMPDIR DL_GUEST=$DL_TOP/tests/guest
	cd "$DL_TOP"
	unshare --mount --propagation private tests/install/guest.sh "${args[@]}"
else
	exec "$DL_TOP/tests/uml/run.sh" --timeout 900 -- tests/install/guest.sh "${args[@]}"
fi
