#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of tests/install/run.sh.
# Usage: guest.sh {RELEASE KDIR MODULES}...    MODULES: what is in /lib/modules
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need dkms depmod modinfo make gcc

VERSION=$(sed -n 's/^VERSION[[:space:]]*:= *//p' Makefile)
SRC=/usr/src/dm-deltalog-$VERSION
# Where an installation may leave anything.
WHERE='/usr/src /usr/local /var/lib/dkms /lib/modules'

# The headers stay where they lead each other to.
src=$TMPDIR/src
mkdir "$src"
mount -t tmpfs none "$src"
for dir in /usr/src/*/; do
	[ ! -h "${dir%/}" ] || continue
	mkdir "$src/$(basename "$dir")"
	mount --bind "$dir" "$src/$(basename "$dir")"
done
mount --move "$src" /usr/src
mount -t tmpfs none /usr/local
mkdir -p /usr/local/sbin /usr/local/lib /usr/local/share/man /usr/local/include
mount -t tmpfs none /var/lib/dkms
mount -t tmpfs none /lib/modules

releases=
first=$1 first_kdir=$2
while [ $# -ge 3 ]; do
	releases="$releases $1"
	mkdir -p "/lib/modules/$1/kernel"
	cp "$3/$1"/modules.* "/lib/modules/$1/"
	mount --bind "$3/$1/kernel" "/lib/modules/$1/kernel"
	ln -s "$2" "/lib/modules/$1/build"
	depmod "$1"
	shift 3
done

# Everything there is, with its contents.  depmod's indexes are written anew; the
# key that it signs with, and its own version, belong to DKMS.
listing() {
	# shellcheck disable=SC2086 # one argument each
	find $WHERE -xdev ! -path '/var/lib/dkms/mok.*' ! -path /var/lib/dkms/dkms_dbversion \
		\( -type f ! -name 'modules.*' -exec sha256sum {} + -o -print \) | sort
}

quietly() {
	"$@" >"$TMPDIR/said" 2>&1 || {
		cat "$TMPDIR/said"
		for log in /var/lib/dkms/dm-deltalog/*/build/make.log; do
			[ ! -r "$log" ] || tail -n 20 "$log"
		done
		fail "$*"
	}
}
said() { grep -qF -- "$1" "$TMPDIR/said" || { cat "$TMPDIR/said"; fail "'$1' was not said"; }; }

listing >"$TMPDIR/before"

quietly make -s install
for release in $releases; do
	dkms status 2>/dev/null | grep -q "dm-deltalog/$VERSION, $release, .*: installed" ||
		fail "DKMS did not install the module for $release"
	case $(modinfo -k "$release" -F vermagic dm-deltalog) in
	"$release "*) ;;
	*) fail "no module for $release, or one for another kernel" ;;
	esac
	modprobe -S "$release" --show-depends dm-deltalog >"$TMPDIR/depends" ||
		fail "modprobe does not find the module for $release"
	grep -q '/dm-mod\.ko' "$TMPDIR/depends" || fail "the module for $release does not ask for dm-mod"
	ok "make install: the module for $release"
done
[ "$(command -v deltalog)" = /usr/local/sbin/deltalog ] || fail "no tool in the path"
quietly deltalog --version
said "$VERSION"
ok "make install: the tool"
for page in /usr/local/share/man/man8/deltalog.8 \
	/usr/local/share/bash-completion/completions/deltalog; do
	[ -s "$page" ] || fail "$page is not there"
done
ok "make install: the man page and the completion"
# As a program would use it, without anything else of ours.
echo '#include <linux/deltalog.h>
int main(void) { return sizeof(struct dl_ctl_diff) != 184; }' >"$TMPDIR/uses.c"
quietly gcc -Wall -Wextra -Werror -pedantic -std=c99 -I/usr/local/include \
	-o "$TMPDIR/uses" "$TMPDIR/uses.c"
"$TMPDIR/uses" || fail "the header's structures have another size"
ok "make install: the header of the ioctls"

# The units, as systemd reads them.
units=/usr/local/lib/systemd/system
for unit in deltalog-retention.service deltalog-retention.timer deltalog@.service; do
	[ -s "$units/$unit" ] || fail "$units/$unit is not there"
	! grep -q '@SBINDIR@' "$units/$unit" || fail "$unit does not say where the tool is"
done
if command -v systemd-analyze >/dev/null; then
	cp "$units/deltalog@.service" "$TMPDIR/deltalog@vol\\x2d0.service"
	quietly systemd-analyze verify --man=no "$units/deltalog-retention.service" \
		"$units/deltalog-retention.timer" "$TMPDIR/deltalog@vol\\x2d0.service"
	[ ! -s "$TMPDIR/said" ] || { cat "$TMPDIR/said"; fail "systemd-analyze has complaints"; }
else
	echo "note: no systemd-analyze here: the units are not verified"
fi
ok "make install: the units"

# A kernel of which there are only the headers, and over what is installed.
rm -rf "/lib/modules/$first/modules.order"
quietly make -s install KDIR="$first_kdir"
said "$first: built; the kernel itself is not installed here"
dkms status 2>/dev/null | grep -q "dm-deltalog/$VERSION, $first, .*: built" ||
	fail "DKMS did not build the module for $first"
ok "make install again, for headers without a kernel"

old=$TMPDIR/old
mkdir -p "$old/include/generated"
echo '#define UTS_RELEASE "5.10.0-99-amd64"' >"$old/include/generated/utsrelease.h"
quietly make -s install KDIR="$old"
said "5.10.0-99-amd64: not built, too old"
ok "make install for a kernel that is too old"

! make -s install KDIR=/nowhere >"$TMPDIR/said" 2>&1 || fail "installed for no kernel"
said "/nowhere is no folder of kernel headers"
ok "make install for no kernel"

quietly make -s uninstall
[ ! -e "$SRC" ] || fail "$SRC is left"
[ -z "$(dkms status 2>/dev/null -m dm-deltalog)" ] || fail "DKMS still knows the module"
cp "/lib/modules/$first/modules.builtin" "/lib/modules/$first/modules.order"
listing >"$TMPDIR/after"
diff "$TMPDIR/before" "$TMPDIR/after" || fail "make uninstall left, or took, these"
ok "make uninstall leaves nothing"

quietly make -s uninstall
ok "make uninstall of what is not there"

# A package's build root.
quietly make -s install DESTDIR="$TMPDIR/root" PREFIX=/usr
[ -x "$TMPDIR/root/usr/sbin/deltalog" ] || fail "no tool below DESTDIR"
[ -f "$TMPDIR/root/usr/include/linux/deltalog.h" ] || fail "no header below DESTDIR"
grep -q '^ExecStart=/usr/sbin/deltalog ' "$TMPDIR/root/usr/lib/systemd/system/deltalog@.service" ||
	fail "no unit below DESTDIR, or one for another tool"
[ -f "$TMPDIR/root$SRC/kmod/uapi/deltalog.h" ] || fail "no header for DKMS"
[ -f "$TMPDIR/root$SRC/dkms.conf" ] || fail "no sources below DESTDIR"
grep -q "^PACKAGE_VERSION=\"$VERSION\"$" "$TMPDIR/root$SRC/dkms.conf" || fail "no version in dkms.conf"
[ -z "$(dkms status 2>/dev/null -m dm-deltalog)" ] || fail "DKMS was told of a package being built"
quietly make -s uninstall DESTDIR="$TMPDIR/root" PREFIX=/usr
[ -z "$(find "$TMPDIR/root" -type f)" ] || fail "files are left below DESTDIR"
ok "make install and uninstall with DESTDIR and PREFIX"
