/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is shown is ours to the last byte, whatever the document says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(problem_freep) Problem *problem = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        if (problem_parse((const char *) data, size, &problem) < 0)
                return 0;
        assert(problem_rule(problem, PROBLEM_AT_REQUEST, 400)->advice);
        assert(problem_rule(problem, PROBLEM_AT_VALIDATION, 0)->advice);
        if (problem_format(problem, &lines) < 0)
                return 0;
        STRV_FOREACH (line, lines)
                for (const char *c = *line; *c; c++)
                        assert((unsigned char) *c >= 0x20 && *c != 0x7f);
        return 0;
}
