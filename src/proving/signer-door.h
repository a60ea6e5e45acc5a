/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer's door of a room that publishes: knocked at when something is first asked, and again
 * when the connection has broken. */

#include "proving/refusal.h"
#include "varlink/varlink-client.h"

typedef struct SignerDoor {
        const char *path; /* borrowed */
        VarlinkClient *client;
} SignerDoor;
void signer_door_done(SignerDoor *door);

/* method: "PersistentRecord"; parameters are taken, NULL without memory. Return: as below. */
int signer_door_call(SignerDoor *door,
                     const char *method,
                     struct json_object *parameters,
                     VarlinkReply *ret,
                     Refusal *refusal);

/* method: "KeyAuthorization". token, and, if not NULL, identifier are its parameters. Return: 0
 * with *ret, or with the refusal set; -ENOMEM. */
int signer_door_ask(SignerDoor *door,
                    const char *method,
                    const char *token,
                    const char *identifier,
                    VarlinkReply *ret,
                    Refusal *refusal);
