/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a record: refused, or read into something that goes out and comes back the same. */

#include "deploy/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_same(const Record *a, const Record *b)
{
        if (a->n != b->n)
                abort();
        for (size_t i = 0; i < a->n; i++)
                if (!streq(a->targets[i].label, b->targets[i].label) ||
                    !streq_ptr(a->targets[i].fingerprint, b->targets[i].fingerprint) ||
                    !strv_equal(a->targets[i].done, b->targets[i].done) ||
                    !strv_equal(a->targets[i].paths, b->targets[i].paths))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(record_freep) Record *record = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL;

        if (record_parse((const char *) data, size, &record) != 0)
                return 0;
        if (record->n > ELEMENTSOF(record->targets) || record_format(record, &text) < 0)
                abort();
        if (record_parse(text, strlen(text), &again) != 0)
                abort();
        check_same(record, again);
        return 0;
}
