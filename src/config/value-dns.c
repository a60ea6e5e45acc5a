/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Checks of single values of dns.d/NAME.conf. They become lines that nsupdate reads, and
 * properties of units. */

#include "base/name.h"
#include "config/dns-publisher.h"
#include "config/identifier.h"
#include "config/value.h"
#include "config/verify-endpoint.h"
#include "version.h"

static int refuse(const char **ret_reason, const char *reason)
{
        *ret_reason = reason;
        return VALUE_E_INVALID;
}

/* Every room sees that directory, and some have its owner's number. */
static bool is_exposed(const char *path)
{
        return startswith(path, SYSCONFDIR "/") || startswith(path, "/run/acme/") ||
               startswith(path, "/var/lib/acme/");
}

int value_check_secret(const char *word, char **ret, const char **ret_reason)
{
        if (is_exposed(word))
                return refuse(ret_reason, "rooms that must not read it see this directory");
        return value_check_credential(word, ret, ret_reason);
}

int value_check_publisher(const char *word, char **ret, const char **ret_reason)
{
        if (!ca_name_is_valid(word))
                return refuse(ret_reason, "a name is " CERTIFICATE_NAME_GRAMMAR);
        return free_and_strdup(ret, word);
}

int value_check_dns_server(const char *word, char **ret, const char **ret_reason)
{
        _cleanup_(verify_endpoint_done) VerifyEndpoint endpoint = {};
        const char *colon = strrchr(word, ':');
        _cleanup_free_ char *text = NULL;
        int r;

        if (strpbrk(word, " \t"))
                return refuse(ret_reason, "one server is wanted");
        /* RFC 1035 section 4.2: port 53. */
        if (asprintf(&text, "%s%s", word, colon && !strchr(colon, ']') ? "" : ":53") < 0) {
                text = NULL;
                return -ENOMEM;
        }
        r = verify_endpoint_parse(text, &endpoint, ret_reason);
        if (r != 0)
                return r < 0 ? r : VALUE_E_INVALID;
        *ret = TAKE_PTR(endpoint.text);
        return 0;
}

int value_check_zone(const char *word, char **ret, const char **ret_reason)
{
        int r = identifier_normalize(word, ret, ret_reason);

        return r > 0 ? VALUE_E_INVALID : r;
}

int value_check_convention(const char *word, char **ret, const char **ret_reason)
{
        if (!streq(word, "plain") && !streq(word, "dehydrated") && !streq(word, "lego"))
                return refuse(ret_reason, "no convention that is known here");
        return free_and_strdup(ret, word);
}

int value_check_propagation(const char *word, char **ret, const char **ret_reason)
{
        size_t n = strlen(word);

        if (n == 0 || n > 3 || strspn(word, "0123456789") < n || word[0] == '0' ||
            strtoul(word, NULL, 10) > DNS_PROPAGATION_SEC_MAX)
                return refuse(ret_reason, "no such number");
        return free_and_strdup(ret, word);
}

/* ID:PATH, as LoadCredential= takes it. */
int value_check_dns_credential(const char *word, char **ret, const char **ret_reason)
{
        const char *colon = strchr(word, ':');
        _cleanup_free_ char *id = NULL, *path = NULL;
        int r;

        if (!colon)
                return refuse(ret_reason, "ID:PATH is wanted");
        id = strndup(word, (size_t) (colon - word));
        if (!id)
                return -ENOMEM;
        if (strchr(id, '/'))
                return refuse(ret_reason, "an ID has no slash");
        r = value_check_credential(id, &path, ret_reason);
        free(TAKE_PTR(path));
        if (r == 0)
                r = value_check_secret(colon + 1, &path, ret_reason);
        return r == 0 ? free_and_strdup(ret, word) : r;
}
