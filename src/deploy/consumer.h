/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A unit that is to notice a new certificate. */

#include "deploy/deploy.h"

typedef enum ConsumerKind {
        CONSUMER_RELOAD,     /* Reload=: reload, restart what cannot, start what does not run */
        CONSUMER_RESTART,    /* Restart=: restart, start what does not run */
        CONSUMER_TRY_RELOAD, /* TryReload=: as the first, but leave alone what does not run */
        CONSUMER_CREDENTIAL, /* Consumers=: it has the certificate by LoadCredential=, if it runs */
        CONSUMER_KIND_MAX,
} ConsumerKind;

/* The setting that names the unit: "Reload", … */
const char *consumer_kind_to_string(ConsumerKind kind);

typedef struct Consumer {
        ConsumerKind kind;
        const char *unit;
        const char *certificate;
        const char *target; /* the label, for messages */
        usec_t since_usec;  /* monotonic: what began later has seen the new files */
        bool is_instance;   /* of a template that is configured, and not named itself */
} Consumer;

/* Return: 0, the unit has seen the new files, or does not run; DEPLOY_E_FAILED; -errno. */
int consumer_serve(Deploy *d, const Consumer *consumer);
