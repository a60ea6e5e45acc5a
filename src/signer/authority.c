/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which CA of several is under way. The signer decides: it begins with the one that the state says,
 * and goes on to the next when the client tells that this one is of no use now. A fallen client can
 * have its way through CA= so, once and forwards, and have each that it leaves asked later; it
 * cannot name a CA that is not configured, or go back. */

#include "state/authority.h"

#include "base/audit.h"
#include "base/log.h"
#include "base/name.h"
#include "signer/peer.h"
#include "signer/policy.h"

#define PROBLEM_BYTES_MAX 256U
#define DETAIL_BYTES_MAX 16384U
#define RETRY_AFTER_MAX_SEC 31536000U
#define OUTCOME_MAX 255

const JsonField authority_fields[] = {
                {"ca",
                 JSON_STRING,
                 offsetof(AuthorityParameters, ca),
                 CERTIFICATE_NAME_MAX,
                 ca_name_is_valid,
                 JSON_MANDATORY,
                 0},
                {"outcome",
                 JSON_INTEGER,
                 offsetof(AuthorityParameters, outcome),
                 OUTCOME_MAX,
                 NULL,
                 JSON_MANDATORY,
                 0},
                {"problem",
                 JSON_STRING,
                 offsetof(AuthorityParameters, problem),
                 PROBLEM_BYTES_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"detail",
                 JSON_STRING,
                 offsetof(AuthorityParameters, detail),
                 DETAIL_BYTES_MAX,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"retryAfter",
                 JSON_INTEGER,
                 offsetof(AuthorityParameters, retry_after),
                 RETRY_AFTER_MAX_SEC,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

int signer_use_authority(Signer *signer, size_t i)
{
        const Config *config = signer->config;
        int r;

        if (signer->account && streq(config->ca, config->cas[i].name))
                return 0;
        key_maker_free(TAKE_PTR(signer->account_maker));
        signer->account_key_made = false;
        account_free(TAKE_PTR(signer->account));
        config_use_ca(signer->config, i);
        r = signer_open_account(signer);
        return r == 0 && !signer->store_message ? signer_load_account(signer, false) : r;
}

int signer_choose_authority(Signer *signer)
{
        usec_t now_usec = signer->now();

        return signer_use_authority(signer,
                                    authority_choose(signer->state,
                                                     signer->config,
                                                     signer_due(signer, now_usec),
                                                     signer_requested_usec(signer),
                                                     now_usec));
}

usec_t signer_bound_retry_after(const Signer *signer, usec_t retry_after_usec)
{
        return MIN(retry_after_usec,
                   authority_others_span(signer->state,
                                         signer->config,
                                         signer->config->directory,
                                         signer->now()));
}

static void audit_passed_over(const Signer *signer, const StateFailure *failure, const char *next)
{
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "The CA %s is of no use now; going on with %s",
                     signer->config->ca,
                     next) < 0) {
                message = NULL;
                return (void) log_oom();
        }
        audit(AUDIT_CA_PASSED_OVER,
              message,
              {AUDIT_CA, signer->config->ca},
              {AUDIT_REASON, failure->detail},
              {AUDIT_PROBLEM, failure->problem},
              {AUDIT_RETRY_AT, FORMAT_TIMESTAMP(failure->next_attempt_usec)});
}

/* Holds it against the CA under way. Return: 0, -ENOMEM. */
static int note(Signer *signer, const AuthorityParameters *p, StateFailure **ret)
{
        int r;

        r = authority_add(signer->state, signer->config, signer->config->directory, ret);
        if (r == 0)
                r = signer_note_failure(signer,
                                        *ret,
                                        (int) p->outcome,
                                        p->problem,
                                        p->detail,
                                        (usec_t) p->retry_after * USEC_PER_SEC);
        signer->tried |= 1U << config_find_directory(signer->config, signer->config->directory);
        return r;
}

static int next_authority(Signer *signer, VarlinkCall *call, const AuthorityParameters *p)
{
        _cleanup_json_ struct json_object *reply = json_object_new_object();
        const Config *config = signer->config;
        StateFailure *failure;
        size_t next;
        int r;

        r = note(signer, p, &failure);
        if (r < 0 || !reply)
                return -ENOMEM;
        next = authority_next(signer->state,
                              config,
                              signer->tried,
                              signer_requested_usec(signer),
                              signer->now());
        if (next < config->n_cas) {
                audit_passed_over(signer, failure, config->cas[next].name);
                r = signer_use_authority(signer, next);
                if (r == 0)
                        r = policy_admit(signer, call);
                if (r != 0)
                        return r;
                signer->signatures = 0;
                r = json_add_string(reply, "next", config->ca);
                if (r < 0)
                        return r;
        }
        (void) signer_write_state(signer);
        return varlink_reply(call, TAKE_PTR(reply));
}

int method_next_authority(VarlinkCall *call, const void *parameters, void *userdata)
{
        const AuthorityParameters *p = parameters;
        Signer *signer = userdata;
        int r;

        peer_acts(call);
        r = policy_admit(signer, call);
        if (r == 0 && !streq(p->ca, signer->config->ca))
                r = policy_refuse(signer,
                                  call,
                                  "AuthorityRefused",
                                  NULL,
                                  "Refused to pass over a CA that is not under way",
                                  NULL);
        if (r == 0)
                r = next_authority(signer, call, p);
        return MIN(r, 0);
}
