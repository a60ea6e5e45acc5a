/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Assignments, in the manner of systemd.syntax(7): a later one of a single value wins, one of a
 * list adds to it, and one of nothing takes back what was said of the key before in this section.
 * Each word is checked where it stands, even when a later file overrides it: a mistake is told with
 * its line. */

#include <stdarg.h>
#include <strings.h>

#include "base/escape.h"
#include "config/error.h"
#include "config/reader.h"
#include "config/value.h"
#include "config/values.h"

/* How much of a wrong value is shown. */
#define SHOWN_MAX 120U

#define BLANK " \t\n"

/* One file on its way in. */
typedef struct Source {
        Values *values;
        ConfigFile kind;
        const char *file;
        unsigned warned_section_line; /* a section that is not known is told once */
        ConfigError *error;
} Source;

static void value_clear(Value *value)
{
        for (size_t i = 0; i < value->n_words; i++)
                free(value->words[i].text);
        value->n_words = 0;
}

static void section_done(Value values[static SETTINGS_PER_SECTION_MAX])
{
        for (size_t i = 0; i < SETTINGS_PER_SECTION_MAX; i++) {
                value_clear(&values[i]);
                free(values[i].words);
        }
}

void values_done(Values *values)
{
        for (size_t s = 0; s < SECTION_MAX; s++)
                section_done(values->values[s]);
        for (size_t i = 0; i < values->n_targets; i++) {
                section_done(values->targets[i].values);
                free(values->targets[i].label);
        }
        free(values->targets);
        strv_free(values->files);
        strv_free(values->warnings);
        *values = (Values){};
}

void values_clear(Values *values, SectionId section)
{
        FOREACH_ARRAY (value, values->values[section], SETTINGS_PER_SECTION_MAX)
                value_clear(value);
}

int values_warn(Values *values, const char *file, unsigned line, const char *format, ...)
{
        _cleanup_free_ char *text = NULL, *message = NULL, *shown = NULL;
        va_list arguments;
        int r;

        if (values->n_warnings++ >= WARNINGS_MAX)
                return 0;
        if (values->n_warnings == WARNINGS_MAX)
                return strv_append(&values->warnings, "There is more of this; it is not shown");
        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0) {
                text = NULL;
                return -ENOMEM;
        }
        shown = escape_foreign(file, strlen(file), FOREIGN_TEXT_MAX);
        if (!shown || asprintf(&message, "%s:%u: %s", shown, line, text) < 0) {
                message = NULL;
                return -ENOMEM;
        }
        return strv_append(&values->warnings, message);
}

static int warn_section(Source *source, const ReaderAssignment *assignment, const Section *known)
{
        _cleanup_free_ char *name = NULL;

        if (source->warned_section_line == assignment->section_line)
                return 0;
        source->warned_section_line = assignment->section_line;
        name = escape_foreign(assignment->section, strlen(assignment->section), SHOWN_MAX);
        if (!name)
                return -ENOMEM;
        if (known)
                return values_warn(source->values,
                                   source->file,
                                   assignment->section_line,
                                   "The section [%s] is passed over here: it belongs into %s",
                                   name,
                                   config_file_to_string(known->file));
        return values_warn(source->values,
                           source->file,
                           assignment->section_line,
                           "The section [%s] is not known and is passed over",
                           name);
}

/* Is it a key of another section, or one in another spelling? Return: NULL when it is not. */
static const Setting *
find_similar(const Section *section, const char *key, const Section **ret_section)
{
        FOREACH_ARRAY (setting, section->settings, section->n_settings) {
                *ret_section = section;
                if (strcasecmp(setting->key, key) == 0)
                        return setting;
        }
        FOREACH_ARRAY (other, sections, SECTION_MAX) {
                const Setting *setting = setting_find(other, key);

                *ret_section = other;
                if (setting)
                        return setting;
        }
        return NULL;
}

static int warn_key(Source *source, const ReaderAssignment *assignment, const Section *section)
{
        const Section *other;
        const Setting *similar = find_similar(section, assignment->key, &other);

        if (similar)
                return values_warn(
                                source->values,
                                source->file,
                                assignment->line,
                                "%s= is not known in [%s] and is passed over: is %s= in [%s] of %s "
                                "meant?",
                                assignment->key,
                                section->title,
                                similar->key,
                                other->title,
                                config_file_to_string(other->file));
        return values_warn(source->values,
                           source->file,
                           assignment->line,
                           "%s= is not known in [%s] and is passed over",
                           assignment->key,
                           section->title);
}

static int refuse(const Source *source,
                  unsigned line,
                  const Setting *setting,
                  const char *word,
                  const char *reason)
{
        _cleanup_free_ char *shown = escape_foreign(word, strlen(word), SHOWN_MAX);

        if (!shown)
                return -ENOMEM;
        return config_error_set(source->error,
                                source->file,
                                line,
                                setting->key,
                                "%s=%s is refused: %s. Allowed: %s",
                                setting->key,
                                shown,
                                reason,
                                setting->allowed);
}

static int
refuse_second(const Source *source, unsigned line, const Setting *setting, const ValueWord *first)
{
        _cleanup_free_ char *file =
                        escape_foreign(first->file, strlen(first->file), FOREIGN_TEXT_MAX);

        if (!file)
                return -ENOMEM;
        return config_error_set(source->error,
                                source->file,
                                line,
                                setting->key,
                                "%s= has %s already, from %s:%u; remove one of them",
                                setting->key,
                                first->text,
                                file,
                                first->line);
}

static int add_word(const Source *source,
                    unsigned line,
                    const Setting *setting,
                    Value *value,
                    const char *word)
{
        const unsigned max = MAX(setting->list_max, 1U);
        _cleanup_free_ char *text = NULL;
        const char *reason = "not understood";
        int r;

        r = setting->check(word, &text, &reason);
        if (r != 0)
                return r < 0 ? r : refuse(source, line, setting, word, reason);
        if (setting->list_max == 0)
                value_clear(value);
        FOREACH_ARRAY (other, value->words, value->n_words) {
                if (streq(other->text, text))
                        return refuse_second(source, line, setting, other);
        }
        if (value->n_words == max)
                return config_error_set(source->error,
                                        source->file,
                                        line,
                                        setting->key,
                                        "%s= has more than %u words, which is the limit",
                                        setting->key,
                                        max);
        if (!value->words)
                value->words = calloc(max, sizeof(ValueWord));
        if (!value->words)
                return -ENOMEM;
        value->words[value->n_words++] =
                        (ValueWord){.text = TAKE_PTR(text), .file = source->file, .line = line};
        return 0;
}

/* text is the only word of a value that is no list, and one of a list by line, blanks inside and
 * all; of a list, its words.
 * Newline characters count the lines that were joined. */
static int add_text(const Source *source,
                    unsigned line,
                    const Setting *setting,
                    Value *value,
                    const char *text)
{
        const bool is_list = setting->list_max > 0 && !setting->is_by_line;
        _cleanup_free_ char *copy = strdup(text);
        int r = 0;

        if (!copy)
                return -ENOMEM;
        for (char *p = copy, *end; r == 0; p = end) {
                char after;

                for (; *p && strchr(BLANK, *p); p++)
                        line += *p == '\n';
                if (!*p)
                        break;
                end = p + (is_list ? strcspn(p, BLANK) : strlen(p));
                after = *end;
                *end = 0;
                r = add_word(source, line, setting, value, p);
                *end = after;
        }
        return r;
}

int values_fill_initial(Values *values, ConfigError *ret_error)
{
        Source source = {.values = values, .error = ret_error};
        int r;

        for (size_t s = 0; s < SECTION_MAX; s++)
                for (size_t i = 0; i < sections[s].n_settings; i++) {
                        const Setting *setting = &sections[s].settings[i];
                        Value *value = &values->values[s][i];

                        if (s == SECTION_CERTIFICATE || value->n_words > 0 || !setting->initial)
                                continue;
                        r = add_text(&source, 0, setting, value, setting->initial);
                        if (r != 0)
                                return r;
                }
        return 0;
}

static int
refuse_label(const Source *source, const ReaderAssignment *assignment, const Section *section)
{
        _cleanup_free_ char *shown =
                        escape_foreign(assignment->section, strlen(assignment->section), SHOWN_MAX);

        if (!shown)
                return -ENOMEM;
        return config_error_set(source->error,
                                source->file,
                                assignment->section_line,
                                NULL,
                                "The section [%s] is refused. Allowed: [%s], where LABEL is a word "
                                "of yours, " DEPLOY_LABEL_GRAMMAR,
                                shown,
                                section->title);
}

/* What has been said under the label: begun here, or gone on with. */
static int find_labelled(const Source *source,
                         const ReaderAssignment *assignment,
                         const char *label,
                         Value **ret)
{
        Values *values = source->values;
        LabelledValues *target;

        FOREACH_ARRAY (known, values->targets, values->n_targets) {
                if (streq(known->label, label)) {
                        *ret = known->values;
                        return 0;
                }
        }
        if (values->n_targets == DEPLOY_TARGETS_MAX)
                return config_error_set(source->error,
                                        source->file,
                                        assignment->section_line,
                                        NULL,
                                        "There are more than %u sections [Deploy LABEL], which is "
                                        "the limit",
                                        DEPLOY_TARGETS_MAX);
        if (!values->targets)
                values->targets = calloc(DEPLOY_TARGETS_MAX, sizeof(LabelledValues));
        if (!values->targets)
                return -ENOMEM;
        target = &values->targets[values->n_targets];
        target->label = strdup(label);
        if (!target->label)
                return -ENOMEM;
        target->file = source->file;
        target->line = assignment->section_line;
        values->n_targets++;
        *ret = target->values;
        return 0;
}

static int on_assignment(const ReaderAssignment *assignment, void *userdata)
{
        Source *source = userdata;
        const char *label;
        const Section *section = section_match(assignment->section, &label);
        const Setting *setting;
        Value *value;
        int r;

        if (!section || section->file != source->kind)
                return warn_section(source, assignment, section);
        if (label && !deploy_label_is_valid(label))
                return refuse_label(source, assignment, section);
        value = source->values->values[section - sections];
        if (label) {
                r = find_labelled(source, assignment, label, &value);
                if (r != 0)
                        return r;
        }
        setting = setting_find(section, assignment->key);
        if (!setting)
                return warn_key(source, assignment, section);

        value += setting - section->settings;
        if (!*assignment->value || setting->is_whole)
                value_clear(value);
        if (!*assignment->value)
                return 0;
        return add_text(source, assignment->line, setting, value, assignment->value);
}

/* Keeps the file's name for as long as words point to it. Return: NULL without memory. */
static const char *keep_file(Values *values, const char *file)
{
        if (strv_append(&values->files, file) < 0)
                return NULL;
        return values->files[strv_length(values->files) - 1];
}

int values_read(Values *values,
                ConfigFile kind,
                const char *file,
                char *text,
                size_t length,
                ConfigError *ret_error)
{
        Source source = {.values = values, .kind = kind, .error = ret_error};
        ReaderProblem problem;
        int r;

        source.file = keep_file(values, file);
        if (!source.file)
                return -ENOMEM;
        r = reader_parse(text, length, on_assignment, &source, &problem);
        if (r == READER_E_SYNTAX)
                return config_error_set(ret_error,
                                        file,
                                        problem.line,
                                        NULL,
                                        "The line is not understood: %s",
                                        problem.reason);
        return r;
}
