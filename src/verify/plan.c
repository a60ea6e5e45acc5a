/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every Verify= is an endpoint. A target without one has those that its units are found at, and so
 * have the units of Consumers=. */

#include "verify/plan.h"

#include "acme/address.h"
#include "config/unit-name.h"

void plan_done(Plan *plan)
{
        FOREACH_ARRAY (e, plan->endpoints, plan->n_endpoints)
                endpoint_done(e);
        plan->n_endpoints = 0;
}

static void skip(Plan *plan, const char *reason, const char *target, const char *unit)
{
        if (plan->n_skips < SKIPS_MAX)
                plan->skips[plan->n_skips++] = (Skip){reason, target, unit};
}

static bool is_known(const Plan *plan, const char *text)
{
        FOREACH_ARRAY (e, plan->endpoints, plan->n_endpoints)
                if (streq(e->text, text))
                        return true;
        return false;
}

/* Takes what endpoint owns. Return: 0. */
static int add(Plan *plan, Endpoint *endpoint)
{
        if (is_known(plan, endpoint->text))
                endpoint_done(endpoint);
        else if (plan->n_endpoints == ENDPOINTS_MAX) {
                skip(plan, SKIP_TOO_MANY, endpoint->target, NULL);
                endpoint_done(endpoint);
        } else
                plan->endpoints[plan->n_endpoints++] = *endpoint;
        return 0;
}

/* The only unit of a target; NULL when there are more or none. */
static const char *only_unit(const DeployTarget *target)
{
        char **const lists[] = {target->reload, target->restart, target->try_reload};
        const char *unit = NULL;

        FOREACH_ARRAY (list, lists, ELEMENTSOF(lists))
                STRV_FOREACH (u, *list) {
                        if (unit)
                                return NULL;
                        unit = *u;
                }
        return unit;
}

#define SNI_MAX (CONFIG_IDENTIFIER_BYTES_MAX + sizeof("www"))

/* A name, which a server may need to tell its sites apart; of wildcards alone, one that they are
 * for; an address where there is nothing else. Return: buffer, or one of the identifiers. */
static const char *usual_sni(const Config *c, char buffer[static SNI_MAX])
{
        STRV_FOREACH (identifier, c->identifiers)
                if (!acme_is_address(*identifier) && **identifier != '*')
                        return *identifier;
        STRV_FOREACH (identifier, c->identifiers)
                if (**identifier == '*') {
                        (void) snprintf(buffer, SNI_MAX, "www%s", *identifier + 1);
                        return buffer;
                }
        return c->identifiers[0];
}

static int
add_configured(Plan *plan, const Config *c, const DeployTarget *target, const VerifyEndpoint *v)
{
        Endpoint e = {.target = target->label, .port = v->port, .starttls = v->starttls};

        if (free_and_strdup(&e.unit, only_unit(target)) < 0 ||
            free_and_strdup(&e.host, v->host) < 0 ||
            free_and_strdup(&e.sni, v->sni ?: usual_sni(c, (char[SNI_MAX]){})) < 0 ||
            free_and_strdup(&e.text, v->text) < 0) {
                endpoint_done(&e);
                return -ENOMEM;
        }
        return add(plan, &e);
}

static int add_found(Plan *plan, const char *sni, const Endpoint *like, const char *address)
{
        size_t n = strlen(address);
        bool is_ipv6 = *address == '[';
        Endpoint e = {.target = like->target, .port = like->port};

        e.host = is_ipv6 ? strndup(address + 1, n - 2) : strdup(address);
        if (asprintf(&e.text, "%s:%u", address, like->port) < 0)
                e.text = NULL;
        if (!e.host || !e.text || free_and_strdup(&e.unit, like->unit) < 0 ||
            free_and_strdup(&e.sni, sni) < 0) {
                endpoint_done(&e);
                return -ENOMEM;
        }
        return add(plan, &e);
}

static int
add_unit(Plan *plan, const Listeners *listeners, const char *sni, const char *target, char *unit)
{
        const Endpoint like = {.target = target, .unit = unit};
        Endpoint found = like;
        Discovery d = {};
        int r;

        if (!listeners) {
                skip(plan, SKIP_KERNEL_SILENT, target, unit);
                return 0;
        }
        r = discover(listeners, unit, &d);
        if (r != 0) {
                skip(plan,
                     r == DISCOVERY_E_SEVERAL ? SKIP_SEVERAL_FOUND : SKIP_NOTHING_FOUND,
                     target,
                     unit);
                return 0;
        }
        found.port = d.port;
        for (size_t i = 0; r == 0 && i < d.n; i++)
                r = add_found(plan, sni, &found, d.addresses[i]);
        return r;
}

static int add_units(Plan *plan, const Listeners *listeners, const Config *c, const DeployTarget *t)
{
        char **const lists[] = {t->reload, t->restart, t->try_reload};
        bool has_units = false;
        int r;

        FOREACH_ARRAY (list, lists, ELEMENTSOF(lists))
                STRV_FOREACH (unit, *list) {
                        has_units = true;
                        r = add_unit(plan,
                                     listeners,
                                     usual_sni(c, (char[SNI_MAX]){}),
                                     t->label,
                                     *unit);
                        if (r < 0)
                                return r;
                }
        if (!has_units)
                skip(plan, SKIP_NO_UNITS, t->label, NULL);
        return 0;
}

int plan_make(const Config *config, const Listeners *listeners, Plan *ret)
{
        int r = 0;

        FOREACH_ARRAY (t, config->deploy, config->n_deploy)
                FOREACH_ARRAY (v, t->verify, t->n_verify)
                        if (r == 0)
                                r = add_configured(ret, config, t, v);
        FOREACH_ARRAY (t, config->deploy, config->n_deploy)
                if (r == 0 && t->n_verify == 0)
                        r = add_units(ret, listeners, config, t);
        STRV_FOREACH (unit, config->consumers)
                if (r == 0)
                        r = add_unit(ret,
                                     listeners,
                                     usual_sni(config, (char[SNI_MAX]){}),
                                     NULL,
                                     *unit);
        if (config->n_deploy == 0 && !config->consumers)
                skip(ret, SKIP_NO_TARGETS, NULL, NULL);
        if (r < 0)
                plan_done(ret);
        return r;
}

bool skip_is_void(const Skip *skip, const Endpoint *endpoints, size_t n)
{
        FOREACH_ARRAY (e, endpoints, n)
                if (skip->unit && e->unit && e->finding.is_local &&
                    unit_name_matches(skip->unit, e->unit))
                        return true;
        return false;
}

bool plan_needs_listeners(const Config *config)
{
        FOREACH_ARRAY (t, config->deploy, config->n_deploy)
                if (t->n_verify == 0 && (t->reload || t->restart || t->try_reload))
                        return true;
        return config->consumers;
}
