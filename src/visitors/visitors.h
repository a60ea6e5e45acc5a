/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The connections that are open now, in the order of their arrival. Each may last so long and no
 * longer, and when there are too many, the one that has been here longest goes: a validator is
 * done within milliseconds, so that is somebody else. */

#include "base/time-util.h"

/* From accept() to the end, however busy. Validators of the public CAs give up after 10 s
 * themselves. */
#define VISIT_TIMEOUT_USEC (10 * USEC_PER_SEC)

typedef struct Visitor Visitor;

typedef struct Visitors {
        Visitor *first, *last;
        size_t n;
} Visitors;

/* Return: the new visitor, to be given to visitors_remove(); NULL without memory. */
Visitor *visitors_add(Visitors *visitors, int fd, usec_t now_usec);
void visitors_remove(Visitors *visitors, Visitor *visitor);

/* Shuts the connections down that are over their time, and the oldest one when full is true. They
 * stay in the list until whoever owns the descriptors notices and removes them.
 * Return: when it is to be called next, USEC_INFINITY for never. */
usec_t visitors_expire(Visitors *visitors, bool full, usec_t now_usec);
