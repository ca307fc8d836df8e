# SPDX-License-Identifier: GPL-2.0
# Every test: tests/run-check.sh says what the steps are.

.PHONY: check check-quick
## make check           every test, from nothing; ends with "N passed, N failed"
##                      (STEPS='unit crash': only these; STEPS=list: names)
check:
	@tests/run-check.sh $(or $(STEPS),full)

## make check-quick     style, layers, unit tests, a short run in a guest
check-quick:
	@tests/run-check.sh quick
