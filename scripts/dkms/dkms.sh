#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Hands the module to DKMS, which builds it for the kernels that are here and
# for those to come, or takes it away again.
#
# Usage: [DESTDIR=DIR] scripts/dkms/dkms.sh install|remove VERSION [KDIR]...
#
#   install  copies the sources to /usr/src/dm-deltalog-VERSION, registers them,
#            and builds for each KDIR; by default for every kernel that has its
#            headers, running or not.  Where the kernel's own modules are, the
#            module is installed beside them.  With DESTDIR, for making a
#            package, only copies.
#   remove   takes away all of that

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

NAME=dm-deltalog
usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

[ $# -ge 2 ] || usage
verb=$1 version=$2
shift 2
src=${DESTDIR:-}/usr/src/$NAME-$version
log=$(mktemp "${TMPDIR:-/tmp}/deltalog-dkms.XXXXXX")
trap 'rm -f "$log"' EXIT

registered() { [ -n "$(dkms status -m $NAME -v "$version" 2>/dev/null)" ]; }

# Quiet unless it fails.
dkms_do() {
	local rc=0
	dkms "$@" </dev/null >"$log" 2>&1 || rc=$?
	[ $rc = 0 ] || [ $rc = 77 ] || {
		tail -n 25 "$log" >&2
		dl_say "dkms $* failed"
	}
	return $rc
}

remove() {
	if [ -z "${DESTDIR:-}" ] && command -v dkms >/dev/null && registered; then
		dkms_do remove $NAME/"$version" --all
	fi
	rm -rf "$src"
}

copy_sources() {
	local file
	install -d -m 755 "$src"
	# Not what a build left there.
	(cd "$DL_TOP" && find Kbuild kmod -name '*.[ch]' ! -name '*.mod.c' -o -name Kbuild) |
		while read -r file; do
			install -D -m 644 "$DL_TOP/$file" "$src/$file"
		done
	sed "s/@VERSION@/$version/" "$DL_TOP/scripts/dkms/dkms.conf.in" >"$src/dkms.conf"
	chmod 644 "$src/dkms.conf"
}

need_dkms() {
	! command -v dkms >/dev/null || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		dl_die "dkms is missing: install it by the system's means, then again"
	fi
	dl_say "installing: dkms"
	DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o DPkg::Use-Pty=0 install -y --no-install-recommends dkms \
		</dev/null >"$log" 2>&1 || {
		tail -n 25 "$log" >&2
		dl_die "apt-get could not install dkms. If the package lists are old: apt-get update"
	}
}

# build KDIR
build() {
	local release rc=0
	release=$(dl_kernel_release "$1" 2>/dev/null) || :
	[ -n "$release" ] || {
		dl_say "$1 is no folder of kernel headers"
		return 1
	}
	dkms_do build $NAME/"$version" -k "$release" --kernelsourcedir "$(readlink -f "$1")" || rc=$?
	case $rc in
	0) ;;
	77)
		dl_say "$release: not built, too old (Linux 6.1 is the oldest)"
		return 0
		;;
	*) return 1 ;;
	esac
	# Headers may be here without the kernel that they belong to.
	if [ -e "/lib/modules/$release/modules.order" ]; then
		dkms_do install $NAME/"$version" -k "$release" || return 1
		dl_say "$release: built and installed"
	else
		dl_say "$release: built; the kernel itself is not installed here"
	fi
}

install_all() {
	local kdir bad=0
	[ -n "${DESTDIR:-}" ] || need_dkms
	remove
	copy_sources
	[ -z "${DESTDIR:-}" ] || return 0
	dkms_do add -m $NAME -v "$version"
	if [ $# = 0 ]; then
		shopt -s nullglob
		set -- /lib/modules/*/build
		[ $# -gt 0 ] ||
			dl_say "no kernel here has its headers: DKMS builds the module when some are installed (linux-headers-$(uname -r))"
	fi
	for kdir; do
		build "$kdir" || bad=1
	done
	return $bad
}

case $verb in
install) install_all "$@" ;;
remove) remove ;;
*) usage ;;
esac
