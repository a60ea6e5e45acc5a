/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl replace NAME: a new certificate, deployed, seen served, and only then the old one
 * revoked.
 *
 * The record of what is to be revoked is on disk before anything else is done, and goes when all is
 * done. Each step looks at what is there and does what is missing, so that whatever interrupted the
 * last run, the next one goes on; nothing has to be remembered of how far it came. */

#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "ctl/request-file.h"
#include "ctl/revoke.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "live/generation.h"
#include "state/due.h"

/* A renewal that was under way already has not heard of the request: then another one. */
#define RENEWALS_MAX 2U

typedef struct Replacement {
        const char *name;
        int records_fd;
        RevocationRequest old; /* the record: what is to be revoked */
} Replacement;

/* As root, and no further than to a generation's own file: the store is the signer's, and what is
 * read here is written down for everybody. Return: 0; -ENOENT; -EUCLEAN when what is live is
 * nothing of acmeward's; -errno. */
static int read_live(const char *name, const char *file, char **ret)
{
        _cleanup_free_ char *generation = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = live_generation("", name, &generation);
        if (r == 0)
                r = fd = live_generation_open("", name, generation);
        if (r >= 0)
                r = file_read(fd, file, REVOCATION_REQUEST_BYTES_MAX, O_NOFOLLOW, ret, NULL);
        return r == -EBADMSG || r == -ELOOP ? -EUCLEAN : r;
}

/* Is it still the old one that is live? Return: 0, 1; -errno. */
static int is_old_live(const Replacement *p)
{
        _cleanup_free_ char *live = NULL;
        int r;

        r = read_live(p->name, "cert.pem", &live);
        if (r == -ENOENT)
                return 1;
        return r < 0 ? r : streq(live, p->old.certificate);
}

/* Return: 0; -ENOENT there is none; -EBADMSG; -errno. */
static int load(Replacement *p)
{
        _cleanup_free_ char *text = NULL;
        const char *field;
        size_t length;
        int r;

        r = file_read(p->records_fd,
                      p->name,
                      REVOCATION_REQUEST_BYTES_MAX,
                      O_NOFOLLOW,
                      &text,
                      &length);
        if (r == 0)
                r = revocation_request_parse(text, length, &p->old, &field);
        return r == 0 && !p->old.certificate ? -EBADMSG : r;
}

static int save(const Replacement *p)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = revocation_request_format(&p->old, &text);
        return r < 0 ? r : file_replace(p->records_fd, p->name, text, strlen(text), 0644);
}

/* What is live from the moment on at which the record of it is there: what a renewal installs
 * afterwards is new. Return: 0, -errno. */
static int note_live(Replacement *p)
{
        int r;

        do {
                free(TAKE_PTR(p->old.certificate));
                r = read_live(p->name, "cert.pem", &p->old.certificate);
                if (r == 0)
                        r = save(p);
                if (r == 0)
                        r = is_old_live(p);
        } while (r == 0);
        return MIN(r, 0);
}

static ExitStatus fail_begin(const Replacement *p, int error)
{
        if (error == -ENOENT)
                log_error("Nothing is live for %s that could be replaced; acmectl renew %s gets a "
                          "certificate",
                          p->name,
                          p->name);
        else if (error == -EUCLEAN)
                log_error("What is live for %s is not what acmeward has installed; acmectl renew "
                          "%s "
                          "gets a certificate",
                          p->name,
                          p->name);
        else if (error == -EBADMSG)
                log_error("The record " REPLACEMENT_DIRECTORY "/%s of what was begun is damaged; "
                          "remove it to begin anew",
                          p->name);
        else
                log_error_errno(error,
                                "Failed to note in " REPLACEMENT_DIRECTORY
                                "/%s what is to be replaced",
                                p->name);
        if (error == -EACCES || error == -EPERM)
                return EXIT_REFUSED;
        return error == -ENOENT || error == -EBADMSG || error == -EUCLEAN ? EXIT_CONFIGURATION
                                                                          : EXIT_TRY_AGAIN;
}

/* The record has room for one certificate. To revoke one of two, with the other one's key as well
 * known as its own, would look like more than it is. */
static ExitStatus refuse_two(const char *name)
{
        _cleanup_free_ char *generation = NULL, *path = NULL;

        if (live_generation("", name, &generation) < 0 ||
            revoke_find_second(name, generation, "cert.pem", &path) <= 0)
                return EXIT_DONE;
        log_error("%s has two certificates, by two types of KeyType=, and replace knows how to do "
                  "one. To replace both: acmectl renew %s; when the new ones are in use, acmectl "
                  "revoke --generation=%s %s",
                  name,
                  name,
                  generation,
                  name);
        return EXIT_CONFIGURATION;
}

static ExitStatus begin(Replacement *p, const char *reason, const char *key)
{
        _cleanup_free_ char *mark = NULL;
        int r;

        p->records_fd = open(REPLACEMENT_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (p->records_fd < 0) {
                log_error_errno(-errno,
                                "Failed to open " REPLACEMENT_DIRECTORY
                                ", which systemd-tmpfiles --create makes");
                return EXIT_TRY_AGAIN;
        }
        r = load(p);
        if (r == 0) {
                printf("%s: going on with what was begun\n", p->name);
                r = revoke_take_manner(reason, key, &p->old) < 0 ? -EINVAL : save(p);
        } else if (r == -ENOENT && (r = read_live(p->name, "placeholder", &mark)) != -ENOENT) {
                return fail_begin(p, r == 0 ? -ENOENT : r);
        } else if (r == -ENOENT) {
                p->old.reason = REVOCATION_SUPERSEDED;
                r = revoke_take_manner(reason, key, &p->old) < 0 ? -EINVAL : note_live(p);
        }
        if (r == -EINVAL)
                return EXIT_CONFIGURATION;
        return r == 0 ? EXIT_DONE : fail_begin(p, r);
}

static ExitStatus run_unit(const Replacement *p, const char *prefix)
{
        _cleanup_free_ char *unit = unit_of(prefix, p->name);

        return unit ? unit_run(unit, UNIT_TIMEOUT_USEC) : (log_oom(), EXIT_BUG);
}

static ExitStatus renew(const Replacement *p)
{
        for (unsigned tries = 0; is_old_live(p) != 0; tries++) {
                ExitStatus status;

                if (tries == RENEWALS_MAX) {
                        log_error("%s was renewed, and what is live is still the same", p->name);
                        return EXIT_TRY_AGAIN;
                }
                status = request_leave(RENEWAL_REQUEST_DIRECTORY, p->name, "");
                if (status == EXIT_DONE)
                        status = run_unit(p, "acme-renew");
                if (status != EXIT_DONE)
                        return status;
        }
        printf("%s: another certificate is live\n", p->name);
        return EXIT_DONE;
}

static ExitStatus deploy(const Replacement *p)
{
        ExitStatus status;

        status = run_unit(p, "acme-deploy");
        if (status == EXIT_DONE)
                printf("%s: it is deployed\n", p->name);
        return status;
}

/* Where no endpoint is configured, there is nothing to look at. */
static ExitStatus verify(const Replacement *p)
{
        ExitStatus status;

        status = run_unit(p, "acme-verify");
        if (status == EXIT_DONE)
                printf("%s: no server that is looked at serves another\n", p->name);
        return status;
}

static ExitStatus revoke_old(const Replacement *p)
{
        ExitStatus status;

        status = revoke_carry_out(p->name, &p->old);
        if (status != EXIT_DONE)
                return status;
        if (unlinkat(p->records_fd, p->name, 0) < 0 && errno != ENOENT)
                return fail_begin(p, -errno);
        (void) file_sync_directory(p->records_fd);
        printf("%s: the one before is revoked: %s\n",
               p->name,
               revocation_reason_to_string(p->old.reason));
        return EXIT_DONE;
}

static ExitStatus replace(Replacement *p)
{
        static ExitStatus (*const steps[])(
                        const Replacement *) = {renew, deploy, verify, revoke_old};

        FOREACH_ARRAY (step, steps, ELEMENTSOF(steps)) {
                ExitStatus status = (*step)(p);

                if (status == EXIT_DONE)
                        continue;
                log_error("%s: not done; what was live before is not revoked by this. To go on "
                          "from here: acmectl replace %s",
                          p->name,
                          p->name);
                return status;
        }
        return EXIT_DONE;
}

ExitStatus verb_replace(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"compromised", no_argument, NULL, 'c'},
                        {"reason", required_argument, NULL, 'r'},
                        {"key", required_argument, NULL, 'k'},
                        {},
        };
        Replacement p = {.records_fd = -EBADF};
        const char *reason = NULL, *key = NULL;
        ExitStatus status;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (option) {
                case 'c':
                        reason = revocation_reason_to_string(REVOCATION_KEY_COMPROMISE);
                        break;
                case 'r':
                        reason = optarg;
                        break;
                case 'k':
                        key = optarg;
                        break;
                default:
                        return verb_usage(argv[0]);
                }
        if (optind != argc - 1)
                return verb_usage(argv[0]);
        if (!verb_check_name(argv[optind]))
                return EXIT_CONFIGURATION;
        p.name = argv[optind];
        status = refuse_two(p.name);
        if (status == EXIT_DONE)
                status = begin(&p, reason, key);
        if (status == EXIT_DONE)
                status = replace(&p);
        revocation_request_done(&p.old);
        closep(&p.records_fd);
        return status;
}
