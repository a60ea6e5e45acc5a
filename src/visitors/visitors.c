/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A list, oldest first: since every visit may last the same time, who came first is over first. */

#include <sys/socket.h>

#include "visitors/visitors.h"

struct Visitor {
        Visitor *previous, *next;
        int fd; /* borrowed */
        usec_t arrived_usec;
        bool is_shut;
};

Visitor *visitors_add(Visitors *visitors, int fd, usec_t now_usec)
{
        Visitor *visitor = malloc(sizeof(*visitor));

        if (!visitor)
                return NULL;
        *visitor = (Visitor){
                        .previous = visitors->last,
                        .fd = fd,
                        .arrived_usec = now_usec,
        };
        if (visitors->last)
                visitors->last->next = visitor;
        else
                visitors->first = visitor;
        visitors->last = visitor;
        visitors->n++;
        return visitor;
}

void visitors_remove(Visitors *visitors, Visitor *visitor)
{
        if (!visitor)
                return;
        if (visitor->previous)
                visitor->previous->next = visitor->next;
        else
                visitors->first = visitor->next;
        if (visitor->next)
                visitor->next->previous = visitor->previous;
        else
                visitors->last = visitor->previous;
        visitors->n--;
        free(visitor);
}

usec_t visitors_expire(Visitors *visitors, bool full, usec_t now_usec)
{
        for (Visitor *visitor = visitors->first; visitor; visitor = visitor->next) {
                if (visitor->is_shut)
                        continue;
                if (!full && visitor->arrived_usec + VISIT_TIMEOUT_USEC > now_usec)
                        return visitor->arrived_usec + VISIT_TIMEOUT_USEC;
                (void) shutdown(visitor->fd, SHUT_RDWR);
                visitor->is_shut = true;
                full = false;
        }
        return USEC_INFINITY;
}
