/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The decision. uid 0 is trusted, since it could read the store itself: a connection of its is PID
 * 1's, or that of somebody who might as well be PID 1. Nobody else gets a credential.
 *
 * SO_PEERCRED tells the uid as this process's user namespace has it. PrivateUsers= of the unit maps
 * the host's 0 to 0; the uid 0 of a container is another number on the host, is mapped to nobody
 * here, and is a stranger.
 *
 * Invariant: no connection ends without a byte, a stranger's neither: it may be the PID 1 of a
 * container, for which that would be an empty credential. */

#include "credentials/credentials.h"
#include "base/audit.h"
#include "base/escape.h"
#include "base/log.h"
#include "base/variant.h"
#include "credentials/answer.h"
#include "credentials/consumers.h"
#include "version.h"

#define SOCKET_PATH "/run/acme/credentials"

/* In a message, of what could be long. */
#define LIST_TEXT_MAX 1024U

typedef struct Visit {
        int fd;
        pid_t pid;
        Request request;
        Consumers consumers;
} Visit;

/* The list with separator, or "none". Return: NULL without memory. */
static char *show(char *const *list, const char *separator)
{
        _cleanup_free_ char *text = NULL;

        if (strv_join(list, separator, &text) < 0)
                return NULL;
        return *text ? escape_message(text, strlen(text), LIST_TEXT_MAX) : strdup("none");
}

/* reason: for ACME_REASON=. Says no by the answer, and why in the audit trail. */
static void _printf_(3, 4) refuse(Visit *visit, const char *reason, const char *format, ...)
{
        const Request *request = &visit->request;
        _cleanup_free_ char *why = NULL, *message = NULL;
        va_list list;
        int r;

        r = answer_refuse(visit->fd);
        if (r < 0)
                log_warning_errno(r, "Failed to let the start of %s fail", request->unit);
        va_start(list, format);
        if (vasprintf(&why, format, list) < 0)
                why = NULL;
        va_end(list);
        if (!why || asprintf(&message,
                             "Refused the credential %s to %s: %s",
                             request->id,
                             request->unit,
                             why) < 0)
                message = NULL;
        audit(AUDIT_CREDENTIAL_REFUSED,
              message ?: "Refused a credential, and there was not enough memory to say why",
              {AUDIT_CONSUMER, request->unit},
              {AUDIT_CREDENTIAL, request->id},
              {AUDIT_REASON, reason});
}

/* The unit is in nobody's Consumers=. */
static void refuse_unlisted(Visit *visit)
{
        const Consumers *consumers = &visit->consumers;
        _cleanup_free_ char *names = show(consumers->names, ", ");
        _cleanup_free_ char *problems = show(consumers->problems, "; ");
        const char *one = strv_length(consumers->names) == 1 ? consumers->names[0] : NULL;
        bool has_problems = consumers->problems;

        if (!names || !problems) {
                log_oom();
                return refuse(visit, "memory", "not enough memory");
        }
        if (one && has_problems)
                return refuse(visit, "configuration", "%s", problems);
        refuse(visit,
               "notListed",
               "it is in no Consumers=. If it may have it, add the line \"Consumers=%s\" to the "
               "section [Certificate] of " SYSCONFDIR "/certs/%s.conf%s%s%s%s%s",
               visit->request.unit,
               one ?: "NAME",
               one ? "" : ", NAME being the certificate (there are: ",
               one ? "" : names,
               one ? "" : ")",
               has_problems ? ". What could not be read: " : "",
               has_problems ? problems : "");
}

static void refuse_several(Visit *visit)
{
        _cleanup_free_ char *names = show(visit->consumers.listing, ", ");

        refuse(visit,
               "ambiguous",
               "it may have several certificates (%s). Ask for the one that is meant: "
               "LoadCredential=%s.%s:" SOCKET_PATH,
               names ?: "not enough memory to list them",
               visit->consumers.listing[0],
               visit->request.id);
}

static void refuse_live(Visit *visit, const char *name, int error)
{
        if (error == -ENOENT)
                return refuse(visit,
                              "nothingLive",
                              "there is no certificate %s yet. Get it with \"systemctl start "
                              "acme-renew@%s\", or have a placeholder until then with "
                              "Placeholder=yes in " SYSCONFDIR "/certs/%s.conf",
                              name,
                              name,
                              name);
        refuse(visit,
               "unreadable",
               "/var/lib/acme/live/%s cannot be read: %s. Renew it with \"systemctl start "
               "acme-renew@%s\"",
               name,
               strerror(-error),
               name);
}

static bool needs_key(const Visit *visit)
{
        Credential credential = visit->request.credential;

        return credential == CREDENTIAL_KEY || credential == CREDENTIAL_BUNDLE;
}

static void refuse_variant(Visit *visit, const char *name)
{
        refuse(visit,
               "noSuchKeyType",
               "there is no certificate %s with a key of that kind. It is the second of two types "
               "of KeyType= in " SYSCONFDIR
               "/certs/%s.conf that is asked for so, and it comes with the next renewal",
               name,
               name);
}

static void give(Visit *visit, const Live *live, const char *name)
{
        const Request *request = &visit->request;
        const char *what = credential_to_string(request->credential);
        char file[VARIANT_FILE_MAX];
        _cleanup_(erase_and_freep) char *text = NULL;
        _cleanup_free_ char *message = NULL;
        size_t length;
        int r;

        r = answer_make(live, request->credential, &text, &length);
        if (r < 0)
                return refuse_live(visit, name, r);
        r = answer_send(visit->fd, text, length);
        if (r < 0) {
                log_warning_errno(r, "%s did not take its credential", request->unit);
                return refuse(visit, "notTaken", "it did not read it: %s", strerror(-r));
        }
        if (asprintf(&message,
                     "Gave %s of the %s %s to %s",
                     variant_file(what, request->variant, file),
                     live->is_placeholder ? "placeholder" : "certificate",
                     name,
                     request->unit) < 0)
                message = NULL;
        audit(AUDIT_CREDENTIAL_GIVEN,
              message ?: "Gave a credential",
              {AUDIT_CONSUMER, request->unit},
              {AUDIT_CREDENTIAL, variant_file(what, request->variant, file)},
              {AUDIT_SERIAL, live->serial},
              {AUDIT_FINGERPRINT, live->fingerprint});
}

static void decide(Credentials *room, Visit *visit)
{
        const Request *request = &visit->request;
        Consumers *consumers = &visit->consumers;
        _cleanup_(live_freep) Live *second = NULL;
        const Live *live;
        int r;

        r = consumers_find(room->root, request->unit, request->name, consumers);
        if (r < 0)
                return refuse(visit,
                              "configuration",
                              SYSCONFDIR "/certs cannot be looked through: %s",
                              r == -E2BIG ? "there are too many certificates in it, so ask for one "
                                            "by its name, as NAME.tls.key"
                                          : strerror(-r));
        if (r == CONSUMERS_E_NOT_LISTED)
                return refuse_unlisted(visit);
        if (r == CONSUMERS_E_SEVERAL)
                return refuse_several(visit);
        log_set_certificate(consumers->listing[0]);
        r = starts_open(&room->starts, room->root, visit->pid, consumers->listing[0], &live);
        if (r == 0 && request->variant) {
                r = live_open_variant(live, request->variant, &second);
                if (r == -ENOENT)
                        return refuse_variant(visit, consumers->listing[0]);
        }
        if (r < 0)
                return refuse_live(visit, consumers->listing[0], r);
        if (needs_key(visit) && !live_has_key(second ?: live))
                return refuse(visit,
                              "noKey",
                              "the key of %s is not acmeward's, since its certificate is had by "
                              "CSR= or Key=: there are tls.crt, tls.chain and tls.fullchain only",
                              consumers->listing[0]);
        give(visit, second ?: live, consumers->listing[0]);
}

/* Not PID 1, as far as can be told. */
static void refuse_peer(int fd, uid_t uid, const char *reason, const char *why)
{
        char peer[32], message[512];

        snprintf(peer, sizeof(peer), "uid %u", uid);
        snprintf(message,
                 sizeof(message),
                 "Refused %s, which connected to " SOCKET_PATH ": %s",
                 peer,
                 why);
        (void) answer_refuse(fd);
        audit(AUDIT_CREDENTIAL_REFUSED, message, {AUDIT_PEER, peer}, {AUDIT_REASON, reason});
}

/* Return: 0 to go on; -errno. */
static int get_peer(int fd, struct ucred *ret_peer, struct sockaddr_un *ret, socklen_t *ret_length)
{
        socklen_t length = sizeof(*ret_peer);

        *ret_length = sizeof(*ret);
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &length) < 0 ||
            getpeername(fd, (struct sockaddr *) ret, ret_length) < 0)
                return -errno;
        return 0;
}

static void serve(Credentials *room, Visit *visit)
{
        char *id = visit->request.id;
        _cleanup_free_ char *shown = NULL;
        struct sockaddr_un address = {};
        socklen_t length;
        struct ucred peer;
        int r;

        r = get_peer(visit->fd, &peer, &address, &length);
        if (r < 0) {
                log_warning_errno(r, "Failed to find out who has connected to " SOCKET_PATH);
                (void) answer_refuse(visit->fd);
                return;
        }
        if (peer.uid != 0)
                return refuse_peer(visit->fd,
                                   peer.uid,
                                   "otherUser",
                                   "PID 1 alone is served, for units with LoadCredential=");
        visit->pid = peer.pid;
        r = request_parse(&address, length, &visit->request);
        if (r == REQUEST_E_ADDRESS)
                return refuse_peer(visit->fd,
                                   peer.uid,
                                   "notPid1",
                                   "its address is not like PID 1's, which names a unit. Use "
                                   "LoadCredential= in that unit");
        if (r == 0)
                return decide(room, visit);
        shown = escape_foreign(id, strlen(id), REQUEST_PART_MAX - 1);
        snprintf(id, REQUEST_PART_MAX, "%s", shown ?: "");
        refuse(visit,
               "notOurs",
               "there is no such credential. There are " CREDENTIAL_NAMES
               ", or NAME. in front of these");
}

void credentials_serve(Credentials *room, int fd)
{
        Visit visit = {.fd = fd};

        serve(room, &visit);
        log_set_certificate(NULL);
        consumers_done(&visit.consumers);
}
