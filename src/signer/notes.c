/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the signer remembers for a client, which has no file of its own: the account's URL, the
 * order under way, and by which challenge an identifier is to be proved next. The first two come
 * from a peer, so that they have to be URLs of the CA's; and all are caches, so that to forget them
 * costs a request and no more. */

#include "acme/url.h"
#include "base/audit.h"
#include "signer/account-door.h"
#include "signer/peer.h"
#include "signer/policy.h"
#include "state/wishes.h"

const JsonField account_fields[] = {
                {"account",
                 JSON_STRING,
                 offsetof(UrlParameter, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

const JsonField order_fields[] = {
                {"order",
                 JSON_STRING,
                 offsetof(UrlParameter, value),
                 ACME_URL_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

/* What each method that only remembers something begins with. */
static int admit_note(Signer *signer, VarlinkCall *call, const char *url)
{
        int r;

        peer_acts(call);
        r = policy_admit(signer, call);
        if (r == 0 && url)
                r = policy_admit_url(signer, call, url);
        return r;
}

int signer_found_account(Signer *signer, const char *url, bool *ret_other_key)
{
        EVP_PKEY *key;
        int r;

        r = signer_account_key(signer, &key);
        if (r == 0)
                r = account_set_url(signer->account, url, ret_other_key);
        if (r < 0)
                return r;
        audit(AUDIT_ACCOUNT_REGISTERED,
              "The CA knows the account",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, url});
        if (*ret_other_key)
                signer_audit_key_change(signer);
        return 0;
}

void signer_audit_key_change(const Signer *signer)
{
        audit(AUDIT_ACCOUNT_KEY_CHANGED,
              "The account has another key",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, account_url(signer->account)},
              {AUDIT_THUMBPRINT, account_thumbprint(signer->account)});
}

int method_set_account(VarlinkCall *call, const void *parameters, void *userdata)
{
        const UrlParameter *p = parameters;
        Signer *signer = userdata;
        bool is_other_key;
        int r;

        r = admit_note(signer, call, p->value);
        if (r == 0)
                r = policy_admit_account(signer, call);
        if (r == 0 && signer->account_door) {
                r = account_door_tell(signer, call, "account", p->value);
                return r != 0 ? MIN(r, 0) : varlink_reply(call, NULL);
        }
        if (r != 0)
                return MIN(r, 0);
        r = signer_found_account(signer, p->value, &is_other_key);
        if (r < 0)
                return MIN(policy_store_failed(signer,
                                               call,
                                               r,
                                               "Failed to write the account's URL to " ACCOUNTS_PATH
                                               "/%s",
                                               signer->config->account),
                           0);
        return varlink_reply(call, NULL);
}

int method_forget_account(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        _cleanup_free_ char *url = NULL;
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r == 0)
                r = policy_admit_account(signer, call);
        if (r == 0 && signer->account_door) {
                r = account_door_tell(signer, call, NULL, NULL);
                if (r != 0)
                        return MIN(r, 0);
                state_order_done(&signer->state->order);
                (void) signer_write_state(signer);
                return varlink_reply(call, NULL);
        }
        if (r != 0)
                return MIN(r, 0);
        r = free_and_strdup(&url, account_url(signer->account));
        if (r == 0)
                r = account_forget_url(signer->account);
        /* The CA is asked for the account of another key: nothing has been found out so far. */
        if (r == ACCOUNT_E_OTHER_KEY)
                return varlink_reply(call, NULL);
        if (r < 0)
                return MIN(policy_store_failed(
                                           signer,
                                           call,
                                           r,
                                           "Failed to remove the account's URL from " ACCOUNTS_PATH
                                           "/%s",
                                           signer->config->account),
                           0);
        /* An order is of an account. */
        if (signer->state) {
                state_order_done(&signer->state->order);
                (void) signer_write_state(signer);
        }
        audit(AUDIT_ACCOUNT_FORGOTTEN,
              "The CA does not know the account any more",
              {AUDIT_CA, signer->config->ca},
              {AUDIT_ACCOUNT, url});
        return varlink_reply(call, NULL);
}

int method_set_order(VarlinkCall *call, const void *parameters, void *userdata)
{
        const UrlParameter *p = parameters;
        Signer *signer = userdata;
        StateOrder order = {};
        int r;

        r = admit_note(signer, call, p->value);
        if (r != 0)
                return MIN(r, 0);
        order.created_usec = signer->now();
        if (free_and_strdup(&order.url, p->value) < 0 ||
            free_and_strdup(&order.directory, signer->config->directory) < 0 ||
            strv_copy(signer->config->identifiers, &order.identifiers) < 0 ||
            wishes_format(signer->config, &order.wishes) < 0) {
                state_order_done(&order);
                return -ENOMEM;
        }
        state_order_done(&signer->state->order);
        signer->state->order = order;
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}

int method_forget_order(VarlinkCall *call, const void *parameters _unused_, void *userdata)
{
        Signer *signer = userdata;
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        state_order_done(&signer->state->order);
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}

const JsonField challenge_fields[] = {
                {"identifier",
                 JSON_STRING,
                 offsetof(ChallengeParameters, identifier),
                 CONFIG_IDENTIFIER_BYTES_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"type",
                 JSON_STRING,
                 offsetof(ChallengeParameters, type),
                 CHALLENGE_TYPE_NAME_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {},
};

static bool is_configured_type(const Config *config, ChallengeType type)
{
        FOREACH_ARRAY (configured, config->challenges, config->n_challenges)
                if (*configured == type)
                        return true;
        return false;
}

/* What is known of identifiers that are configured still. Return: 0, -ENOMEM. */
static int copy_challenges(const Signer *signer, char ***ret)
{
        STRV_FOREACH (identifier, signer->config->identifiers) {
                ChallengeType type = state_challenge(signer->state->challenges, *identifier);
                int r;

                r = type == CHALLENGE_TYPE_INVALID ? 0
                                                   : state_set_challenge(ret, *identifier, type);
                if (r < 0)
                        return r;
        }
        return 0;
}

int method_set_challenge(VarlinkCall *call, const void *parameters, void *userdata)
{
        const ChallengeParameters *p = parameters;
        _cleanup_strv_free_ char **challenges = NULL;
        Signer *signer = userdata;
        ChallengeType type = challenge_type_from_string(p->type);
        int r;

        r = admit_note(signer, call, NULL);
        if (r != 0)
                return MIN(r, 0);
        if (!strv_contains(signer->config->identifiers, p->identifier))
                return varlink_error_invalid_parameter(call, "identifier");
        if (!is_configured_type(signer->config, type))
                return varlink_error_invalid_parameter(call, "type");
        r = copy_challenges(signer, &challenges);
        if (r == 0)
                r = state_set_challenge(&challenges, p->identifier, type);
        if (r < 0)
                return r;
        strv_free(signer->state->challenges);
        signer->state->challenges = TAKE_PTR(challenges);
        (void) signer_write_state(signer);
        return varlink_reply(call, NULL);
}
