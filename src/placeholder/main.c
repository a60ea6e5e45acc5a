/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-placeholder NAME: asks NAME's signer for a placeholder, so that a server that insists on
 * files can start before the CA has been asked. It decides nothing: the signer has the
 * configuration and the store, and refuses what is not to be. */

#include "base/log.h"
#include "base/name.h"
#include "config/config.h"
#include "placeholder/messenger.h"

#define WHAT "There is no placeholder"

static ExitStatus judge_error(const VarlinkReply *reply, const char *name)
{
        const char *error = startswith(reply->error, SIGNER_INTERFACE);

        /* A certificate has come in the meantime, or something that is no business of ours. */
        if (error && streq(error, "PlaceholderRefused")) {
                log_info("No placeholder for %s: something else is live", name);
                return EXIT_DONE;
        }
        if (error && streq(error, "ConfigurationInvalid"))
                return messenger_tell(reply, WHAT, name, EXIT_CONFIGURATION);
        if (error && streq(error, "StoreFailed"))
                return messenger_tell(reply, WHAT, name, EXIT_TRY_AGAIN);
        return messenger_tell(reply, WHAT, name, EXIT_BUG);
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        int r;

        log_open("acme-placeholder");
        if (argc != 2 || !certificate_name_is_valid(argv[1])) {
                log_error("Usage: acme-placeholder NAME, where NAME is " CERTIFICATE_NAME_GRAMMAR);
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(argv[1]);
        r = config_load(argv[1], "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (r == CONFIG_E_INVALID) {
                log_error("%s", error.message);
                return EXIT_CONFIGURATION;
        }
        if (!config->placeholder)
                return EXIT_DONE;
        return messenger_call("InstallPlaceholder", WHAT, argv[1], judge_error);
}
