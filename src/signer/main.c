/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-signer [--account-door=PATH] NAME: the room that holds the keys. PID 1 starts it when
 * somebody knocks at NAME's door, and stops it with SIGTERM when the door is taken away. See
 * units/acme-signer@.service for what it may do, and README.md for what it must never. */

#include "signer/process.h"

int main(int argc, char *argv[])
{
        static const SignerProcess process = {
                        .program = "acme-signer",
                        .argument = "[" ACCOUNT_DOOR_OPTION "PATH] NAME",
                        .n_doors = DOORS,
                        .doors = ~(unsigned) DOOR_ACCOUNT,
                        .is_for_certificate = true,
                        .make = signer_new,
        };

        return signer_process(&process, argc, argv);
}
