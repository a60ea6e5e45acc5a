/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Link header field (RFC 8288): RFC 8555 has a CA tell there where its terms of service are
 * (section 7.3.3). */

#include "base/strv.h"

/* A field with more links than that is nobody's. */
#define LINKS_MAX 32U

/* The target of the first link of this relation, as it came: a URI reference of visible ASCII that
 * nobody has checked any further; owned. value: one field's value, from a stranger. Relations are
 * compared without regard to case (section 2.1.1).
 * Return: 0; -ENOENT when there is none; -EBADMSG when what comes before it is no link; -ENOMEM. */
int link_find(const char *value, const char *relation, char **ret);

/* The targets of all links of this relation, appended to a list until that has max.
 * Return: 0, also when there is none; -EBADMSG when not all of it is links: those before it are in
 * the list; -ENOMEM. */
int link_collect(const char *value, const char *relation, size_t max, char ***list);
