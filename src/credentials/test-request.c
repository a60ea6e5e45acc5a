/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/test.h"
#include "credentials/request.h"

#define TOKEN                                                                                      \
        "\0"                                                                                       \
        "519bfce9a7be6621"

static int parse(const char *bytes, size_t n, Request *ret)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        assert_true(n <= sizeof(address.sun_path));
        memcpy(address.sun_path, bytes, n);
        return request_parse(&address,
                             (socklen_t) (offsetof(struct sockaddr_un, sun_path) + n),
                             ret);
}

#define PARSE(literal, ret) parse(literal, sizeof(literal) - 1, ret)

static void test_request_parse__table(void **state)
{
        static const struct {
                const char *text; /* behind the token */
                int r;
                const char *unit, *name;
                Credential credential;
        } cases[] = {
                        {"/unit/a.service/tls.key", 0, "a.service", "", CREDENTIAL_KEY},
                        {"/unit/a.service/tls.crt", 0, "a.service", "", CREDENTIAL_CERTIFICATE},
                        {"/unit/a.service/tls.chain", 0, "a.service", "", CREDENTIAL_CHAIN},
                        {"/unit/a.service/tls.fullchain",
                         0,
                         "a.service",
                         "",
                         CREDENTIAL_FULL_CHAIN},
                        {"/unit/a.service/tls.rsa.key", 0, "a.service", "", CREDENTIAL_KEY},
                        {"/unit/a.service/b.tls.ec.crt",
                         0,
                         "a.service",
                         "b",
                         CREDENTIAL_CERTIFICATE},
                        {"/unit/a.service/tls.dsa.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/tls.bundle", 0, "a.service", "", CREDENTIAL_BUNDLE},
                        {"/unit/a@b\\x2dc.service/tls.key",
                         0,
                         "a@b\\x2dc.service",
                         "",
                         CREDENTIAL_KEY},
                        {"/unit/a.socket/b.tls.key", 0, "a.socket", "b", CREDENTIAL_KEY},
                        {"/unit/a.service/b.example.tls.crt",
                         0,
                         "a.service",
                         "b.example",
                         CREDENTIAL_CERTIFICATE},
                        {"/unit/a.service/tls.tls.key", 0, "a.service", "tls", CREDENTIAL_KEY},
                        {"/unit/a.service/tls.key.tls.key",
                         0,
                         "a.service",
                         "tls.key",
                         CREDENTIAL_KEY},
                        {"/unit/a.service/", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/tls", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/tls.key ", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/TLS.KEY", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/.tls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/b:tls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/xtls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/B.tls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/...tls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/../tls.key", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service/privkey.pem", REQUEST_E_CREDENTIAL, "a.service", NULL, 0},
                        {"/unit/a.service", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/unit//tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/unit/a/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/unit/a@.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/unit/a b.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/unit/../a.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"/user/a.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"unit/a.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"1/unit/a.service/tls.key", REQUEST_E_ADDRESS, NULL, NULL, 0},
                        {"", REQUEST_E_ADDRESS, NULL, NULL, 0},
        };

        (void) state;
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                char bytes[REQUEST_PART_MAX] = TOKEN;
                Request request = {};
                size_t n = sizeof(TOKEN) - 1;

                memcpy(bytes + n, c->text, strlen(c->text));
                assert_row(c->text, parse(bytes, n + strlen(c->text), &request) == c->r);
                assert_row(c->text, streq(request.unit, c->unit ?: ""));
                if (c->r != 0)
                        continue;
                assert_row(c->text, streq(request.name, c->name));
                assert_row(c->text, request.credential == c->credential);
        }
}

static void test_request_parse__not_abstract(void **state)
{
        Request request;

        (void) state;
        assert_int_equal(PARSE("", &request), REQUEST_E_ADDRESS);
        assert_int_equal(PARSE("\0", &request), REQUEST_E_ADDRESS);
        assert_int_equal(PARSE("/f/unit/a.service/tls.key", &request), REQUEST_E_ADDRESS);
        assert_int_equal(PARSE("f/unit/a.service/tls.key", &request), REQUEST_E_ADDRESS);
}

static void test_request_parse__nul_inside(void **state)
{
        Request request;

        (void) state;
        assert_int_equal(PARSE("\0f/unit/a.service/tls.key\0", &request), REQUEST_E_ADDRESS);
        assert_int_equal(PARSE("\0f/unit/a.service\0/tls.key", &request), REQUEST_E_ADDRESS);
        assert_int_equal(PARSE("\0f/unit/a.service/tls.key", &request), 0);
}

/* An address that fills sun_path has no NUL behind it. */
static void test_request_parse__full(void **state)
{
        static const char begin[] = "\0f/unit/", end[] = ".service/tls.key";
        char bytes[REQUEST_PART_MAX];
        Request request;

        (void) state;
        memset(bytes, 'a', sizeof(bytes));
        memcpy(bytes, begin, sizeof(begin) - 1);
        memcpy(bytes + sizeof(bytes) - strlen(end), end, strlen(end));
        assert_int_equal(parse(bytes, sizeof(bytes), &request), 0);
        assert_int_equal(strlen(request.unit) + strlen("/tls.key") + sizeof(begin) - 1,
                         sizeof(bytes));
        memset(bytes + 1, 'a', sizeof(bytes) - 1);
        assert_int_equal(parse(bytes, sizeof(bytes), &request), REQUEST_E_ADDRESS);
}

static void test_request_parse__other_family(void **state)
{
        struct sockaddr_un address = {.sun_family = AF_INET,
                                      .sun_path = "\0f/unit/a.service/tls.key"};
        Request request;

        (void) state;
        assert_int_equal(request_parse(&address, sizeof(address), &request), REQUEST_E_ADDRESS);
        address.sun_family = AF_UNIX;
        assert_int_equal(request_parse(&address, 0, &request), REQUEST_E_ADDRESS);
        assert_int_equal(request_parse(&address, sizeof(address) + 1, &request), REQUEST_E_ADDRESS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_request_parse__table),
                        cmocka_unit_test(test_request_parse__not_abstract),
                        cmocka_unit_test(test_request_parse__nul_inside),
                        cmocka_unit_test(test_request_parse__full),
                        cmocka_unit_test(test_request_parse__other_family),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
