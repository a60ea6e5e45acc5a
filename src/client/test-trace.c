/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/test-trace.h"

#include "base/test.h"

void trace_init(TestTrace *trace)
{
        *trace = (TestTrace){};
        assert_int_equal(pthread_mutex_init(&trace->lock, NULL), 0);
}

void trace_add(TestTrace *trace, const char *format, ...)
{
        size_t n;
        va_list args;

        pthread_mutex_lock(&trace->lock);
        n = strlen(trace->text);
        va_start(args, format);
        (void) vsnprintf(trace->text + n, sizeof(trace->text) - n, format, args);
        va_end(args);
        pthread_mutex_unlock(&trace->lock);
}

void trace_expect(TestTrace *trace, const char *expected)
{
        pthread_mutex_lock(&trace->lock);
        assert_string_equal(trace->text, expected);
        trace->text[0] = '\0';
        pthread_mutex_unlock(&trace->lock);
}
