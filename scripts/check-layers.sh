#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Checks that dependencies run one way, by what the sources include.
#
# Usage: scripts/check-layers.sh [TREE]     (default: this tree)
#
#   glue        module, target, view, status, message, control, sysfs, ...
#   subjects    volume, write, read, flush, recovery, snapshot, reconcile, job, ...
#   mechanisms  map, runs, past, pins, log, commit, frame, segment, ...
#   base        blkio, crypt, msg, and what knows kernel versions: kmod/compat
#   core        kmod/core and kmod/uapi
#
# A file may include what is in its own layer and in those below.  Besides:
#
#   - the log and what it is made of know nothing of the map: write ties them;
#   - the core includes the core and dl_port.h, nothing else; it has no globals
#     and calls nothing but itself, the checksum and the like of memcpy();
#   - tools include tools, kmod/core and kmod/uapi;
#   - kernel versions are told apart in kmod/compat only;
#   - Kbuild links every source once; headers include no circle;
#   - no file has more than 800 lines; more than 600 get a note.
#
# A file of kmod/ that is in no layer is an error: give it one below.  Prints a
# line for each violation and exits 1 if there was any.

set -euo pipefail
export LC_ALL=C

# By name, .c and .h alike.  options is what the subjects were told, not how.
GLUE='module target status message view control sysfs tunable rekey control_foresee'
SUBJECTS='volume resume housekeep io write read flush recovery reconcile cycle job lookup history retire snapshot snapload rewind retain preserve space grow subpage unroll policy event diff held scrub damage sections foresee fuse learn outlook prepare linger'
MECHANISMS='options trace throttle pieces map chain grain grainpast base codec runs past pins window log refill commit frame payload recent segment checkpoint fingerprint workload turn ahead'
BASE='blkio msg crypt cryptkey'
# Of the mechanisms, those that must not know the others.
LOG='log turn ahead refill commit frame payload recent segment'
MAP='pieces map chain grain grainpast base codec runs past pins window'

case $# in
0) cd "$(dirname "$0")/.." ;;
1) cd "$1" ;;
*) sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

tmp=$(mktemp -d "${TMPDIR:-/tmp}/deltalog-layers.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

mapfile -t files < <(find kmod tools -name '*.[ch]' ! -name '*.mod.c' | sort)

by_include() {
	awk -v glue="$GLUE" -v subjects="$SUBJECTS" -v mechanisms="$MECHANISMS" \
		-v base="$BASE" -v log_="$LOG" -v map_="$MAP" \
		-v edges="$tmp/edges" '
	function bad(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }
	function into(set, words, value,    w, n, i) {
		n = split(words, w, " ")
		for (i = 1; i <= n; i++)
			set[w[i]] = value
	}
	function stem(path) {
		sub(/.*\//, "", path)
		sub(/\.[ch]$/, "", path)
		return path
	}
	function dir(path) { sub(/[^\/]*$/, "", path); return path }
	# 0: not of the module
	function layer(path) {
		if (path ~ /^kmod\/(core|uapi)\/[^\/]*$/)
			return 1
		if (path ~ /^kmod\/compat\/[^\/]*$/)
			return 2
		if (path ~ /^kmod\/[^\/]*$/)
			return rank[stem(path)] + 0
		return 0
	}
	function plain(path) {
		gsub(/\/\.\//, "/", path)
		while (sub(/[^\/]+\/\.\.\//, "", path))
			;
		return path
	}
	# The file that the compiler would take, or "".
	function resolve(name,    n, d, i, where) {
		where = dir(FILENAME)
		if (FILENAME ~ /^kmod\//)
			where = where " kmod/compat/"
		else
			where = where " tools/ tools/port/ kmod/core/ kmod/uapi/"
		n = split(where, d, " ")
		for (i = 1; i <= n; i++)
			if (plain(d[i] name) in known)
				return plain(d[i] name)
		return ""
	}
	# The line without comments; one may reach over lines.
	function code(s,    out, at) {
		out = ""
		while (s != "") {
			if (in_comment) {
				if (!(at = index(s, "*/")))
					return out
				s = substr(s, at + 2)
				in_comment = 0
			} else if (match(s, /\/[*\/]/)) {
				out = out substr(s, 1, RSTART - 1) " "
				if (substr(s, RSTART, 2) == "//")
					return out
				in_comment = 1
				s = substr(s, RSTART + 2)
			} else {
				return out s
			}
		}
		return out
	}
	function quoted(name,    to, from_l, to_l) {
		to = resolve(name)
		if (FILENAME ~ /^tools\//) {
			if (to !~ /^(tools|kmod\/core|kmod\/uapi)\//)
				bad("a tool includes \"" name "\"")
			return
		}
		if (to == "") {
			bad("includes \"" name "\", which is no file of the module")
			return
		}
		if (FILENAME ~ /\.h$/)
			print FILENAME, to >edges
		from_l = layer(FILENAME)
		to_l = layer(to)
		if (from_l == 1) {
			if (to_l != 1 && to != "kmod/compat/dl_port.h")
				bad("the core includes " to)
		} else if (to_l > from_l) {
			bad(stem(FILENAME) " (" called[from_l] ") includes " to \
			    " (" called[to_l] ")")
		}
		if ((stem(FILENAME) in is_log) && from_l == 3 && to_l == 3 &&
		    (stem(to) in is_map))
			bad("the log includes " to)
	}
	BEGIN {
		split("core base mechanisms subjects glue", called, " ")
		into(rank, base, 2)
		into(rank, mechanisms, 3)
		into(rank, subjects, 4)
		into(rank, glue, 5)
		into(is_log, log_, 1)
		into(is_map, map_, 1)
		for (i = 1; i < ARGC; i++)
			known[ARGV[i]] = 1
		printf "" >edges
		# What the core may neither be told apart by nor call; the
		# symbols of its objects, looked at further down, tell the rest.
		core_bad = "(^|[^A-Za-z0-9_])(__KERNEL__|" \
			"k[vm]?[mzc]alloc[a-z_]*|k?v?[mzc]alloc|realloc|kv?free|" \
			"v[mz]alloc|vfree|free|alloca|alloc_pages?|" \
			"kmem_cache_[a-z_]*|mempool_[a-z_]*|" \
			"(raw_)?spin_[a-z_]*|spinlock_t|mutex[a-z_]*|" \
			"r?w?_?sem(aphore)?|rcu_[a-z_]*|seq(count|lock)[a-z_]*|" \
			"atomic(64)?_[a-z_]*|" \
			"pthread_[a-z_]*|ktime_[a-z_]*|jiffies|printk|pr_[a-z]+)" \
			"([^A-Za-z0-9_]|$)"
	}
	FNR == 1 {
		in_comment = 0
		if (FILENAME ~ /^kmod\// && !layer(FILENAME))
			bad("is in no layer: give it one in scripts/check-layers.sh")
	}
	{
		line = code($0)
		if (line ~ /^[ \t]*#[ \t]*include[ \t]*"/) {
			split(line, part, "\"")
			quoted(part[2])
		} else if (line ~ /^[ \t]*#[ \t]*include/ && layer(FILENAME) == 1 &&
			   FILENAME ~ /^kmod\/core\//) {
			bad("the core includes what is not the core: " line)
		}
		if (FILENAME ~ /^kmod\/core\// && match(line, core_bad))
			bad("not for the core: " substr(line, RSTART, RLENGTH))
		if (FILENAME ~ /^kmod\// && FILENAME !~ /^kmod\/compat\// &&
		    line ~ /(LINUX_VERSION_CODE|KERNEL_VERSION|LINUX_VERSION_[A-Z]+)/)
			bad("kernel versions are for kmod/compat")
	}' "${files[@]}"
}

no_circle() {
	tsort "$tmp/edges" 2>&1 >/dev/null | sed 's/^tsort: //' >"$tmp/circle" || :
	[ ! -s "$tmp/circle" ] || {
		echo "kmod: headers include each other in a circle:"
		sed -n 's/^\(kmod\)/    \1/p' "$tmp/circle"
	}
}

# A source that is not linked is dead, one that is named twice a merge's slip.
kbuild_complete() {
	sed 's/#.*//' Kbuild | tr -s '\\ \t' '\n' | sed -n 's/^\(kmod\/.*\)\.o$/\1.c/p' |
		sort >"$tmp/linked"
	uniq -d "$tmp/linked" | sed 's/^/Kbuild: names twice: /'
	printf '%s\n' "${files[@]}" | grep '^kmod/.*\.c$' | sort >"$tmp/sources"
	sort -u "$tmp/linked" | comm -13 - "$tmp/sources" | sed 's/^/Kbuild: does not link: /'
	sort -u "$tmp/linked" | comm -23 - "$tmp/sources" | sed 's/^/Kbuild: no such source: /'
}

# Whatever a macro or an inline function hides, an object cannot.
core_symbols() {
	local src obj
	for src in kmod/core/*.c; do
		obj=$tmp/$(basename "$src" .c).o
		gcc -std=gnu11 -O1 -fno-pie -fno-stack-protector -iquote tools/port \
			-c -o "$obj" "$src" 2>"$tmp/cc" || {
			sed -n "s,^.*error: ,$src: does not compile: ,p" "$tmp/cc" | head -n 1
			continue
		}
		nm "$obj" | awk -v src="$src" '
			$(NF - 1) == "U" && $NF !~ /^(dl_[a-z0-9_]+|crc32c|mem(cmp|cpy|set|move|chr)|strnlen)$/ {
				print src ": calls " $NF
			}
			$(NF - 1) ~ /^[bBcCdDsSgG]$/ { print src ": has a global that can change: " $NF }'
	done
}

too_long() {
	wc -l "${files[@]}" | awk -v note="$tmp/notes" '
		$2 == "total" { next }
		$1 > 800 { print $2 ": " $1 " lines, at most 800" }
		$1 > 600 && $1 <= 800 { print "note: " $2 ": " $1 " lines, should be 600 at most" >note }'
}

{
	by_include
	no_circle
	kbuild_complete
	core_symbols
	too_long
} >"$tmp/found"
cat "$tmp/found"
[ ! -s "$tmp/notes" ] || cat "$tmp/notes"
n=$(grep -vc '^    ' "$tmp/found" || :)
echo "check-layers: ${#files[@]} files, $n violations"
[ "$n" = 0 ]
