/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For tests: a good document with one member made bad. Single quotes stand for double ones, so that
 * JSON can be read inside C. */

#include "base/test.h"
#include "json/json.h"

/* Return: a new string. */
static inline char *unquote(const char *text)
{
        char *copy = strdup(text);

        assert_non_null(copy);
        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        return copy;
}

/* The document with the member (of the object inside "parent", when parent is not NULL) set to a
 * JSON value, or left out when value is NULL. Return: a new string. */
static inline char *
with_member(const char *document, const char *parent, const char *name, const char *value)
{
        _cleanup_json_ struct json_object *object = NULL;
        _cleanup_free_ char *text = unquote(document);
        struct json_object *target;
        char *copy;

        object = json_tokener_parse(text);
        assert_non_null(object);
        target = object;
        if (parent)
                assert_true(json_object_object_get_ex(object, parent, &target));
        if (json_object_is_type(target, json_type_array))
                target = json_object_array_get_idx(target, 0);

        json_object_object_del(target, name);
        if (value) {
                _cleanup_free_ char *v = unquote(value);

                json_object_object_add(target,
                                       name,
                                       streq(v, "null") ? NULL : json_tokener_parse(v));
        }
        copy = strdup(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
        assert_non_null(copy);
        return copy;
}

/* A whole file of tests/corpus or tests/vectors. Return: a new string. */
static inline char *read_vector(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        char *text = calloc(1, 65537);

        assert_non_null(f);
        assert_non_null(text);
        assert_true(fread(text, 1, 65536, f) > 0);
        return text;
}
