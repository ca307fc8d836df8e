/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupts: what SIGINT, SIGTERM and SIGHUP do. */
#ifndef DL_TOOL_INTERRUPT_H
#define DL_TOOL_INTERRUPT_H

#include <stdbool.h>

/* From here on they end a call that waits, not the program. */
void dl_interrupt_catch(void);

/* They end the program. */
void dl_interrupt_default(void);

/* They do nothing, for good. */
void dl_interrupt_ignore(void);

/* Whether one was caught. */
bool dl_interrupt_seen(void);

#endif
