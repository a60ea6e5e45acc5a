/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acmectl renew NAME: a request to renew, which the signer heeds, and a start of the renewal. */

#include "base/log.h"
#include "base/name.h"
#include "ctl/public-state.h"
#include "ctl/request-file.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "state/due.h"

static ExitStatus tell(const char *name, ExitStatus status)
{
        _cleanup_(state_freep) State *state = NULL;

        if (status == EXIT_DONE && public_state_load("", name, &state) == 0 &&
            state->certificate.is_set)
                printf("%s: renewed, serial number %s, valid until %s\n",
                       name,
                       state->certificate.serial,
                       FORMAT_TIMESTAMP(state->certificate.not_after_usec));
        return status;
}

ExitStatus verb_renew(int argc, char *argv[])
{
        _cleanup_free_ char *unit = NULL;
        ExitStatus status;

        if (argc != 2 || !certificate_name_is_valid(argv[1]))
                return verb_usage(argv[0]);
        status = request_leave(RENEWAL_REQUEST_DIRECTORY, argv[1], "");
        if (status != EXIT_DONE)
                return status;
        unit = unit_of("acme-renew", argv[1]);
        if (!unit)
                return log_oom(), EXIT_BUG;
        return tell(argv[1], unit_run(unit, UNIT_TIMEOUT_USEC));
}
