/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Problem documents.
 *
 * They are shown to people and they choose between a few fixed reactions; nothing else ever follows
 * from their bytes. What is wrong inside one is passed over, so that a clumsy CA is still heard. */

#include "acme/problem.h"

#include "acme/problem-rules.h"
#include "base/escape.h"

#define ACME_ERROR_PREFIX "urn:ietf:params:acme:error:"

/* The type is a short URN; longer ones are somebody's joke, and are cut where they are shown. */
#define TYPE_SHOWN_MAX 128U

/* "algorithms" of badSignatureAlgorithm (RFC 8555 section 6.2): a handful of short names. */
#define ALGORITHMS_SHOWN_MAX 16U

struct Problem {
        struct json_object *object;
        /* Borrowed from the object; NULL when absent or not a string. */
        const char *type;
        const char *title;
        const char *detail;
        const char *instance;
        const char *identifier;
        Problem **subproblems;
        size_t n_subproblems;
};

static const char *get_string(struct json_object *object, const char *name)
{
        struct json_object *value;

        if (!json_object_object_get_ex(object, name, &value) ||
            !json_object_is_type(value, json_type_string))
                return NULL;
        return json_object_get_string(value);
}

/* RFC 8555 section 6.7.1: a subproblem names its identifier; subproblems have none of their own, so
 * that is_sub ends the recursion. */
static int problem_new(struct json_object *object, bool is_sub, Problem **ret)
{
        _cleanup_(problem_freep) Problem *p = NULL;
        struct json_object *value;
        size_t n = 0;
        int r;

        if (!json_object_is_type(object, json_type_object))
                return -EBADMSG;
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;

        p->object = json_object_get(object);
        p->type = get_string(object, "type");
        p->title = get_string(object, "title");
        p->detail = get_string(object, "detail");
        p->instance = get_string(object, "instance");
        if (json_object_object_get_ex(object, "identifier", &value) &&
            json_object_is_type(value, json_type_object))
                p->identifier = get_string(value, "value");

        if (!is_sub && json_object_object_get_ex(object, "subproblems", &value) &&
            json_object_is_type(value, json_type_array))
                n = MIN(json_object_array_length(value), PROBLEM_SUBPROBLEMS_MAX);
        if (n > 0) {
                p->subproblems = calloc(n, sizeof(*p->subproblems));
                if (!p->subproblems)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < n; i++) {
                r = problem_new(json_object_array_get_idx(value, i),
                                true,
                                p->subproblems + p->n_subproblems);
                if (r == -EBADMSG)
                        continue;
                if (r < 0)
                        return r;
                p->n_subproblems++;
        }

        *ret = TAKE_PTR(p);
        return 0;
}

int problem_from_object(struct json_object *object, Problem **ret)
{
        return problem_new(object, false, ret);
}

int problem_parse(const char *text, size_t length, Problem **ret)
{
        _cleanup_json_ struct json_object *object = NULL;
        int r;

        r = json_parse(text, length, &object);
        if (r < 0)
                return r;
        return problem_new(object, false, ret);
}

void problem_free(Problem *problem)
{
        if (!problem)
                return;
        for (size_t i = 0; i < problem->n_subproblems; i++)
                problem_free(problem->subproblems[i]);
        free(problem->subproblems);
        json_object_put(problem->object);
        free(problem);
}

const char *problem_type(const Problem *problem)
{
        return problem->type ? problem->type : "about:blank";
}

bool problem_is(const Problem *problem, const char *name)
{
        const char *rest = startswith(problem_type(problem), ACME_ERROR_PREFIX);

        return rest && streq(rest, name);
}

bool problem_has_explanation(const Problem *problem)
{
        return problem->detail || problem->title || !streq(problem_type(problem), "about:blank");
}

/* "www.example.org: caa: <detail>, see <instance>". */
static int format_line(const Problem *p, char **ret)
{
        const char *type = problem_type(p), *name = startswith(type, ACME_ERROR_PREFIX);
        const char *text = p->detail ? p->detail : p->title;
        _cleanup_free_ char *who = NULL, *what = NULL, *why = NULL, *where = NULL;

        if (!name)
                name = type;
        what = escape_foreign(name, strlen(name), TYPE_SHOWN_MAX);
        if (p->identifier)
                who = escape_foreign(p->identifier, strlen(p->identifier), FOREIGN_TEXT_MAX);
        if (text)
                why = escape_foreign(text, strlen(text), FOREIGN_TEXT_MAX);
        if (p->instance)
                where = escape_foreign(p->instance, strlen(p->instance), FOREIGN_TEXT_MAX);
        if (!what || (p->identifier && !who) || (text && !why) || (p->instance && !where))
                return -ENOMEM;

        if (asprintf(ret,
                     "%s%s%s%s%s%s%s",
                     who ? who : "",
                     who ? ": " : "",
                     what,
                     why ? ": " : "",
                     why ? why : "",
                     where ? ", see " : "",
                     where ? where : "") < 0)
                return -ENOMEM;
        return 0;
}

/* "The CA accepts the algorithms ES256, RS256", for badSignatureAlgorithm. */
static int append_algorithms(const Problem *p, char ***lines)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *joined = NULL, *line = NULL;
        struct json_object *array;
        size_t n;
        int r;

        if (!json_object_object_get_ex(p->object, "algorithms", &array) ||
            !json_object_is_type(array, json_type_array))
                return 0;

        n = MIN(json_object_array_length(array), ALGORITHMS_SHOWN_MAX);
        for (size_t i = 0; i < n; i++) {
                struct json_object *item = json_object_array_get_idx(array, i);
                _cleanup_free_ char *name = NULL;
                const char *s;

                if (!json_object_is_type(item, json_type_string))
                        continue;
                s = json_object_get_string(item);
                name = escape_foreign(s, strlen(s), TYPE_SHOWN_MAX);
                if (!name)
                        return -ENOMEM;
                r = strv_append(&names, name);
                if (r < 0)
                        return r;
        }
        if (!names)
                return 0;

        r = strv_join(names, ", ", &joined);
        if (r < 0)
                return r;
        if (asprintf(&line, "the CA accepts the algorithms %s", joined) < 0)
                return -ENOMEM;
        return strv_append(lines, line);
}

int problem_format(const Problem *problem, char ***ret_lines)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        for (size_t i = 0; i <= problem->n_subproblems; i++) {
                _cleanup_free_ char *line = NULL;

                r = format_line(i == 0 ? problem : problem->subproblems[i - 1], &line);
                if (r < 0)
                        return r;
                r = strv_append(&lines, line);
                if (r < 0)
                        return r;
        }
        r = append_algorithms(problem, &lines);
        if (r < 0)
                return r;

        *ret_lines = TAKE_PTR(lines);
        return 0;
}

/* The gravest of several is the one whose cure takes the most: a person before patience. */
static const ProblemRule *graver(const ProblemRule *a, const ProblemRule *b)
{
        return !a || b->retry > a->retry ? b : a;
}

const ProblemRule *problem_rule(const Problem *problem, ProblemStage stage, unsigned http_status)
{
        const ProblemRule *rules, *rule = NULL;
        size_t n;

        if (problem && problem_is(problem, "compound"))
                for (size_t i = 0; i < problem->n_subproblems; i++)
                        rule = graver(rule,
                                      problem_rule(problem->subproblems[i], stage, http_status));
        if (rule)
                return rule;

        /* CAs say "malformed" of a URL of theirs that has gone. */
        if ((http_status == 404 || http_status == 410) && problem &&
            problem_is(problem, "malformed"))
                return problem_rule_for_status(stage, http_status);
        /* RFC 9110 section 15.6.2. step-ca's type for what it cannot do is rejectedIdentifier,
         * which would send people to look for a name that is wrong. */
        if (http_status == 501)
                return problem_rule_for_status(stage, http_status);

        rules = problem_rules(&n);
        FOREACH_ARRAY (r, rules, n)
                if (problem && r->name && r->stage == stage && problem_is(problem, r->name))
                        return r;

        /* What stands in the table once only means the same at either stage. */
        FOREACH_ARRAY (r, rules, n)
                if (problem && r->name && problem_is(problem, r->name))
                        return r;
        return problem_rule_for_status(stage, http_status);
}
