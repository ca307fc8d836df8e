# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# What the guest scripts that count instructions share: a stock kernel under
# -icount, where a nanosecond is an instruction.  With what all of them share; use:
#
#   . "$DL_TOP/tests/bench/icount.sh"
#
#   icount_begin            loads what the targets need, in the right order
#   fresh LOG_MIB MIB       brd devices $FAST, $SLOW and $META
#   stale                   takes the target away, and them
#   keep PROG...            keeps programs in memory, with their libraries
#   kept PROG ARG...        runs one of them
#   now                     ns, hence instructions, since some moment

# shellcheck source=tests/bench/lib.sh
. "$DL_TOP/tests/bench/lib.sh"

# As on a machine whose CPU has the instructions: loaded before whoever asks
# for a CRC first.  libcrc32c keeps what it found then.
icount_begin() {
	modprobe_all crc32c-intel libcrc32c
	grep -q 'crc32c-intel' /proc/crypto || fail "no hardware CRC-32C in this guest"
	modprobe_all dm-mod
	echo "@env instr_kernel $(uname -r)"
}

fill() { dd if=/dev/zero of="$1" bs=1M count="$2" oflag=direct 2>/dev/null; }

# Devices whose pages are all there: a disk does not allocate on a write.
fresh() {
	modprobe brd rd_nr=3 rd_size=$(($1 * 1024)) || fail "no brd"
	FAST=/dev/ram0
	# shellcheck disable=SC2034 # for target_up
	META=/dev/ram2
	fill $FAST "$1"
	fill /dev/ram2 8
	SLOW=/dev/ram1
	fill $SLOW "$2"
}

stale() {
	target_down
	rmmod brd || fail "brd is still in use"
}

# While a guest waits for the host's files its clock runs on, so what is started
# between two readings of the clock is kept in memory, with its libraries.
local=/run/tmp/local
keep() {
	mkdir -p $local
	for _prog; do
		_path=$(command -v "$_prog")
		ldd "$_path" | awk '/\// { print $(NF - 1) }' | while read -r _lib; do
			cp -L "$_lib" $local/
		done
		cp -L "$_path" $local/
	done
}
# The loader by name: the one that the program asks for is on the host.
kept() {
	_prog=$1
	shift
	LC_ALL=C $local/ld-linux-x86-64.so.2 --library-path $local $local/"$_prog" "$@"
}
now() { kept date +%s%N; }
