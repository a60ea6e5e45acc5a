/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One message at a time: what is answered, what gets which error, what ends the connection. */

#include "varlink/test-peer.h"

static void test_call__answers(void **state)
{
        static const char *const rows[][2] = {
                        {ECHO("hello"), ECHOED("hello")},
                        {" { \"parameters\" : { \"text\" : \"\" } , \"method\" : "
                         "\"io.acmeward.Test.Echo\" } ",
                         ECHOED("")},
                        {ECHO("a/b\\u00fc"), ECHOED("a/b\xc3\xbc")},
                        {NOTHING, "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":{}}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":null,\"more\":"
                         "false}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"more\":true}",
                         "{\"parameters\":{}}\n"},
                        {"{\"method\":\"io.acmeward.Test.Refuse\"}",
                         "{\"error\":\"io.acmeward.Test.Refused\",\"parameters\":{\"why\":"
                         "\"because\"}}"
                         "\n"},
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                call(service, fd, rows[i][0]);
                assert_received(fd, rows[i][1]);
        }
        assert_int_equal(service->n_refused, 0);
}

static void test_call__standard_errors(void **state)
{
        static const char *const rows[][3] = {
                        {"{\"method\":\"io.acmeward.Other.Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "io.acmeward.Other"),
                         "io.acmeward.Other.Echo"},
                        {"{\"method\":\"io.acmeward.Test2.Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "io.acmeward.Test2"),
                         "io.acmeward.Test2.Echo"},
                        {"{\"method\":\"Echo\"}",
                         ERROR("InterfaceNotFound", "interface", "Echo"),
                         "Echo"},
                        {"{\"method\":\"\"}", ERROR("InterfaceNotFound", "interface", ""), ""},
                        {"{\"method\":\".Echo\"}",
                         ERROR("InterfaceNotFound", "interface", ""),
                         ".Echo"},
                        {"{\"method\":\"io.acmeward.Test.Ech\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test.Ech"),
                         "io.acmeward.Test.Ech"},
                        {"{\"method\":\"io.acmeward.Test.echo\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test.echo"),
                         "io.acmeward.Test.echo"},
                        {"{\"method\":\"io.acmeward.Test.\"}",
                         ERROR("MethodNotFound", "method", "io.acmeward.Test."),
                         "io.acmeward.Test."},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"upgrade\":true}",
                         ERROR("MethodNotImplemented", "method", "io.acmeward.Test.Nothing"),
                         "io.acmeward.Test.Nothing"},
                        {"{\"method\":\"io.acmeward.Test.Echo\"}",
                         ERROR("InvalidParameter", "parameter", "text"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":1}}",
                         ERROR("InvalidParameter", "parameter", "text"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":\"\","
                         "\"x\":1}}",
                         ERROR("InvalidParameter", "parameter", "x"),
                         "io.acmeward.Test.Echo"},
                        {"{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":{\"x\":1}}",
                         ERROR("InvalidParameter", "parameter", "x"),
                         "io.acmeward.Test.Nothing"},
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                call(service, fd, rows[i][0]);
                assert_received(fd, rows[i][1]);
                assert_int_equal(service->n_refused, i + 1);
                assert_string_equal(service->last_operation, rows[i][2]);
        }
        /* The connection has lived through all of them. */
        call(service, fd, ECHO("still"));
        assert_received(fd, ECHOED("still"));
        assert_int_equal(service->n_handled, 1);
}

static void test_call__refusal_names_the_parameter(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        call(service, fd, ECHO("x\",\"\\u001b[1m\":\""));
        assert_received(fd, ERROR("InvalidParameter", "parameter", "\\u001b[1m"));
        assert_string_equal(service->last_refusal,
                            "the parameter \\x1b[1m is missing, unknown or not allowed");
}

static void test_call__what_is_no_call_ends_the_connection(void **state)
{
        static const char *const rows[] = {
                        "",
                        " ",
                        "null",
                        "true",
                        "[]",
                        "\"method\"",
                        "{}",
                        "{\"method\":1}",
                        "{\"method\":null}",
                        "{\"method\":[\"io.acmeward.Test.Nothing\"]}",
                        "{\"parameters\":{}}",
                        "{\"method\":\"io.acmeward.Test.Nothing\"",
                        "{\"method\":\"io.acmeward.Test.Nothing\"} x",
                        "{\"method\":\"io.acmeward.Test.Nothing\"}{}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"method\":\"io.acmeward.Test."
                        "Nothing\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"\\u006dethod\":\"x\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"extra\":1}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"Oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":1}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"more\":\"yes\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"upgrade\":0}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":[]}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"parameters\":\"\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true,\"more\":true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true,\"upgrade\":"
                        "true}",
                        "{\"method\":\"io.acmeward.Test.Nothing\\u0000\"}",
                        "{\"method\":\"io.acmeward.Test.Nothing\xff\"}",
                        "{\"method\":\"io.acmeward.Test.Echo\",\"parameters\":{\"text\":\"a\","
                        "\"text\":1}}",
                        "[[[[[[[[[[[[[[[[[[[[[[[[",
                        "GET / HTTP/1.1\r\n\r\n",
                        "\x16\x03\x01",
        };
        TestService *service = *state;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_close_ int fd = peer(service);

                call(service, fd, rows[i]);
                assert_row(rows[i], is_closed(fd));
                assert_row(rows[i], service->n_refused == i + 1);
                assert_row(rows[i], varlink_server_connections(service->server) == 0);
        }
        assert_int_equal(service->n_handled, 0);
        assert_string_equal(service->last_refusal, "the message is no call");
}

static void test_call__method_name_too_long(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_free_ char *text = NULL;
        char name[VARLINK_NAME_MAX + 2] = {};

        memset(name, 'a', VARLINK_NAME_MAX);
        assert_true(asprintf(&text, "{\"method\":\"%s\"}", name) > 0);
        call(service, fd, text);
        assert_false(is_closed(fd));
        name[VARLINK_NAME_MAX] = 'a';
        free(text);
        assert_true(asprintf(&text, "{\"method\":\"%s\"}", name) > 0);
        call(service, fd, text);
        assert_int_equal(varlink_server_connections(service->server), 0);
}

static void test_call__oneway_is_not_answered(void **state)
{
        static const char *const rows[] = {
                        ECHO_WITH("a", ",\"oneway\":true"),
                        "{\"method\":\"io.acmeward.Test.Nothing\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Refuse\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Missing\",\"oneway\":true}",
                        "{\"method\":\"io.acmeward.Test.Echo\",\"oneway\":true}",
                        "{\"method\":\"org.varlink.service.GetInfo\",\"oneway\":true}",
        };
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                call(service, fd, rows[i]);
        assert_int_equal(service->n_handled, 2);
        call(service, fd, ECHO("next"));
        assert_received(fd, ECHOED("next"));
}

static void test_call__several_in_one_write_are_answered_in_order(void **state)
{
        static const char calls[] = ECHO("1") "\0" ECHO("2") "\0" NOTHING "\0" ECHO("3");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        put(service, fd, calls, sizeof(calls));
        assert_received(fd, ECHOED("1") ECHOED("2") "{\"parameters\":{}}\n" ECHOED("3"));
}

static void test_call__byte_by_byte(void **state)
{
        static const char text[] = ECHO("slow");
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        for (size_t i = 0; i < sizeof(text); i++) {
                assert_received(fd, "");
                put(service, fd, &text[i], 1);
        }
        assert_received(fd, ECHOED("slow"));
}

static void test_call__answered_after_a_half_close(void **state)
{
        static const char calls[] = ECHO("1") "\0" ECHO("2") "\0half";
        TestService *service = *state;
        _cleanup_close_ int fd = test_service_connect(service);

        assert_int_equal(send(fd, calls, sizeof(calls) - 1, 0), sizeof(calls) - 1);
        assert_int_equal(shutdown(fd, SHUT_WR), 0);
        test_service_run(service);
        assert_received(fd, ECHOED("1") ECHOED("2"));
        assert_true(is_closed(fd));
        assert_int_equal(service->n_disconnected, 1);
}

static void test_call__handler_without_an_answer_ends_the_connection(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);

        log_set_target(LOG_TARGET_STDERR);
        call(service, fd, "{\"method\":\"io.acmeward.Test.Fail\"}");
        assert_true(is_closed(fd));
}

static void test_service__info_and_description(void **state)
{
        TestService *service = *state;
        _cleanup_close_ int fd = peer(service);
        _cleanup_json_ struct json_object *reply = NULL;
        struct json_object *parameters, *value;
        char buffer[4096];
        ssize_t n;

        call(service, fd, "{\"method\":\"org.varlink.service.GetInfo\",\"parameters\":{}}");
        n = recv(fd, buffer, sizeof(buffer), 0);
        assert_true(n > 1);
        assert_int_equal(json_parse(buffer, (size_t) n - 1, &reply), 0);
        assert_true(json_object_object_get_ex(reply, "parameters", &parameters));
        assert_int_equal(json_object_object_length(parameters), 5);
        assert_true(json_object_object_get_ex(parameters, "url", &value));
        assert_non_null(startswith(json_object_get_string(value), "https://"));
        assert_true(json_object_object_get_ex(parameters, "interfaces", &value));
        assert_string_equal(json_object_get_string(json_object_array_get_idx(value, 0)),
                            TEST_INTERFACE);

        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"io.acmeward.Test\"}}");
        assert_received(fd,
                        "{\"parameters\":{\"description\":\"interface io.acmeward.Test\\n\\n"
                        "method Nothing() -> ()\\n\"}}\n");
        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"io.acmeward.Other\"}}");
        assert_received(fd, ERROR("InterfaceNotFound", "interface", "io.acmeward.Other"));
        call(service,
             fd,
             "{\"method\":\"org.varlink.service.GetInterfaceDescription\","
             "\"parameters\":{\"interface\":\"org.varlink.service\"}}");
        n = recv(fd, buffer, sizeof(buffer), 0);
        assert_true(n > 0 && strstr(buffer, "error PermissionDenied()"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_call__answers),
                        test(test_call__standard_errors),
                        test(test_call__refusal_names_the_parameter),
                        test(test_call__what_is_no_call_ends_the_connection),
                        test(test_call__method_name_too_long),
                        test(test_call__oneway_is_not_answered),
                        test(test_call__several_in_one_write_are_answered_in_order),
                        test(test_call__byte_by_byte),
                        test(test_call__answered_after_a_half_close),
                        test(test_call__handler_without_an_answer_ends_the_connection),
                        test(test_service__info_and_description),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
