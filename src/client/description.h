/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the signer says of a certificate: the reply to Describe of io.acmeward.Signer. */

#include "acme/challenge-type.h"
#include "base/time-util.h"
#include "json/json.h"

/* Of the reply to DescribeRevocation: what root wants revoked. */
typedef struct DescribedRevocation {
        const char *serial; /* NULL: nothing was asked for */
        const char *reason; /* NULL: none is given */
        const char *key;    /* whose signature: "account", "certificate" */
        bool is_live;
} DescribedRevocation;

/* The reply to Describe, or DescribeRevocation, checked. Moments are from the epoch. */
typedef struct Description {
        struct json_object *object; /* owns the strings */
        char **identifiers;         /* lower case, sorted, each once */
        char **origins;
        const char *name, *ca, *directory;
        const char *trust;   /* NULL: none */
        const char *account; /* NULL: not known yet; so are the next ones */
        const char *order;
        const char *due;        /* NULL: nothing is to be done */
        const char *renewal_id; /* RFC 9773 section 4.1; NULL: there is none */
        const char *thumbprint; /* of the account's key; NULL: there is none yet */
        ChallengeType challenges[CHALLENGE_TYPE_MAX]; /* as configured, the preferred first */
        size_t n_challenges;
        bool is_order_outdated; /* it has asked for another lifetime than is configured */
        bool is_dry_run;
        bool terms_of_service_agreed;
        bool is_key_unclear;       /* the CA has to be asked which of two keys it knows */
        bool has_external_account; /* a binding, for an account that is not known yet */
        bool has_more_key_types;   /* behind the one under way */
        bool ask_renewal_info;     /* it is time to ask the CA when to renew */
        usec_t renew_at_usec;      /* USEC_INFINITY: not known */
        usec_t not_after_usec;     /* of the live certificate; USEC_INFINITY: there is none */
        DescribedRevocation revocation;
} Description;
void description_free(Description *description);
DEFINE_CLEANUP(Description *, description_free);

/* object is kept. Return: 0; -EBADMSG, *ret_field names the member then; -ENOMEM. */
int description_parse(struct json_object *object, Description **ret, const char **ret_field);

/* The same of io.acmeward.AccountSigner: what is of a certificate is not set. ret_operation: owned
 * by the description. */
int description_parse_account(struct json_object *object,
                              Description **ret,
                              const char **ret_operation,
                              const char **ret_field);

/* Of its type Certificate nothing but this. Return: 0, -EBADMSG. */
int description_parse_not_after(struct json_object *certificate, usec_t *ret_usec);

/* Seconds that are still a usec_t. */
#define DESCRIPTION_MOMENT_MAX (INT64_MAX / (int64_t) USEC_PER_SEC)
