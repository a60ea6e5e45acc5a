/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the CA says of when to renew (RFC 9773). It comes from a client that may have fallen, as
 * everything does: the worst that it can do is a renewal on each day. */

#include "acme/renewal-info.h"

#include "acme/url.h"
#include "base/audit.h"
#include "base/log.h"
#include "signer/policy.h"

/* The last second of the year 9999: as RFC 3339 has it. */
#define MOMENT_MAX_SEC INT64_C(253402300799)
#define RETRY_AFTER_MAX_SEC (RENEWAL_INFO_AGAIN_MAX_USEC / USEC_PER_SEC)

const JsonField renewal_info_fields[] = {
                {"start",
                 JSON_INTEGER,
                 offsetof(RenewalInfoParameters, start),
                 MOMENT_MAX_SEC,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"end",
                 JSON_INTEGER,
                 offsetof(RenewalInfoParameters, end),
                 MOMENT_MAX_SEC,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {"explanation",
                 JSON_STRING,
                 offsetof(RenewalInfoParameters, explanation),
                 ACME_URL_MAX,
                 acme_url_is_valid,
                 JSON_NULLABLE,
                 0},
                {"retryAfter",
                 JSON_INTEGER,
                 offsetof(RenewalInfoParameters, retry_after),
                 RETRY_AFTER_MAX_SEC,
                 NULL,
                 JSON_NULLABLE,
                 0},
                {},
};

const char *signer_renewal_id(const Signer *signer)
{
        const StateCertificate *c = &signer->state->certificate;

        /* Another CA knows nothing of it. */
        return c->is_set && streq_ptr(c->directory, signer->config->directory) ? signer->renewal_id
                                                                               : NULL;
}

const char *signer_replaced_id(const Signer *signer)
{
        STRV_FOREACH (identifier, signer->state->certificate.identifiers)
                if (strv_contains(signer->config->identifiers, *identifier))
                        return signer_renewal_id(signer);
        return NULL;
}

static void audit_moment(const Signer *signer, const RenewalInfo *window)
{
        const StateCertificate *c = &signer->state->certificate;
        _cleanup_free_ char *message = NULL;

        if (asprintf(&message,
                     "The CA wants the certificate renewed between %s and %s; it will be at %s",
                     FORMAT_TIMESTAMP(window->start_usec),
                     FORMAT_TIMESTAMP(window->end_usec),
                     FORMAT_TIMESTAMP(due_moment(c))) < 0) {
                message = NULL;
                return (void) log_oom();
        }
        audit(AUDIT_RENEWAL_INFO,
              message,
              {AUDIT_CA, signer->config->ca},
              {AUDIT_SERIAL, c->serial},
              {AUDIT_RENEW_AT, FORMAT_TIMESTAMP(due_moment(c))},
              {AUDIT_URL, c->renewal_info.explanation});
}

/* Return: 0, -ENOMEM. */
static int take_window(Signer *signer, const RenewalInfo *window)
{
        StateCertificate *c = &signer->state->certificate;
        usec_t moment_usec;
        int r;

        if (!renewal_window_is_sensible(window, c->not_after_usec)) {
                log_notice("Passing over when the CA wants the certificate renewed, which makes no "
                           "sense: between %s and %s",
                           FORMAT_TIMESTAMP(window->start_usec),
                           FORMAT_TIMESTAMP(window->end_usec));
                return 0;
        }
        r = free_and_strdup(&c->renewal_info.explanation, window->explanation);
        if (r < 0)
                return r;
        moment_usec = renewal_window_moment(window->start_usec, window->end_usec, c->fingerprint);
        if (moment_usec != c->renewal_info.moment_usec) {
                c->renewal_info.moment_usec = moment_usec;
                audit_moment(signer, window);
        }
        return 0;
}

static int reply(const Signer *signer, VarlinkCall *call)
{
        _cleanup_json_ struct json_object *object = json_object_new_object();
        const char *due = due_reason_to_string(signer_due(signer, signer->now()));
        usec_t at_usec = due_moment(&signer->state->certificate);

        if (!object || (due && json_add_string(object, "due", due) < 0) ||
            json_add_integer(object, "renewAt", (int64_t) (at_usec / USEC_PER_SEC)) < 0)
                return -ENOMEM;
        return varlink_reply(call, TAKE_PTR(object));
}

int method_set_renewal_info(VarlinkCall *call, const void *parameters, void *userdata)
{
        const RenewalInfoParameters *p = parameters;
        Signer *signer = userdata;
        RenewalInfo window = {
                        .start_usec = (usec_t) p->start * USEC_PER_SEC,
                        .end_usec = (usec_t) p->end * USEC_PER_SEC,
                        .explanation = p->explanation,
        };
        int r;

        r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        if (!signer_renewal_id(signer))
                return MIN(policy_refuse(signer,
                                         call,
                                         "NoCertificate",
                                         NULL,
                                         "Refused to note when to renew a certificate that there "
                                         "is not",
                                         NULL),
                           0);
        signer->state->certificate.renewal_info.again_usec = renewal_info_again_usec(
                        p->retry_after > 0 ? (usec_t) p->retry_after * USEC_PER_SEC : USEC_INFINITY,
                        signer->now());
        r = p->start > 0 || p->end > 0 ? take_window(signer, &window) : 0;
        if (r < 0)
                return r;
        (void) signer_write_state(signer);
        /* When it is due now, the preferred CA is asked, whoever has issued. */
        r = signer->tried == 0 ? signer_choose_authority(signer) : 0;
        if (r == 0)
                r = policy_admit(signer, call);
        if (r != 0)
                return MIN(r, 0);
        return reply(signer, call);
}
