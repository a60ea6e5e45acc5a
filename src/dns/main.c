/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-dns NAME: the room of dns-01. PID 1 starts it when somebody knocks at NAME's door.
 *
 * acme-dns --clean NAME: removes what is marked. PID 1 runs it as a unit of its own whenever a room
 * has ended, well or not: so a record is removed in one way, by a process that nobody has killed.
 *
 * Both run as uid 0 because that is whom PID 1 makes units for, and have no capability. */

#include "base/exit-status.h"
#include "base/log.h"
#include "base/name.h"
#include "dns/dns.h"
#include "dns/marks.h"
#include "varlink/varlink-server.h"

#define SIGNER_DOOR "/run/acme/door/signer"

static void event_unrefp(sd_event **event)
{
        sd_event_unref(*event);
}

static int begin(const Config *config, Records *ret)
{
        int r;

        *ret = (Records){.config = config};
        r = manager_new(&ret->manager);
        return r < 0 ? log_error_errno(r, "Failed to reach PID 1 on the system bus") : 0;
}

static int open_marks(const char *name, bool may_wait)
{
        int fd = marks_open(MARKS_DIRECTORY, name, may_wait);

        if (fd < 0 && fd != -EWOULDBLOCK)
                log_error_errno(fd, "Failed to open " MARKS_DIRECTORY "/%s", name);
        return fd;
}

static int serve(const char *name, const Config *config)
{
        _cleanup_(records_done) Records records = {};
        _cleanup_(event_unrefp) sd_event *event = NULL;
        _cleanup_(dns_freep) Dns *dns = NULL;
        _cleanup_close_ int mark_fd = -EBADF;
        int fd, r;

        fd = varlink_listen_fds(1);
        if (fd < 0)
                return log_error_errno(fd,
                                       "acme-dns serves a socket that systemd hands it; it is "
                                       "started by acme-dns@%s.socket",
                                       name);
        r = mark_fd = open_marks(name, true);
        if (r >= 0)
                r = begin(config, &records);
        if (r >= 0)
                r = sd_event_default(&event);
        if (r >= 0)
                r = dns_new(event, SIGNER_DOOR, &records, mark_fd, &dns);
        if (r >= 0)
                r = dns_serve(dns, fd);
        if (r >= 0)
                r = sd_event_loop(event);
        return r < 0 ? log_error_errno(r, "The dns room of %s failed", name) : 0;
}

/* Return: 0; RECORDS_E_FAILED, RECORDS_E_REFUSED, and the marks are still there; -errno. */
static int remove_all(Records *records, int mark_fd)
{
        _cleanup_strv_free_ char **identifiers = NULL, **values = NULL;
        int r, outcome = 0;

        r = marks_list(mark_fd, &identifiers, &values);
        for (size_t i = 0; r >= 0 && i < strv_length(values); i++) {
                r = records_cleanup(records, identifiers[i], values[i]);
                if (r == 0)
                        r = marks_remove(mark_fd, values[i]);
                if (r > 0) {
                        outcome = r;
                        log_error("A record of _acme-challenge.%s is still in DNS: %s",
                                  identifiers[i],
                                  records->reason);
                }
        }
        return r < 0 ? r : outcome;
}

static ExitStatus clean(const char *name, const Config *config)
{
        _cleanup_(records_done) Records records = {};
        _cleanup_close_ int mark_fd = -EBADF;
        int r;

        r = mark_fd = open_marks(name, false);
        /* A room is there; when it ends this is started again. */
        if (r == -EWOULDBLOCK)
                return EXIT_DONE;
        if (r >= 0)
                r = begin(config, &records);
        if (r >= 0)
                r = records_stop(&records);
        if (r >= 0)
                r = remove_all(&records, mark_fd);
        if (r == RECORDS_E_REFUSED)
                return EXIT_CONFIGURATION;
        return r == 0 ? EXIT_DONE : r < 0 ? EXIT_BUG : EXIT_TRY_AGAIN;
}

/* Records that a person makes. */
static bool needs_no_publisher(const Config *config)
{
        FOREACH_ARRAY (type, config->challenges, config->n_challenges)
                if (*type == CHALLENGE_TYPE_DNS_PERSIST01)
                        return true;
        return false;
}

/* error: NULL when the configuration is right, but for what is missing here. */
static void tell_unconfigured(const char *name, bool is_clean, const char *error)
{
        if (is_clean)
                log_error("Records of %s are still in DNS, and nobody can remove them: %s. Mend "
                          "that, and start acme-dns-clean@%s.service; or remove the TXT records of "
                          "_acme-challenge by hand, and then " MARKS_DIRECTORY "/%s",
                          name,
                          error ?: "there is no DNSPublisher= any more",
                          name,
                          name);
        else
                log_error("%s", error ?: "There is no DNSPublisher=, so nothing is published");
}

int main(int argc, char *argv[])
{
        _cleanup_(config_error_done) ConfigError error = {};
        _cleanup_(config_freep) Config *config = NULL;
        bool is_clean = argc == 3 && streq(argv[1], "--clean");
        const char *name = argv[argc - 1];
        int r;

        log_open("acme-dns");
        if ((argc != 2 && !is_clean) || !certificate_name_is_valid(name)) {
                log_error("Usage: acme-dns [--clean] NAME, where NAME "
                          "is " CERTIFICATE_NAME_GRAMMAR);
                return EXIT_CONFIGURATION;
        }
        log_set_certificate(name);
        r = config_load(name, "", &config, &error);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (r == CONFIG_E_INVALID || (!config->dns && !needs_no_publisher(config))) {
                tell_unconfigured(name, is_clean, error.message);
                return EXIT_CONFIGURATION;
        }
        if (is_clean)
                return clean(name, config);
        return serve(name, config) < 0 ? EXIT_BUG : EXIT_DONE;
}
