/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-challenge NAME: the room that makes tokens public. PID 1 starts it when somebody knocks at
 * NAME's door; it publishes nothing before the port is open, and cleans up behind itself.
 *
 * acme-challenge --alpn NAME: the same for tls-alpn-01, with certificates for the responder in the
 * place of tokens for web servers. It is another unit, with other directories and other doors.
 *
 * acme-challenge --clean [--alpn] NAME: removes what rooms have left that were killed. PID 1 runs
 * it as a unit of its own: what is started in the control group of one that was killed as a whole
 * can be killed as well.
 *
 * acme-challenge --stateless, acme-challenge --clean -: begins and ends to answer for tokens of
 * other hosts, on one that has no order of its own under way. */

#include <fcntl.h>
#include <signal.h>

#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "challenge/challenge.h"
#include "challenge/holder.h"
#include "challenge/port-wait.h"
#include "config/config.h"
#include "varlink/varlink-server.h"
#include "version.h"

#define SIGNER_DOOR "/run/acme/door/signer"

/* Where the unit mounts the directory that acme-directory.service has made for another web server.
 */
#define OTHER_DIRECTORY "/run/acme/www"

static void event_unrefp(sd_event **event)
{
        sd_event_unref(*event);
}

/* Where the firewalls say that they are done, as the unit mounts it. */
#define PORT_DIRECTORY "/run/acme/port"
#define PORT_HTTP01 "webroot"
#define PORT_TLS_ALPN01 "alpn"

/* A firewall ends by itself after 3 seconds, and began when this room did. */
#define PORT_TIMEOUT_USEC (4 * USEC_PER_SEC)

/* Otherwise there is nothing behind that path, and the one of the configuration is not in here. */
static bool is_made(void)
{
        return faccessat(AT_FDCWD, OTHER_RECORD "/link", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The directories of the configuration; without a valid one, ours alone: what is to be removed must
 * be, and what cannot be published is told to the client by somebody else. */
static int open_tokens(const Config *config, ChallengeType type, Tokens *ret)
{
        bool is_alpn = type == CHALLENGE_TYPE_TLS_ALPN01;
        const char *lease = is_alpn ? ALPN_LEASE_DIRECTORY : LEASE_DIRECTORY;
        const char *paths[TOKEN_DIRECTORIES_MAX] = {is_alpn ? ALPN_DIRECTORY : TOKEN_DIRECTORY};
        size_t n = 1;
        int r;

        if (config && !is_alpn && !streq(config->webroot_directory, TOKEN_DIRECTORY))
                paths[n++] = is_made() ? OTHER_DIRECTORY : config->webroot_directory;
        r = tokens_open(ret, lease, paths, n);
        if (r == 0 && is_alpn)
                tokens_set_alpn(ret);
        /* Whoever reads a message knows it by that name. */
        if (r == 0 && n > 1)
                ret->paths[1] = config->webroot_directory;
        if (r < 0)
                return log_error_errno(r, "Failed to open %s, which systemd-tmpfiles makes", lease);
        return 0;
}

static int clean(const Config *config, ChallengeType type)
{
        _cleanup_(tokens_close) Tokens tokens = TOKENS_CLOSED;
        int r;

        r = open_tokens(config, type, &tokens);
        return r < 0 ? r : holder_remove_dead(&tokens);
}

/* The signals that are no failure to PID 1, which then has nothing cleaned up. */
static int end_with_signals(sd_event *event)
{
        static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(signals); i++)
                r = sd_event_add_signal(event,
                                        NULL,
                                        signals[i] | SD_EVENT_SIGNAL_PROCMASK,
                                        NULL,
                                        NULL);
        return r;
}

static int
serve_door(const char *name, const Config *config, ChallengeType type, int fd, Tokens *tokens)
{
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(challenge_freep) Challenge *challenge = NULL;
        Stateless stateless = {.holder = name, .thumbprint = config->thumbprint};
        int r, k;

        r = sd_event_default(&event);
        if (r >= 0)
                r = end_with_signals(event);
        if (r >= 0)
                r = holder_begin(tokens, name);
        if (r < 0)
                return r;
        r = challenge_new(event,
                          type,
                          SIGNER_DOOR,
                          tokens,
                          config->stateless && type == CHALLENGE_TYPE_HTTP01 ? &stateless : NULL,
                          &challenge);
        if (r >= 0)
                r = challenge_serve(challenge, fd);
        if (r >= 0)
                r = sd_event_loop(event);
        /* Leases that last still end with their connections, here. */
        challenge_free(TAKE_PTR(challenge));
        k = holder_end(tokens, name);
        return r < 0 ? r : k;
}

/* Nothing is published before the port is open. Who does not say so stops nothing: it may be open
 * without. */
static void wait_for_port(ChallengeType type)
{
        const char *port = type == CHALLENGE_TYPE_TLS_ALPN01 ? PORT_TLS_ALPN01 : PORT_HTTP01;
        int r = port_wait(PORT_DIRECTORY, port, PORT_TIMEOUT_USEC);

        if (r < 0)
                log_warning_errno(r,
                                  "acme-firewall@%s.service has not said that the port is open, "
                                  "which is taken for granted now; see journalctl -u "
                                  "acme-firewall@%s.service",
                                  port,
                                  port);
}

static int serve(const char *name, const Config *config, ChallengeType type)
{
        _cleanup_(tokens_close) Tokens tokens = TOKENS_CLOSED;
        int fd, r;

        fd = varlink_listen_fds(1);
        if (fd < 0)
                return log_error_errno(fd,
                                       "acme-challenge serves a socket that systemd hands it; it "
                                       "is started by acme-challenge@%s.socket",
                                       name);
        r = open_tokens(config, type, &tokens);
        if (r < 0)
                return r;
        wait_for_port(type);
        r = serve_door(name, config, type, fd, &tokens);
        if (r < 0)
                return log_error_errno(r, "The challenge room of %s failed", name);
        return 0;
}

/* A host behind a load balancer, which stays. Return: the exit code. */
static ExitStatus begin_stateless(const Config *config)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!config->stateless || !config->thumbprint) {
                log_error("acme-stateless.service needs %s in the section [WebRoot] of " SYSCONFDIR
                          "/acme.conf; see acme-challenge(8)",
                          config->stateless ? "Thumbprint=, as no order is under way whose account "
                                              "could give it,"
                                            : "Stateless=yes");
                return EXIT_CONFIGURATION;
        }
        fd = open(TOKEN_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
        r = fd < 0 ? -errno : stateless_publish(fd, STATELESS_HOST, config->thumbprint);
        if (r < 0) {
                log_error_errno(r, "Failed to write the thumbprint to " TOKEN_DIRECTORY);
                return EXIT_TRY_AGAIN;
        }
        audit(AUDIT_LEASE_OPENED,
              "Every token is answered for now",
              {AUDIT_THUMBPRINT, config->thumbprint});
        return EXIT_DONE;
}

static ExitStatus end_stateless(void)
{
        _cleanup_close_ int fd = open(TOKEN_DIRECTORY, O_PATH | O_DIRECTORY | O_CLOEXEC);
        bool is_public = fd >= 0 && faccessat(fd, STATELESS_FILE "." STATELESS_HOST, F_OK, 0) == 0;
        int r = fd < 0 ? -errno : stateless_withdraw(fd, STATELESS_HOST);

        if (r < 0) {
                log_error_errno(r, "Failed to remove the thumbprint from " TOKEN_DIRECTORY);
                return EXIT_TRY_AGAIN;
        }
        if (is_public)
                audit(AUDIT_LEASE_CLOSED, "Tokens are not answered for any more", {NULL, NULL});
        return EXIT_DONE;
}

typedef enum Mode {
        MODE_SERVE,
        MODE_CLEAN,
        MODE_STATELESS,
        MODE_NONE,
} Mode;

/* The name is the last word. */
static Mode parse_command_line(int argc, char *argv[], ChallengeType *ret_type)
{
        bool is_clean, is_alpn;
        int n = 1;

        *ret_type = CHALLENGE_TYPE_HTTP01;
        if (argc == 2 && streq(argv[1], "--stateless"))
                return MODE_STATELESS;
        is_clean = argc > n && streq(argv[n], "--clean");
        n += is_clean;
        is_alpn = argc > n && streq(argv[n], "--alpn");
        n += is_alpn;
        if (is_alpn)
                *ret_type = CHALLENGE_TYPE_TLS_ALPN01;
        if (argc != n + 1)
                return MODE_NONE;
        if (is_clean && !is_alpn && streq(argv[n], STATELESS_HOST))
                return MODE_CLEAN;
        if (!certificate_name_is_valid(argv[n]))
                return MODE_NONE;
        return is_clean ? MODE_CLEAN : MODE_SERVE;
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        ChallengeType type;
        Mode mode = parse_command_line(argc, argv, &type);
        const char *name = argv[argc - 1];
        int r;

        log_open("acme-challenge");
        if (mode == MODE_NONE) {
                log_error("Usage: acme-challenge [--clean] [--alpn] NAME, where NAME "
                          "is " CERTIFICATE_NAME_GRAMMAR
                          "; acme-challenge --stateless, acme-challenge --clean -");
                return EXIT_CONFIGURATION;
        }
        if (mode != MODE_STATELESS && !streq(name, STATELESS_HOST))
                log_set_certificate(name);
        r = config_load(NULL, "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (mode == MODE_CLEAN && streq(name, STATELESS_HOST))
                return end_stateless();
        if (mode == MODE_CLEAN)
                return clean(config, type) < 0 ? EXIT_BUG : EXIT_DONE;
        if (r == CONFIG_E_INVALID) {
                log_error("%s", error.message);
                return EXIT_CONFIGURATION;
        }
        if (mode == MODE_STATELESS)
                return begin_stateless(config);
        return serve(name, config, type) < 0 ? EXIT_BUG : EXIT_DONE;
}
