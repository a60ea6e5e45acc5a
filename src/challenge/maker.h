/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is published for a challenge: made by the signer, at the door that it has for this room. */

#include "acme/challenge-type.h"
#include "varlink/varlink-client.h"

/* One challenge, as the client names it; borrowed. */
typedef struct Wanted {
        const char *type, *identifier, *token;
} Wanted;

/* A file, and what the client is told; owned. */
typedef struct Made {
        char *name, *text, *answer;
} Made;
void made_done(Made *made);

typedef struct Maker {
        ChallengeType type;
        const char *signer_path; /* the signer's door; borrowed */
        VarlinkClient *signer;   /* NULL until it is asked */
} Maker;

/* type: one that has a room of this program's, http-01 or tls-alpn-01. */
void maker_done(Maker *maker);

/* Return: 0; MAKER_E_REFUSED, *ret_reason (owned) is what the signer answered, or why it did not;
 * -ENOMEM; -EBADMSG. */
enum {
        MAKER_E_REFUSED = 1,
};
int maker_make(Maker *maker, const Wanted *wanted, Made *ret, char **ret_reason);
