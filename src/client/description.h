/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the signer says of a certificate: the reply to Describe of io.acmeward.Signer. */

#include "base/time-util.h"
#include "json/json.h"

/* The reply to Describe, checked. Moments are from the epoch. */
typedef struct Description {
        struct json_object *object; /* owns the strings */
        char **identifiers;         /* lower case, sorted, each once */
        char **origins;
        const char *name, *ca, *directory;
        const char *trust;   /* NULL: none */
        const char *account; /* NULL: not known yet; so are the next ones */
        const char *order;
        const char *due; /* NULL: nothing is to be done */
        bool has_http01, terms_of_service_agreed;
        usec_t renew_at_usec;  /* USEC_INFINITY: not known */
        usec_t not_after_usec; /* of the live certificate; USEC_INFINITY: there is none */
} Description;
void description_free(Description *description);
DEFINE_CLEANUP(Description *, description_free);

/* object is kept. Return: 0; -EBADMSG, *ret_field names the member then; -ENOMEM. */
int description_parse(struct json_object *object, Description **ret, const char **ret_field);

/* Of its type Certificate nothing but this. Return: 0, -EBADMSG. */
int description_parse_not_after(struct json_object *certificate, usec_t *ret_usec);

/* Seconds that are still a usec_t. */
#define DESCRIPTION_MOMENT_MAX (INT64_MAX / (int64_t) USEC_PER_SEC)
