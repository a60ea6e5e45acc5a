/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the fixtures' threads have seen, a line each, in its order: "Finalize /finalize". */

#include <pthread.h>

#include "base/macro.h"

typedef struct TestTrace {
        pthread_mutex_t lock;
        char text[16384];
} TestTrace;

void trace_init(TestTrace *trace);
void trace_add(TestTrace *trace, const char *format, ...) _printf_(2, 3);

/* Compares, and begins anew. */
void trace_expect(TestTrace *trace, const char *expected);
