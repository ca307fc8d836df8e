#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The tool on volumes whose log is encrypted: create, activate with the right key,
# a wrong one and none, another key, detach; what check and dump say of such a log;
# and that no key is in what the tool prints, in what the kernel says, in tables, nor
# on the log device.
#
#   tests/uml/run.sh --time-travel -- tests/tool/guest-crypt.sh

# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
need jq keyctl dmsetup losetup blockdev md5sum od
# shellcheck source=tests/tool/guest-lib.sh
. "$DL_TOP/tests/tool/guest-lib.sh"
# shellcheck disable=SC2119 # no parameters for the module
load_module
keyctl link @u @s || fail "keyctl link"

# Known keys: bytes that are seen when they are where they should not be.
: >keys.hex
# add NAME: a key of that name, anew, in the user's keyring
add() {
	{ printf 'raw key material' && head -c 16 /dev/urandom; } >key.raw
	od -An -v -tx1 key.raw | tr -d ' \n' >>keys.hex
	echo >>keys.hex
	keyctl padd logon "$1" @u <key.raw >/dev/null || fail "keyctl padd $1"
	rm key.raw
}
# unseen WHAT FILE: none of the keys is in it, as bytes or as digits
unseen() {
	! grep -qaF 'raw key material' "$2" || bad "$1 has a key in it"
	! grep -qaiFf keys.hex "$2" || bad "$1 has a key in it, in hex"
	pass
}
# Everything that is said and seen is kept, and looked through at the end.
: >all
want() {
	_code=$1
	shift
	"$tool" "$@" >out 2>err
	_rc=$?
	cat out err >>all
	[ $_rc = "$_code" ] || bad "deltalog $*: exit code $_rc, expected $_code"
	pass
}
keyless() {
	{ dmsetup table && dmsetup status && dmesg; } >>all || bad "tables, kernel log"
	unseen "what was said" all
	dd if="$l" bs=1M iflag=direct 2>/dev/null >bytes
	unseen "the log" bytes
	# What the volume's key is wrapped in, nonces and tags are in the superblocks alone:
	# see struct dl_disk_crypt, at 176.
	: >wrapped.hex
	for _slot in 0 4096; do
		for _part in 184:12 196:16 212:32 244:12 256:16; do
			od -An -v -tx1 -j $((_slot + ${_part%:*})) -N "${_part#*:}" bytes |
				tr -d ' \n' >>wrapped.hex
			echo >>wrapped.hex
		done
	done
	grep -v '^0*$' wrapped.hex >wrapped.some || :
	[ $# = 0 ] || [ -s wrapped.some ] || bad "nothing is wrapped"
	! grep -qaiFf wrapped.some all || bad "what is wrapped was shown"
}
mkram origin 8
o=$DISK
mkram log 16
l=$DISK
add deltalog:one
add deltalog:two
one=:32:logon:deltalog:one
two=:32:logon:deltalog:two
text() { seq -f 'plain line %.0f' "$1" 1000000 | head -c 1048576 >"$2"; }
text 100000 some
put() { dd if="$1" of=/dev/mapper/vol0 bs=64k oflag=direct conv=notrunc 2>/dev/null; }
holds() {
	dd if=/dev/mapper/vol0 bs=64k count=16 iflag=direct 2>/dev/null >seen
	cmp -s seen "$1" || bad "$2: the volume does not hold $1"
	pass
}

# ---- create: what is wrong changes nothing

before=$(sum "$l")
unchanged() {
	[ "$(sum "$l")" = "$before" ] || bad "$1: the log was changed"
	[ "$(dmsetup ls --target deltalog | grep -c :)" = 0 ] || bad "$1: a device was left"
	pass
}
want 2 create vol0 --origin "$o" --log "$l" --key "$(head -n 1 keys.hex)"
says err "that looks like a key"
want 2 create vol0 --origin "$o" --log "$l" --key ":32:logon:deltalog:$(head -n 1 keys.hex)"
want 2 create vol0 --origin "$o" --log "$l" --key deltalog:one
says err "keyctl padd logon deltalog:NAME @u < FILE"
want 2 create vol0 --origin "$o" --log "$l" --key $one --block-size 512
want 2 create vol0 --origin "$o" --log "$l" --key $one --cipher rot13
want 2 create vol0 --origin "$o" --log "$l" --cipher aes-gcm
unchanged "wrong options"
want 6 create vol0 --origin "$o" --log "$l" --key :32:logon:deltalog:none
says err "no keyring of this process has it"
says err "holds again what it held before"
printf 0123456789abcdef | keyctl padd user short @u >/dev/null
want 6 create vol0 --origin "$o" --log "$l" --key :32:user:short --json
json '.ok == false and .exit == 6 and (.error | contains("has not got 32 bytes"))'
unchanged "a key that there is not"
ok "create: what is refused"

for cipher in aes-gcm chacha20-poly1305; do
	# ---- create, check, dump

	if [ $cipher = aes-gcm ]; then
		want 0 create vol0 --origin "$o" --log "$l" --key $one
	else
		want 0 create vol0 --origin "$o" --log "$l" --key $one --cipher $cipher --json
		json ".cipher == \"$cipher\" and .block_bytes == 4096"
		want 0 status vol0
	fi
	[ $cipher != aes-gcm ] || says out "  cipher   aes-gcm"
	put some || bad "write"
	holds some "created"
	want 0 status vol0
	says out "key $one"
	want 0 status vol0 --json
	json '.table | contains(" key :32:logon:deltalog:one")'
	want 0 list --json
	json '.volumes | length == 1'
	want 0 snapshot create vol0 a-name-of-one
	want 0 scrub vol0
	want 0 dump "$l" --super
	says out "encryption     $cipher, with a key of its own"
	want 0 deactivate vol0
	want 0 check "$l"
	says out "'deltalog scrub' of the active volume verifies it"
	[ "$(tail -n 1 out)" = clean ] || bad "not clean"
	want 0 check "$l" --json
	json ".ok and .encryption == {\"cipher\": \"$cipher\", \"keyed\": true}"
	want 3 check "$l" --origin "$o"
	want 0 dump "$l" --json
	json ".superblocks | all(.encryption == {\"cipher\": \"$cipher\", \"keyed\": true})"
	json '.checkpoint == {"encrypted": true}'
	want 3 dump "$l" --records
	says err "is encrypted"
	one_line
	want 3 map --log "$l"
	says err "is encrypted"
	keyless wrapped
	! grep -qaF -e 'plain line' -e a-name-of-one bytes || bad "the log is in the clear"
	ok "$cipher: create, check, dump"

	# ---- activate

	want 3 activate vol0 --origin "$o" --log "$l"
	says err "is encrypted: say where its key is with --key"
	one_line
	want 3 activate vol0 --origin "$o" --log "$l" --json
	json '.ok == false and .exit == 3'
	want 6 activate vol0 --origin "$o" --log "$l" --key $two
	says err "is not the one it was encrypted with"
	one_line
	want 6 activate vol0 --origin "$o" --log "$l" --key :32:logon:deltalog:none
	says err "no keyring of this process has it"
	want 2 activate vol0 --origin "$o" --log "$l" --key "$(head -n 1 keys.hex)"
	want 0 check "$l"
	want 0 activate vol0 --origin "$o" --log "$l" --key $one --commit-ms 50 --compression 1
	says out "  cipher   $cipher"
	holds some "activated"
	want 0 snapshot list vol0
	says out a-name-of-one
	ok "$cipher: activate"

	# ---- another key

	want 6 key vol0 :32:logon:deltalog:none
	says err "no keyring of this process has it"
	says err "key cannot be changed"
	one_line
	want 6 key vol0 :32:user:short --json
	json '.ok == false and .exit == 6 and (.error | contains("has not got 32 bytes"))'
	want 2 key vol0 "$(head -n 1 keys.hex)"
	want 2 key vol0 deltalog:two
	want 4 key vol1 $two
	want 0 deactivate vol0
	want 0 activate vol0 --origin "$o" --log "$l" --key $one
	want 0 key vol0 $two
	says out "opens with key '$two' from now on"
	says out "/etc/deltalog/vol0.conf"
	want 0 status vol0
	says out "key $two"
	keyless
	want 0 deactivate vol0
	want 6 activate vol0 --origin "$o" --log "$l" --key $one
	says err "is not the one it was encrypted with"
	want 0 activate vol0 --origin "$o" --log "$l" --key $two
	holds some "with another key"
	want 0 key vol0 $one --json
	json ".ok and .did == \"changed\" and .name == \"vol0\" and .key == \"$one\""
	ok "$cipher: another key"

	# ---- creating over it, detach

	want 0 deactivate vol0
	want 3 create vol1 --origin "$o" --log "$l" --key $one
	says err "which is encrypted, so that it cannot be told what is in it"
	one_line
	want 3 create vol1 --origin "$l" --log "$o" --force
	says err "are origin and log swapped?"
	want 0 activate vol0 --origin "$o" --log "$l" --key $one
	holds some "after what was refused"
	want 8 detach vol0
	want 0 snapshot delete vol0 a-name-of-one
	want 0 detach vol0
	says out "a plain disk again, current; the log's samples of it are encrypted"
	cmp -n 1048576 some "$o" || bad "the origin is not what the volume was"
	want 0 check "$l"
	says out ", detached, "
	want 3 activate vol0 --origin "$o" --log "$l"
	says err "was detached"
	keyless
	ok "$cipher: detach"
done

# ---- a log in the clear wants no key, and a volume without has none to change

want 0 create vol0 --origin "$o" --log "$l"
want 6 key vol0 $one
says err "the log is not encrypted"
one_line
want 0 deactivate vol0
want 3 activate vol0 --origin "$o" --log "$l" --key $one
says err "is not encrypted, which only 'deltalog create' could change; leave --key out"
one_line
want 0 check "$l" --json
json '.encryption == null and .records_checked'
want 3 create vol0 --origin "$o" --log "$l" --key $one
says err "records, "
want 0 create vol0 --origin "$o" --log "$l" --key $one --force
want 0 deactivate vol0
want 3 create vol0 --origin "$o" --log "$l"
want 0 create vol0 --origin "$o" --log "$l" --force
says err "lost is the log 'vol0'"
says err "which is encrypted"
want 0 detach vol0
ok "in the clear"

# ---- damage

want 0 create vol0 --origin "$o" --log "$l" --key $one
put some || bad "write"
want 0 deactivate vol0
printf x | dd of="$l" bs=1 seek=300 conv=notrunc,fsync 2>/dev/null
want 9 check "$l"
says out "superblock, slot 0: checksum mismatch"
want 0 activate vol0 --origin "$o" --log "$l" --key $one
holds some "with one superblock"
want 0 scrub vol0
want 0 deactivate vol0
want 0 check "$l"
keyless
rmdisk log
rmdisk origin
rmmod dm_deltalog || bad "the module is still in use"
kmemleak_check
splat_check
ok "encrypted logs by the tool: $passed checks passed"
