/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The audit trail's entries, and its table of events against the catalog that explains them. */

#include "base/audit.h"
#include "base/test-journal.h"

#define MESSAGE_ID_LENGTH 32U

static const char *const names[] = {
#define AUDIT_EVENT(name, id, level) #name,
#include "base/audit-events.h"
#undef AUDIT_EVENT
};

static void test_audit__fields(void **state _unused_)
{
        log_set_certificate("example.org");
        audit(AUDIT_SIGNED,
              "Signed the new order",
              {AUDIT_URL, "https://ca.example/new-order"},
              {AUDIT_CA, NULL},
              {AUDIT_OPERATION, "NewOrder"});
        assert_int_equal(journal.n_entries, 1);
        assert_string_equal(journal_get("MESSAGE_ID"), "cea269fb634b45718052897883ea90e8");
        assert_string_equal(journal_get("MESSAGE"), "Signed the new order");
        assert_string_equal(journal_get("PRIORITY"), "6");
        assert_string_equal(journal_get("ACME_CERTIFICATE"), "example.org");
        assert_string_equal(journal_get("ACME_URL"), "https://ca.example/new-order");
        assert_string_equal(journal_get("ACME_OPERATION"), "NewOrder");
        assert_null(journal_get("ACME_CA"));
}

static void test_audit__a_value_forges_nothing(void **state _unused_)
{
        audit(AUDIT_REFUSED,
              "Refused",
              {AUDIT_URL, "x\nMESSAGE_ID=forged\n\x1b[31m\xe2\x80\xae"},
              {AUDIT_REASON, "back\\slash"});
        assert_string_equal(journal_get("ACME_URL"),
                            "x\\x0aMESSAGE_ID=forged\\x0a\\x1b[31m\\xe2\\x80\\xae");
        assert_string_equal(journal_get("ACME_REASON"), "back\\x5cslash");
        assert_string_equal(journal_get("MESSAGE_ID"), "8a9c04764cf44d35a2ee22b3e355e663");
}

static void test_audit__message_colours_nothing(void **state _unused_)
{
        audit(AUDIT_FAILED, "The CA said \\x0a\x1b[1m", {AUDIT_CA, "x"});
        assert_string_equal(journal_get("MESSAGE"), "The CA said \\x0a\\x1b[1m");
}

static void test_audit__long_values_are_cut(void **state _unused_)
{
        _cleanup_free_ char *value = malloc(2 * AUDIT_VALUE_MAX + 1);

        memset(value, 'a', 2 * AUDIT_VALUE_MAX);
        value[2 * AUDIT_VALUE_MAX] = '\0';
        audit(AUDIT_FAILED, value, {AUDIT_PROBLEM, value});
        assert_int_equal(strlen(journal_get("ACME_PROBLEM")), AUDIT_VALUE_MAX);
        assert_true(strlen(journal_get("MESSAGE")) < AUDIT_VALUE_MAX);
}

static void test_audit__without_fields(void **state _unused_)
{
        audit_fields(AUDIT_NOT_DUE, "Nothing is due", NULL, 0);
        assert_string_equal(journal_get("MESSAGE_ID"), audit_message_id(AUDIT_NOT_DUE));
        assert_string_equal(journal_get("MESSAGE"), "Nothing is due");
}

static void test_audit__on_a_terminal(void **state _unused_)
{
        char text[256];

        stderr_capture();
        log_set_target(LOG_TARGET_STDERR);
        audit(AUDIT_SIGNED, "Signed", {AUDIT_URL, "https://ca.example/"});
        stderr_release(text, sizeof(text));
        assert_string_equal(text, "test: Signed\ntest: ACME_URL=https://ca.example/\n");
}

static void test_audit_message_id__each_its_own(void **state _unused_)
{
        for (unsigned i = 0; i < AUDIT_EVENTS_MAX; i++) {
                const char *id = audit_message_id((AuditEvent) i);

                assert_row(names[i], strlen(id) == MESSAGE_ID_LENGTH);
                assert_row(names[i], strspn(id, "0123456789abcdef") == MESSAGE_ID_LENGTH);
                for (unsigned j = 0; j < i; j++)
                        assert_row(names[i], !streq(id, audit_message_id((AuditEvent) j)));
        }
}

static int find_event(const char *id)
{
        for (unsigned i = 0; i < AUDIT_EVENTS_MAX; i++)
                if (strncmp(id, audit_message_id((AuditEvent) i), MESSAGE_ID_LENGTH) == 0)
                        return (int) i;
        return -1;
}

/* systemd.messagecatalog: "-- ID", headers, an empty line, the text. */
static void test_catalog__an_entry_for_each_event(void **state _unused_)
{
        _cleanup_fclose_ FILE *f = fopen(CATALOG_PATH, "re");
        bool explained[AUDIT_EVENTS_MAX] = {}, has_subject = true;
        _cleanup_free_ char *line = NULL;
        size_t size = 0;

        assert_non_null(f);
        while (getline(&line, &size, f) >= 0) {
                const char *id = startswith(line, "-- ");
                int event;

                if (startswith(line, "Subject: "))
                        has_subject = true;
                if (!id)
                        continue;
                assert_row(line, has_subject);
                event = find_event(id);
                assert_row(line, event >= 0);
                assert_row(line, id[MESSAGE_ID_LENGTH] == '\n');
                assert_row(line, !explained[event]);
                explained[event] = true;
                has_subject = false;
        }
        assert_true(has_subject);
        for (unsigned i = 0; i < AUDIT_EVENTS_MAX; i++)
                assert_row(names[i], explained[i]);
}

#define test(function) cmocka_unit_test_setup_teardown(function, journal_setup, journal_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_audit__fields),
                        test(test_audit__a_value_forges_nothing),
                        test(test_audit__message_colours_nothing),
                        test(test_audit__long_values_are_cut),
                        test(test_audit__without_fields),
                        test(test_audit__on_a_terminal),
                        test(test_audit_message_id__each_its_own),
                        test(test_catalog__an_entry_for_each_event),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
