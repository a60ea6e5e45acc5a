/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "acme/token.h"
#include "base/file.h"
#include "webroot/token-file.h"

#define TOKEN "DGyRejmCefe7v4NfDGDKfA"
#define THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
#define PREFIX "/.well-known/acme-challenge/"

static void test_token_of_path__grammar(void **state _unused_)
{
        static const struct {
                const char *path;
                const char *token;
        } cases[] = {
                        {PREFIX TOKEN, TOKEN},
                        {PREFIX, NULL},
                        {PREFIX "short", NULL},
                        {PREFIX TOKEN "/", NULL},
                        {PREFIX TOKEN "?x", NULL},
                        {PREFIX TOKEN "%41", NULL},
                        {PREFIX "../" TOKEN, NULL},
                        {PREFIX "/" TOKEN, NULL},
                        {"/" PREFIX TOKEN, NULL},
                        {"/.Well-Known/acme-challenge/" TOKEN, NULL},
                        {"http://a.example" PREFIX TOKEN, NULL},
                        {"/", NULL},
                        {"", NULL},
                        {"*", NULL},
        };

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                const char *token = token_of_path(c->path);

                if (c->token)
                        assert_string_equal(token, c->token);
                else
                        assert_null(token);
        }
}

#define DIRECTORY "acme-test-token-file"

static int setup(void **state)
{
        static int fd;
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        assert_int_equal(file_remove_tree(tmp_fd, DIRECTORY), 0);
        assert_int_equal(mkdirat(tmp_fd, DIRECTORY, 0700), 0);
        fd = openat(tmp_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        *state = &fd;
        return 0;
}

static int teardown(void **state)
{
        _cleanup_close_ int tmp_fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        close(*(int *) *state);
        return file_remove_tree(tmp_fd, DIRECTORY);
}

static void test_token_file_read__content(void **state)
{
        static const struct {
                const char *content;
                int r;
        } cases[] = {
                        {TOKEN "." THUMBPRINT, 0},
                        {TOKEN "." THUMBPRINT "\n", -EBADMSG},
                        {TOKEN, -EBADMSG},
                        {TOKEN ".", -EBADMSG},
                        {TOKEN ".short", -EBADMSG},
                        {"EGyRejmCefe7v4NfDGDKfA." THUMBPRINT, -EBADMSG},
                        {"", -EBADMSG},
        };
        int fd = *(int *) *state;

        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                char text[KEY_AUTHORIZATION_MAX + 1] = "untouched";
                size_t length = 4711;

                assert_int_equal(file_replace(fd, TOKEN, c->content, strlen(c->content), 0644), 0);
                assert_int_equal(token_file_read(fd, TOKEN, text, &length), c->r);
                assert_string_equal(text, c->r < 0 ? "untouched" : c->content);
                assert_int_equal(length, c->r < 0 ? 4711 : strlen(c->content));
        }
}

static void test_token_file_read__no_regular_file(void **state)
{
        int fd = *(int *) *state;
        char text[KEY_AUTHORIZATION_MAX + 1], large[KEY_AUTHORIZATION_MAX + 2];
        size_t length;

        assert_int_equal(token_file_read(fd, TOKEN, text, &length), -ENOENT);

        assert_int_equal(file_create(fd, "elsewhere", TOKEN "." THUMBPRINT, 66, 0644), 0);
        assert_int_equal(symlinkat("elsewhere", fd, TOKEN), 0);
        assert_int_equal(token_file_read(fd, TOKEN, text, &length), -EBADMSG);
        assert_int_equal(unlinkat(fd, TOKEN, 0), 0);

        assert_int_equal(mkdirat(fd, TOKEN, 0755), 0);
        assert_true(token_file_read(fd, TOKEN, text, &length) < 0);
        assert_int_equal(unlinkat(fd, TOKEN, AT_REMOVEDIR), 0);

        assert_int_equal(mkfifoat(fd, TOKEN, 0644), 0);
        assert_true(token_file_read(fd, TOKEN, text, &length) < 0);
        assert_int_equal(unlinkat(fd, TOKEN, 0), 0);

        memset(large, 'a', sizeof(large));
        assert_int_equal(file_create(fd, TOKEN, large, sizeof(large), 0644), 0);
        assert_int_equal(token_file_read(fd, TOKEN, text, &length), -EBADMSG);
}

static void test_thumbprint_file_answer__content(void **state)
{
        static const struct {
                const char *content;
                int r;
        } cases[] = {
                        {THUMBPRINT, 0},
                        {THUMBPRINT "\n", -EBADMSG},
                        {"short", -EBADMSG},
                        {"", -EBADMSG},
                        {TOKEN "." THUMBPRINT, -EBADMSG},
        };
        char text[KEY_AUTHORIZATION_MAX + 1] = "untouched", token[ACME_TOKEN_MAX + 1];
        int fd = *(int *) *state;
        size_t length = 4711;

        assert_int_equal(thumbprint_file_answer(fd, TOKEN, text, &length), -ENOENT);
        FOREACH_ARRAY (c, cases, ELEMENTSOF(cases)) {
                assert_int_equal(file_replace(fd,
                                              THUMBPRINT_FILE,
                                              c->content,
                                              strlen(c->content),
                                              0644),
                                 0);
                assert_int_equal(thumbprint_file_answer(fd, TOKEN, text, &length), c->r);
                if (c->r == 0)
                        assert_string_equal(text, TOKEN "." THUMBPRINT);
                if (c->r == 0)
                        assert_int_equal(length, strlen(text));
        }
        /* The longest token still fits. */
        memset(token, 'a', ACME_TOKEN_MAX);
        token[ACME_TOKEN_MAX] = '\0';
        assert_int_equal(file_replace(fd, THUMBPRINT_FILE, THUMBPRINT, strlen(THUMBPRINT), 0644),
                         0);
        assert_int_equal(thumbprint_file_answer(fd, token, text, &length), 0);
        assert_int_equal(length, ACME_TOKEN_MAX + 1 + strlen(THUMBPRINT));
        /* Where it is asked for like a token, it is none. */
        assert_null(token_of_path(PREFIX THUMBPRINT_FILE));
}

int main(void)
{
        static const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_token_of_path__grammar),
                        cmocka_unit_test_setup_teardown(test_thumbprint_file_answer__content,
                                                        setup,
                                                        teardown),
                        cmocka_unit_test_setup_teardown(test_token_file_read__content,
                                                        setup,
                                                        teardown),
                        cmocka_unit_test_setup_teardown(test_token_file_read__no_regular_file,
                                                        setup,
                                                        teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
