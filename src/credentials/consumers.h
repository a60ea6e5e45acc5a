/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which certificate a unit may have, as certs/ *.conf says now. */

#include "base/strv.h"

/* More certificates than this are not looked through for one connection. */
#define CONSUMERS_NAMES_MAX 1024U

typedef struct Consumers {
        char **names;    /* all that have a file or a drop-in directory */
        char **listing;  /* of these, those that list the unit */
        char **problems; /* what is wrong with those that could not be read, whole messages */
} Consumers;
void consumers_done(Consumers *consumers);

/* unit: a valid name of a unit. name: the one NAME to look at, "" for all. root: put before every
 * path, "" but in tests. ret is for consumers_done() in every case.
 * Return: 0, ret->listing has one; CONSUMERS_E_NOT_LISTED, it has none; CONSUMERS_E_SEVERAL;
 * -E2BIG when there are more than CONSUMERS_NAMES_MAX; -errno. */
enum {
        CONSUMERS_E_NOT_LISTED = 1,
        CONSUMERS_E_SEVERAL,
};
int consumers_find(const char *root, const char *unit, const char *name, Consumers *ret);
