/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From the configuration to the endpoints that are looked at. */

#include "config/config.h"
#include "verify/discovery.h"
#include "verify/endpoint.h"

/* Why a step is skipped: the words of ACME_REASON=, which acme-verify@.service(8) lists. */
#define SKIP_NOTHING_LIVE "nothingLive"   /* there is no certificate yet */
#define SKIP_NO_TARGETS "noTargets"       /* nobody has it from us */
#define SKIP_NO_UNITS "noUnits"           /* a target of files alone */
#define SKIP_NOTHING_FOUND "nothingFound" /* the unit listens on no TLS port */
#define SKIP_SEVERAL_FOUND "severalFound" /* on several, or not alone */
#define SKIP_KERNEL_SILENT "kernelSilent" /* who listens cannot be found out */
#define SKIP_TOO_MANY "tooMany"           /* more than ENDPOINTS_MAX */

/* Something that is not looked at. */
typedef struct Skip {
        const char *reason;
        const char *target; /* NULL: not about one */
        const char *unit;   /* NULL: not about one */
} Skip;

#define SKIPS_MAX ENDPOINTS_MAX

typedef struct Plan {
        Endpoint endpoints[ENDPOINTS_MAX];
        size_t n_endpoints;
        Skip skips[SKIPS_MAX];
        size_t n_skips;
} Plan;
void plan_done(Plan *plan);

/* config has to outlive the plan. listeners: NULL when the kernel does not tell.
 * Return: 0, -ENOMEM. */
int plan_make(const Config *config, const Listeners *listeners, Plan *ret);

/* Did the unit turn out to be who answers at one of these? Then nothing was skipped. */
bool skip_is_void(const Skip *skip, const Endpoint *endpoints, size_t n);

/* Is there a unit of which nobody has said where it serves? */
bool plan_needs_listeners(const Config *config);
