/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The peer's address. Whoever may connect may bind what it likes, so that these bytes are nobody's
 * until the grammar has taken them; it is not the proof of who asks, the peer's uid is.
 *
 * Invariant: what is in a Request is a NUL-terminated string without a slash; unit and name can
 * stand in a path and in a message as they are. */

#include "credentials/request.h"
#include "base/variant.h"
#include "config/unit-name.h"

/* A random number of 64 bits, without leading zeros. */
#define TOKEN_DIGITS_MAX 16U

static const char *const names[CREDENTIAL_MAX] = {
                [CREDENTIAL_KEY] = "tls.key",
                [CREDENTIAL_BUNDLE] = "tls.bundle",
                [CREDENTIAL_CERTIFICATE] = "tls.crt",
                [CREDENTIAL_CHAIN] = "tls.chain",
                [CREDENTIAL_FULL_CHAIN] = "tls.fullchain",
};

const char *credential_to_string(Credential credential)
{
        assert(credential < CREDENTIAL_MAX);
        return names[credential];
}

/* Does the ID end with this, and if so, is what stands in front of it a NAME, or nothing? */
static bool match(Request *request, const char *own_name, bool *ret_is_valid)
{
        size_t all = strlen(request->id), own = strlen(own_name);

        if (all < own || !streq(request->id + all - own, own_name))
                return false;
        request->name[0] = 0;
        *ret_is_valid = all == own;
        if (all == own)
                return true;
        if (request->id[all - own - 1] != '.')
                return true;
        memcpy(request->name, request->id, all - own - 1);
        request->name[all - own - 1] = 0;
        *ret_is_valid = certificate_name_is_valid(request->name);
        return true;
}

/* NAME and what is asked of it, from request->id. The last dot but one is where a NAME ends, or the
 * one before it where a variant is named. */
static bool parse_id(Request *request)
{
        static const char *const variants[] = {NULL, "ec", "rsa"};
        bool is_valid;

        for (Credential i = 0; i < CREDENTIAL_MAX; i++)
                FOREACH_ARRAY (variant, variants, ELEMENTSOF(variants)) {
                        char name[VARIANT_FILE_MAX];

                        if (!match(request, variant_file(names[i], *variant, name), &is_valid))
                                continue;
                        request->credential = i;
                        request->variant = *variant;
                        return is_valid;
                }
        return false;
}

/* The address without the NUL in front, as a string. */
static bool
get_text(const struct sockaddr_un *address, socklen_t length, char text[static REQUEST_PART_MAX])
{
        const size_t offset = offsetof(struct sockaddr_un, sun_path) + 1;
        size_t n;

        if (length <= offset || length > sizeof(*address) || address->sun_family != AF_UNIX ||
            address->sun_path[0] != 0)
                return false;
        n = length - offset;
        memcpy(text, address->sun_path + 1, n);
        text[n] = 0;
        return strlen(text) == n;
}

int request_parse(const struct sockaddr_un *address, socklen_t length, Request *ret)
{
        char text[REQUEST_PART_MAX];
        const char *unit, *slash;
        Request request = {};
        size_t digits;
        int r;

        if (!get_text(address, length, text))
                return REQUEST_E_ADDRESS;
        digits = strspn(text, "0123456789abcdef");
        if (digits == 0 || digits > TOKEN_DIGITS_MAX)
                return REQUEST_E_ADDRESS;
        unit = startswith(text + digits, "/unit/");
        slash = unit ? strchr(unit, '/') : NULL;
        if (!slash)
                return REQUEST_E_ADDRESS;
        memcpy(request.unit, unit, (size_t) (slash - unit));
        if (!unit_name_is_valid(request.unit))
                return REQUEST_E_ADDRESS;
        strcpy(request.id, slash + 1);
        /* Who asks is known from here on, and can be told what is wrong. */
        r = !strchr(request.id, '/') && parse_id(&request) ? 0 : REQUEST_E_CREDENTIAL;
        *ret = request;
        return r;
}
