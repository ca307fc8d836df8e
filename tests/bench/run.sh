#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0
#
# Runs the benchmarks and prints their table: `make bench`.
#
# Usage: tests/bench/run.sh [PART[,PART]...]
#
#   fsync       4 KiB writes, each followed by fsync         simulated time, twice
#   seq         1 MiB sequential writes                      simulated time
#   latency     how long a 4 KiB write takes                 simulated time
#   bytes       bytes moved per user byte                    simulated time
#   grain       what small changes of pages take             simulated time, twice;
#                                                            stock kernel
#   snapshots   what many of them, and one, cost and hold    simulated time, twice
#   instr       instructions per 4 KiB                       stock kernel, twice
#   past        the same with many snapshots, and of views   stock kernel
#   scaling     two writers against one                      stock kernel
#   foresight   what forecasts are worth, and cost           simulated time; stock kernel
#   memory      what a volume takes                          user-mode Linux
#   rewind      by 1 GiB of changes                          user-mode Linux
#   activation  after a crash with 1 GiB of log              user-mode Linux
#
# Leaves build/bench/bench.json, bench.svg, and what each guest said in raw/.
#
# Simulated time and instruction counts do not depend on what else the machine
# does, so two guests run at a time (BENCH_JOBS).  `scaling`, `rewind` and
# `activation` are measured in host time, alone; how much of the host others
# used is reported.
#
# BENCH_QUICK=1       smaller and only once, to see that it works
# BENCH_PEERS_ONLY=1  without this target
# BENCH_TARGETS='...' only these targets

set -euo pipefail
# shellcheck source=scripts/lab/common.sh
. "$(dirname "$0")/../../scripts/lab/common.sh"
cd "$DL_TOP"

PARTS='fsync seq latency bytes grain snapshots instr past foresight memory'
PARTS="$PARTS scaling rewind activation"
usage() { sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2; }

only=${1:-${PARTS// /,}}
for part in ${only//,/ }; do
	case " $PARTS " in
	*" $part "*) ;;
	*) usage ;;
	esac
done
for prog in python3 fio qemu-system-x86_64 dmsetup; do
	command -v $prog >/dev/null || dl_die "$prog is missing: run scripts/setup.sh bench"
done

out=$DL_TOP/build/bench
raw=$out/raw
mkdir -p "$out"
exec 8>"$out/lock"
flock -n 8 || dl_die "another make bench is running in this tree"
rm -rf "$raw"
mkdir -p "$raw"

rounds=2 fsync_ios=8192 instr_mib=64 scaling_rounds=5 activation_mib=1024
snapshots=1000 space_mib=64 past_mib=64 past_log_mib=512 rewind_gib=64 rewind_mib=1024
grain_writes=100000 grain_long=250000 grain_chain=1000 grain_instr=32768 grain_sql=5000
grain_vm_sql=500 grain_pg=1000 bursts=8
if [ -n "${BENCH_QUICK:-}" ]; then
	rounds=1 fsync_ios=1024 instr_mib=8 scaling_rounds=1 activation_mib=64
	snapshots=100 space_mib=16 past_mib=8 past_log_mib=128 rewind_gib=4 rewind_mib=64
	grain_writes=10000 grain_long=25000 grain_chain=100 grain_instr=2048 grain_sql=500
	grain_vm_sql=50 grain_pg=100 bursts=2
fi

wanted() { case ",$only," in *",$1,"*) ;; *) return 1 ;; esac; }

# Of the targets given, those that are to be measured.
targets() {
	local t
	for t; do
		[ "$t" != deltalog ] || [ -z "${BENCH_PEERS_ONLY:-}" ] || continue
		case " ${BENCH_TARGETS:-$t} " in
		*" $t "*) printf '%s\n' "$t" ;;
		esac
	done
}

# The modules for the kernels that the wanted parts boot.
build_modules() {
	local kdir
	[ -z "${BENCH_PEERS_ONLY:-}" ] || return 0
	dl_say "building the module"
	if wanted instr || wanted past || wanted grain || wanted foresight ||
		wanted scaling; then
		read -r _ _ kdir < <(scripts/lab/kdirs.sh 6.12)
		make -s module KDIR="$kdir" >/dev/null
	fi
	make -s module KDIR="$(tests/uml/build.sh fast)" ARCH=um >/dev/null
}

failed=0

# guest NAME KIND SCRIPT ARG...: NAME is PART.VARIANT.TARGET.ROUND
guest() {
	local name=$1 kind=$2 start=$SECONDS rc=0 why run
	shift 2
	case $kind in
	sim) run=(tests/uml/run.sh --time-travel=inf-cpu --mem 4G --timeout 400) ;;
	uml) run=(tests/uml/run.sh --mem 6G --timeout 400) ;;
	icount) run=(tests/vm/run.sh --kernel 6.12 --icount --mem 2G --timeout 600) ;;
	smp) run=(tests/vm/run.sh --kernel 6.12 --smp 2 --mem 4G --timeout 600) ;;
	esac
	"${run[@]}" -- "$@" >"$raw/$name" 2>"$raw/$name.err" 8>&- || rc=$?
	if [ $rc != 0 ]; then
		why=$(grep -m 1 '^not ok' "$raw/$name" || tail -n 1 "$raw/$name.err")
		printf '@fail %s status %s: %s\n' "${name#*.*.}" $rc "$why" >>"$raw/$name"
		dl_say "$name: FAILED with status $rc, see build/bench/raw/$name and $name.err"
	else
		dl_say "$name ($((SECONDS - start)) s)"
	fi
	return $rc
}

# The same in the background, BENCH_JOBS at a time.
running=0
queue() {
	if [ "$running" -ge "${BENCH_JOBS:-2}" ]; then
		wait -n || failed=1
		running=$((running - 1))
	fi
	guest "$@" &
	running=$((running + 1))
}

drain() {
	while [ "$running" -gt 0 ]; do
		wait -n || failed=1
		running=$((running - 1))
	done
}

part_fsync() {
	local t
	for t in $(targets deltalog raw-log thin-snap thin raw-origin writecache snap4); do
		queue "fsync.fua1.$t.$1" sim tests/bench/fsync.sh "$t" 1 $fsync_ios
	done
	for t in $(targets deltalog raw-log); do
		queue "fsync.fua0.$t.$1" sim tests/bench/fsync.sh "$t" 0 $fsync_ios
	done
}

part_seq() {
	local t depth
	for depth in 4 8; do
		for t in $(targets deltalog raw-log raw-origin writecache snap4); do
			queue "seq.d$depth.$t.1" sim tests/bench/sequential.sh "$t" "$depth"
		done
	done
}

part_latency() {
	local t
	for t in $(targets deltalog raw-log raw-origin writecache snap4); do
		queue "latency.sim.$t.1" sim tests/bench/latency.sh "$t"
	done
}

part_bytes() {
	local t
	for t in $(targets deltalog linear writecache snap4 snap64 thin-snap); do
		queue "bytes.b512-p1.$t.1" sim tests/bench/bytes.sh "$t" 512 1
	done
	for t in $(targets deltalog writecache); do
		queue "bytes.b512-p4.$t.1" sim tests/bench/bytes.sh "$t" 512 4
		queue "bytes.b4096-p1.$t.1" sim tests/bench/bytes.sh "$t" 4096 1
	done
	for t in $(targets deltalog); do
		queue "bytes.b512-p1.$t-snap.1" sim tests/bench/bytes.sh "$t-snap" 512 1
	done
}

part_grain() {
	local t kind fs mode
	for t in $(targets deltalog); do
		queue "grain.long.$t.$1" sim tests/bench/grain.sh "$t" bytes64 $grain_long 512 \
			reconcile_secs 86400 low_watermark 10 high_watermark 20
		for kind in run64 bits20 random; do
			queue "grain.$kind.$t.$1" sim tests/bench/grain.sh "$t" $kind $grain_writes
		done
		queue "grain.reads.$t.$1" sim tests/bench/grain-reads.sh $grain_chain
	done
	for t in $(targets deltalog block writecache); do
		queue "grain.bytes64.$t.$1" sim tests/bench/grain.sh "$t" bytes64 $grain_writes
	done
	[ "$1" = 1 ] || return 0
	for t in $(targets deltalog bit packed block); do
		for fs in ext4 xfs; do
			for mode in wal delete; do
				queue "grain.$fs-$mode.$t.$1" sim tests/bench/grain-sqlite.sh \
					"$t" $fs $mode $grain_sql
			done
		done
	done
}

part_grain_instr() {
	local list t fs
	for t in $(targets deltalog bit packed block); do
		for fs in ext4 xfs; do
			queue "grain.pg-$fs.$t.1" icount tests/bench/grain-pgbench.sh \
				$fs $grain_pg "$t"
			queue "grain.vm-$fs-wal.$t.1" icount tests/bench/grain-sqlite.sh \
				"$t" $fs wal $grain_vm_sql
		done
	done
	mapfile -t list < <(targets linear writecache crypt block sealed chacha packed deltalog)
	queue grain.vm.all.1 icount tests/bench/grain-instr.sh 2048 $grain_instr "${list[@]}"
	[ -z "$(targets deltalog)" ] ||
		queue grain.fio.block.1 icount tests/bench/instructions.sh "$instr_mib" block
}

part_snapshots() {
	[ -n "$(targets deltalog)" ] || return 0
	queue "snapshots.many.deltalog.$1" sim tests/bench/snapshots.sh $snapshots $fsync_ios
	queue "snapshots.none.deltalog.$1" sim tests/bench/snapshots.sh 0 $fsync_ios
	queue "snapshots.space.deltalog.$1" sim tests/bench/space.sh $space_mib
}

part_past() {
	[ -n "$(targets deltalog)" ] || return 0
	queue past.vm.deltalog.1 icount tests/bench/past.sh $past_mib $past_log_mib $snapshots
}

part_foresight() {
	[ -n "$(targets deltalog)" ] || return 0
	local work
	queue foresight.burst.deltalog.1 sim tests/bench/burst.sh $bursts
	queue foresight.space.deltalog.1 sim tests/bench/space-forecast.sh 20 40 5
	for work in hot zipf uniform; do
		queue foresight.order-$work.deltalog.1 sim tests/bench/order.sh pressed $work
	done
	for work in seq512 streams strided random xfs ext4-1k replay; do
		queue foresight.fusion-$work.deltalog.1 sim tests/bench/fusion.sh $work
	done
	queue foresight.small.deltalog.1 icount tests/bench/fusion-instr.sh $((instr_mib / 2))
	queue foresight.vm.deltalog.1 icount tests/bench/instructions.sh "$instr_mib" static deltalog
}

part_memory() {
	[ -n "$(targets deltalog)" ] || return 0
	local gib
	for gib in 1 16 32; do
		queue memory.g$gib.deltalog.1 uml tests/bench/memory.sh $gib
	done
}

part_instr() {
	local list
	mapfile -t list < <(targets raw-log linear writecache snap4 thin thin-snap deltalog)
	queue "instr.vm.all.$1" icount tests/bench/instructions.sh "$instr_mib" "${list[@]}"
}

# Processor time of the whole host, and of what this script started and waited
# for, in clock ticks.
host_ticks() { awk '$1 == "cpu" { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }
own_ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 + $14 + $15 }' "/proc/$$/stat"; }

# Alone, and telling how busy the host was with other things meanwhile.
alone() {
	local host own start=$EPOCHREALTIME
	host=$(host_ticks) own=$(own_ticks)
	guest "$@" || failed=1
	awk -v h=$(($(host_ticks) - host)) -v o=$(($(own_ticks) - own)) \
		-v t0="$start" -v t1="$EPOCHREALTIME" -v hz="$(getconf CLK_TCK)" -v n="$(nproc)" \
		-v name="${1%%.*}" 'BEGIN {
			others = 100 * (h - o) / ((t1 - t0) * hz * n)
			printf "@env others_%s %.0f %% of the host\n", name, others < 0 ? 0 : others
		}' >>"$raw/$1"
}

part_scaling() {
	local list
	mapfile -t list < <(targets raw-log linear writecache deltalog)
	alone scaling.vm.all.1 smp tests/bench/scaling.sh "$scaling_rounds" "${list[@]}"
}

part_rewind() {
	[ -n "$(targets deltalog)" ] || return 0
	local n
	for n in $(seq "$rounds"); do
		alone "rewind.uml.deltalog.$n" uml tests/bench/rewind.sh $rewind_gib $rewind_mib
	done
}

part_activation() {
	local t n form
	for n in $(seq "$rounds"); do
		for form in seq fsync; do
			for t in $(targets deltalog writecache snap4); do
				[ "$t$form" != snap4fsync ] || continue
				[ "$t" = deltalog ] || [ "$n" = 1 ] || continue
				alone "activation.$form.$t.$n" uml tests/bench/activation.sh \
					"$t" "$form" "$activation_mib"
			done
		done
	done
}

build_modules
! { wanted grain || wanted foresight; } || make -s bench-tools
begin=$SECONDS
# What takes longest goes first, so that something goes on beside it all the time.
! wanted past || part_past
! wanted grain || part_grain_instr
for n in $(seq "$rounds"); do
	! wanted instr || part_instr "$n"
done
for n in $(seq "$rounds"); do
	! wanted fsync || part_fsync "$n"
	! wanted snapshots || part_snapshots "$n"
	! wanted grain || part_grain "$n"
done
! wanted seq || part_seq
! wanted latency || part_latency
! wanted bytes || part_bytes
! wanted foresight || part_foresight
! wanted memory || part_memory
drain
! wanted scaling || part_scaling
! wanted rewind || part_rewind
! wanted activation || part_activation

rc=0
python3 -B tests/bench/report.py "$raw" "$out" \
	commit="$(git describe --always --dirty 2>/dev/null || echo unknown)" \
	host_kernel="$(uname -r)" cpus="$(nproc)" \
	cpu_model="$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
	fio="$(fio --version)" \
	qemu="$(qemu-system-x86_64 --version | head -n 1)" \
	uml_kernel="$(cat "$(tests/uml/build.sh fast --print-dir)/.complete")" \
	vm_kernel="$(scripts/lab/kdirs.sh 6.12 | cut -d ' ' -f 2)" \
	quick="${BENCH_QUICK:-}" seconds="$((SECONDS - begin))" || rc=$?
dl_say "took $((SECONDS - begin)) s; figures are in build/bench/bench.json, the chart in build/bench/bench.svg"
[ $failed = 0 ] || rc=1
exit $rc
