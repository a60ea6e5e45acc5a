/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The command line of a program that a unit starts: --help, --version, or one name. */

/* program: for --version; usage: all that --help shows, and standard error when it is none of
 * these. Return: the name, of argv; NULL: nothing is to be done but to exit with *ret_status. */
const char *arguments_take_name(int argc,
                                char *argv[],
                                const char *program,
                                const char *usage,
                                int *ret_status);
