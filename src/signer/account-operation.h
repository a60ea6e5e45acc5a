/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The payloads of what is done to an account, as root's request wants it: compose functions of
 * requests.c. Return: 0; POLICY_E_REFUSED when the call has been answered; -errno. */

#include "signer/signer-internal.h"

/* RFC 8555 sections 7.3.2, 7.3.3 and 7.3.6. */
int account_compose_update(Signer *signer,
                           VarlinkCall *call,
                           const RequestParameters *p,
                           char **ret);

/* RFC 8555 section 7.3.5: the inner JWS, signed with the next key, which is made and stored before.
 */
int account_compose_key_change(Signer *signer,
                               VarlinkCall *call,
                               const RequestParameters *p,
                               char **ret);
