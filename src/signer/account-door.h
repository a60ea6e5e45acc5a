/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer of this certificate on another machine, where the account's key is, while the
 * certificate's is here: the one whom a signer calls, and only where an administrator has given it
 * the door. That one decides what is signed for the account; here it is asked, and believed no more
 * than what it says fits. */

#include "signer/signer-internal.h"

typedef struct AccountDoor AccountDoor;

/* From now on the account's key is behind the door with this path, which outlives the signer, and
 * none is made or used here. What cannot go together with that is wrong configuration.
 * Return: 0, -ENOMEM. */
int signer_use_account_door(Signer *signer, const char *path);
void account_door_free(AccountDoor *door);

/* Each: Return: 0; POLICY_E_REFUSED (policy.h) when the call has been answered, with the other
 * signer's error, or AccountUnreachable; -errno. */

/* Has the other one say what it knows of the account, for add_account(), and looks whether the two
 * are configured for the same. */
int account_door_describe(Signer *signer, VarlinkCall *call);

/* Hands the call of one of its own methods on, and the answer back. Finalize: with a signing
 * request for the key here. */
int account_door_request(Signer *signer, VarlinkCall *call, const RequestParameters *p);

/* Hands on what only remembers something, a method with one string, or none; does not answer. */
int account_door_tell(Signer *signer, VarlinkCall *call, const char *name, const char *value);

/* As signer_key_authorization(). */
int account_door_key_authorization(Signer *signer,
                                   VarlinkCall *call,
                                   const char *token,
                                   char **ret);

/* What account_door_describe() has learnt, as Describe tells it. Return: 0, -ENOMEM. */
int account_door_add(struct json_object *object, const Signer *signer);

/* Does the other one agree to the CA's terms? */
bool account_door_agrees(const Signer *signer);
