/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl revoke NAME: the request that the signer reads, and a start of the unit that carries it
 * to the CA. A request names one certificate for good, also where "what is live" was meant: when it
 * is carried out, something else may be. */

#include "ctl/revoke.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/log.h"
#include "base/variant.h"
#include "ctl/public-state.h"
#include "ctl/request-file.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "live/generation.h"

ExitStatus revoke_carry_out(const char *name, const RevocationRequest *request)
{
        _cleanup_free_ char *text = NULL, *unit = unit_of("acme-revoke", name);
        ExitStatus status;

        if (!unit || revocation_request_format(request, &text) < 0)
                return log_oom(), EXIT_BUG;
        status = request_leave(REVOCATION_REQUEST_DIRECTORY, name, text);
        if (status == EXIT_DONE)
                status = unit_run(unit, UNIT_TIMEOUT_USEC);
        if (status == EXIT_DONE)
                request_remove(REVOCATION_REQUEST_DIRECTORY, name);
        return status;
}

/* What is live when nothing else is said. */
static ExitStatus choose_live(const char *name, RevocationRequest *request)
{
        int r;

        r = live_generation("", name, &request->generation);
        if (r == 0)
                return EXIT_DONE;
        if (r == -ENOENT)
                log_error("Nothing is live for %s; name what is to be revoked with --generation=, "
                          "--serial= or --file=",
                          name);
        else
                log_error_errno(r, "Failed to see what is live for %s", name);
        return EXIT_CONFIGURATION;
}

static ExitStatus choose_file(const char *path, RevocationRequest *request)
{
        int r;

        r = file_read(AT_FDCWD, path, REVOCATION_REQUEST_BYTES_MAX, 0, &request->certificate, NULL);
        if (r == 0)
                return EXIT_DONE;
        log_error_errno(r, "Failed to read the certificate %s", path);
        return EXIT_CONFIGURATION;
}

static ExitStatus choose_generation(const char *name, const char *word, RevocationRequest *request)
{
        if (!*word || word[strspn(word, "0123456789")]) {
                log_error("\"%s\" is no generation: that is a number, the name of a directory in "
                          "/var/lib/acme/certs/%s",
                          word,
                          name);
                return EXIT_CONFIGURATION;
        }
        return free_and_strdup(&request->generation, word) < 0 ? (log_oom(), EXIT_BUG) : EXIT_DONE;
}

/* The options, as they were given. */
typedef struct Options {
        const char *generation, *serial, *file, *reason, *key;
} Options;

static ExitStatus choose(const char *name, const Options *o, RevocationRequest *request)
{
        ExitStatus status = EXIT_DONE;
        int r = 0;

        if (!!o->generation + !!o->serial + !!o->file > 1) {
                log_error("--generation=, --serial= and --file= are three ways to say the same");
                return EXIT_CONFIGURATION;
        }
        if (o->file)
                status = choose_file(o->file, request);
        else if (o->serial)
                r = serial_normalize(o->serial, &request->serial);
        else if (o->generation)
                status = choose_generation(name, o->generation, request);
        else
                status = choose_live(name, request);
        if (r == -ENOMEM)
                return log_oom(), EXIT_BUG;
        if (r < 0) {
                log_error("\"%s\" is no serial number", o->serial);
                return EXIT_CONFIGURATION;
        }
        return status;
}

int revoke_take_manner(const char *reason, const char *key, RevocationRequest *request)
{
        if (reason)
                request->reason = revocation_reason_from_string(reason);
        if (reason && request->reason == REVOCATION_UNSTATED) {
                log_error("\"%s\" is no reason; RFC 5280 has unspecified, keyCompromise, "
                          "cACompromise, affiliationChanged, superseded, cessationOfOperation, "
                          "certificateHold, removeFromCRL, privilegeWithdrawn and aACompromise",
                          reason);
                return -EINVAL;
        }
        if (key)
                request->by_certificate_key = streq(key, "certificate");
        if (key && !request->by_certificate_key && !streq(key, "account")) {
                log_error("--key= is account or certificate, and not \"%s\"", key);
                return -EINVAL;
        }
        return 0;
}

static void tell(const char *name, const Options *o, const RevocationRequest *request)
{
        _cleanup_(state_freep) State *state = NULL;

        if (o->file)
                printf("%s: the certificate in %s is revoked\n", name, o->file);
        else if (o->serial)
                printf("%s: the certificate %s is revoked\n", name, request->serial);
        else
                printf("%s: generation %s is revoked\n", name, request->generation);
        if (public_state_load("", name, NULL, &state) == 0 &&
            state->certificate.revocation.revoked_usec > 0)
                printf("%s: what is live is revoked; acmectl renew %s replaces it now, the timer "
                       "at "
                       "its next turn\n",
                       name,
                       name);
}

/* Where a generation has a file with the variant of a second key type (base/variant.h).
 * Return: 1, and the path; 0 when it has none; -ENOMEM. */
static int find_second(const char *name, const char *generation, const char *file, char **ret)
{
        static const char *const variants[] = {"ec", "rsa"};

        FOREACH_ARRAY (variant, variants, ELEMENTSOF(variants)) {
                _cleanup_free_ char *path = NULL;
                char buffer[VARIANT_FILE_MAX];

                if (asprintf(&path,
                             "/var/lib/acme/certs/%s/%s/%s",
                             name,
                             generation,
                             variant_file(file, *variant, buffer)) < 0) {
                        path = NULL;
                        return -ENOMEM;
                }
                if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
                        *ret = TAKE_PTR(path);
                        return 1;
                }
        }
        return 0;
}

/* The other certificate of the generation that was named, or is live: who means both says neither.
 */
static ExitStatus run_second(const char *name, const RevocationRequest *first)
{
        _cleanup_free_ char *path = NULL, *mark = NULL;
        RevocationRequest request = {
                        .reason = first->reason,
                        .by_certificate_key = first->by_certificate_key,
        };
        ExitStatus status;
        int r;

        r = find_second(name, first->generation, "cert.pem", &path);
        if (r > 0)
                r = find_second(name, first->generation, "placeholder", &mark) == 0;
        if (r <= 0)
                return r < 0 ? (log_oom(), EXIT_BUG) : EXIT_DONE;
        status = choose_file(path, &request);
        if (status == EXIT_DONE)
                status = revoke_carry_out(name, &request);
        if (status == EXIT_DONE)
                printf("%s: and so is %s\n", name, path);
        revocation_request_done(&request);
        return status;
}

static ExitStatus run(const char *name, const Options *options)
{
        RevocationRequest request = {.reason = REVOCATION_UNSTATED};
        ExitStatus status = EXIT_CONFIGURATION, second;

        if (revoke_take_manner(options->reason, options->key, &request) == 0)
                status = choose(name, options, &request);
        if (status == EXIT_DONE)
                status = revoke_carry_out(name, &request);
        if (status == EXIT_DONE)
                tell(name, options, &request);
        /* Also when the first one is revoked already. */
        if (request.generation) {
                second = run_second(name, &request);
                status = MAX(status, second);
        }
        revocation_request_done(&request);
        return status;
}

ExitStatus verb_revoke(int argc, char *argv[])
{
        static const struct option options[] = {
                        {"generation", required_argument, NULL, 'g'},
                        {"serial", required_argument, NULL, 's'},
                        {"file", required_argument, NULL, 'f'},
                        {"reason", required_argument, NULL, 'r'},
                        {"key", required_argument, NULL, 'k'},
                        {},
        };
        Options o = {};
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
                switch (option) {
                case 'g':
                        o.generation = optarg;
                        break;
                case 's':
                        o.serial = optarg;
                        break;
                case 'f':
                        o.file = optarg;
                        break;
                case 'r':
                        o.reason = optarg;
                        break;
                case 'k':
                        o.key = optarg;
                        break;
                default:
                        return verb_usage(argv[0]);
                }
        if (optind != argc - 1)
                return verb_usage(argv[0]);
        if (!verb_check_name(argv[optind]))
                return EXIT_CONFIGURATION;
        return run(argv[optind], &o);
}
