/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* No shell: each word is an argument. dehydrated's hooks are given the domain, and the value where
 * http-01 has its key authorization; the token's file, which for dns-01 nobody needs, is "-".
 * lego's programs are given the record's whole name. */

#include "publisher/program.h"

static int fail(const DnsPublisher *publisher, int error)
{
        return report(PUBLISH_E_REFUSED,
                      "Failed to run Program=%s of dns.d/%s.conf: %s. It has to be there, and "
                      "executable for everybody",
                      publisher->program[0],
                      publisher->name,
                      strerror(error));
}

int program_check(const DnsPublisher *publisher)
{
        return access(publisher->program[0], X_OK) == 0 ? 0 : fail(publisher, errno);
}

static int
add_dehydrated(char ***argv, UpdateAction action, const char *identifier, const char *value)
{
        int r;

        r = strv_append(argv, action == UPDATE_PRESENT ? "deploy_challenge" : "clean_challenge");
        if (r == 0)
                r = strv_append(argv, identifier);
        if (r == 0)
                r = strv_append(argv, "-");
        return r < 0 ? r : strv_append(argv, value);
}

static int add_named(char ***argv, UpdateAction action, const char *name, const char *value)
{
        int r;

        r = strv_append(argv, action == UPDATE_PRESENT ? "present" : "cleanup");
        if (r == 0)
                r = strv_append(argv, name);
        return r < 0 ? r : strv_append(argv, value);
}

int program_run(const DnsPublisher *publisher,
                UpdateAction action,
                const char *identifier,
                const char *name,
                const char *value)
{
        _cleanup_free_ char *whole = NULL;
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        if (asprintf(&whole, "%s%s", name, publisher->convention == DNS_LEGO ? "." : "") < 0) {
                whole = NULL;
                return -ENOMEM;
        }
        r = strv_copy(publisher->program, &argv);
        if (r == 0 && publisher->convention == DNS_DEHYDRATED)
                r = add_dehydrated(&argv, action, identifier, value);
        else if (r == 0)
                r = add_named(&argv, action, whole, value);
        if (r < 0)
                return r;
        execv(argv[0], argv);
        return fail(publisher, errno);
}
