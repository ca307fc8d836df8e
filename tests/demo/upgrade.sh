# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# The timeline's part of the demonstration, for second-life.sh: an upgrade that
# goes wrong, a look at what was before, and the way back. The volume is mounted
# on $VOL, and is again when this ends.

THEN=/mnt/then

# ---- what a step costs: time, and what it has the target write and keep

cost_begin() {
	cost_log=$(status log_bytes)
	cost_kept=$(status preserved_bytes)
	cost_start=$(now_ms)
}
cost_end() {
	cost_took=$(since "$cost_start")
	figure "  it took" "$cost_took; $(size $(($(status log_bytes) - cost_log))) of log, $(size $(($(status preserved_bytes) - cost_kept))) preserved"
}
costs() {
	cost_begin
	show "$@"
	cost_end
}

# The files that the disk came with, below a folder: their sums, and what else
# there is to them. The rest is compared as bytes of the volume.
tree() {
	(
		cd "$1" || exit
		set -- project
		[ ! -d headers ] || set -- project headers
		find "$@" -printf '%p %y %m %U:%G %s %T@\n' | sort
		find "$@" -type f -print0 | sort -z | xargs -0 sha256sum
	)
}

upgrade_goes_wrong() {
	chapter "An upgrade goes wrong"
	tree "$VOL" >"$TMPDIR/before"
	# So that what the snapshot is said to cost is its own.
	sync
	costs deltalog snapshot create vol0 before-upgrade
	say_run "rm -r headers; shred project/kmod/* project/tools/*"
	cost_begin
	rm -r "$VOL/headers"
	find "$VOL/project/kmod" "$VOL/project/tools" -type f -exec shred -x -n 1 {} +
	sync
	cost_end
	tree "$VOL" >"$TMPDIR/after"
	figure "files lost" "$(files_missing) deleted, $(files_changed) overwritten"
	say "The origin follows. What it has and the snapshot needs is kept first."
	bytes=$(written "$ORIGIN")
	costs dmsetup message vol0 0 drain
	figure "  written to the origin" "$(mib $(($(written "$ORIGIN") - bytes)))"
}

look_at_the_past() {
	chapter "A look at the past, while the present is mounted"
	mkdir -p "$THEN"
	costs deltalog snapshot mount vol0 before-upgrade "$THEN"
	tree "$THEN" | cmp -s - "$TMPDIR/before" || fail "the snapshot is not what was there"
	tree "$VOL" | cmp -s - "$TMPDIR/after" || fail "the present has changed"
	ok "all $(files_before) files are there, with sums, modes, owners and times"
	quietly deltalog snapshot umount "$THEN"
}

go_back() {
	chapter "Rewind"
	show umount "$VOL"
	costs deltalog rewind vol0 before-upgrade --keep failed-upgrade
	view=$(deltalog view vol0 before-upgrade)
	# Every read of the slow disk counts, so few and large ones.
	blockdev --setra 4096 "$view" /dev/mapper/vol0
	cmp "$view" /dev/mapper/vol0 || fail "the volume is not what the snapshot holds"
	quietly deltalog view --remove vol0@before-upgrade
	ok "the volume is the snapshot, byte for byte"
	quietly mount /dev/mapper/vol0 "$VOL"
	tree "$VOL" | cmp -s - "$TMPDIR/before" || fail "the files are not what they were"
	ok "all $(files_before) files are back, with sums, modes, owners and times"
}

# A file's line in these lists is its sum, two blanks and its path.
sums_of() { grep -E '^[0-9a-f]{64}  ' "$1"; }
files_before() { sums_of "$TMPDIR/before" | wc -l; }
files_missing() { echo $(($(files_before) - $(sums_of "$TMPDIR/after" | wc -l))); }
files_changed() {
	sums_of "$TMPDIR/after" | sort >"$TMPDIR/after.sums"
	sums_of "$TMPDIR/before" | sort | comm -13 - "$TMPDIR/after.sums" | wc -l
}
