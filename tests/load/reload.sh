#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Suspend, resume, reload, grow, messages and forced removal under load.
#
# Usage: reload.sh [ROUNDS]      in a guest; default 30, less in a slow one
set -eu
# shellcheck source=tests/guest/lib.sh
. "$DL_GUEST/lib.sh"
# shellcheck source=tests/load/common.sh
. "$DL_TOP/tests/load/common.sh"
# shellcheck disable=SC2119 # no more modules
load_setup
rounds=${1:-$(some 30)}
seed=11

disk origin 48
origin=$DISK
disk log 8
log=$DISK
model fill --dev "$origin" --seed $seed
half=49152
SECTORS=$half volume "$origin" "$log"

log_mark

# The table as status prints it makes the same volume again.
tidy() { dmsetup table "$V"; }
printed=$(tidy)
gone
dmsetup create "$V" --table "$printed" || fail "refused its own table: $printed"
[ "$(tidy)" = "$printed" ] || fail "table '$printed' became '$(tidy)'"
gone
opts='9 commit_ms 7 high_watermark 61 low_watermark 13 reconcile_secs 17 accept_origin'
SECTORS=$half volume "$origin" "$log" "$opts"
printed=$(tidy)
for word in $opts; do
	case " $printed " in
	*" $word "*) ;;
	*) fail "table lost '$word': $printed" ;;
	esac
done
gone
dmsetup create "$V" --table "$printed" || fail "refused its own table: $printed"
[ "$(tidy)" = "$printed" ] || fail "table '$printed' became '$(tidy)'"
gone
# A policy is one word, with what it has of blanks and lines; changed later, it is so
# in the table, too, and a suspend does not undo that.
given='policy window,10s;range,0-1M:page-rate>4/min->bit;client,/a:->,sub;->,block'
SECTORS=$half volume "$origin" "$log" "5 accept_origin reconcile_secs 17 $given"
in_force=$(dmsetup message "$V" 0 policy)
[ "$(echo "$in_force" | sed -n '4,$p' | tr '\n' ';')" = \
	'range 0-1M: page-rate > 4/min -> bit;client /a: -> sub;-> block;' ] ||
	fail "the table's policy is not in force: $in_force"
printed=$(tidy)
gone
dmsetup create "$V" --table "$printed" || fail "refused its own table: $printed"
[ "$(tidy)" = "$printed" ] || fail "table '$printed' became '$(tidy)'"
[ "$(dmsetup message "$V" 0 policy)" = "$in_force" ] || fail "another policy"
dmsetup message "$V" 0 'policy -> block'
dmsetup suspend "$V"
dmsetup resume "$V"
[ "$(dmsetup message "$V" 0 policy | tail -n 1)" = '-> block' ] ||
	fail "a resume put the table's policy in force again"
case "$(tidy)" in
*'policy window,2m;hysteresis,25%;max-chain,256;->,block') ;;
*) fail "the table does not show the policy in force: $(tidy)" ;;
esac
dmsetup reload "$V" --table "$printed"
dmsetup resume "$V"
[ "$(dmsetup message "$V" 0 policy)" = "$in_force" ] ||
	fail "a reload did not put its policy in force"
gone
# refused WANTED WORD...: a table is, and what the kernel says of it
refused() {
	_wanted=$1
	shift
	SECTORS=$half
	table "$origin" "$log" "$@"
	! dmsetup create "$V" --table "$TABLE" 2>/dev/null || fail "took: $TABLE"
	log_wants "$_wanted"
	unset SECTORS
}
refused "policy, line 1, column 14: a level is " '3 accept_origin policy window,10s;->bits'
refused "option 'policy' needs a value" '2 accept_origin policy'
log_mark
ok "the table line goes round: $printed"

# One writer with a history; everything below goes on beside it.
opts='1 zero_discards'
SECTORS=$half volume "$origin" "$log" "$opts"
id=1
under_load() {
	model run --dev "$VOL" --seed $seed --mix "$1" --threads 6 \
		--ops "$(some "$2")" --first-id $id >/run/tmp/model.out 2>&1 &
	writer=$!
	id=$((id + $2))
}
writing() { kill -0 "$writer" 2>/dev/null; }
written() {
	wait "$writer" || {
		cat /run/tmp/model.out
		log_since
		fail "content is wrong after: $1"
	}
	healthy
	ok "$1: $(sed -n 's/^ok - //p' /run/tmp/model.out)"
}
beside() {
	under_load "$1" "$2"
	shift 2
	_n=0
	while writing && [ $_n -lt "$rounds" ]; do
		"$@"
		_n=$((_n + 1))
	done
	written "$_n times $*"
}

must() { "$@" || fail "failed: $*"; }
suspend_resume() {
	must dmsetup suspend "$V"
	must dmsetup resume "$V"
}
suspend_noflush() {
	must dmsetup suspend --noflush --nolockfs "$V"
	must dmsetup resume "$V"
}
load_table() {
	SECTORS=$1 table "$origin" "$log" "$opts"
	must dmsetup load "$V" --table "$TABLE"
}
reload_same() {
	load_table "$half"
	suspend_resume
}
messages() {
	for _m in flush reconcile drain "set commit_ms $((_n % 50 + 1))" \
		"set high_watermark $((30 + _n % 60))"; do
		# shellcheck disable=SC2086 # the message's words
		must dmsetup message "$V" 0 $_m
	done
}
discarded_load() {
	load_table "$half"
	must dmsetup clear "$V"
}

beside files 9000 suspend_resume
beside database 9000 suspend_noflush
beside chaos 6000 reload_same
beside files 9000 discarded_load
beside flood 4000 messages

# Growing: the second half of the origin comes in beside a writer.
under_load database 1500
load_table 98304
suspend_resume
written "grown under load"
[ "$(blockdev --getsz "$VOL")" = 98304 ] || fail "it did not grow"
under_load chaos 800
written "writing to all of the grown volume"
gone
log_mark
SECTORS=$half table "$origin" "$log" "$opts"
if dmsetup create "$V" --table "$TABLE" 2>/dev/null; then
	fail "a volume that grew activates with its former size"
fi
SECTORS=98304 volume "$origin" "$log" "$opts"
under_load files 300
written "activated with its new size"
same_as_origin "$origin"

# Removal by force: what was durable must be there afterwards.
for mix in database chaos flood; do
	log_mark
	model run --dev "$VOL" --seed $seed --mix $mix --threads 6 --ops 200000 \
		--first-id $id --stop-on-error --history /run/tmp/history \
		>/run/tmp/model.out 2>&1 &
	writer=$!
	# Not before it is at work.
	enough=$(($(stat user_bytes) + $(some 3000000)))
	while [ "$(stat user_bytes)" -lt $enough ]; do
		writing || fail "the writer ended early: $(cat /run/tmp/model.out)"
	done
	dmsetup remove --force "$V" 2>/dev/null || :
	wait "$writer" || :
	dmsetup info "$V" >/dev/null 2>&1 && gone
	id=$((id + 200000))
	SECTORS=98304 volume "$origin" "$log" "$opts"
	model verify --dev "$VOL" --history /run/tmp/history --crashed ||
		fail "after a forced removal under load: $mix: $(log_since)"
done
healthy
gone
