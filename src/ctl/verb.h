/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The verbs of acmectl: each has a function, a file of its own, and a row in the table of verbs.c.
 */

#include <getopt.h>

#include "base/exit-status.h"
#include "base/macro.h"

typedef struct Verb {
        const char *name;
        const char *arguments; /* as the usage shows them */
        const char *summary;   /* one line, without a full stop */

        /* argv[0] is the verb. What it prints on standard output is its result; everything else
         * goes to standard error, by base/log.h. */
        ExitStatus (*run)(int argc, char *argv[]);
} Verb;

/* Ends with a row without a name. */
extern const Verb verbs[];

/* NULL for a word that is none. */
const Verb *verb_find(const char *name);

/* "acmectl renew NAME", to standard error. Return: EXIT_CONFIGURATION, for who was called wrongly.
 */
ExitStatus verb_usage(const char *name);

/* Is it one that a certificate can have? Says why not. */
bool verb_check_name(const char *name);

ExitStatus verb_account(int argc, char *argv[]);
ExitStatus verb_import_key(int argc, char *argv[]);
ExitStatus verb_replace(int argc, char *argv[]);
ExitStatus verb_renew(int argc, char *argv[]);
ExitStatus verb_revoke(int argc, char *argv[]);
ExitStatus verb_status(int argc, char *argv[]);
