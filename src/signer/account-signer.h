/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The signer of one account, behind the door of acme-account@: what root wants done with it, and
 * nothing else. It is a Signer without a certificate and a store. */

#include "signer/signer.h"

/* name: of config/account-name.h, unchecked; the rest as signer_new(). Return: 0, -errno. */
int account_signer_new(sd_event *event,
                       const char *root,
                       const char *name,
                       usec_t (*now)(void),
                       Signer **ret);
