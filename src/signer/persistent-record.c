/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* PersistentRecord: what a person is to put into DNS for good (draft-ietf-acme-dns-persist).
 * Whoever has the account that it names can have certificates for the name from then on, so that
 * the account is this signer's, whatever a CA or a client says; and the name one that is
 * configured. */

#include "acme/identifier.h"
#include "acme/url.h"
#include "signer/policy.h"

const JsonField persistent_fields[] = {
                {"identifier",
                 JSON_STRING,
                 offsetof(PersistentParameters, identifier),
                 ACME_IDENTIFIER_MAX,
                 acme_dns_name_is_valid,
                 JSON_MANDATORY,
                 0},
                {"issuer",
                 JSON_STRING,
                 offsetof(PersistentParameters, issuer),
                 ACME_IDENTIFIER_MAX,
                 acme_dns_name_is_valid,
                 JSON_MANDATORY,
                 0},
                {"accountUri",
                 JSON_STRING,
                 offsetof(PersistentParameters, account_uri),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE,
                 0},
                {},
};

static int refuse(Signer *signer,
                  VarlinkCall *call,
                  const char *error,
                  const char *member,
                  const char *value,
                  const char *message)
{
        struct json_object *parameters = json_object_new_object();

        if (!parameters || json_add_string(parameters, member, value) < 0) {
                json_object_put(parameters);
                return -ENOMEM;
        }
        return policy_refuse(signer, call, error, parameters, message, NULL);
}

/* Is the name configured, as it is and as a wildcard? */
static void
find(char *const *identifiers, const char *name, bool *ret_is_there, bool *ret_is_wildcard)
{
        *ret_is_there = *ret_is_wildcard = false;
        for (; identifiers && *identifiers; identifiers++) {
                const char *base = startswith(*identifiers, "*.");

                if (!streq(base ?: *identifiers, name))
                        continue;
                *ret_is_there = true;
                *ret_is_wildcard = *ret_is_wildcard || base;
        }
}

/* Return: 0; POLICY_E_REFUSED; -errno. */
static int admit_account_uri(Signer *signer, VarlinkCall *call, const char *uri)
{
        const char *own = account_url(signer->account);

        if (!own)
                return policy_refuse(signer,
                                     call,
                                     "NoAccount",
                                     NULL,
                                     "Refused a record for an account that is not known yet",
                                     NULL);
        if (uri && !streq(uri, own))
                return refuse(signer,
                              call,
                              "AccountRefused",
                              "accountUri",
                              uri,
                              "Refused a record for another account than our own");
        /* RFC 8659 section 4.2 has no blanks and no ';' in a value, and a zone file quotes it. */
        if (strpbrk(own, "; \t\"\\"))
                return refuse(signer,
                              call,
                              "AccountRefused",
                              "accountUri",
                              own,
                              "The account's URL cannot stand in a record");
        return 0;
}

int method_persistent_record(VarlinkCall *call, const void *parameters, void *userdata)
{
        const PersistentParameters *p = parameters;
        _cleanup_json_ struct json_object *reply = json_object_new_object();
        _cleanup_free_ char *value = NULL;
        bool is_there, is_wildcard;
        Signer *signer = userdata;
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        find(signer->config->identifiers, p->identifier, &is_there, &is_wildcard);
        r = is_there ? admit_account_uri(signer, call, p->account_uri)
                     : refuse(signer,
                              call,
                              "IdentifierRefused",
                              "identifier",
                              p->identifier,
                              "Refused a record for an identifier that is not configured");
        if (r != 0)
                return MIN(r, 0);
        if (asprintf(&value,
                     "%s; accounturi=%s%s",
                     p->issuer,
                     account_url(signer->account),
                     is_wildcard ? "; policy=wildcard" : "") < 0) {
                value = NULL;
                return -ENOMEM;
        }
        if (!reply || json_add_string(reply, "value", value) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(reply));
}
