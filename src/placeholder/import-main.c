/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-import-key NAME: has NAME's signer take over a key that root has put where the signer alone
 * reads it. It sees no key, and decides nothing. */

#include "base/log.h"
#include "base/name.h"
#include "placeholder/messenger.h"

#define WHAT "No key is taken over"

static ExitStatus judge_error(const VarlinkReply *reply, const char *name)
{
        const char *error = startswith(reply->error, SIGNER_INTERFACE);

        if (error && (streq(error, "KeyRefused") || streq(error, "ConfigurationInvalid")))
                return messenger_tell(reply, WHAT, name, EXIT_CONFIGURATION);
        if (error && streq(error, "StoreFailed"))
                return messenger_tell(reply, WHAT, name, EXIT_TRY_AGAIN);
        return messenger_tell(reply, WHAT, name, EXIT_BUG);
}

int main(int argc, char *argv[])
{
        log_open("acme-import-key");
        if (argc != 2 || !certificate_name_is_valid(argv[1])) {
                log_error("Usage: acme-import-key NAME, where NAME is " CERTIFICATE_NAME_GRAMMAR);
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(argv[1]);
        return messenger_call("ImportKey", WHAT, argv[1], judge_error);
}
