#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Gets a stock Debian kernel to boot in QEMU, without installing it.
#
# Usage: tests/vm/fetch.sh 6.1|6.12
#
# The release is the one of the headers that scripts/lab/kdirs.sh lists, so that
# a module built with them loads.  Prints the directory on stdout:
#
#   DIR/release        what uname -r will say
#   DIR/vmlinuz
#   DIR/modules/       what goes over the guest's /lib/modules
#   DIR/initramfs.gz   loads what the root needs, then stage1.c does the rest
#
# Kept in the cache; a second call returns at once.

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"

# Needed before the host's root, shared over 9p, can be seen.
ROOT_MODULES=(virtio_pci virtio_blk 9p 9pnet_virtio)
# What tests may load; the rest of the modules (graphics, network cards ...) is
# not kept.
KEEP=(drivers/md drivers/block drivers/virtio drivers/char drivers/dax
	drivers/nvdimm fs net/9p net/core crypto lib mm security
	arch/x86/crypto kernel)

[ $# = 1 ] || { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
read -r series release _ < <("$DL_TOP/scripts/lab/kdirs.sh" "$1") ||
	dl_die "no headers of Linux $1: run scripts/setup.sh build"
stage1=$DL_TOP/tests/vm/stage1.c
recipe=$(cat "$0" "$stage1" | sha256sum | cut -c1-8)
dir=$DL_CACHE/vm/$release-$recipe

# A signed image is what users run; one that is only there unsigned will do.
download() {
	local pkg
	for pkg in "linux-image-$release" "linux-image-$release-unsigned"; do
		# apt drops its privileges to download, so the cache may be out of
		# its reach.
		if (cd "$1" && apt-get -o APT::Sandbox::User=root download -qq "$pkg" \
			</dev/null >>"$1/log" 2>&1); then
			return 0
		fi
	done
	cat "$1/log" >&2
	dl_die "cannot download the image of $release. If the package lists are old: apt-get update. If the archive has moved on: install newer headers with apt-get install linux-headers-amd64, remove $DL_CACHE/headers, and run scripts/setup.sh build"
}

# The modules that $2... need, in the order to load them, each once.
load_order() {
	local base=$1 mod
	shift
	for mod; do
		modprobe -d "$base" -S "$release" --show-depends "$mod"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

make_initramfs() {
	local out=$1 base=$2 root=$1.d file name
	mkdir -p "$root/m"
	gcc -O2 -Wall -Wextra -static -o "$root/init" "$stage1"
	while read -r file; do
		name=$(basename "$file" .xz)
		case $file in
		*.xz) xz -dc "$file" >"$root/m/$name" ;;
		*) cp "$file" "$root/m/$name" ;;
		esac
		printf '/m/%s\n' "$name"
	done < <(load_order "$base" "${ROOT_MODULES[@]}") >"$root/modules"
	[ -s "$root/modules" ] || dl_die "found none of: ${ROOT_MODULES[*]}"
	(cd "$root" && find . | cpio --quiet -o -H newc) | gzip -1 >"$out"
}

fetch() {
	[ ! -e "$dir" ] || return 0
	local tmp=$dir.tmp part mods
	rm -rf "$tmp"
	mkdir -p "$tmp/deb" "$tmp/tree" "$tmp/root/lib/modules"
	dl_say "fetching the image of $release"
	download "$tmp/deb"
	dpkg -x "$tmp"/deb/*.deb "$tmp/tree"
	rm -rf "$tmp/deb"
	mv "$tmp/tree/boot/vmlinuz-$release" "$tmp/vmlinuz"
	mods=$tmp/tree/lib/modules/$release
	[ -d "$mods" ] || mods=$tmp/tree/usr/lib/modules/$release
	mkdir -p "$tmp/root/lib/modules/$release/kernel"
	cp "$mods"/modules.* "$tmp/root/lib/modules/$release/"
	for part in "${KEEP[@]}"; do
		[ -d "$mods/kernel/$part" ] || continue
		mkdir -p "$tmp/root/lib/modules/$release/kernel/${part%/*}"
		cp -a "$mods/kernel/$part" "$tmp/root/lib/modules/$release/kernel/$part"
	done
	rm -rf "$tmp/tree"
	depmod -b "$tmp/root" "$release"
	make_initramfs "$tmp/initramfs.gz" "$tmp/root"
	rm -rf "$tmp/initramfs.gz.d"
	mv "$tmp/root/lib/modules" "$tmp/modules"
	rm -rf "$tmp/root"
	printf '%s\n' "$release" >"$tmp/release"
	mv "$tmp" "$dir"
	dl_say "Linux $series is $release, in $dir"
}

[ -e "$dir" ] || dl_with_lock "vm-$release" fetch
printf '%s\n' "$dir"
