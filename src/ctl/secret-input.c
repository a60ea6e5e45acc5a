/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signals that would end us in the middle wait until the terminal shows again what is typed: a
 * shell that nobody can see themselves type in helps no one. */

#include "ctl/secret-input.h"

#include <signal.h>
#include <termios.h>

#include "base/file.h"

int secret_input_read(char **ret)
{
        _cleanup_(erase_and_freep) char *text = NULL;
        size_t length;
        int r;

        r = file_read_fd(STDIN_FILENO, SECRET_INPUT_MAX, &text, &length);
        if (r < 0)
                return r;
        if (strlen(text) != length) {
                explicit_bzero(text, length);
                return -EBADMSG;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

static volatile sig_atomic_t pending_signal;

static void note_signal(int number)
{
        pending_signal = number;
}

static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};

static void catch_signals(struct sigaction old[static ELEMENTSOF(signals)])
{
        /* Without SA_RESTART: read() is to end. */
        struct sigaction note = {.sa_handler = note_signal};

        pending_signal = 0;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaction(signals[i], &note, &old[i]);
}

/* And lets happen what was put off. */
static void release_signals(const struct sigaction old[static ELEMENTSOF(signals)])
{
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaction(signals[i], &old[i], NULL);
        if (pending_signal != 0)
                (void) raise(pending_signal);
}

/* Return: 0; -errno. */
static int read_line(char line[static SECRET_INPUT_MAX])
{
        size_t length = 0;

        for (;;) {
                ssize_t n = pending_signal != 0 ? -1 : read(STDIN_FILENO, line + length, 1);

                if (n < 0)
                        return pending_signal != 0 ? -EINTR : -errno;
                if (n == 0)
                        return -ENODATA;
                if (line[length] == '\n' || line[length] == 0)
                        break;
                if (++length == SECRET_INPUT_MAX)
                        return -EFBIG;
        }
        line[length] = 0;
        return 0;
}

int secret_input_ask(const char *prompt, bool is_hidden, char **ret)
{
        struct sigaction old[ELEMENTSOF(signals)];
        char line[SECRET_INPUT_MAX] = {};
        struct termios shown, hidden;
        int r = 0;

        if (tcgetattr(STDIN_FILENO, &shown) < 0)
                return -errno;
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t) (ECHO | ECHOE | ECHOK);
        hidden.c_lflag |= ECHONL;
        catch_signals(old);
        /* With TCSAFLUSH: what was typed ahead has been shown already, and is not taken. */
        if (is_hidden && tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) < 0)
                r = -errno;
        fputs(prompt, stderr);
        if (r == 0)
                r = read_line(line);
        if (is_hidden)
                (void) tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        release_signals(old);
        if (r == 0)
                *ret = strdup(line);
        if (r == 0 && !*ret)
                r = -ENOMEM;
        explicit_bzero(line, sizeof(line));
        return r;
}
