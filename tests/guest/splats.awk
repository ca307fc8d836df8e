# SPDX-License-Identifier: GPL-2.0
#
# Finds complaints in a kernel log: warnings, oopses, and what the sanitizers,
# lockdep, kmemleak and the hung-task detector say.
#
# Use: DL_ALLOW='REGEX...' awk -f splats.awk LOG
#
# Looks only at what follows "dl-lab: guest script starts".  Each line of DL_ALLOW
# is a regular expression for a complaint's first line that is expected; the
# call trace that comes with it is then no complaint either.  Prints what is
# left, with a few lines after each, and exits 1 if there was any.

BEGIN {
	n_allow = split(ENVIRON["DL_ALLOW"], allow, "\n")
	head = "(WARNING|BUG|KASAN|KFENCE|UBSAN|KCSAN|ODEBUG|Oops)[:]|" \
		"INFO: (task|rcu|trying|possible|lockdep|suspicious)|" \
		"possible (circular|recursive|irq|unsafe)|inconsistent lock state|" \
		"suspicious RCU|sleeping function called|scheduling while atomic|" \
		"kmemleak: [0-9]+ new suspected|unreferenced object 0x|" \
		"general protection fault|Kernel panic|Unable to handle kernel|" \
		"list_(add|del) corruption|refcount_t: |page allocation failure|" \
		"workqueue lockup|blocked for more than|Object .*(padding|Redzone)|" \
		"kernel tried to execute|stack overflow|DEBUG_LOCKS_WARN_ON"
	trace = "Call Trace:"
	# fault injection announces each failure it makes, with a trace
	injected = "FAULT_INJECTION: forcing a failure"
}

function allowed(line,    i) {
	if (line ~ injected)
		return 1
	for (i = 1; i <= n_allow; i++)
		if (allow[i] != "" && line ~ allow[i])
			return 1
	return 0
}

/dl-lab: guest script starts/ { found = 0; out = ""; show = 0; quiet = 0; next }

{
	if (allowed($0)) {
		quiet = 60
		show = 0
	} else if ($0 ~ head) {
		# a trace after an allowed head has no head of its own
		quiet = 0
		found++
		show = 25
	} else if ($0 ~ trace) {
		if (quiet > 0) {
			quiet = 0
		} else if (show == 0) {
			found++
			show = 25
		}
	}
	if (quiet > 0)
		quiet--
	if (show > 0 && found <= 5) {
		out = out $0 "\n"
		show--
	}
}

END {
	printf "%s", out
	if (found > 5)
		printf "... and %d more complaints\n", found - 5
	exit found > 0
}
