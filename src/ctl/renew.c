/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl renew NAME: a request to renew, which the signer heeds, and a start of the renewal; or a
 * request for a dry run, which is there for that start alone. */

#include "base/log.h"
#include "config/dry-run.h"
#include "ctl/public-state.h"
#include "ctl/request-file.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "state/due.h"

static ExitStatus tell(const char *name, ExitStatus status)
{
        _cleanup_(state_freep) State *state = NULL;

        if (status == EXIT_DONE && public_state_load("", name, NULL, &state) == 0 &&
            state->certificate.is_set)
                printf("%s: renewed, serial number %s, valid until %s\n",
                       name,
                       state->certificate.serial,
                       FORMAT_TIMESTAMP(state->certificate.not_after_usec));
        return status;
}

static ExitStatus renew(const char *name, const char *unit)
{
        ExitStatus status = request_leave(RENEWAL_REQUEST_DIRECTORY, name, "");

        return status == EXIT_DONE ? tell(name, unit_run(unit, UNIT_TIMEOUT_USEC)) : status;
}

/* What runs already has read what it is to do, and a start of ours would only wait for it. */
static ExitStatus run_apart(const char *unit)
{
        int r = unit_is_busy(unit);

        if (r > 0)
                log_error("%s is at work; try again when it has ended", unit);
        return r == 0 ? unit_run(unit, UNIT_TIMEOUT_USEC) : EXIT_TRY_AGAIN;
}

static ExitStatus try_out(const char *name, const char *unit)
{
        ExitStatus status = request_leave(DRY_RUN_REQUEST_DIRECTORY, name, "");

        if (status != EXIT_DONE)
                return status;
        status = run_apart(unit);
        request_remove(DRY_RUN_REQUEST_DIRECTORY, name);
        if (status == EXIT_DONE)
                printf("%s: the dry run has passed; nothing was changed\n", name);
        return status;
}

/* Return: 0, -EINVAL. */
static int parse_options(int argc, char *argv[], bool *ret_is_dry_run)
{
        static const struct option options[] = {
                        {"dry-run", no_argument, NULL, 'd'},
                        {},
        };
        int option;

        *ret_is_dry_run = false;
        while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
                if (option != 'd')
                        return -EINVAL;
                *ret_is_dry_run = true;
        }
        return optind == argc - 1 ? 0 : -EINVAL;
}

ExitStatus verb_renew(int argc, char *argv[])
{
        _cleanup_free_ char *unit = NULL;
        bool is_dry_run;

        if (parse_options(argc, argv, &is_dry_run) < 0)
                return verb_usage(argv[0]);
        if (!verb_check_name(argv[optind]))
                return EXIT_CONFIGURATION;
        unit = unit_of("acme-renew", argv[optind]);
        if (!unit)
                return log_oom(), EXIT_BUG;
        return is_dry_run ? try_out(argv[optind], unit) : renew(argv[optind], unit);
}
