/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Framing, over a socket pair: however the bytes are cut, the same messages come out. */

#include <sys/socket.h>

#include "base/test.h"
#include "varlink/varlink-frame.h"
#include "varlink/varlink-limits.h"

typedef struct Pair {
        int reader;
        int writer;
        FrameReader input;
} Pair;

static int setup(void **state)
{
        Pair *p = calloc(1, sizeof(*p));
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        *p = (Pair){.reader = fds[0], .writer = fds[1]};
        *state = p;
        return 0;
}

static int teardown(void **state)
{
        Pair *p = *state;

        frame_reader_done(&p->input);
        close(p->reader);
        if (p->writer >= 0)
                close(p->writer);
        free(p);
        return 0;
}

static void put(Pair *p, const char *data, size_t length)
{
        assert_int_equal(send(p->writer, data, length, MSG_NOSIGNAL), length);
}

static void assert_frame(Pair *p, const char *expected)
{
        size_t length = 77;
        const char *frame = frame_reader_next(&p->input, &length);

        assert_non_null(frame);
        assert_string_equal(frame, expected);
        assert_int_equal(length, strlen(expected));
}

static void assert_no_frame(Pair *p)
{
        size_t length;

        assert_false(frame_reader_has_frame(&p->input));
        assert_null(frame_reader_next(&p->input, &length));
}

static void test_frame_reader__several_in_one_read(void **state)
{
        Pair *p = *state;

        put(p, "one\0\0three\0fo", 13);
        assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
        assert_frame(p, "one");
        assert_frame(p, "");
        assert_true(frame_reader_has_frame(&p->input));
        assert_frame(p, "three");
        assert_no_frame(p);
        assert_false(frame_reader_is_empty(&p->input));
        put(p, "ur", 3);
        assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
        assert_frame(p, "four");
        assert_true(frame_reader_is_empty(&p->input));
}

static void test_frame_reader__byte_by_byte(void **state)
{
        static const char stream[] = "{\"a\":1}\0{}\0";
        Pair *p = *state;
        size_t frames = 0;

        for (size_t i = 0; i < sizeof(stream) - 1; i++) {
                put(p, &stream[i], 1);
                assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
                if (stream[i] != '\0')
                        assert_no_frame(p);
                else
                        assert_frame(p, frames++ == 0 ? "{\"a\":1}" : "{}");
        }
        assert_int_equal(frames, 2);
}

static void test_frame_reader__nothing_and_end(void **state)
{
        Pair *p = *state;

        assert_int_equal(frame_reader_receive(&p->input, p->reader), FRAME_E_NOTHING);
        put(p, "half", 4);
        close(p->writer);
        p->writer = -EBADF;
        assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
        assert_no_frame(p);
        assert_int_equal(frame_reader_receive(&p->input, p->reader), FRAME_E_END);
}

/* Receives all that is there. Return: the first result that is not 0. */
static int receive_all(Pair *p)
{
        int r;

        do
                r = frame_reader_receive(&p->input, p->reader);
        while (r == 0);
        return r;
}

static void test_frame_reader__largest_message(void **state)
{
        Pair *p = *state;
        _cleanup_free_ char *data = malloc(VARLINK_FRAME_MAX + 1);
        size_t length;

        memset(data, 'x', VARLINK_FRAME_MAX + 1);
        data[VARLINK_FRAME_MAX] = '\0';
        put(p, data, VARLINK_FRAME_MAX + 1);
        while (!frame_reader_has_frame(&p->input))
                assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
        assert_string_equal(frame_reader_next(&p->input, &length), data);
        assert_int_equal(length, VARLINK_FRAME_MAX);
        assert_true(p->input.allocated <= VARLINK_FRAME_MAX + 1);

        /* And it goes on. */
        put(p, "small", 6);
        assert_int_equal(frame_reader_receive(&p->input, p->reader), 0);
        assert_frame(p, "small");
}

static void test_frame_reader__one_byte_too_large(void **state)
{
        Pair *p = *state;
        _cleanup_free_ char *data = malloc(VARLINK_FRAME_MAX + 1);

        memset(data, 'x', VARLINK_FRAME_MAX + 1);
        put(p, data, VARLINK_FRAME_MAX + 1);
        assert_int_equal(receive_all(p), -EMSGSIZE);
        assert_true(p->input.allocated <= VARLINK_FRAME_MAX + 1);
}

static void test_frame_send__says_how_much_was_taken(void **state)
{
        Pair *p = *state;
        _cleanup_free_ char *data = calloc(1, 4 * 1024 * 1024);
        size_t sent = 0;

        assert_int_equal(frame_send(p->writer, "ab", 2, &sent), 0);
        assert_int_equal(sent, 2);
        assert_int_equal(frame_send(p->writer, data, 4 * 1024 * 1024, &sent), 0);
        assert_true(sent > 0 && sent < 4 * 1024 * 1024);
        assert_int_equal(frame_send(p->writer, "ab", 2, &sent), 0);
        assert_int_equal(sent, 0);
        close(p->writer);
        p->writer = -EBADF;
        assert_int_equal(frame_send(p->reader, "ab", 2, &sent), -EPIPE);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                        test(test_frame_reader__several_in_one_read),
                        test(test_frame_reader__byte_by_byte),
                        test(test_frame_reader__nothing_and_end),
                        test(test_frame_reader__largest_message),
                        test(test_frame_reader__one_byte_too_large),
                        test(test_frame_send__says_how_much_was_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
