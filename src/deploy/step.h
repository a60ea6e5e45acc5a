/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The steps of a target behind its files, by the names that the record has them under:
 * "Reload=nginx.service", "Exec=/usr/bin/program argument". */

#include "config/deploy-target.h"

/* setting: "Reload", …; argv: not empty. Return: 0, -ENOMEM. */
int step_of_unit(const char *setting, const char *unit, char **ret);
int step_of_program(char *const *argv, char **ret);

/* All that a target has, and all of Consumers=. Return: 0, -ENOMEM. */
int step_list(const DeployTarget *target, char ***ret);
int step_list_consumers(char **consumers, char ***ret);
