/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* JSON from strangers, on top of json-c: one strict reader, and one way to take an object apart.
 *
 * A document is refused when it is too large or too deep, is not UTF-8, has bytes behind it, has a
 * member twice, or a NUL inside a string. An object is then taken apart by a table, which is also
 * the place where each member's type, length and alphabet are stated. */

#include <json-c/json.h>

#include "base/macro.h"

#define JSON_DEPTH_MAX 16U

static inline void json_object_putp(struct json_object **object)
{
        json_object_put(*object);
}
#define _cleanup_json_ _cleanup_(json_object_putp)

/* text: length bytes; the caller has bounded them. *ret is NULL for the value null, as everywhere
 * in json-c.
 * Return: 0; -EBADMSG when it is not one JSON value as above; -ENOMEM. */
int json_parse(const char *text, size_t length, struct json_object **ret);

/* The value on one line, without white space and without escaped slashes; borrowed from it until it
 * is changed or formatted again. ret_length may be NULL. Return: 0, -ENOMEM. */
int json_format(struct json_object *value, const char **ret, size_t *ret_length);

typedef enum JsonKind {
        JSON_STRING,       /* const char *, borrowed from the object */
        JSON_INTEGER,      /* int64_t, not negative */
        JSON_BOOLEAN,      /* bool */
        JSON_OBJECT,       /* struct json_object *, borrowed */
        JSON_ARRAY,        /* struct json_object *, borrowed; of anything */
        JSON_STRING_ARRAY, /* struct json_object *, borrowed; each element a string as stated */
} JsonKind;

enum {
        JSON_MANDATORY = 1 << 0,
        JSON_NULLABLE = 1 << 1, /* null counts as absent */
};

typedef struct JsonField {
        const char *name; /* NULL ends a table */
        JsonKind kind;
        size_t offset; /* into the target */
        /* Of a string: bytes; of an integer: its largest value; 0: no limit of its own. */
        size_t max;
        bool (*is_valid)(const char *value); /* a string's grammar; NULL: any */
        unsigned flags;
        size_t max_elements; /* of an array; 0: no limit of its own */
} JsonField;

enum {
        /* Members that the table lacks are passed over (ACME), not refused (varlink). */
        JSON_ALLOW_UNKNOWN = 1 << 0,
};

/* Fills target by the table; what is absent and not mandatory is left as it was. An integer that
 * does not fit an int64_t is outside of every limit.
 * Return: 0; -EBADMSG when a member is missing, unknown, of the wrong kind or outside its limits or
 * grammar: *ret_field (may be NULL) is its name then, borrowed from the table or, when it is
 * unknown, from the object; target may be half filled. */
int json_dispatch(struct json_object *object,
                  const JsonField fields[],
                  void *target,
                  unsigned flags,
                  const char **ret_field);

/* Puts value, which is taken even on failure, into the object; a NULL value stands for "no memory".
 * Return: 0, -ENOMEM. */
int json_add(struct json_object *object, const char *name, struct json_object *value);
int json_add_string(struct json_object *object, const char *name, const char *value);
int json_add_integer(struct json_object *object, const char *name, int64_t value);
int json_add_boolean(struct json_object *object, const char *name, bool value);
int json_add_strv(struct json_object *object, const char *name, char *const *list);

/* A string array that json_dispatch() has checked, as a list. Return: 0, -ENOMEM. */
int json_to_strv(struct json_object *array, char ***ret);
