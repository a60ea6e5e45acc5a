/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the journal is told. */

#include "verify/expected.h"
#include "verify/plan.h"

/* Names the unit of each endpoint of this machine, as far as the kernel tells. Return: 0, -ENOMEM.
 */
int report_find_units(Endpoint *endpoints, size_t n);

/* One entry for each. Return: how many have failed. */
unsigned report_endpoints(const Endpoint *endpoints, size_t n, const Expected *expected);

/* One entry. */
void report_skip(const Skip *skip, const char *name);
