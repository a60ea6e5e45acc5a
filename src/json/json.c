/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* From text to tree, and from list to tree and back. A text has passed json_scan() before json-c
 * sees it, and the tree must have as many members as the text: otherwise one of them stood twice
 * in its object, spelt alike or not ("a" and "\u0061"). */

#include "json/json.h"
#include "base/strv.h"
#include "json/json-scan.h"

static inline void tokener_freep(struct json_tokener **tokener)
{
        if (*tokener)
                json_tokener_free(*tokener);
}

static size_t count_members(struct json_object *value)
{
        size_t n = 0;

        if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach (value, name, member) {
                        (void) name;
                        n += 1 + count_members(member);
                }
        } else if (json_object_is_type(value, json_type_array)) {
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        n += count_members(json_object_array_get_idx(value, i));
        }
        return n;
}

int json_parse(const char *text, size_t length, struct json_object **ret)
{
        _cleanup_(tokener_freep) struct json_tokener *tokener = NULL;
        _cleanup_json_ struct json_object *value = NULL;
        enum json_tokener_error error;
        size_t members;
        int r;

        /* json-c counts in int. */
        if (length > INT32_MAX)
                return -EBADMSG;
        r = json_scan(text, length, &members);
        if (r < 0)
                return r;
        /* It counts a leaf as a level. */
        tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
        if (!tokener)
                return -ENOMEM;
        /* Not JSON_TOKENER_STRICT: what is JSON has been decided above, and since json-c 0.18 that
         * flag refuses numbers beyond 64 bits, which JSON has (RFC 8259 section 6). */
        json_tokener_set_flags(tokener, JSON_TOKENER_VALIDATE_UTF8);
        value = json_tokener_parse_ex(tokener, text, (int) length);
        error = json_tokener_get_error(tokener);
        /* A number may go on until it is told that it does not. */
        if (error == json_tokener_continue) {
                value = json_tokener_parse_ex(tokener, "", 1);
                error = json_tokener_get_error(tokener);
        }
        if (error != json_tokener_success || count_members(value) != members)
                return -EBADMSG;
        *ret = TAKE_PTR(value);
        return 0;
}

int json_format(struct json_object *value, const char **ret, size_t *ret_length)
{
        const char *text;

        text = json_object_to_json_string_length(value,
                                                 JSON_C_TO_STRING_PLAIN |
                                                                 JSON_C_TO_STRING_NOSLASHESCAPE,
                                                 ret_length);
        if (!text)
                return -ENOMEM;
        *ret = text;
        return 0;
}

int json_add(struct json_object *object, const char *name, struct json_object *value)
{
        if (!value)
                return -ENOMEM;
        if (json_object_object_add(object, name, value) < 0) {
                json_object_put(value);
                return -ENOMEM;
        }
        return 0;
}

int json_add_string(struct json_object *object, const char *name, const char *value)
{
        return json_add(object, name, json_object_new_string(value));
}

int json_add_integer(struct json_object *object, const char *name, int64_t value)
{
        return json_add(object, name, json_object_new_int64(value));
}

int json_add_boolean(struct json_object *object, const char *name, bool value)
{
        return json_add(object, name, json_object_new_boolean(value));
}

int json_add_strv(struct json_object *object, const char *name, char *const *list)
{
        _cleanup_json_ struct json_object *array = NULL;

        array = json_object_new_array();
        if (!array)
                return -ENOMEM;
        for (size_t i = 0; list && list[i]; i++) {
                struct json_object *item = json_object_new_string(list[i]);

                if (!item)
                        return -ENOMEM;
                if (json_object_array_add(array, item) < 0) {
                        json_object_put(item);
                        return -ENOMEM;
                }
        }
        return json_add(object, name, TAKE_PTR(array));
}

int json_to_strv(struct json_object *array, char ***ret)
{
        _cleanup_strv_free_ char **list = NULL;
        size_t n = json_object_array_length(array);

        list = calloc(n + 1, sizeof(char *));
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                list[i] = strdup(json_object_get_string(json_object_array_get_idx(array, i)));
                if (!list[i])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(list);
        return 0;
}
