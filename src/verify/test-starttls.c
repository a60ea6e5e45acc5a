/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whole conversations, with a server at the other end of a socketpair: what each dialect sends, and
 * what becomes of servers that refuse, fall silent, go, or say too much. */

#include <pthread.h>

#include "verify/starttls.h"

#include "base/test.h"

typedef struct Line {
        const char *wanted; /* what the client has to have sent before; NULL: nothing */
        const char *reply;  /* NULL: nothing is said */
        size_t wanted_length, reply_length; /* 0: strlen() */
} Line;

typedef struct Row {
        const char *name;
        StartTls starttls;
        Line lines[4];
        bool stays; /* the server keeps the connection */
        int outcome;
} Row;

typedef struct Server {
        int fd;
        const Line *lines;
        bool stays;
        bool is_right;
} Server;

static void *serve(void *userdata)
{
        Server *s = userdata;

        s->is_right = true;
        for (const Line *l = s->lines; l->wanted || l->reply; l++) {
                size_t length = l->wanted ? l->wanted_length ?: strlen(l->wanted) : 0;
                char buffer[DIALECT_REQUEST_MAX];

                if (length > 0 && (recv(s->fd, buffer, length, MSG_WAITALL) != (ssize_t) length ||
                                   memcmp(buffer, l->wanted, length) != 0))
                        s->is_right = false;
                length = l->reply ? l->reply_length ?: strlen(l->reply) : 0;
                /* In two pieces, as networks do. */
                if (length > 1)
                        (void) send(s->fd, l->reply, length / 2, MSG_NOSIGNAL);
                if (length > 0)
                        (void) send(s->fd,
                                    l->reply + length / 2,
                                    length - length / 2,
                                    MSG_NOSIGNAL);
        }
        if (!s->stays)
                (void) shutdown(s->fd, SHUT_WR);
        return NULL;
}

#define STREAM_TAIL                                                                                \
        "' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"
#define XMPP_TLS "xmlns='urn:ietf:params:xml:ns:xmpp-tls'"

static const Row rows[] = {
                {"smtp",
                 STARTTLS_SMTP,
                 {{NULL, "220 mx\r\n"},
                  {"EHLO localhost\r\n", "250-mx\r\n250 STARTTLS\r\n"},
                  {"STARTTLS\r\n", "220 go\r\n"}},
                 true,
                 0},
                {"imap",
                 STARTTLS_IMAP,
                 {{NULL, "* OK ready\r\n"}, {"a1 STARTTLS\r\n", "a1 OK go\r\n"}},
                 true,
                 0},
                {"pop3", STARTTLS_POP3, {{NULL, "+OK\r\n"}, {"STLS\r\n", "+OK\r\n"}}, true, 0},
                {"ftp",
                 STARTTLS_FTP,
                 {{NULL, "220-a\r\nb\r\n220 c\r\n"}, {"AUTH TLS\r\n", "234 go\r\n"}},
                 true,
                 0},
                {"ldap",
                 STARTTLS_LDAP,
                 {{"\x30\x1d\x02\x01\x01\x77\x18\x80\x16"
                   "1.3.6.1.4.1.1466.20037",
                   "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
                   31,
                   14}},
                 true,
                 0},
                {"postgres",
                 STARTTLS_POSTGRES,
                 {{"\x00\x00\x00\x08\x04\xd2\x16\x2f", "S", 8, 1}},
                 true,
                 0},
                {"mysql",
                 STARTTLS_MYSQL,
                 {{NULL,
                   "\x15\0\0\0\x0a"
                   "11.8\0"
                   "ABCDscramble\0"
                   "\xff\xff",
                   0,
                   25},
                  {"\x20\x00\x00\x01\x00\x8a\x00\x00", NULL, 8, 0}},
                 true,
                 0},
                {"xmpp",
                 STARTTLS_XMPP,
                 {{"<?xml version='1.0'?><stream:stream to='a.example" STREAM_TAIL,
                   "<stream:stream><stream:features><starttls " XMPP_TLS "/></stream:features>"},
                  {"<starttls " XMPP_TLS "/>", "<proceed " XMPP_TLS "/>"}},
                 true,
                 0},
                {"refusal", STARTTLS_POP3, {{NULL, "-ERR\r\n"}}, true, VERIFY_E_NO_STARTTLS},
                {"another protocol",
                 STARTTLS_IMAP,
                 {{NULL, "220 ftp\r\n"}},
                 true,
                 VERIFY_E_OTHER_PROTOCOL},
                {"gone at once", STARTTLS_SMTP, {}, false, VERIFY_E_CLOSED},
                {"gone in a line", STARTTLS_SMTP, {{NULL, "220 m"}}, false, VERIFY_E_CLOSED},
                {"silence", STARTTLS_SMTP, {{NULL, "220 m"}}, true, VERIFY_E_TIMED_OUT},
                {"more than the reply",
                 STARTTLS_POP3,
                 {{NULL, "+OK\r\n"}, {"STLS\r\n", "+OK\r\n+OK injected\r\n"}},
                 true,
                 VERIFY_E_OTHER_PROTOCOL},
};

static void converse(const Row *row)
{
        int fds[2];
        Server server;
        Connection c;
        pthread_t thread;

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        server = (Server){.fd = fds[1], .lines = row->lines, .stays = row->stays};
        c = (Connection){.fd = fds[0],
                         .deadline_usec = now_monotonic() +
                                          (row->outcome == VERIFY_E_TIMED_OUT ? 1 : 200) * 50 *
                                                          USEC_PER_MSEC};
        assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
        assert_row(row->name,
                   starttls_begin(&c, dialect_get(row->starttls), "a.example") == row->outcome);
        pthread_join(thread, NULL);
        assert_row(row->name, row->outcome != 0 || server.is_right);
        close(fds[0]);
        close(fds[1]);
}

static void test_starttls_begin__conversations(void **state)
{
        (void) state;
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows))
                converse(row);
}

/* As much as it sends, it is not kept. */
static void test_starttls_begin__flood(void **state)
{
        _cleanup_free_ char *flood = malloc(DIALECT_REPLY_MAX + 1);
        int fds[2];
        Connection c;

        (void) state;
        assert_non_null(flood);
        for (size_t i = 0; i <= DIALECT_REPLY_MAX; i++)
                flood[i] = "220-x\r\n"[i % 7];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        c = (Connection){.fd = fds[0], .deadline_usec = now_monotonic() + 10 * USEC_PER_SEC};
        assert_int_equal(send(fds[1], flood, DIALECT_REPLY_MAX + 1, 0), DIALECT_REPLY_MAX + 1);
        assert_int_equal(starttls_begin(&c, &dialect_smtp, "a.example"), VERIFY_E_OTHER_PROTOCOL);
        close(fds[0]);
        close(fds[1]);
}

static void test_connection_write__nobody_reads(void **state)
{
        _cleanup_free_ char *data = calloc(1, 4 << 20);
        int fds[2];
        Connection c;

        (void) state;
        assert_non_null(data);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                         0);
        c = (Connection){.fd = fds[0], .deadline_usec = now_monotonic() + 50 * USEC_PER_MSEC};
        assert_int_equal(connection_write(&c, data, 4 << 20), -ETIMEDOUT);
        close(fds[1]);
        assert_int_equal(connection_write(&c, data, 1), -EPIPE);
        close(fds[0]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_starttls_begin__conversations),
                        cmocka_unit_test(test_starttls_begin__flood),
                        cmocka_unit_test(test_connection_write__nobody_reads),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
