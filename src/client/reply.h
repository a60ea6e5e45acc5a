/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Replies of a CA, and the reasons of a failure that they give. what: "order a certificate". */

#include "client/client.h"

/* RFC 8555 section 6.1: https, and nobody but the CA: one of the origins that the signer names. It
 * is asked before the URL goes to the signer or to libcurl. Return: 0, CLIENT_E_FAILED, -ENOMEM. */
int client_admit_url(Client *client, const char *url);

/* There is no reply, or none that can be used. Return: CLIENT_E_FAILED, -ENOMEM. */
int reply_fail(Client *client, const char *what, const HttpReply *reply);

/* The reply's status is no success; problem: the CA's explanation, may be NULL. Return: as above.
 */
int reply_fail_status(Client *client, const char *what, const Problem *problem, unsigned status);

/* The span of its Retry-After in *ret, 0 without one. Return: is there one? */
bool reply_retry_after(const HttpReply *reply, usec_t *ret);

/* Puts off by the pause. Return: has the run the time for it? */
bool client_put_off(Client *client, usec_t pause_usec, usec_t *ret_not_before_usec);

/* The run has lasted too long. Return: CLIENT_E_FAILED, -ENOMEM. */
int client_fail_deadline(Client *client);
