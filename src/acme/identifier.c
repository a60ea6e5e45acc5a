/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A name comes back from the CA only to be compared with ours, so that one spelling is enough:
 * lower case, as RFC 8555 section 7.1.3 has no other. */

#include "acme/identifier.h"

typedef struct Identifier {
        const char *type;
        const char *value;
} Identifier;

bool acme_dns_name_is_valid(const char *name)
{
        const char *p = startswith(name, "*.");

        if (!p)
                p = name;
        if (*p == '\0' || strnlen(name, ACME_IDENTIFIER_MAX + 1) > ACME_IDENTIFIER_MAX)
                return false;
        for (; *p; p++)
                if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                      (*p >= '0' && *p <= '9') || strchr("-_.", *p)))
                        return false;
        return true;
}

/* Return: as acme_identifier_parse(). */
static int parse_dns_name(const char *value, char **ret)
{
        char *copy;

        /* RFC 8738 section 3: an address has a type of its own. */
        if (!acme_dns_name_is_valid(value) || acme_is_address(value))
                return -EBADMSG;
        copy = strdup(value);
        if (!copy)
                return -ENOMEM;
        for (char *p = copy; *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char) (*p - 'A' + 'a');
        *ret = copy;
        return 0;
}

int acme_identifier_parse(struct json_object *object, char **ret)
{
        static const JsonField fields[] = {
                        {"type", JSON_STRING, offsetof(Identifier, type), 32, NULL, JSON_MANDATORY},
                        {"value",
                         JSON_STRING,
                         offsetof(Identifier, value),
                         ACME_IDENTIFIER_MAX,
                         NULL,
                         JSON_MANDATORY},
                        {},
        };
        Identifier identifier;
        int r;

        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        r = json_dispatch(object, fields, &identifier, JSON_ALLOW_UNKNOWN, NULL);
        if (r < 0)
                return r;
        if (streq(identifier.type, "dns"))
                return parse_dns_name(identifier.value, ret);
        if (!streq(identifier.type, "ip"))
                return -EBADMSG;
        r = acme_address_normalize(identifier.value, ret);
        return r == -EINVAL ? -EBADMSG : r;
}
