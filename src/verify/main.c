/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* acme-verify NAME: is the live certificate what is served?
 *
 * This room talks to servers, and has no key: it sees the configuration, one certificate, and the
 * links that say what is live. It changes nothing, here or there. */

#include <signal.h>

#include "base/arguments.h"
#include "base/audit.h"
#include "base/exit-status.h"
#include "base/log.h"
#include "base/variant.h"
#include "verify/report.h"
#include "verify/watch.h"
#include "x509/certificate.h"

/* Where acme-verify@.service mounts the live certificate. */
#define CERTIFICATE_PATH "/run/acme/door/cert.pem"

/* Besides those of base/exit-status.h; acme-verify@.service(8) promises them. */
enum {
        EXIT_OUTDATED = 3,    /* another certificate went live meanwhile: PID 1 starts it again */
        EXIT_NOT_SERVED = 69, /* it is not what is served */
};

static void plan_freep(Plan **plan)
{
        if (*plan)
                plan_done(*plan);
        free(*plan);
}

static void listeners_freep(Listeners **listeners)
{
        if (*listeners)
                listeners_done(*listeners);
        free(*listeners);
}

/* Return: 0; CONFIG_E_INVALID, and it has been told; -ENOMEM. */
static int load_config(const char *name, Config **ret)
{
        _cleanup_(config_error_done) ConfigError error = {};
        int r;

        r = config_load(name, "", ret, &error);
        if (r == CONFIG_E_INVALID)
                audit(AUDIT_CONFIGURATION_INVALID, error.message, {AUDIT_REASON, error.message});
        return r;
}

/* Return: 0; -ENOMEM. */
static int make_plan(const Config *config, Plan **ret)
{
        _cleanup_(listeners_freep) Listeners *listeners = NULL;
        _cleanup_(plan_freep) Plan *plan = calloc(1, sizeof(Plan));
        int r;

        if (!plan)
                return -ENOMEM;
        if (plan_needs_listeners(config)) {
                listeners = calloc(1, sizeof(Listeners));
                if (!listeners)
                        return -ENOMEM;
                r = listeners_find(listeners);
                if (r == -ENOMEM)
                        return r;
                if (r < 0) {
                        log_warning_errno(r, "The kernel does not tell who listens");
                        listeners_freep(&listeners);
                        listeners = NULL;
                }
        }
        r = plan_make(config, listeners, plan);
        if (r == 0)
                *ret = TAKE_PTR(plan);
        return r;
}

/* Consumers= cannot say where a unit serves; a section of Verify= alone may do so. */
static void report_skips(const Plan *plan, const char *name)
{
        FOREACH_ARRAY (s, plan->skips, plan->n_skips)
                if (!skip_is_void(s, plan->endpoints, plan->n_endpoints))
                        report_skip(s, name);
}

static int verify(const Config *config, const Expected *expected)
{
        _cleanup_(plan_freep) Plan *plan = NULL;
        unsigned n_failed;
        int r;

        r = make_plan(config, &plan);
        if (r < 0)
                return log_oom(), EXIT_BUG;
        if (plan->n_endpoints == 0) {
                report_skips(plan, config->name);
                return EXIT_DONE;
        }
        r = watch(plan->endpoints, plan->n_endpoints, expected, config->name);
        if (r == WATCH_E_OUTDATED) {
                log_notice("Another certificate of %s went live meanwhile; looking again",
                           config->name);
                return EXIT_OUTDATED;
        }
        if (r == 0)
                r = report_find_units(plan->endpoints, plan->n_endpoints);
        if (r < 0) {
                log_error_errno(r, "Failed to look at what serves %s", config->name);
                return EXIT_BUG;
        }
        report_skips(plan, config->name);
        n_failed = report_endpoints(plan->endpoints, plan->n_endpoints, expected);
        return n_failed > 0 ? EXIT_NOT_SERVED : EXIT_DONE;
}

/* Return: 0; -errno. */
static int load_second(const char *variant, Expected *expected)
{
        _cleanup_free_ char *path = NULL;
        int r;

        r = variant_path(CERTIFICATE_PATH, variant, &path);
        return r == 0 ? expected_load_second(path, expected) : r;
}

static int run(const char *name)
{
        _cleanup_(config_freep) Config *config = NULL;
        _cleanup_(expected_done) Expected expected = {};
        int r;

        r = load_config(name, &config);
        if (r > 0)
                return EXIT_CONFIGURATION;
        if (r < 0)
                return log_oom(), EXIT_BUG;
        r = expected_load(CERTIFICATE_PATH, &expected);
        if (r == -ENOENT) {
                report_skip(&(Skip){.reason = SKIP_NOTHING_LIVE}, name);
                return EXIT_DONE;
        }
        if (r == 0 && config->n_key_types > 1)
                r = load_second(config_variant(config, 1), &expected);
        if (r < 0) {
                log_error_errno(r,
                                "Failed to read the live certificate of %s; systemctl start "
                                "acme-renew@%s installs a new one",
                                name,
                                name);
                return EXIT_BUG;
        }
        /* Then the certificate is what says the names. */
        if (!config->identifiers && certificate_get_names(expected.leaf, &config->identifiers) < 0)
                return log_oom(), EXIT_BUG;
        return verify(config, &expected);
}

static const char usage[] =
                "acme-verify NAME\n\n"
                "Looks whether the live certificate NAME is what is served. Started by\n"
                "acme-verify@NAME.service, which shows it that certificate.\n\n"
                "  -h, --help     show this\n"
                "      --version  show the version\n\n"
                "See acme-verify@.service(8).\n";

int main(int argc, char *argv[])
{
        const char *name;
        int status;

        log_open("acme-verify");
        name = arguments_take_name(argc, argv, "acme-verify", usage, &status);
        if (!name)
                return status;
        /* A server that goes away while we send is an outcome, not an end. */
        (void) signal(SIGPIPE, SIG_IGN);
        log_set_certificate(name);
        status = run(name);
        log_flush();
        return status;
}
