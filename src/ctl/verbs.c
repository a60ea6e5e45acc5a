/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of verbs. */

#include "ctl/verb.h"

#include "base/log.h"
#include "base/name.h"
#include "version.h"

const Verb verbs[] = {
                {"account",
                 "bind|register|show|update|agree|deactivate|rollover|import-key|export-key "
                 "ACCOUNT "
                 "[FILE]",
                 "See to an account at a CA",
                 verb_account},
                {"import-key",
                 "NAME FILE|-",
                 "Have the next certificate be for a key of yours",
                 verb_import_key},
                {"renew",
                 "NAME [--dry-run]",
                 "Renew a certificate now, or try out whether that would work",
                 verb_renew},
                {"replace",
                 "NAME [--compromised|--reason=REASON] [--key=account|certificate]",
                 "Have another certificate in use, and then the one before revoked",
                 verb_replace},
                {"revoke",
                 "NAME [--generation=N|--serial=HEX|--file=PEM] [--reason=REASON] "
                 "[--key=account|certificate]",
                 "Have the CA revoke the live certificate, or another one",
                 verb_revoke},
                {"status",
                 "[--json] [NAME...]",
                 "Show how certificates are, and what has to be seen to",
                 verb_status},
                {},
};

const Verb *verb_find(const char *name)
{
        for (const Verb *verb = verbs; verb->name; verb++)
                if (streq(verb->name, name))
                        return verb;
        return NULL;
}

ExitStatus verb_usage(const char *name)
{
        const Verb *verb = verb_find(name);

        assert(verb);
        fprintf(stderr, "Usage: acmectl %s %s\n", verb->name, verb->arguments);
        return EXIT_CONFIGURATION;
}

bool verb_check_name(const char *name)
{
        if (certificate_name_is_valid(name))
                return true;
        log_error("\"%s\" cannot be the name of a certificate: that is " CERTIFICATE_NAME_GRAMMAR
                  ". What does not fit, such as a wildcard, is named by Identifiers= in " SYSCONFDIR
                  "/certs/NAME.conf",
                  name);
        return false;
}
