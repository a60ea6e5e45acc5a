/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What is published for a challenge: made by the signer, at the door that it has for this room. */

#include "acme/challenge-type.h"
#include "proving/signer-door.h"
#include "proving/wanted.h"

/* A file, and what the client is told; owned. */
typedef struct Made {
        char *name, *text, *answer;
} Made;
void made_done(Made *made);

typedef struct Maker {
        ChallengeType type;
        SignerDoor signer;
} Maker;

/* type: one that has a room of this program's, http-01 or tls-alpn-01. */
void maker_done(Maker *maker);

/* Return: 0, also when the refusal is set; -ENOMEM; -EBADMSG. */
int maker_make(Maker *maker, const Wanted *wanted, Made *ret, Refusal *refusal);
