/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl replace NAME: a new certificate, deployed, seen served, and only then the old one
 * revoked; of two types in KeyType=, both.
 *
 * The record of what is to be revoked is on disk before anything else is done, gets shorter with
 * each that is, and goes when all is done. Each step looks at what is there and does what is
 * missing, so that whatever interrupted the last run, the next one goes on; nothing else has to be
 * remembered of how far it came. */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/variant.h"
#include "ctl/request-file.h"
#include "ctl/revoke.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "live/generation.h"
#include "state/due.h"

/* A renewal that was under way already has not heard of the request: then another one. */
#define RENEWALS_MAX 2U

/* Where one can be, the first of two always at the plain name. */
static const char *const variants[] = {NULL, "ec", "rsa"};

typedef struct Replacement {
        const char *name;
        int records_fd;

        /* The record: what is to be revoked. */
        RevocationRequest old[REPLACED_MAX];
        size_t n_old;
} Replacement;

/* As root, and no further than to a generation's own files: the store is the signer's, and what is
 * read there is written down for everybody. Return: the descriptor; -ENOENT; -EUCLEAN when what is
 * live is nothing of acmeward's; -errno. */
static int open_live(const char *name)
{
        _cleanup_free_ char *generation = NULL;
        int r;

        r = live_generation("", name, &generation);
        if (r == 0)
                r = live_generation_open("", name, generation);
        return r == -EBADMSG ? -EUCLEAN : r;
}

/* Return: 0; -ENOENT; -EUCLEAN; -errno. */
static int read_live(int fd, const char *file, const char *variant, char **ret)
{
        char buffer[VARIANT_FILE_MAX];
        int r;

        r = file_read(fd,
                      variant_file(file, variant, buffer),
                      REVOCATION_REQUEST_BYTES_MAX,
                      O_NOFOLLOW,
                      ret,
                      NULL);
        return r == -ELOOP ? -EUCLEAN : r;
}

/* How many of the old ones are live still, whatever has become of KeyType= since? Where nobody can
 * tell, all are. Return: their number; -errno. */
static int n_live(const Replacement *p)
{
        _cleanup_close_ int fd = open_live(p->name);
        int n = 0, r = MIN(fd, 0);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(variants); i++) {
                _cleanup_free_ char *live = NULL;

                r = read_live(fd, CERT_FILE, variants[i], &live);
                for (size_t j = 0; r == 0 && j < p->n_old; j++)
                        n += streq(live, p->old[j].certificate);
                if (r == -ENOENT && variants[i])
                        r = 0;
        }
        return r == -ENOENT ? (int) p->n_old : r < 0 ? r : n;
}

/* Return: 0; -ENOENT there is none; -EBADMSG; -errno. */
static int load(Replacement *p)
{
        _cleanup_free_ char *text = NULL;
        size_t length;
        int r;

        r = file_read(p->records_fd, p->name, REPLACEMENT_BYTES_MAX, O_NOFOLLOW, &text, &length);
        return r == 0 ? replacement_parse(text, length, p->old, &p->n_old) : r;
}

static int save(const Replacement *p)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = replacement_format(p->old, p->n_old, &text);
        return r < 0 ? r : file_replace(p->records_fd, p->name, text, strlen(text), 0644);
}

static void forget(Replacement *p, size_t i)
{
        revocation_request_done(&p->old[i]);
        p->old[i] = p->old[--p->n_old];
        p->old[p->n_old] = (RevocationRequest){};
}

/* Return: 0; -ENOENT when it is none, or a placeholder; -EUCLEAN; -errno. */
static int add(Replacement *p, int fd, const char *variant, const RevocationRequest *manner)
{
        _cleanup_free_ char *certificate = NULL, *mark = NULL;
        int r;

        r = read_live(fd, "placeholder", variant, &mark);
        if (r != -ENOENT)
                return r == 0 ? -ENOENT : r;
        r = read_live(fd, CERT_FILE, variant, &certificate);
        if (r == 0 && p->n_old == REPLACED_MAX)
                r = -EUCLEAN;
        if (r < 0)
                return r;
        p->old[p->n_old] = *manner;
        p->old[p->n_old++].certificate = TAKE_PTR(certificate);
        return 0;
}

/* Of one moment: a generation. The second of two is never there alone. */
static int take_live(Replacement *p, const RevocationRequest *manner)
{
        _cleanup_close_ int fd = open_live(p->name);
        int r = MIN(fd, 0);

        while (p->n_old > 0)
                forget(p, p->n_old - 1);
        for (size_t i = 0; r == 0 && i < ELEMENTSOF(variants); i++) {
                r = add(p, fd, variants[i], manner);
                if (r == -ENOENT && variants[i])
                        r = 0;
        }
        return r;
}

/* What is live from the moment on at which the record of it is there: what a renewal installs
 * afterwards is new. Return: 0, -errno. */
static int note_live(Replacement *p, const RevocationRequest *manner)
{
        int r;

        do {
                r = take_live(p, manner);
                if (r == 0)
                        r = save(p);
                if (r == 0)
                        r = n_live(p);
        } while (r >= 0 && (size_t) r < p->n_old);
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

/* With another reason or key, as the words say now. */
static int go_on(Replacement *p, const char *reason, const char *key)
{
        bool is_other = false;

        printf("%s: going on with what was begun\n", p->name);
        FOREACH_ARRAY (old, p->old, p->n_old) {
                const RevocationRequest before = *old;

                (void) revoke_take_manner(reason, key, old);
                is_other = is_other || before.reason != old->reason ||
                           before.by_certificate_key != old->by_certificate_key;
        }
        return is_other ? save(p) : 0;
}

static ExitStatus begin(Replacement *p, const char *reason, const char *key)
{
        RevocationRequest manner = {.reason = REVOCATION_SUPERSEDED};
        int r;

        if (revoke_take_manner(reason, key, &manner) < 0)
                return EXIT_CONFIGURATION;
        p->records_fd = open(REPLACEMENT_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (p->records_fd < 0) {
                log_error_errno(-errno,
                                "Failed to open " REPLACEMENT_DIRECTORY
                                ", which systemd-tmpfiles --create makes");
                return EXIT_TRY_AGAIN;
        }
        r = load(p);
        if (r == 0)
                r = go_on(p, reason, key);
        else if (r == -ENOENT)
                r = note_live(p, &manner);
        return r == 0 ? EXIT_DONE : fail_begin(p, r);
}

static ExitStatus run_unit(const Replacement *p, const char *prefix)
{
        _cleanup_free_ char *unit = unit_of(prefix, p->name);

        return unit ? unit_run(unit, UNIT_TIMEOUT_USEC) : (log_oom(), EXIT_BUG);
}

/* Of two, one is new, and is not asked for once more by a request that is no newer than the record.
 */
static void date_request(const Replacement *p)
{
        struct stat st;

        if (fstatat(p->records_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
                request_date(RENEWAL_REQUEST_DIRECTORY, p->name, &st.st_mtim);
}

static ExitStatus renew(Replacement *p)
{
        int n;

        for (unsigned tries = 0; (n = n_live(p)) != 0; tries++) {
                ExitStatus status;

                if (tries == RENEWALS_MAX) {
                        log_error("%s was renewed, and what is live is still the same", p->name);
                        return EXIT_TRY_AGAIN;
                }
                status = request_leave(RENEWAL_REQUEST_DIRECTORY, p->name, "");
                if (status == EXIT_DONE && n > 0 && (size_t) n < p->n_old)
                        date_request(p);
                if (status == EXIT_DONE)
                        status = run_unit(p, "acme-renew");
                if (status != EXIT_DONE)
                        return status;
        }
        printf("%s: another certificate is live\n", p->name);
        return EXIT_DONE;
}

static ExitStatus deploy(Replacement *p)
{
        ExitStatus status;

        status = run_unit(p, "acme-deploy");
        if (status == EXIT_DONE)
                printf("%s: it is deployed\n", p->name);
        return status;
}

/* Where no endpoint is configured, there is nothing to look at. */
static ExitStatus verify(Replacement *p)
{
        ExitStatus status;

        status = run_unit(p, "acme-verify");
        if (status == EXIT_DONE)
                printf("%s: no server that is looked at serves another\n", p->name);
        return status;
}

static int drop_record(const Replacement *p)
{
        if (unlinkat(p->records_fd, p->name, 0) < 0 && errno != ENOENT)
                return -errno;
        (void) file_sync_directory(p->records_fd);
        return 0;
}

static ExitStatus revoke_one(Replacement *p, size_t i)
{
        ExitStatus status;
        int r;

        /* Somebody may have brought it back meanwhile. */
        if (n_live(p) != 0) {
                log_error("%s: what was live before may be live again", p->name);
                return EXIT_TRY_AGAIN;
        }
        status = revoke_carry_out(p->name, &p->old[i]);
        if (status != EXIT_DONE)
                return status;
        printf("%s: %s is revoked: %s\n",
               p->name,
               p->n_old > 1 ? "one of the two before" : "the one before",
               revocation_reason_to_string(p->old[i].reason));
        forget(p, i);
        r = p->n_old > 0 ? save(p) : drop_record(p);
        return r == 0 ? EXIT_DONE : fail_begin(p, r);
}

/* One that is refused does not keep the other from being revoked. After "try again", a revocation
 * may be under way still, and has the place of the request. */
static ExitStatus revoke_old(Replacement *p)
{
        ExitStatus status = EXIT_DONE;

        for (size_t i = p->n_old; i-- > 0 && status != EXIT_TRY_AGAIN;) {
                ExitStatus one = revoke_one(p, i);

                status = MAX(status, one);
        }
        return status;
}

static ExitStatus replace(Replacement *p)
{
        static ExitStatus (*const steps[])(Replacement *) = {renew, deploy, verify, revoke_old};

        FOREACH_ARRAY (step, steps, ELEMENTSOF(steps)) {
                ExitStatus status = (*step)(p);

                if (status == EXIT_DONE)
                        continue;
                log_error("%s: not done; what " REPLACEMENT_DIRECTORY
                          "/%s names is not known to be revoked. To go on from here: acmectl "
                          "replace %s",
                          p->name,
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
        status = begin(&p, reason, key);
        if (status == EXIT_DONE)
                status = replace(&p);
        FOREACH_ARRAY (old, p.old, p.n_old)
                revocation_request_done(old);
        closep(&p.records_fd);
        return status;
}
