/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Resolve, connect, STARTTLS, TLS, compare.
 *
 * Invariant: every step after the look-up of the name has a deadline; that one has resolv.conf's.
 */

#include "verify/look.h"

#include <netdb.h>
#include <netinet/in.h>

#include "verify/starttls.h"
#include "x509/certificate.h"

/* What the steps of one look have in common. */
typedef struct Look {
        const Endpoint *endpoint;
        const Expected *expected;
        SSL_CTX *context;
} Look;

static void addrinfo_freep(struct addrinfo **list)
{
        if (*list)
                freeaddrinfo(*list);
}

static void x509_freep(X509 **certificate)
{
        X509_free(*certificate);
}

static bool addresses_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
        if (a->ss_family != b->ss_family)
                return false;
        if (a->ss_family == AF_INET)
                return ((const struct sockaddr_in *) a)->sin_addr.s_addr ==
                       ((const struct sockaddr_in *) b)->sin_addr.s_addr;
        return IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *) a)->sin6_addr,
                                  &((const struct sockaddr_in6 *) b)->sin6_addr);
}

/* To an address of its own the kernel connects from the same. */
static void note_peer(const Connection *connection, Finding *finding)
{
        struct sockaddr_storage own = {};
        socklen_t own_length = sizeof(own), length = sizeof(finding->peer);

        if (getpeername(connection->fd, (struct sockaddr *) &finding->peer, &length) == 0 &&
            getsockname(connection->fd, (struct sockaddr *) &own, &own_length) == 0)
                finding->is_local = addresses_equal(&own, &finding->peer);
}

/* Return: 0; a VerifyReason; -errno. */
static int begin(const Look *look, const struct addrinfo *address, Finding *f, Connection *ret)
{
        const Dialect *dialect = dialect_get(look->endpoint->starttls);
        Connection c;
        int r;

        r = connection_open(address->ai_addr,
                            address->ai_addrlen,
                            now_monotonic() + CONNECT_TIMEOUT_USEC,
                            &c);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                f->error = -r;
                return VERIFY_E_NO_CONNECTION;
        }
        c.deadline_usec = now_monotonic() + SERVER_TIMEOUT_USEC;
        note_peer(&c, f);
        r = dialect ? starttls_begin(&c, dialect, look->endpoint->sni) : 0;
        if (r != 0)
                connection_close(&c);
        else
                *ret = c;
        return r;
}

/* Compares the whole certificate. Return: 0; VERIFY_E_OTHER_CERTIFICATE; -ENOMEM. */
static int compare(const Expected *expected, X509 *leaf, Finding *f)
{
        _cleanup_free_ char *fingerprint = NULL;
        int r;

        r = certificate_get_fingerprint(leaf, &fingerprint);
        if (r < 0)
                return r;
        if (streq(fingerprint, expected->fingerprint))
                return 0;
        free(f->serial);
        f->serial = NULL;
        r = certificate_get_serial(leaf, &f->serial);
        return r < 0 && r != -EBADMSG ? r : VERIFY_E_OTHER_CERTIFICATE;
}

/* is_like: insist on a key of the type that this certificate has. *ret_is_alike: was it of that
 * type? Return: 0; a VerifyReason; -errno. */
static int ask(const Look *look,
               const Expected *expected,
               const struct addrinfo *address,
               bool is_like,
               Finding *f,
               bool *ret_is_alike)
{
        const TlsRequest request = {look->endpoint->sni, is_like ? expected->leaf : NULL};
        _cleanup_(x509_freep) X509 *leaf = NULL;
        Connection c = {.fd = -EBADF};
        int r;

        r = begin(look, address, f, &c);
        if (r != 0)
                return r;
        r = tls_handshake(look->context, &c, &request, &leaf, &f->detail);
        connection_close(&c);
        if (r != 0)
                return r;
        *ret_is_alike = EVP_PKEY_get_base_id(X509_get0_pubkey(leaf)) ==
                        EVP_PKEY_get_base_id(X509_get0_pubkey(expected->leaf));
        return compare(expected, leaf, f);
}

/* Of two that are live a server may have both, or one; what it shows to a client that takes keys of
 * one kind alone has to be the one of that kind, and one of the two it has to have. */
static int look_at_both(const Look *look, const struct addrinfo *address, Finding *f)
{
        const Expected *const both[] = {look->expected, look->expected->second};
        unsigned n_right = 0;
        int first = 0;

        for (size_t i = 0; i < ELEMENTSOF(both); i++) {
                bool is_alike = false;
                int r;

                f->is_second = i > 0;
                r = ask(look, both[i], address, true, f, &is_alike);
                if (r < 0 || (r == VERIFY_E_OTHER_CERTIFICATE && is_alike))
                        return r;
                n_right += r == 0;
                if (i == 0)
                        first = r;
                else
                        f->has_second = r == 0;
        }
        f->is_second = first != 0 && n_right > 0;
        if (n_right > 0)
                f->detail = NULL;
        return n_right > 0 ? 0 : first;
}

/* A server may have two certificates for a name, one with an RSA and one with an EC key, and serve
 * ours to those only who cannot do with the other. */
static int look_at(const Look *look, const struct addrinfo *address, Finding *f)
{
        bool is_alike = true;
        int r, q;

        if (look->expected->second)
                return look_at_both(look, address, f);
        r = ask(look, look->expected, address, false, f, &is_alike);
        if (r != VERIFY_E_OTHER_CERTIFICATE || is_alike)
                return r;
        q = ask(look, look->expected, address, true, f, &is_alike);
        f->detail = NULL;
        return q <= 0 ? q : r;
}

static int look_up(const Endpoint *endpoint, struct addrinfo **ret)
{
        const struct addrinfo hints = {
                        .ai_socktype = SOCK_STREAM,
                        .ai_flags = AI_NUMERICSERV,
        };
        char port[sizeof("65535")];

        (void) snprintf(port, sizeof(port), "%hu", endpoint->port);
        return getaddrinfo(endpoint->host, port, &hints, ret);
}

int endpoint_look(const Endpoint *endpoint,
                  const Expected *expected,
                  SSL_CTX *context,
                  Finding *ret)
{
        _cleanup_(addrinfo_freep) struct addrinfo *addresses = NULL;
        const Look look = {endpoint, expected, context};
        _cleanup_(finding_done) Finding f = {.reason = VERIFY_E_NO_CONNECTION};
        unsigned n = 0, n_right = 0;
        int r;

        r = look_up(endpoint, &addresses);
        if (r == EAI_MEMORY)
                return -ENOMEM;
        if (r != 0)
                f = (Finding){.reason = VERIFY_E_UNKNOWN_HOST, .error = r};
        for (struct addrinfo *a = addresses; a && n < ADDRESSES_MAX; a = a->ai_next, n++) {
                r = look_at(&look, a, &f);
                if (r < 0)
                        return r;
                f.reason = (VerifyReason) r;
                n_right += r == VERIFY_OK;
                if (r != VERIFY_OK && r != VERIFY_E_NO_CONNECTION)
                        break;
        }
        if (f.reason == VERIFY_E_NO_CONNECTION && n_right > 0)
                f.reason = VERIFY_OK;
        *ret = f;
        f = (Finding){};
        return 0;
}
