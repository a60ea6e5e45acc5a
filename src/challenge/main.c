/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-challenge NAME, acme-challenge --clean NAME: the room that makes tokens public. PID 1 starts
 * it when somebody knocks at NAME's door, after the port is open. With --clean it runs when the
 * room has ended, however that came, and removes what is left. */

#include <signal.h>

#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "challenge/challenge.h"
#include "config/config.h"
#include "varlink/varlink-server.h"

#define SIGNER_DOOR "/run/acme/door/signer"
#define MARK_DIRECTORY "/run/acme/lease/"

static void event_unrefp(sd_event **event)
{
        sd_event_unref(*event);
}

/* The directories of the configuration; without a valid one, ours alone: what is to be removed must
 * be, and what cannot be published is told to the client by somebody else. */
static int open_tokens(const char *name, const Config *config, Tokens *ret)
{
        char mark_path[sizeof(MARK_DIRECTORY) + CERTIFICATE_NAME_MAX];
        const char *paths[TOKEN_DIRECTORIES_MAX] = {TOKEN_DIRECTORY};
        size_t n = 1;
        int r;

        snprintf(mark_path, sizeof(mark_path), MARK_DIRECTORY "%s", name);
        if (config && !streq(config->webroot_directory, TOKEN_DIRECTORY))
                paths[n++] = config->webroot_directory;
        r = tokens_open(ret, mark_path, paths, n);
        if (r < 0)
                return log_error_errno(r,
                                       "Failed to open %s, which RuntimeDirectory= of "
                                       "acme-challenge@%s.service makes",
                                       mark_path,
                                       name);
        return 0;
}

static int clean(const char *name, const Config *config)
{
        _cleanup_(tokens_close) Tokens tokens = {.mark_fd = -EBADF};
        int r;

        r = open_tokens(name, config, &tokens);
        if (r < 0)
                return r;
        r = tokens_withdraw_all(&tokens);
        if (r < 0)
                return log_error_errno(r, "Failed to remove the tokens of %s", name);
        if (r > 0)
                log_notice("Removed %i tokens that were left behind", r);
        return 0;
}

static int serve(const char *name, const Config *config)
{
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(tokens_close) Tokens tokens = {.mark_fd = -EBADF};
        _cleanup_(challenge_freep) Challenge *challenge = NULL;
        int fd, r;

        fd = varlink_listen_fd();
        if (fd < 0)
                return log_error_errno(fd,
                                       "acme-challenge serves a socket that systemd hands it; it "
                                       "is started by acme-challenge@%s.socket",
                                       name);
        r = open_tokens(name, config, &tokens);
        if (r < 0)
                return r;
        r = sd_event_default(&event);
        if (r >= 0)
                r = sd_event_add_signal(event,
                                        NULL,
                                        SIGTERM | SD_EVENT_SIGNAL_PROCMASK,
                                        NULL,
                                        NULL);
        if (r >= 0)
                r = challenge_new(event, SIGNER_DOOR, &tokens, &challenge);
        if (r >= 0)
                r = challenge_serve(challenge, fd);
        if (r >= 0)
                r = sd_event_loop(event);
        if (r < 0)
                return log_error_errno(r, "The challenge room of %s failed", name);
        return 0;
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        bool is_clean = argc == 3 && streq(argv[1], "--clean");
        const char *name = argv[argc - 1];
        int r;

        log_open("acme-challenge");
        if ((argc != 2 && !is_clean) || !certificate_name_is_valid(name)) {
                log_error("Usage: acme-challenge [--clean] NAME, where NAME "
                          "is " CERTIFICATE_NAME_GRAMMAR);
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(name);
        r = config_load(NULL, "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (is_clean)
                return clean(name, config) < 0 ? EXIT_BUG : EXIT_DONE;
        if (r == CONFIG_E_INVALID) {
                log_error("%s", error.message);
                return EXIT_CONFIGURATION;
        }
        return serve(name, config) < 0 ? EXIT_BUG : EXIT_DONE;
}
