# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# The steps of tests/run-check.sh, in the order in which they are started.
#
#   step NAME [in=SET,SET] [needs=STEP,STEP] [limit=SECONDS] [least=TESTS]
#        [alone] -- COMMAND
#
#   in      run by `run-check.sh SET`; default full
#   needs   steps that must have ended well, if they are run at all
#   limit   it is stopped after this long, default 600
#   least   fewer tests than that in its log are a failure: a suite that finds
#           nothing to run must not pass
#   alone   nothing runs beside it: it uses all processors by itself, or writes
#           what others read
#
# COMMAND is for bash, with set -euo pipefail, in the repository.
#
# shellcheck disable=SC2016 # expanded when it is run

# ---- what the rest needs

step setup alone limit=1200 -- \
	scripts/setup.sh test
# The programs are all built here: no two steps may build the same file.
step programs in=full,quick needs=setup alone -- \
	'make -s -j"$(nproc)" tools tools-san unit-build fuzz-build crash-tools rot-tools timeline-tools control-tools'
step uml-fast needs=setup alone limit=1800 -- \
	tests/uml/build.sh fast
step uml-debug needs=setup alone limit=2400 -- \
	tests/uml/build.sh debug
step vm-6.1 needs=setup -- \
	tests/vm/fetch.sh 6.1
step vm-6.12 needs=setup -- \
	tests/vm/fetch.sh 6.12
step module-6.1 needs=setup -- \
	scripts/build-strict.sh 6.1
step module-6.12 needs=setup -- \
	scripts/build-strict.sh 6.12
step module-fast needs=uml-fast -- \
	scripts/build-strict.sh fast
step module-debug needs=uml-debug -- \
	scripts/build-strict.sh debug
step module in=quick -- \
	'make -s module KDIR="$(tests/uml/build.sh fast)" ARCH=um'

# ---- what needs no guest

step checkpatch in=full,quick needs=setup -- \
	scripts/check-style.sh checkpatch
step sparse in=full,quick needs=setup -- \
	scripts/check-style.sh sparse
step shellcheck in=full,quick needs=setup -- \
	scripts/check-style.sh shell
step text in=full,quick needs=setup -- \
	scripts/check-style.sh text
step layers in=full,quick needs=setup -- \
	scripts/check-layers.sh
step check-selftest needs=layers least=30 -- \
	tests/check-selftest.sh
step unit in=full,quick needs=programs least=60 -- \
	make -s -k unit
step judge in=full,quick needs=programs least=20 -- \
	make -s check-judge
# What `make fuzz-quick` runs is half of what this does.
step fuzz-module needs=module-debug,programs least=9 -- \
	make -s -k fuzz-module-quick
step tool needs=programs least=5 -- \
	make -s check-tool
# What the forecaster of series costs, in instructions.
step forecast-cost needs=setup least=5 -- \
	tests/bench/forecast.sh
step install needs=programs,vm-6.1,vm-6.12 limit=1200 least=9 -- \
	tests/install/run.sh

# ---- guests: one of user-mode Linux takes one processor

step lab-fast needs=uml-fast least=10 -- \
	tests/lab-selftest.sh fast
step lab-debug needs=uml-debug least=10 -- \
	tests/lab-selftest.sh debug
step lab-6.1 needs=vm-6.1 least=8 -- \
	tests/lab-selftest.sh 6.1

step tool-debug needs=module-debug,programs least=5 -- \
	tests/uml/run.sh --debug --timeout 500 -- tests/tool/guest-tool.sh
step tool-6.1 needs=module-6.1,vm-6.1,programs least=5 -- \
	tests/vm/run.sh --kernel 6.1 --timeout 500 -- tests/tool/guest-tool.sh

step snapshot-debug needs=module-debug,programs limit=900 -- \
	tests/uml/run.sh --debug --timeout 850 -- tests/tool/guest-snapshot.sh

step scrub-debug needs=module-debug,programs -- \
	tests/uml/run.sh --debug --timeout 500 -- tests/tool/guest-scrub.sh
step tool-crypt needs=module-fast,programs least=5 -- \
	tests/uml/run.sh --time-travel --timeout 500 -- tests/tool/guest-crypt.sh
step rewind-debug needs=module-debug,programs -- \
	tests/uml/run.sh --debug --timeout 500 -- tests/tool/guest-rewind.sh
step history-debug needs=module-debug,programs -- \
	tests/uml/run.sh --debug --timeout 500 -- tests/tool/guest-history.sh

step restore needs=module-fast,programs -- \
	tests/uml/run.sh --timeout 500 -- tests/tool/guest-restore.sh

step workload-debug needs=module-debug,programs -- \
	tests/uml/run.sh --debug --timeout 500 -- tests/tool/guest-workload.sh
# Who reads while others write takes two processors.
step workload-6.12 needs=module-6.12,vm-6.12,programs alone -- \
	tests/vm/run.sh --kernel 6.12 --smp 2 --timeout 300 -- tests/tool/guest-workload.sh race

# Rates are from time: simulated, so that minutes of it take seconds.
step grain needs=module-fast,programs -- \
	tests/uml/run.sh --time-travel --timeout 500 -- tests/tool/guest-grain.sh
step grainpast needs=module-fast,programs -- \
	tests/uml/run.sh --time-travel --timeout 500 -- tests/tool/guest-grainpast.sh
step forecast needs=module-fast,programs least=4 -- \
	tests/uml/run.sh --time-travel=inf-cpu --timeout 500 -- tests/tool/guest-forecast.sh

step foresight needs=module-fast,programs least=5 -- \
	tests/uml/run.sh --time-travel=inf-cpu --timeout 300 -- tests/tool/guest-foresight.sh

# The control device, sysfs, events, tracepoints.
step control-debug needs=module-debug,programs limit=900 -- \
	tests/uml/run.sh --debug --timeout 850 -- tests/tool/guest-control.sh

# Snapshots and views against a model.
step timeline-self needs=programs least=20 -- \
	make -s check-timeline-self
for seed in 1 2; do
	step timeline-$seed needs=module-fast,programs limit=900 -- \
		tests/timeline/run.sh --seed $seed --schedules 500
done
step timeline-debug needs=module-debug,programs limit=900 -- \
	tests/timeline/run.sh --debug --seed 7 --schedules 27
step timeline-6.1 needs=module-6.1,vm-6.1,programs limit=900 -- \
	tests/timeline/run.sh --kernel 6.1 --seed 61 --schedules 5
step timeline-6.12 needs=module-6.12,vm-6.12,programs limit=900 -- \
	tests/timeline/run.sh --kernel 6.12 --seed 612 --schedules 5

# Every script of tests/load, under the debug kernel (where waiting is free) and
# with two processors under the stock ones. The longest first: else what must be
# alone waits for it.
load_debug() {
	step "$1-debug" needs=module-debug,programs limit=900 -- \
		tests/uml/run.sh --debug --time-travel --timeout 850 -- "tests/load/$1.sh"
}
load_debug reload
for script in tests/load/*.sh; do
	suite=$(basename "$script" .sh)
	case $suite in common | deltas | order | plan | reload) continue ;; esac
	load_debug "$suite"
done
# The model has the debug kernel make chains, too.
step deltas needs=module-fast,programs least=6 -- \
	tests/uml/run.sh --time-travel=inf-cpu --timeout 500 -- tests/load/deltas.sh
step plan needs=module-fast,programs -- \
	tests/uml/run.sh --time-travel=inf-cpu --timeout 500 -- tests/load/plan.sh
# Minutes under the debug kernel, which the crash states have, too. Its time is of what
# waits alone: pages that come to wait must not depend on how fast the processor is.
step order needs=module-fast,programs least=6 -- \
	tests/uml/run.sh --time-travel=inf-cpu --timeout 500 -- tests/load/order.sh
# Alone: an emulated processor whose other half waits for a host's processor
# spins, and takes ten times as long.
for script in tests/load/*.sh; do
	suite=$(basename "$script" .sh)
	# There allocations cannot be made to fail, time is not simulated, and a
	# millisecond is nothing. What is compressed the models have there.
	case $suite in common | crypt | deltas | faults | fuse | order | packed | plan | rules | settle) continue ;; esac
	for kernel in 6.1 6.12; do
		# 6.12 has these under the debug kernel, and full logs the models.
		case $suite-$kernel in
		blocks-6.12 | clients-6.12 | errors-6.12 | full-* | grow-6.12 | recent-6.12 | refuse-*) continue ;;
		esac
		step "$suite-$kernel" needs=module-$kernel,vm-$kernel,programs alone limit=900 -- \
			tests/vm/run.sh --kernel $kernel --smp 2 --timeout 850 -- "$script"
	done
done

step rot needs=module-fast,programs limit=900 -- \
	tests/rot/run.sh
step rot-debug needs=module-debug,programs limit=900 -- \
	tests/rot/run.sh --debug

# crash STATES [OPTION...]: fails if fewer states than that were looked at
crash() {
	local states=$1
	shift
	printf '%s' "tests/crash/run.sh --states $states $* |
		awk '{ print }
			match(\$0, /[0-9]+ crash states/) { n += substr(\$0, RSTART, RLENGTH) }
			END { if (n < $states) { print \"not ok - \" n \" crash states, not $states\"; exit 1 } }'"
}
step crash needs=module-fast,programs limit=1200 least=3 -- \
	"$(crash 1000)"
step crash-debug needs=module-debug,programs limit=1200 least=3 -- \
	"$(crash 200 --debug --seed 7)"
step crash-6.1 needs=module-6.1,vm-6.1,programs least=3 -- \
	"$(crash 60 --kernel 6.1 --seed 61)"
step crash-6.12 needs=module-6.12,vm-6.12,programs least=3 -- \
	"$(crash 60 --kernel 6.12 --seed 612)"
step smoke in=quick needs=module,programs least=3 -- \
	"$(crash 60)"
# A target that keeps no order must be found wrong, or the test finds nothing.
step crash-linear needs=uml-fast,programs -- \
	'if tests/crash/run.sh --only linear --states 60 >build/check/linear.out 2>&1; then
		echo "not ok - a linear target was found right"
		exit 1
	fi
	sed "s/^/# /" build/check/linear.out
	grep -q "wrong: a hole" build/check/linear.out
	echo "ok - a linear target in the place of the volume is found wrong"'
