/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A CA asks any of a zone's servers, and some ask several: all of them must have the value before
 * it is told to look, since a look that fails ends the order. One that is not there at all is
 * another matter: resolvers go on to the next. */

#include "publisher/propagation.h"

#include <netdb.h>
#include <time.h>

#include "base/log.h"

/* Between two rounds: from quick to polite. */
#define PAUSE_MIN_USEC (200 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (5 * USEC_PER_SEC)

typedef enum Seen {
        SEEN_NOTHING, /* not asked yet, or no answer */
        SEEN_LACKING,
        SEEN_THERE,
        SEEN_UNREACHABLE, /* no answer, and not asked any more */
} Seen;

typedef struct Watched {
        Place place;
        const char *value;             /* of dns-01; NULL: */
        const PersistRecord *persists; /* of dns-persist-01 */
        Seen seen[PLACE_SERVERS_MAX];
        unsigned silent[PLACE_SERVERS_MAX];
} Watched;

static void free_watched(Watched *list, size_t n)
{
        FOREACH_ARRAY (w, list, n)
                place_done(&w->place);
        free(list);
}

static const char *address_of(const DnsServer *server, char buffer[static NI_MAXHOST])
{
        if (getnameinfo((const struct sockaddr *) &server->address,
                        server->length,
                        buffer,
                        NI_MAXHOST,
                        NULL,
                        0,
                        NI_NUMERICHOST) != 0)
                buffer[0] = 0;
        return buffer;
}

/* No route of that family: this server is not for us. */
static bool is_no_route(int error)
{
        return error == -ENETUNREACH || error == -EHOSTUNREACH || error == -EAFNOSUPPORT ||
               error == -EADDRNOTAVAIL;
}

static void note_silence(Watched *w, size_t i, int error)
{
        const DnsServer *server = w->place.servers + i;

        w->seen[i] = SEEN_NOTHING;
        if (!is_no_route(error) && ++w->silent[i] < PROPAGATION_SILENT_MAX)
                return;
        w->seen[i] = SEEN_UNREACHABLE;
        log_warning_errno(error,
                          "Not waiting for %s (%s), a name server of %s, which does not answer",
                          server->name,
                          address_of(server, (char[NI_MAXHOST]){}),
                          w->place.zone);
}

static bool says(const char *text, const void *userdata)
{
        _cleanup_free_ char *copy = strdup(text);
        PersistRecord found;

        return copy && persist_record_parse(copy, &found) == 0 &&
               persist_record_is(&found, userdata, now_realtime());
}

static bool has_it(const Watched *w, DnsMessage *m)
{
        return w->value ? dns_message_has_text(m, w->place.name, w->value) > 0
                        : dns_message_find_text(m, w->place.name, says, w->persists) > 0;
}

static int look(Watched *w, size_t i, DnsMessage *m)
{
        int r;

        r = dns_ask(w->place.servers + i, w->place.name, ns_t_txt, m);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                note_silence(w, i, r);
                return 0;
        }
        w->silent[i] = 0;
        w->seen[i] = has_it(w, m) ? SEEN_THERE : SEEN_LACKING;
        return 0;
}

/* Return: 1 nothing is left to wait for; 0; -errno. */
static int look_everywhere(Watched *w, DnsMessage *m)
{
        bool is_done = true;
        int r = 0;

        for (size_t i = 0; r == 0 && i < w->place.n_servers; i++) {
                if (w->seen[i] == SEEN_THERE || w->seen[i] == SEEN_UNREACHABLE)
                        continue;
                r = look(w, i, m);
                is_done = is_done && w->seen[i] != SEEN_NOTHING && w->seen[i] != SEEN_LACKING;
        }
        return r < 0 ? r : is_done;
}

static bool is_seen_by_one(const Watched *w)
{
        for (size_t i = 0; i < w->place.n_servers; i++)
                if (w->seen[i] == SEEN_THERE)
                        return true;
        return false;
}

/* Says of the first server that lacks it. */
static int fail(const Watched *w, usec_t patience_usec)
{
        size_t i = 0;

        while (i + 1 < w->place.n_servers && w->seen[i] != SEEN_LACKING)
                i++;
        if (w->persists && w->seen[i] == SEEN_LACKING)
                return report(PUBLISH_E_REFUSED,
                              "%s (%s), a name server of %s, has no such record of %s",
                              w->place.servers[i].name,
                              address_of(w->place.servers + i, (char[NI_MAXHOST]){}),
                              w->place.zone,
                              w->place.name);
        return report(PUBLISH_E_FAILED,
                      "%s (%s), a name server of %s, %s after %s. Look at how its zone is "
                      "transferred, or raise PropagationSec=",
                      w->place.servers[i].name,
                      address_of(w->place.servers + i, (char[NI_MAXHOST]){}),
                      w->place.zone,
                      w->seen[i] == SEEN_LACKING ? "does not have the new record"
                                                 : "has not answered",
                      FORMAT_TIMESPAN(patience_usec));
}

static void pause_for(usec_t usec)
{
        struct timespec t = {(time_t) (usec / USEC_PER_SEC), (long) (usec % USEC_PER_SEC) * 1000};

        (void) nanosleep(&t, NULL);
}

static int watch(Watched *w, DnsMessage *m, usec_t begin_usec, usec_t patience_usec)
{
        usec_t pause_usec = PAUSE_MIN_USEC;

        for (;;) {
                int r = look_everywhere(w, m);

                if (r < 0)
                        return r;
                if (r > 0 && is_seen_by_one(w))
                        return 0;
                if (r > 0 || now_monotonic() - begin_usec + pause_usec > patience_usec)
                        return fail(w, patience_usec);
                pause_for(pause_usec);
                pause_usec = MIN(pause_usec * 2, PAUSE_MAX_USEC);
        }
}

int propagation_await(char *const *identifiers, char *const *values, size_t n, usec_t patience_usec)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));
        Watched *list = calloc(n + 1, sizeof(*list));
        usec_t begin_usec = now_monotonic();
        int r = m && list ? 0 : -ENOMEM;

        for (size_t i = 0; r == 0 && i < n; i++) {
                list[i].value = values[i];
                r = place_find(PLACE_CHALLENGE, identifiers[i], &list[i].place);
                if (r == 0)
                        r = place_find_servers(&list[i].place);
        }
        for (size_t i = 0; r == 0 && i < n; i++)
                r = watch(list + i, m, begin_usec, patience_usec);
        free_watched(list, list ? n : 0);
        return r;
}

int propagation_seek(const char *identifier, const PersistRecord *wanted, usec_t patience_usec)
{
        _cleanup_free_ DnsMessage *m = calloc(1, sizeof(*m));
        Watched *w = calloc(1, sizeof(*w));
        int r = m && w ? 0 : -ENOMEM;

        if (r == 0) {
                w->persists = wanted;
                r = place_find(PLACE_PERSISTENT, identifier, &w->place);
        }
        if (r == 0)
                r = place_find_servers(&w->place);
        if (r == 0)
                r = watch(w, m, now_monotonic(), patience_usec);
        free_watched(w, w ? 1 : 0);
        return r;
}
