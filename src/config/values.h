/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files have said so far: for each key of each section its words, each in normal form and
 * with the line that it came from. */

#include "config/config.h"
#include "config/settings.h"

/* What is passed over is told up to this many times: a file that is not ours has only such lines.
 */
#define WARNINGS_MAX 32U

typedef struct ValueWord {
        char *text;
        const char *file; /* borrowed from Values */
        unsigned line;
} ValueWord;

/* No words: nothing has been said, or it was taken back. A value that is no list has one word. */
typedef struct Value {
        ValueWord *words;
        size_t n_words;
} Value;

/* What one [Name LABEL] says. */
typedef struct LabelledValues {
        char *label;
        const char *file; /* where it begins; borrowed from Values */
        unsigned line;
        Value values[SETTINGS_PER_SECTION_MAX];
} LabelledValues;

typedef struct Values {
        Value values[SECTION_MAX][SETTINGS_PER_SECTION_MAX];
        LabelledValues *targets; /* [Deploy LABEL], as they came */
        size_t n_targets;
        char **files; /* all that were read, in their order */
        char **warnings;
        unsigned n_warnings;
} Values;

void values_done(Values *values);

/* Takes back what was said in a section without labels. */
void values_clear(Values *values, SectionId section);

/* Reads one text on top of what is there. file names it; text is length bytes with a NUL behind,
 * and is written into. What is said in a section or a key that nobody knows is a warning. Return:
 * 0; CONFIG_E_INVALID, ret_error is filled in then; -ENOMEM. */
int values_read(Values *values,
                ConfigFile kind,
                const char *file,
                char *text,
                size_t length,
                ConfigError *ret_error);

/* Gives the keys that nothing was said of what the tables say, without a file and a line; not those
 * of [Certificate], which fall back on [Defaults]. Return: as values_read(). */
int values_fill_initial(Values *values, ConfigError *ret_error);

/* Appends "FILE:LINE: …" to the warnings. Return: 0, -ENOMEM. */
int values_warn(Values *values, const char *file, unsigned line, const char *format, ...)
                _printf_(4, 5);
