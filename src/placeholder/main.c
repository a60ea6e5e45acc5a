/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-placeholder NAME: asks NAME's signer for a placeholder, so that a server that insists on
 * files can start before the CA has been asked. It decides nothing: the signer has the
 * configuration and the store, and refuses what is not to be. */

#include "base/escape.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "config/config.h"
#include "varlink/varlink-client.h"

#define SIGNER_DOOR "/run/acme/door/signer"
#define INTERFACE "io.acmeward.Signer."

/* The slowest thing that a signer does is an RSA key of 4096 bits on a slow machine. */
#define SIGNER_TIMEOUT_USEC (60 * USEC_PER_SEC)

/* The signer's own words, escaped all the same; it is another room. */
static ExitStatus tell(const VarlinkReply *reply, const char *name, ExitStatus status)
{
        _cleanup_free_ char *shown = NULL;
        struct json_object *value;
        const char *text = reply->error;

        if (json_object_object_get_ex(reply->parameters, "message", &value) &&
            json_object_is_type(value, json_type_string))
                text = json_object_get_string(value);
        shown = escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
        log_error("There is no placeholder for %s: %s", name, shown ?: "out of memory");
        return status;
}

static ExitStatus judge_error(const VarlinkReply *reply, const char *name)
{
        const char *error = startswith(reply->error, INTERFACE);

        /* A certificate has come in the meantime, or something that is no business of ours. */
        if (error && streq(error, "PlaceholderRefused")) {
                log_info("No placeholder for %s: something else is live", name);
                return EXIT_DONE;
        }
        if (error && streq(error, "ConfigurationInvalid"))
                return tell(reply, name, EXIT_CONFIGURATION);
        if (error && streq(error, "StoreFailed"))
                return tell(reply, name, EXIT_TRY_AGAIN);
        return tell(reply, name, EXIT_BUG);
}

static ExitStatus ask_signer(const char *name)
{
        _cleanup_(varlink_client_freep) VarlinkClient *client = NULL;
        _cleanup_varlink_reply_ VarlinkReply reply = {};
        int r;

        r = varlink_client_connect(SIGNER_DOOR, &client);
        if (r >= 0)
                r = varlink_client_call(client,
                                        INTERFACE "InstallPlaceholder",
                                        NULL,
                                        SIGNER_TIMEOUT_USEC,
                                        &reply);
        if (r < 0) {
                log_error_errno(r,
                                "Failed to ask the signer at " SIGNER_DOOR
                                " for a placeholder for %s; see journalctl -u acme-signer@%s",
                                name,
                                name);
                return EXIT_TRY_AGAIN;
        }
        return r == VARLINK_E_ERROR ? judge_error(&reply, name) : EXIT_DONE;
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
        return ask_signer(argv[1]);
}
