/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-account-signer ACCOUNT: the key of one account, for what root wants done with the account
 * itself. See units/acme-account-signer@.service for what it may do. */

#include "signer/account-signer.h"
#include "signer/process.h"

int main(int argc, char *argv[])
{
        static const SignerProcess process = {
                        .program = "acme-account-signer",
                        .argument = "ACCOUNT",
                        .n_doors = 1,
                        .doors = DOOR_ACCOUNT,
                        .make = account_signer_new,
        };

        return signer_process(&process, argc, argv);
}
