# SPDX-License-Identifier: GPL-2.0
# The demonstration; included by the top-level Makefile.

.PHONY: demo
## make demo           a volume over a disk with files, a power cut, recovery,
##                     an upgrade that is taken back, and the bare disk again
##                     (in a VM, three to five minutes)
demo:
	@scripts/demo.sh
