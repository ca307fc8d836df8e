/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test's own test: a right volume must be found right, every wrong one
 * wrong.
 */
#ifndef DLT_SELFTEST_H
#define DLT_SELFTEST_H

#include "schedule.h"

/* Returns the status to exit with. */
int self_test(const struct config *c);

#endif
