#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Installs the Debian packages that the project needs.
#
# Usage: scripts/setup.sh [build|test|bench|all]...     (default: build)
#
#   build  what compiles the module for Linux 6.1 and 6.12, and the tool
#   test   build, and what the tests run: compilers with sanitizers, user-mode
#          Linux' source, QEMU, file systems, the peers' tools
#   bench  build, and what the benchmarks run
#   all    everything
#
# Needs root to install; when nothing is missing it needs nothing and is done at
# once.  No kernel image is installed, the boot menu stays as it is: the 6.12
# header package depends on its image, so unless it is there already its files
# are unpacked into the cache ($DELTALOG_CACHE, else ~/.cache/dm-deltalog), and
# so are the images that the tests boot (tests/vm/fetch.sh).

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/lab/common.sh"

BUILD=(gcc make libc6-dev bc bison flex libelf-dev libssl-dev pkg-config kmod
	xz-utils zstd libdevmapper-dev libjson-c-dev libblkid-dev libmount-dev
	linux-headers-amd64)
# Both what runs the guests and what runs inside them: they see the host's files.
GUEST=(linux-source-6.12 qemu-system-x86 cpio dmsetup util-linux mount fio
	e2fsprogs xfsprogs thin-provisioning-tools keyutils)
TEST=("${GUEST[@]}" git gawk sparse shellcheck mandoc libcmocka-dev valgrind
	clang llvm libclang-rt-dev dkms jq systemd udev)
BENCH=("${GUEST[@]}" valgrind sqlite3 postgresql)

usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

wanted=()
for arg in "${@:-build}"; do
	case $arg in
	build) wanted+=("${BUILD[@]}") ;;
	test) wanted+=("${BUILD[@]}" "${TEST[@]}") ;;
	bench) wanted+=("${BUILD[@]}" "${BENCH[@]}") ;;
	all) wanted+=("${BUILD[@]}" "${TEST[@]}" "${BENCH[@]}") ;;
	*) usage ;;
	esac
done

# Those of the arguments that are not installed, each once.
missing() {
	# `|| :` because dpkg-query fails when it has never heard of one.
	{
		dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || :
	} | awk -v want="$*" '
		$1 == "installed" { have[$2] = 1 }
		END {
			n = split(want, w, " ")
			for (i = 1; i <= n; i++)
				if (!(w[i] in have) && !seen[w[i]]++)
					print w[i]
		}'
}

APT=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300
	-o DPkg::Use-Pty=0 -o APT::Sandbox::User=root)

# apt's chatter is of interest only when it fails.  (It drops its privileges to
# download by default, and the cache may then be out of its reach.)
apt() {
	local out
	out=$("${APT[@]}" "$@" </dev/null 2>&1) || {
		printf '%s\n' "$out" | tail -n 25 >&2
		return 1
	}
}

updated=''
update() {
	[ -z "$updated" ] || return 0
	dl_say "apt-get update"
	apt update || dl_die "apt-get update failed: check the network and /etc/apt/sources.list"
	updated=1
}

can_install() {
	command -v apt-get >/dev/null ||
		dl_die "no apt-get here. Missing (names as in Debian 12): $*. Install them by the system's own means"
	[ "$(id -u)" = 0 ] ||
		dl_die "missing packages: $*. Run as root: $0, or: apt-get install --no-install-recommends $*"
}

# Debian's PostgreSQL makes a data base when it is installed, and starts it.  Only
# the guests are to run one.
no_cluster() {
	local conf=/etc/postgresql-common/createcluster.d/dm-deltalog.conf
	mkdir -p "${conf%/*}"
	echo 'create_main_cluster = false' >"$conf"
	# shellcheck disable=SC2064 # now
	trap "rm -f $conf" EXIT
}

install() {
	local again=''
	can_install "$@"
	update
	dl_say "installing: $*"
	case " $* " in *' postgresql '*) no_cluster ;; esac
	until apt install -y --no-install-recommends "$@"; do
		[ -z "$again" ] || dl_die "apt-get could not install: $*. Its message is above; 'apt-get -f install' may repair a half-done installation"
		again=1
		updated=''
		update
	done
}

# Headers of 6.12 without the image that they depend on.
headers_612() {
	! "$DL_TOP/scripts/lab/kdirs.sh" 6.12 >/dev/null 2>&1 || return 0
	can_install linux-headers-6.12-amd64
	update
	local pkg rel dest tmp part
	pkg=$(apt-cache depends linux-headers-6.12-amd64 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-headers-6\.12[^ ]*\)$/\1/p' | head -n 1)
	[ -n "$pkg" ] ||
		dl_die "this system's package lists have no linux-headers-6.12-amd64 (Debian 12 has it in bookworm and bookworm-security)"
	rel=${pkg#linux-headers-}
	install "${pkg%-amd64}-common" "linux-kbuild-${rel%-amd64}" gcc-12
	dest=$DL_CACHE/headers/$pkg
	tmp=$DL_CACHE/headers/tmp.$$
	rm -rf "$tmp"
	mkdir -p "$tmp"
	dl_say "unpacking $pkg into $DL_CACHE/headers"
	(cd "$tmp" && apt download "$pkg" && dpkg -x ./"$pkg"_*.deb .) ||
		dl_die "cannot fetch and unpack $pkg"
	# Its links lead to the neighbours of /usr/src.
	for part in scripts tools; do
		ln -sfn "/usr/lib/linux-kbuild-${rel%-amd64}/$part" "$tmp/usr/src/$pkg/$part"
	done
	rm -rf "$dest"
	mv "$tmp/usr/src/$pkg" "$dest"
	rm -rf "$tmp"
}

mapfile -t lack < <(missing "${wanted[@]}")
if [ ${#lack[@]} -gt 0 ]; then
	install "${lack[@]}"
	mapfile -t lack < <(missing "${wanted[@]}")
	[ ${#lack[@]} = 0 ] || dl_die "still missing after installation: ${lack[*]}"
fi
headers_612
