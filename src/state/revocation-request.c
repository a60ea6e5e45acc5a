/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request that was written by hand is as good as one of acmectl's, so that what it cannot mean is
 * refused as a whole: unknown members, too. */

#include "state/revocation-request.h"

#include <ctype.h>

#include "json/json.h"

/* 20 octets (RFC 5280 section 4.1.2.2), each with a colon, and room. */
#define SERIAL_TEXT_MAX 64U
#define GENERATION_TEXT_MAX 16U

typedef struct Members {
        const char *generation, *serial, *certificate, *reason, *key;
} Members;

static bool is_generation(const char *s)
{
        return *s && s[strspn(s, "0123456789")] == '\0';
}

static bool is_serial(const char *s)
{
        return *s && s[strspn(s, "0123456789abcdef")] == '\0';
}

static bool is_reason(const char *s)
{
        return revocation_reason_from_string(s) != REVOCATION_UNSTATED;
}

static bool is_key(const char *s)
{
        return streq(s, "account") || streq(s, "certificate");
}

#define STRING(member, max, grammar)                                                               \
        {                                                                                          \
#member, JSON_STRING, offsetof(Members, member), max, grammar, JSON_NULLABLE, 0    \
        }

static const JsonField fields[] = {
                STRING(generation, GENERATION_TEXT_MAX, is_generation),
                STRING(serial, SERIAL_TEXT_MAX, is_serial),
                STRING(certificate, 0, NULL),
                STRING(reason, 0, is_reason),
                STRING(key, 0, is_key),
                {},
};

void revocation_request_done(RevocationRequest *request)
{
        free(request->generation);
        free(request->serial);
        free(request->certificate);
        *request = (RevocationRequest){};
}

static int take(const Members *m, RevocationRequest *ret)
{
        RevocationRequest request = {
                        .reason = revocation_reason_from_string(m->reason),
                        .by_certificate_key = m->key && streq(m->key, "certificate"),
        };

        if (free_and_strdup(&request.generation, m->generation) < 0 ||
            free_and_strdup(&request.serial, m->serial) < 0 ||
            free_and_strdup(&request.certificate, m->certificate) < 0) {
                revocation_request_done(&request);
                return -ENOMEM;
        }
        *ret = request;
        return 0;
}

int revocation_request_parse(const char *text,
                             size_t length,
                             RevocationRequest *ret,
                             const char **ret_field)
{
        _cleanup_json_ struct json_object *object = NULL;
        Members m = {};
        int r;

        *ret_field = "";
        if (length > REVOCATION_REQUEST_BYTES_MAX)
                return -EBADMSG;
        r = json_parse(text, length, &object);
        if (r == 0 && !json_object_is_type(object, json_type_object))
                r = -EBADMSG;
        if (r == 0)
                r = json_dispatch(object, fields, &m, 0, ret_field);
        if (r == -EBADMSG && !*ret_field)
                *ret_field = "";
        if (r < 0)
                return r;
        *ret_field = "";
        if (!!m.generation + !!m.serial + !!m.certificate != 1)
                return -EBADMSG;
        return take(&m, ret);
}

static int add_optional(struct json_object *object, const char *name, const char *value)
{
        return value ? json_add_string(object, name, value) : 0;
}

int revocation_request_format(const RevocationRequest *request, char **ret)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        const char *text;
        int r;

        if (!object || add_optional(object, "generation", request->generation) < 0 ||
            add_optional(object, "serial", request->serial) < 0 ||
            add_optional(object, "certificate", request->certificate) < 0 ||
            add_optional(object, "reason", revocation_reason_to_string(request->reason)) < 0)
                return -ENOMEM;
        r = json_add_string(object, "key", request->by_certificate_key ? "certificate" : "account");
        if (r == 0)
                r = json_format(object, &text, NULL);
        if (r < 0)
                return r;
        *ret = strdup(text);
        return *ret ? 0 : -ENOMEM;
}

/* The last line may have an end of its own, or none. */
int replacement_parse(const char *text, size_t length, RevocationRequest ret[], size_t *ret_n)
{
        RevocationRequest read[REPLACED_MAX] = {};
        size_t n = 0;
        int r = 0;

        do {
                const char *end = memchr(text, '\n', length), *field;
                size_t line = end ? (size_t) (end - text) : length;

                r = n < REPLACED_MAX ? revocation_request_parse(text, line, &read[n], &field)
                                     : -EBADMSG;
                if (r == 0 && !read[n++].certificate)
                        r = -EBADMSG;
                line += end ? 1 : 0;
                text += line;
                length -= line;
        } while (r == 0 && length > 0);
        if (r == 0) {
                memcpy(ret, read, sizeof(read));
                *ret_n = n;
        } else
                FOREACH_ARRAY (request, read, n)
                        revocation_request_done(request);
        return r;
}

int replacement_format(const RevocationRequest requests[], size_t n, char **ret)
{
        _cleanup_free_ char *text = NULL;

        FOREACH_ARRAY (request, requests, n) {
                _cleanup_free_ char *line = NULL;
                char *longer;

                if (revocation_request_format(request, &line) < 0 ||
                    asprintf(&longer, "%s%s\n", text ?: "", line) < 0)
                        return -ENOMEM;
                free(text);
                text = longer;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

int serial_normalize(const char *s, char **ret)
{
        char buffer[SERIAL_TEXT_MAX + 1];
        const char *significant;
        size_t n = 0;

        for (; *s; s++) {
                if (*s == ':')
                        continue;
                if (!isxdigit((unsigned char) *s) || n == SERIAL_TEXT_MAX)
                        return -EINVAL;
                buffer[n++] = (char) tolower((unsigned char) *s);
        }
        buffer[n] = '\0';
        if (n == 0)
                return -EINVAL;
        significant = buffer + strspn(buffer, "0");
        *ret = strdup(*significant ? significant : "0");
        return *ret ? 0 : -ENOMEM;
}
