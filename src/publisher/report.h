/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why something failed: one sentence for the journal, and for the dns room, which reads it from
 * PID 1 as the unit's status. */

#include "base/macro.h"

enum {
        PUBLISH_E_FAILED = 10, /* it has been reported; another time may be better */
        PUBLISH_E_REFUSED,     /* it has been reported; a person has to act */
};

/* Return: outcome. */
int report(int outcome, const char *format, ...) _printf_(2, 3);
