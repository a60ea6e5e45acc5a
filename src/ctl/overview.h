/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What acmectl status says of one certificate: a verdict on what others have found out, a line of a
 * table, and a JSON object. No I/O but for the printing: everything that is known is an argument.
 */

#include "config/config.h"
#include "state/due.h"
#include "state/state.h"
#include "json/json.h"

/* What a certificate has a person do. */
typedef enum Attention {
        ATTENTION_NO_STATE = 1 << 0,      /* nobody can say what is live */
        ATTENTION_CONFIGURATION = 1 << 1, /* no renewal can succeed: the settings are wrong, */
        ATTENTION_REFUSED = 1 << 2,       /* or the CA refuses us */
        ATTENTION_EXPIRED = 1 << 3,
        ATTENTION_REVOKED = 1 << 4, /* and still live */
        ATTENTION_DEPLOY = 1 << 5,
        ATTENTION_VERIFY = 1 << 6,
        ATTENTION_NO_TIMER = 1 << 7, /* it is due, and nothing will renew it */
        ATTENTION_DRY_RUN = 1 << 8,  /* every renewal is but tried out, by DryRun=yes */
} Attention;

/* The units of a certificate that have an end. */
typedef enum OverviewUnit {
        OVERVIEW_RENEW,
        OVERVIEW_DEPLOY,
        OVERVIEW_VERIFY,
        OVERVIEW_UNIT_MAX,
} OverviewUnit;

typedef enum UnitCondition {
        UNIT_UNKNOWN, /* PID 1 cannot be asked */
        UNIT_IDLE,    /* its last end was a good one, or there was none since boot */
        UNIT_RUNNING,
        UNIT_FAILED,
} UnitCondition;

typedef struct OverviewRun {
        UnitCondition condition;
        int exit_status; /* of one that failed and has left one; 0 otherwise */
        char *said;      /* by one that failed, as its last words; NULL: nothing */
} OverviewRun;

typedef struct Overview {
        const char *name;              /* borrowed */
        const struct Overview *second; /* borrowed: with the second of two key types; NULL: none */
        const Config *config;          /* borrowed; NULL: it does not hold, */
        const char *config_message;    /* and why; borrowed */
        const State *state;            /* borrowed; NULL: there is none, */
        int state_error;               /* -ENOENT; or it cannot be used: another -errno */
        usec_t requested_usec;         /* as due_evaluate() wants it */
        usec_t now_usec;

        OverviewRun runs[OVERVIEW_UNIT_MAX];
        UnitCondition timer; /* UNIT_RUNNING: it runs */
        bool timer_is_enabled;
        UnitCondition retry_timer; /* UNIT_RUNNING: it will be tried again even without the other */

        /* By overview_judge(). */
        DueReason due;
        usec_t renew_usec; /* when the next renewal is to be begun; 0: nobody knows */
        unsigned attention;
} Overview;

/* Fills in the last three, by the key type that the configuration is turned to; of one that is
 * shown with a second, that one's attention is its own as well. */
void overview_judge(Overview *o);

/* "none", "unknown", "placeholder", "live", "expired", "revoked". */
const char *overview_get_live(const Overview *o);

/* Settings that the live certificate does not have yet, and its renewal will; NULL in *ret: none.
 * Return: 0, -ENOMEM. */
int overview_get_changed(const Overview *o, char ***ret);

/* "verifyFailed"; i counts up from 0. NULL: there are no more. */
const char *attention_to_string(unsigned i);

/* The head of the table, for names of that many characters; a certificate's line, and below it what
 * is not as it ought to be. Return: 0, -ENOMEM. */
void overview_print_head(FILE *f, int name_width);
int overview_print(const Overview *o, FILE *f, int name_width);

/* Return: 0, -ENOMEM. */
int overview_to_json(const Overview *o, struct json_object **ret);
