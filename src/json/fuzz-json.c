/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is taken as JSON is written again as JSON of the same meaning, and can be taken apart by any
 * table without harm. */

#include "json/json-scan.h"
#include "json/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a varlink frame may have, and a CA's reply stays below. */
#define INPUT_MAX (128U * 1024U)

typedef struct Target {
        const char *string;
        int64_t integer;
        bool boolean;
        struct json_object *object, *array, *strings;
} Target;

static const JsonField fields[] = {
                {"type", JSON_STRING, offsetof(Target, string), 32, NULL, JSON_NULLABLE},
                {"status", JSON_INTEGER, offsetof(Target, integer), 999},
                {"oneway", JSON_BOOLEAN, offsetof(Target, boolean)},
                {"parameters", JSON_OBJECT, offsetof(Target, object)},
                {"subproblems", JSON_ARRAY, offsetof(Target, array), .max_elements = 3},
                {"tokens", JSON_STRING_ARRAY, offsetof(Target, strings), 8, .max_elements = 3},
                {},
};

static void check_dispatch(struct json_object *value)
{
        const char *field = NULL;
        Target t = {};

        if (json_dispatch(value, fields, &t, JSON_ALLOW_UNKNOWN, &field) < 0 && !field)
                abort();
        if (t.string && strlen(t.string) > 32)
                abort();
        if (t.integer < 0 || t.integer > 999)
                abort();
        if (t.strings && json_object_array_length(t.strings) > 3)
                abort();
        t = (Target){};
        (void) json_dispatch(value, fields, &t, 0, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_ struct json_object *value = NULL, *again = NULL;
        const char *text;
        size_t length, members;

        if (size > INPUT_MAX)
                return 0;
        if (json_parse((const char *) data, size, &value) < 0)
                return 0;
        if (json_scan((const char *) data, size, &members) < 0)
                abort();
        check_dispatch(value);
        if (json_format(value, &text, &length) < 0)
                return 0;
        if (json_parse(text, length, &again) < 0 || !json_object_equal(value, again))
                abort();
        return 0;
}
