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

UML=tests/uml/run.sh

# ---- what the rest needs

step setup in=full alone limit=1200 -- scripts/setup.sh test
# The programs are all built here, for no two steps may build the same file.
step programs in=full,quick needs=setup alone -- \
	make -s -j"$(nproc)" tools tools-san unit-build fuzz-build crash-tools

# ---- what needs no guest

step checkpatch in=full,quick needs=setup -- scripts/check-style.sh checkpatch
step sparse in=full,quick needs=setup -- scripts/check-style.sh sparse
step shellcheck in=full,quick needs=setup -- scripts/check-style.sh shell
step text in=full,quick needs=setup -- scripts/check-style.sh text
step layers in=full,quick needs=setup -- scripts/check-layers.sh
step unit in=full,quick needs=programs least=50 -- make -s -k unit
step judge in=full,quick needs=programs least=5 -- make -s check-judge
step fuzz-quick needs=programs least=5 -- make -s -k fuzz-quick
step tool needs=programs least=5 -- make -s check-tool
