/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What plans of rules and plans of set elements have in common. */

#include "firewall/plan.h"
#include "firewall/quoted-name.h"

/* text is taken. Return: 0, -ENOMEM. */
int plan_add_command(Plan *plan, const char *family, const char *table, char *text);
