/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Takes an object apart by a table. The tree has come through json_parse(), so strings are UTF-8
 * without a NUL; everything else about a member is checked here, against the table's row, before
 * the target sees it. */

#include "json/json.h"

static const JsonField *find_field(const JsonField fields[], const char *name)
{
        for (const JsonField *f = fields; f->name; f++)
                if (streq(f->name, name))
                        return f;
        return NULL;
}

static bool string_fits(const JsonField *field, struct json_object *value)
{
        if (!json_object_is_type(value, json_type_string))
                return false;
        if (field->max > 0 && (size_t) json_object_get_string_len(value) > field->max)
                return false;
        return !field->is_valid || field->is_valid(json_object_get_string(value));
}

/* INT64_MAX is what json-c makes of everything above, too. */
static bool integer_fits(const JsonField *field, struct json_object *value)
{
        int64_t n;

        if (!json_object_is_type(value, json_type_int))
                return false;
        n = json_object_get_int64(value);
        return n >= 0 && n < INT64_MAX && (field->max == 0 || (uint64_t) n <= field->max);
}

static bool array_fits(const JsonField *field, struct json_object *value)
{
        size_t n;

        if (!json_object_is_type(value, json_type_array))
                return false;
        n = json_object_array_length(value);
        if (field->max_elements > 0 && n > field->max_elements)
                return false;
        if (field->kind == JSON_STRING_ARRAY)
                for (size_t i = 0; i < n; i++)
                        if (!string_fits(field, json_object_array_get_idx(value, i)))
                                return false;
        return true;
}

/* Return: 0, -EBADMSG. */
static int store(const JsonField *field, struct json_object *value, void *target)
{
        char *slot = (char *) target + field->offset;

        switch (field->kind) {
        case JSON_STRING:
                if (!string_fits(field, value))
                        return -EBADMSG;
                *(const char **) (void *) slot = json_object_get_string(value);
                return 0;
        case JSON_INTEGER:
                if (!integer_fits(field, value))
                        return -EBADMSG;
                *(int64_t *) (void *) slot = json_object_get_int64(value);
                return 0;
        case JSON_BOOLEAN:
                if (!json_object_is_type(value, json_type_boolean))
                        return -EBADMSG;
                *(bool *) slot = json_object_get_boolean(value);
                return 0;
        case JSON_OBJECT:
                if (!json_object_is_type(value, json_type_object))
                        return -EBADMSG;
                *(struct json_object **) (void *) slot = value;
                return 0;
        case JSON_ARRAY:
        case JSON_STRING_ARRAY:
                if (!array_fits(field, value))
                        return -EBADMSG;
                *(struct json_object **) (void *) slot = value;
                return 0;
        }
        return -EBADMSG;
}

static int refuse(const char *name, const char **ret_field)
{
        if (ret_field)
                *ret_field = name;
        return -EBADMSG;
}

/* Return: 0, -EBADMSG. */
static int
find_unknown(struct json_object *object, const JsonField fields[], const char **ret_field)
{
        json_object_object_foreach (object, name, value) {
                (void) value;
                if (!find_field(fields, name))
                        return refuse(name, ret_field);
        }
        return 0;
}

int json_dispatch(struct json_object *object,
                  const JsonField fields[],
                  void *target,
                  unsigned flags,
                  const char **ret_field)
{
        if (!json_object_is_type(object, json_type_object))
                return refuse("", ret_field);
        if (!(flags & JSON_ALLOW_UNKNOWN) && find_unknown(object, fields, ret_field) < 0)
                return -EBADMSG;
        for (const JsonField *f = fields; f->name; f++) {
                struct json_object *value = NULL;
                bool present = json_object_object_get_ex(object, f->name, &value);

                if (present && !value && (f->flags & JSON_NULLABLE))
                        present = false;
                if (!present && (f->flags & JSON_MANDATORY))
                        return refuse(f->name, ret_field);
                if (present && store(f, value, target) < 0)
                        return refuse(f->name, ret_field);
        }
        return 0;
}
