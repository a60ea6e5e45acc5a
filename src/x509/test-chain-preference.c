/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Leaf, intermediate, root: who is preferred by which name. */

#include "base/test.h"
#include "x509/certificate.h"
#include "x509/chain.h"
#include "x509/test-pki.h"

static void named(PkiSpecs *s)
{
        s->ca.cn = "R10";
        s->root.cn = "Root X1";
}

static ChainPreference preference(const char *text, const char *wanted)
{
        _cleanup_(chain_freep) Chain *chain = NULL;
        ChainPreference result;
        size_t at;

        assert_int_equal(chain_parse(text, strlen(text), &chain, &at), 0);
        assert_int_equal(chain_get_preference(chain, wanted, &result), 0);
        return result;
}

static void test_chain_get_preference__table(_unused_ void **state)
{
        _cleanup_free_ char *leaf = NULL, *two = NULL, *three = NULL, *of_ca = NULL,
                            *of_root = NULL;
        _cleanup_(pki_done) Pki pki;

        pki_make(&pki, "DNS:a.example", named);
        leaf = pki_pem(pki.leaf, NULL);
        two = pki_pem(pki.leaf, pki.ca, NULL);
        three = pki_pem(pki.leaf, pki.ca, pki.root, NULL);
        assert_int_equal(certificate_get_fingerprint(pki.ca, &of_ca), 0);
        assert_int_equal(certificate_get_fingerprint(pki.root, &of_root), 0);

        const struct {
                const char *row, *text, *wanted;
                ChainPreference expected;
        } table[] = {
                        {"the last one's issuer", two, "Root X1", CHAIN_PREFERRED},
                        {"no case", two, "rOOT x1", CHAIN_PREFERRED},
                        {"not the last one's", two, "R10", CHAIN_HAS_ISSUER},
                        {"the only one's", leaf, "R10", CHAIN_PREFERRED},
                        {"not shown", leaf, "Root X1", CHAIN_OTHER},
                        {"a root is its own", three, "Root X1", CHAIN_PREFERRED},
                        {"a part of it", two, "Root X", CHAIN_OTHER},
                        {"more than it", two, "Root X12", CHAIN_OTHER},
                        {"a subject alone", two, "a.example", CHAIN_OTHER},
                        {"in the chain", two, of_ca, CHAIN_PREFERRED},
                        {"not in the chain", two, of_root, CHAIN_OTHER},
                        {"at its end", three, of_root, CHAIN_PREFERRED},
        };

        FOREACH_ARRAY (row, table, ELEMENTSOF(table))
                assert_row(row->row, preference(row->text, row->wanted) == row->expected);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_chain_get_preference__table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
