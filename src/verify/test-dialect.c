/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The grammar of every reply, by tables. */

#include "verify/dialect.h"
#include "verify/reply-line.h"

#include "base/test.h"

#define DONE DIALECT_DONE
#define MORE DIALECT_MORE
#define REFUSED DIALECT_REFUSED
#define MALFORMED DIALECT_MALFORMED

typedef struct Row {
        unsigned step;
        const char *reply;
        size_t length; /* 0: strlen() */
        DialectOutcome outcome;
} Row;

/* What a row says of the whole; every part of it is MORE, or the same already; one byte more
 * changes nothing. */
static void check_row(const Dialect *dialect, const Row *row)
{
        size_t length = row->length ?: strlen(row->reply), used = SIZE_MAX;
        dialect_read_t read = dialect->steps[row->step].read;
        _cleanup_free_ char *copy = malloc(length + 1);

        assert_non_null(copy);
        memcpy(copy, row->reply, length);
        copy[length] = 'x';
        assert_row(row->reply, read(row->reply, length, &used) == row->outcome);
        if (row->outcome == DONE)
                assert_row(row->reply, used == length);
        for (size_t i = 0; i < length; i++) {
                DialectOutcome outcome = read(copy, i, &used);

                assert_row(row->reply,
                           outcome == MORE || (outcome != DONE && outcome == row->outcome));
        }
        if (row->outcome == DONE || row->outcome == REFUSED) {
                assert_row(row->reply, read(copy, length + 1, &used) == row->outcome);
                assert_row(row->reply, row->outcome == REFUSED || used == length);
        }
}

#define CHECK_ROWS(dialect, rows)                                                                  \
        FOREACH_ARRAY (r, rows, ELEMENTSOF(rows))                                                  \
        check_row(&(dialect), r)

static void test_dialect_smtp__table(void **state)
{
        static const Row rows[] = {
                        {0, "220 mx.example ESMTP\r\n", 0, DONE},
                        {0, "220 mx.example ESMTP\n", 0, DONE},
                        {0, "220\r\n", 0, DONE},
                        {0, "220-wait\r\n220 mx.example ESMTP\r\n", 0, DONE},
                        {0, "220-wait\r\n", 0, MORE},
                        {0, "554 no\r\n", 0, REFUSED},
                        {0, "421-no\r\n421 bye\r\n", 0, REFUSED},
                        {0, "220-a\r\n250 b\r\n", 0, MALFORMED},
                        {0, "HTTP/1.1 400 Bad Request\r\n", 0, MALFORMED},
                        {0, "22 x\r\n", 0, MALFORMED},
                        {0, "2200 x\r\n", 0, MALFORMED},
                        {0, "920 x\r\n", 0, MALFORMED},
                        {0, "\r\n", 0, MALFORMED},
                        {0, "220 a\0b\r\n", 9, MALFORMED},
                        {0, "\x16\x03\x01\n", 0, MALFORMED},
                        {1, "250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n", 0, DONE},
                        {1, "250-mx\r\n250-starttls\r\n250 HELP\r\n", 0, DONE},
                        {1, "250-mx\r\n250 SIZE\r\n", 0, REFUSED},
                        {1, "250 STARTTLS\r\n", 0, REFUSED}, /* that is the server's name */
                        {1, "250-mx\r\n250 STARTTLSX\r\n", 0, REFUSED},
                        {1, "502 what?\r\n", 0, REFUSED},
                        {2, "220 go ahead\r\n", 0, DONE},
                        {2, "454 not now\r\n", 0, REFUSED},
        };

        (void) state;
        CHECK_ROWS(dialect_smtp, rows);
}

static void test_dialect_imap__table(void **state)
{
        static const Row rows[] = {
                        {0, "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n", 0, DONE},
                        {0, "* ok ready\r\n", 0, DONE},
                        {0, "* PREAUTH you\r\n", 0, REFUSED},
                        {0, "* BYE full\r\n", 0, REFUSED},
                        {0, "* CAPABILITY\r\n", 0, MALFORMED},
                        {0, "+OK pop\r\n", 0, MALFORMED},
                        {0, "* OK", 0, MORE},
                        {1, "a1 OK begin\r\n", 0, DONE},
                        {1, "* CAPABILITY IMAP4rev1\r\na1 OK begin\r\n", 0, DONE},
                        {1, "* CAPABILITY IMAP4rev1\r\n", 0, MORE},
                        {1, "a1 BAD what\r\n", 0, REFUSED},
                        {1, "a1 NO not now\r\n", 0, REFUSED},
                        {1, "* BYE\r\n", 0, REFUSED},
                        {1, "a2 OK begin\r\n", 0, MALFORMED},
                        {1, "a1 OKAY\r\n", 0, MALFORMED},
        };

        (void) state;
        CHECK_ROWS(dialect_imap, rows);
}

static void test_dialect_pop3__table(void **state)
{
        static const Row rows[] = {
                        {0, "+OK ready <1@x>\r\n", 0, DONE},
                        {0, "+OK\r\n", 0, DONE},
                        {0, "-ERR in use\r\n", 0, REFUSED},
                        {0, "+OKAY\r\n", 0, MALFORMED},
                        {0, "220 ftp\r\n", 0, MALFORMED},
                        {0, "+", 0, MORE},
                        {1, "+OK begin\r\n", 0, DONE},
                        {1, "-ERR\r\n", 0, REFUSED},
        };

        (void) state;
        CHECK_ROWS(dialect_pop3, rows);
}

static void test_dialect_ftp__table(void **state)
{
        static const Row rows[] = {
                        {0, "220 ready\r\n", 0, DONE},
                        {0, "220-hello\r\nfree text\r\n 220 no\r\n221 no\r\n220 end\r\n", 0, DONE},
                        {0, "220-hello\r\n220-again\r\n220 end\r\n", 0, DONE},
                        {0, "120 in 3 minutes\r\n220 ready\r\n", 0, DONE},
                        {0, "120 in 3 minutes\r\n", 0, MORE},
                        {0, "220-hello\r\n", 0, MORE},
                        {0, "421 busy\r\n", 0, REFUSED},
                        {0, "hello\r\n", 0, MALFORMED},
                        {0, "120 soon\r\nhello\r\n", 0, MALFORMED},
                        {1, "234 go\r\n", 0, DONE},
                        {1, "334 go\r\n", 0, REFUSED},
                        {1, "530 please login\r\n", 0, REFUSED},
        };

        (void) state;
        CHECK_ROWS(dialect_ftp, rows);
}

static void test_dialect_ldap__table(void **state)
{
        static const Row rows[] = {
                        {0, "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", 14, DONE},
                        /* with long lengths, as Active Directory has them */
                        {0,
                         "\x30\x84\x00\x00\x00\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00"
                         "\x04\x00",
                         18,
                         DONE},
                        {0,
                         "\x30\x82\x00\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
                         16,
                         DONE},
                        {0,
                         "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\x00\x04\x00",
                         14,
                         REFUSED},
                        {0,
                         "\x30\x0c\x02\x01\x00\x78\x07\x0a\x01\x34\x04\x00\x04\x00",
                         14,
                         REFUSED},
                        {0,
                         "\x30\x0c\x02\x01\x02\x78\x07\x0a\x01\x00\x04\x00\x04\x00",
                         14,
                         MALFORMED},
                        {0,
                         "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
                         14,
                         MALFORMED},
                        {0,
                         "\x30\x0c\x02\x01\x01\x78\x08\x0a\x01\x00\x04\x00\x04\x00",
                         14,
                         MALFORMED},
                        {0, "\x30\x00", 2, MALFORMED},
                        {0, "\x30\x80", 2, MALFORMED},
                        {0, "\x30\x85", 2, MALFORMED},
                        {0, "\x30\x84\xff\xff\xff\xff", 6, MALFORMED},
                        {0, "\x30\x82\x20\x01", 4, MALFORMED},
                        {0, "\x30", 1, MORE},
                        {0, "\x30\x82\x00", 3, MORE},
                        {0, "\x30\x0c\x02\x01", 4, MORE},
                        {0, "HTTP/1.1 400", 0, MALFORMED},
        };

        (void) state;
        CHECK_ROWS(dialect_ldap, rows);
}

static void test_dialect_postgres__table(void **state)
{
        static const Row rows[] = {
                        {0, "S", 0, DONE},
                        {0, "N", 0, REFUSED},
                        {0, "E", 0, REFUSED},
                        {0, "H", 0, MALFORMED},
                        {0, "\0", 1, MALFORMED},
        };

        (void) state;
        CHECK_ROWS(dialect_postgres, rows);
}

#define MYSQL_BODY                                                                                 \
        "\x0a"                                                                                     \
        "11.8\0"                                                                                   \
        "ABCDscramble\0"

static void test_dialect_mysql__table(void **state)
{
        static const Row rows[] = {
                        {0, "\x15\0\0\0" MYSQL_BODY "\x00\x08", 25, DONE},
                        {0, "\x15\0\0\0" MYSQL_BODY "\xff\xff", 25, DONE},
                        {0, "\x15\0\0\0" MYSQL_BODY "\xff\xf7", 25, REFUSED},
                        {0, "\x14\0\0\0" MYSQL_BODY "\xff", 24, MALFORMED},
                        {0, "\x15\0\0\1" MYSQL_BODY "\xff\xff", 25, MALFORMED},
                        {0,
                         "\x15\0\0\0\x09"
                         "11.8\0"
                         "ABCDscramble\0"
                         "\xff\xff",
                         25,
                         MALFORMED},
                        {0,
                         "\x05\0\0\0\x0a"
                         "11.8",
                         9,
                         MALFORMED},
                        {0,
                         "\x06\0\0\0\xff\x69\x04"
                         "Hos",
                         10,
                         REFUSED},
                        {0, "\0\0\0\0", 4, MALFORMED},
                        {0, "\xff\xff\xff\0", 4, MALFORMED},
                        {0, "\x15\0\0", 3, MORE},
                        {0, "\x15\0\0\0\x0a", 5, MORE},
                        {0, "HTTP", 0, MALFORMED},
        };

        (void) state;
        CHECK_ROWS(dialect_mysql, rows);
}

#define STREAM "<?xml version='1.0'?><stream:stream from='a.example' id='1>2'>"
#define FEATURE "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'>"

static void test_dialect_xmpp__table(void **state)
{
        static const Row rows[] = {
                        {0,
                         STREAM "<stream:features>" FEATURE
                                "<required/></starttls></stream:features>",
                         0,
                         DONE},
                        {0,
                         "<stream:stream>\n<features><x/><starttls "
                         "xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"/></features>",
                         0,
                         DONE},
                        {0, STREAM "<stream:features><x/></stream:features>", 0, REFUSED},
                        {0, STREAM "<stream:features/>", 0, REFUSED},
                        {0,
                         STREAM "<stream:features><starttls xmlns='other'/></stream:features>",
                         0,
                         REFUSED},
                        {0,
                         STREAM "<stream:features><x>" FEATURE "</starttls></x></stream:features>",
                         0,
                         REFUSED},
                        {0, STREAM "<stream:error><host-unknown/>", 0, REFUSED},
                        {0, STREAM "</stream:stream>", 0, REFUSED},
                        {0, STREAM "<stream:features>" FEATURE, 0, MORE},
                        {0, STREAM, 0, MORE},
                        {0, "<", 0, MORE},
                        {0, STREAM "<message/>", 0, MALFORMED},
                        {0, "<!DOCTYPE x>", 0, MALFORMED},
                        {0, STREAM "<!--x-->", 0, MALFORMED},
                        {0, STREAM "<?x?>", 0, MALFORMED},
                        {0, "<x><stream:stream>", 0, MALFORMED},
                        {0, "</stream:stream>", 0, MALFORMED},
                        {0, "<stream:stream <", 0, MALFORMED},
                        {0, "HTTP/1.1 400", 0, MALFORMED},
                        {0, "<>", 0, MALFORMED},
                        {0, "<stream:>", 0, MALFORMED},
                        {0, "<stream\0>", 9, MALFORMED},
                        {1, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 0, DONE},
                        {1,
                         " <proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'></proceed>",
                         0,
                         DONE},
                        {1, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'>", 0, MORE},
                        {1, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'><x>", 0, MALFORMED},
                        {1, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 0, REFUSED},
                        {1, "<stream:error>", 0, REFUSED},
                        {1, "</stream:stream>", 0, REFUSED},
                        {1, "<proceed/>", 0, MALFORMED},
                        {1, "proceed", 0, MALFORMED},
        };

        (void) state;
        CHECK_ROWS(dialect_xmpp, rows);
}

/* No server can have us wait for the end of a line for ever. */
static void test_reply_line_next__length(void **state)
{
        char text[REPLY_LINE_MAX + 8];
        size_t offset = 0;
        ReplyLine line;

        (void) state;
        memset(text, 'a', sizeof(text));
        assert_int_equal(reply_line_next(text, REPLY_LINE_MAX + 1, &offset, &line), MORE);
        assert_int_equal(reply_line_next(text, REPLY_LINE_MAX + 2, &offset, &line), MALFORMED);
        memcpy(text + REPLY_LINE_MAX, "\r\n", 2);
        assert_int_equal(reply_line_next(text, sizeof(text), &offset, &line), DONE);
        assert_int_equal(line.length, REPLY_LINE_MAX);
        assert_int_equal(offset, REPLY_LINE_MAX + 2);
}

/* Every protocol of the configuration has a dialect, and each ends before TLS begins. */
static void test_dialect_get__whole(void **state)
{
        (void) state;
        assert_null(dialect_get(STARTTLS_NONE));
        for (int i = STARTTLS_NONE + 1; i < STARTTLS_MAX; i++) {
                const Dialect *dialect = dialect_get((StartTls) i);

                assert_non_null(dialect);
                assert_in_range(dialect->n_steps, 1, DIALECT_STEPS_MAX);
                FOREACH_ARRAY (step, dialect->steps, dialect->n_steps)
                        assert_true(step->request || step->read);
        }
}

static void test_dialect_format_request__lengths(void **state)
{
        char buffer[DIALECT_REQUEST_MAX], domain[DIALECT_REQUEST_MAX];
        const char *wanted = "<?xml version='1.0'?><stream:stream to='a.example' version='1.0' ";
        int n;

        (void) state;
        n = dialect_format_request(dialect_xmpp.steps, "a.example", buffer);
        assert_in_range(n, strlen(wanted), sizeof(buffer));
        assert_memory_equal(buffer, wanted, strlen(wanted));
        memset(domain, 'a', sizeof(domain));
        domain[253] = 0;
        assert_true(dialect_format_request(dialect_xmpp.steps, domain, buffer) > 253);
        memset(domain, 'a', sizeof(domain));
        domain[sizeof(domain) - 1] = 0;
        assert_int_equal(dialect_format_request(dialect_xmpp.steps, domain, buffer), -E2BIG);

        assert_int_equal(dialect_format_request(dialect_mysql.steps + 1, "", buffer), 36);
        assert_int_equal(dialect_format_request(dialect_postgres.steps, "", buffer), 8);
        assert_int_equal(dialect_format_request(dialect_ldap.steps, "", buffer), 31);
        assert_int_equal(buffer[1], 29);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_dialect_smtp__table),
                        cmocka_unit_test(test_dialect_imap__table),
                        cmocka_unit_test(test_dialect_pop3__table),
                        cmocka_unit_test(test_dialect_ftp__table),
                        cmocka_unit_test(test_dialect_ldap__table),
                        cmocka_unit_test(test_dialect_postgres__table),
                        cmocka_unit_test(test_dialect_mysql__table),
                        cmocka_unit_test(test_dialect_xmpp__table),
                        cmocka_unit_test(test_reply_line_next__length),
                        cmocka_unit_test(test_dialect_get__whole),
                        cmocka_unit_test(test_dialect_format_request__lengths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
