/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "config/config.h"

/* Fills in the one error. file and line come in front of the message when they are given; file is
 * shown escaped. Return: CONFIG_E_INVALID, -ENOMEM. */
int config_error_set(ConfigError *error,
                     const char *file,
                     unsigned line,
                     const char *key,
                     const char *format,
                     ...) _printf_(5, 6);
