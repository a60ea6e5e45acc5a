/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "acme/url.h"
#include "base/name.h"
#include "base/test.h"
#include "config/ca-name.h"
#include "config/listen-address.h"
#include "config/settings.h"
#include "config/value.h"

/* normal: what comes out; NULL: refused. */
typedef struct ValueRow {
        SettingCheck check;
        const char *word, *normal;
} ValueRow;

#define X128                                                                                       \
        "a234567890123456789012345678901234567890123456789012345678901234567890123456789012345678" \
        "9012345678901234567890123456789012345678"
#define UPPER_COLONS                                                                               \
        "AB:CD:EF:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:"  \
        "1B:1C:1D"
#define LOWER "abcdef0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d"
#define L64 "a234567890123456789012345678901234567890123456789012345678901234"

static const ValueRow rows[] = {
                {value_check_boolean, "yes", "yes"},
                {value_check_boolean, "YES", "yes"},
                {value_check_boolean, "true", "yes"},
                {value_check_boolean, "on", "yes"},
                {value_check_boolean, "1", "yes"},
                {value_check_boolean, "no", "no"},
                {value_check_boolean, "false", "no"},
                {value_check_boolean, "Off", "no"},
                {value_check_boolean, "0", "no"},
                {value_check_boolean, "maybe", NULL},
                {value_check_boolean, "yes no", NULL},
                {value_check_boolean, "2", NULL},
                {value_check_boolean, "", NULL},

                {value_check_key_type, "ec-p256", "ec-p256"},
                {value_check_key_type, "rsa-4096", "rsa-4096"},
                {value_check_key_type, "ed25519", NULL},
                {value_check_key_type, "rsa-1024", NULL},
                {value_check_key_type, "RSA-2048", NULL},
                {value_check_key_type, "ec-p256 ec-p384", NULL},
                {value_check_account_key_type, "ed25519", "ed25519"},
                {value_check_account_key_type, "ec-p384", "ec-p384"},
                {value_check_account_key_type, "ed448", NULL},

                {value_check_span, "1min", "1min"},
                {value_check_span, "36h", "2160min"},
                {value_check_span, "10d", "14400min"},
                {value_check_span, "2w", "20160min"},
                {value_check_span, "3650d", "5256000min"},
                {value_check_span, "3651d", NULL},
                {value_check_span, "999999999w", NULL},
                {value_check_span, "9999999999w", NULL},
                {value_check_span, "0d", NULL},
                {value_check_span, "10", NULL},
                {value_check_span, "d", NULL},
                {value_check_span, "-1d", NULL},
                {value_check_span, "1d2h", NULL},
                {value_check_span, "10 d", NULL},

                {value_check_chain, "ISRG Root X1", "ISRG Root X1"},
                {value_check_chain, "R\xc3\xb6\xc3\xb6t", "R\xc3\xb6\xc3\xb6t"},
                {value_check_chain, L64, L64},
                {value_check_chain, "A" L64, "A" L64},
                {value_check_chain, UPPER_COLONS, LOWER},
                {value_check_chain, UPPER_COLONS ":", UPPER_COLONS ":"},
                {value_check_chain, "a\nb", NULL},
                {value_check_chain, "a\xff", NULL},
                {value_check_chain, L64 L64 L64 L64 "a", NULL},

                {value_check_firewall_mode, "auto", "auto"},
                {value_check_firewall_mode, "set", "set"},
                {value_check_firewall_mode, "off", "off"},
                {value_check_firewall_mode, "on", NULL},
                {value_check_firewall_mode, "Auto", NULL},

                {value_check_path, "/a", "/a"},
                {value_check_path, "/a/b c/", "/a/b c"},
                {value_check_path, "/.a/..b/c..", "/.a/..b/c.."},
                {value_check_path, "/" X128, "/" X128},
                {value_check_path, "/", NULL},
                {value_check_path, "//", NULL},
                {value_check_path, "a/b", NULL},
                {value_check_path, "./a", NULL},
                {value_check_path, "/a//b", NULL},
                {value_check_path, "/a/./b", NULL},
                {value_check_path, "/a/../b", NULL},
                {value_check_path, "/a/..", NULL},
                {value_check_path, "/a/.", NULL},
                {value_check_path, "/..", NULL},
                {value_check_path, "/a\nb", NULL},
                {value_check_path, "/\xc3\xa4", NULL},
                {value_check_path, "/" X128 X128 X128 X128 X128 X128 X128 X128, NULL},

                {value_check_ca, "letsencrypt", "letsencrypt"},
                {value_check_ca, "https://ca.example/dir", "https://ca.example/dir"},
                {value_check_ca, "LetsEncrypt", NULL},
                {value_check_ca, "../letsencrypt", NULL},
                {value_check_ca, "a/b", NULL},
                {value_check_ca, "http://ca.example/dir", NULL},
                {value_check_ca, "https://user@ca.example/dir", NULL},
                {value_check_ca, "https://", NULL},

                {value_check_account, "shop-2", "shop-2"},
                {value_check_account, "shop@2", NULL},
                {value_check_account, "Shop", NULL},
                {value_check_account, "..", NULL},

                {value_check_url,
                 "https://ca.example:14000/dir?a=b",
                 "https://ca.example:14000/dir?a=b"},
                {value_check_url, "http://ca.example/dir", NULL},
                {value_check_url, "https://ca.example/dir#f", NULL},
                {value_check_url, "https://ca.example/a b", NULL},

                {value_check_origin, "https://CA.example", "https://ca.example"},
                {value_check_origin, "https://ca.example:443/", "https://ca.example"},
                {value_check_origin, "https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"},
                {value_check_origin, "https://ca.example/a", NULL},
                {value_check_origin, "https://ca.example?a", NULL},
                {value_check_origin, "https://ca.example/?a", NULL},
                {value_check_origin, "http://ca.example", NULL},
                {value_check_origin, "ca.example", NULL},

                {value_check_contact, "a@example.org", "mailto:a@example.org"},
                {value_check_contact, "mailto:A.b+c@Example.org", "mailto:A.b+c@example.org"},
                {value_check_contact, "MAILTO:a@example.org", "mailto:a@example.org"},
                {value_check_contact,
                 "o'neill_x@b\xc3\xbc"
                 "cher.example",
                 "mailto:o'neill_x@xn--bcher-kva.example"},
                {value_check_contact, L64 "@example.org", "mailto:" L64 "@example.org"},
                {value_check_contact, "a" L64 "@example.org", NULL},
                {value_check_contact, "example.org", NULL},
                {value_check_contact, "@example.org", NULL},
                {value_check_contact, "a@", NULL},
                {value_check_contact, "a@b@example.org", NULL},
                {value_check_contact, "a@*.example.org", NULL},
                {value_check_contact, "a@[192.0.2.1]", NULL},
                {value_check_contact, ".a@example.org", NULL},
                {value_check_contact, "a.@example.org", NULL},
                {value_check_contact, "a..b@example.org", NULL},
                {value_check_contact, "a&b@example.org", NULL},
                {value_check_contact, "a%20@example.org", NULL},
                {value_check_contact, "\xc3\xa4@example.org", NULL},
                {value_check_contact, "mailto:a@example.org?subject=b", NULL},
                {value_check_contact, "mailto:a@example.org,b@example.org", NULL},
                {value_check_contact, "tel:+12025551212", NULL},
                {value_check_contact, "https://example.org/a@b", NULL},

                {value_check_identifier, "Example.org", "example.org"},
                {value_check_identifier, "*.Example.org.", "*.example.org"},
                {value_check_identifier, "*.example", NULL},
                {value_check_identifier, "*.*.example.org", NULL},
                {value_check_identifier, "a*.example.org", NULL},
                {value_check_identifier, "*", NULL},
                {value_check_publisher, "bind-1", "bind-1"},
                {value_check_publisher, "../bind", NULL},
                {value_check_dns_server, "192.0.2.53", "192.0.2.53:53"},
                {value_check_dns_server, "NS1.example.org:5353", "ns1.example.org:5353"},
                {value_check_dns_server, "[2001:DB8::1]", "[2001:db8::1]:53"},
                {value_check_dns_server, "[2001:db8::1]:54", "[2001:db8::1]:54"},
                {value_check_dns_server, "2001:db8::1", NULL},
                {value_check_dns_server, "a.example sni=b.example", NULL},
                {value_check_dns_server, "a.example:0", NULL},
                {value_check_zone, "Example.org.", "example.org"},
                {value_check_zone, "*.example.org", NULL},
                {value_check_zone, "a b", NULL},
                {value_check_secret, "/etc/keys/a", "/etc/keys/a"},
                {value_check_secret, "a.key", "a.key"},
                {value_check_secret, "/etc/acme/dns.d/key", NULL},
                {value_check_secret, "/var/lib/acme/key", NULL},
                {value_check_secret, "../key", NULL},
                {value_check_convention, "lego", "lego"},
                {value_check_convention, "Lego", NULL},
                {value_check_dns_credential, "token:/etc/keys/token", "token:/etc/keys/token"},
                {value_check_dns_credential, "token:stored", "token:stored"},
                {value_check_dns_credential, "token", NULL},
                {value_check_dns_credential, ":/etc/keys/token", NULL},
                {value_check_dns_credential, "/a:/etc/keys/token", NULL},
                {value_check_dns_credential, "token:/etc/acme/token", NULL},
                {value_check_propagation, "480", "480"},
                {value_check_propagation, "481", NULL},
                {value_check_propagation, "0", NULL},
                {value_check_propagation, "5s", NULL},

                {value_check_listen, "80", "80"},
                {value_check_listen, "0.0.0.0:80", "0.0.0.0:80"},
                {value_check_listen, "192.0.2.1:65535", "192.0.2.1:65535"},
                {value_check_listen, "[::]:80", "[::]:80"},
                {value_check_listen, "[2001:DB8:0::1]:8080", "[2001:db8::1]:8080"},
                {value_check_listen, "0", NULL},
                {value_check_listen, "080", NULL},
                {value_check_listen, "65536", NULL},
                {value_check_listen, "99999999999", NULL},
                {value_check_listen, "-1", NULL},
                {value_check_listen, "http", NULL},
                {value_check_listen, "192.0.2.1", NULL},
                {value_check_listen, "192.0.2.1:", NULL},
                {value_check_listen, "192.0.2.1:0", NULL},
                {value_check_listen, "192.0.2:80", NULL},
                {value_check_listen, ":80", NULL},
                {value_check_listen, "*:80", NULL},
                {value_check_listen, "[::]", NULL},
                {value_check_listen, "[]:80", NULL},
                {value_check_listen, "::1:80", NULL},
                {value_check_listen, "[::1:80", NULL},
                {value_check_listen, "[192.0.2.1]:80", NULL},
                {value_check_listen, "[::ffff:192.0.2.1]:80", NULL},
                {value_check_listen, "[fe80::1%eth0]:80", NULL},
                {value_check_listen, "example.org:80", NULL},
                {value_check_listen, "/run/socket", NULL},

                {value_check_nft_set, "inet filter acme", "inet filter acme"},
                {value_check_nft_set, "ip6  a-b.c\t_d1", "ip6 a-b.c _d1"},
                {value_check_nft_set, "ip t s", "ip t s"},
                {value_check_nft_set, "inet filter", NULL},
                {value_check_nft_set, "inet", NULL},
                {value_check_nft_set, "inet filter acme more", NULL},
                {value_check_nft_set, "arp filter acme", NULL},
                {value_check_nft_set, "in filter acme", NULL},
                {value_check_nft_set, "inet 1filter acme", NULL},
                {value_check_nft_set, "inet filter -acme", NULL},
                {value_check_nft_set, "inet filter acme;flush", NULL},
                {value_check_nft_set, "inet filter {", NULL},
                {value_check_nft_set, "inet filter \"a\"", NULL},
                {value_check_nft_set, "inet filter " X128 X128, NULL},

                {value_check_thumbprint,
                 "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ",
                 "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ"},
                {value_check_thumbprint, "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCR", NULL},
                {value_check_thumbprint, "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmC", NULL},
                {value_check_thumbprint, "LPJNul-wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQQ", NULL},
                {value_check_thumbprint, "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ", NULL},

                {value_check_target_path, "/etc/nginx/tls/a.pem", "/etc/nginx/tls/a.pem"},
                {value_check_target_path, "/etc/acme2/a", "/etc/acme2/a"},
                {value_check_target_path, "/srv/*.pem", "/srv/*.pem"},
                {value_check_target_path, "", NULL},
                {value_check_target_path, "/", NULL},
                {value_check_target_path, "//", NULL},
                {value_check_target_path, "/a.pem", NULL},
                {value_check_target_path, "a/b.pem", NULL},
                {value_check_target_path, "//a/b.pem", NULL},
                {value_check_target_path, "/srv//b.pem", NULL},
                {value_check_target_path, "/srv/", NULL},
                {value_check_target_path, "/srv/a/", NULL},
                {value_check_target_path, "/srv/.", NULL},
                {value_check_target_path, "/srv/..", NULL},
                {value_check_target_path, "/srv/../etc/a", NULL},
                {value_check_target_path, "/srv/a b", NULL},
                {value_check_target_path, "/srv/%n", NULL},
                {value_check_target_path, "/srv/\"a", NULL},
                {value_check_target_path, "/srv/\\a", NULL},
                {value_check_target_path, "/srv/\xc3\xa4", NULL},
                {value_check_target_path, "/var/lib/acme/live/a", NULL},
                {value_check_target_path, "/var/lib/acme", NULL},
                {value_check_target_path, "/run/acme/a", NULL},
                {value_check_target_path, "/var/run/acme/a", NULL},
                {value_check_target_path, "/etc/acme/a", NULL},
                {value_check_target_path, "/proc/1/root/a", NULL},
                {value_check_target_path, "/sys/a", NULL},
                {value_check_target_path, "/dev/shm/a", NULL},

                {value_check_user, "root", "root"},
                {value_check_user, "_apt", "_apt"},
                {value_check_user, "Debian-exim", "Debian-exim"},
                {value_check_user, "a.b", "a.b"},
                {value_check_user, "host$", "host$"},
                {value_check_user, "0", "0"},
                {value_check_user, "33", "33"},
                {value_check_user, "4294967294", "4294967294"},
                {value_check_user, "", NULL},
                {value_check_user, "$", NULL},
                {value_check_user, "a$b", NULL},
                {value_check_user, "-1", NULL},
                {value_check_user, "00", NULL},
                {value_check_user, "65535", NULL},
                {value_check_user, "4294967295", NULL},
                {value_check_user, "99999999999999999999999", NULL},
                {value_check_user, "1a", NULL},
                {value_check_user, ".a", NULL},
                {value_check_user, "a b", NULL},
                {value_check_user, "a:b", NULL},
                {value_check_user, "%u", NULL},
                {value_check_user, L64, NULL},

                {value_check_mode, "0640", "0640"},
                {value_check_mode, "640", "0640"},
                {value_check_mode, "0400", "0400"},
                {value_check_mode, "0664", "0664"},
                {value_check_mode, "0666", NULL},
                {value_check_mode, "0755", NULL},
                {value_check_mode, "4640", NULL},
                {value_check_mode, "0040", NULL},
                {value_check_mode, "00640", NULL},
                {value_check_mode, "64", NULL},
                {value_check_mode, "0680", NULL},
                {value_check_mode, "u=rw", NULL},
                {value_check_mode, "", NULL},

                {value_check_credential, "java.password", "java.password"},
                {value_check_credential, "/etc/keys/java", "/etc/keys/java"},
                {value_check_credential, "/etc/keys/../java", NULL},
                {value_check_credential, "/etc/keys/", NULL},
                {value_check_credential, "/etc/a:b", NULL},
                {value_check_credential, "a/b", NULL},
                {value_check_credential, "..", NULL},
                {value_check_credential, "a:b", NULL},
                {value_check_credential, "", NULL},

                {value_check_unit, "nginx.service", "nginx.service"},
                {value_check_unit, "postgresql@15-main.service", "postgresql@15-main.service"},
                {value_check_unit, "a@b@c.service", "a@b@c.service"},
                {value_check_unit, "dev-a\\x2db.mount", "dev-a\\x2db.mount"},
                {value_check_unit, "a:b.socket", "a:b.socket"},
                {value_check_unit, "a.b.target", "a.b.target"},
                {value_check_unit, "nginx", NULL},
                {value_check_unit, "nginx.conf", NULL},
                {value_check_unit, ".service", NULL},
                {value_check_unit, "service", NULL},
                {value_check_unit, "@.service", NULL},
                {value_check_unit, "@a.service", NULL},
                {value_check_unit, "postgresql@.service", NULL},
                {value_check_unit, "a/b.service", NULL},
                {value_check_unit, "a b.service", NULL},
                {value_check_unit, "a*.service", NULL},
                {value_check_unit, "%n.service", NULL},
                {value_check_unit, "a@\xc3\xa4.service", NULL},
                {value_check_unit, X128 X128 ".service", NULL},
                {value_check_unit, "", NULL},
                {value_check_consumer, "nginx.service", "nginx.service"},
                {value_check_consumer, "postgresql@.service", "postgresql@.service"},
                {value_check_consumer, "@.service", NULL},
                {value_check_consumer, "a@", NULL},
                {value_check_consumer, "a@.conf", NULL},
                {value_check_consumer, "a/b@.service", NULL},
                {value_check_consumer, "", NULL},

                {value_check_command_line, "/bin/true", "/bin/true"},
                {value_check_command_line, "/bin/echo 'a  b' \"\" c", "/bin/echo 'a  b' \"\" c"},
                {value_check_command_line, "\"/opt/my program\" a", "\"/opt/my program\" a"},
                {value_check_command_line, "", NULL},
                {value_check_command_line, "''", NULL},
                {value_check_command_line, "true", NULL},
                {value_check_command_line, "-/bin/true", NULL},
                {value_check_command_line, "/bin/", NULL},
                {value_check_command_line, "/bin/../bin/true", NULL},
                {value_check_command_line, "/bin/echo 'a", NULL},
                {value_check_command_line, "/bin/echo \"a", NULL},
                {value_check_command_line, "/bin/echo a'b'", NULL},
                {value_check_command_line, "/bin/echo 'a'b", NULL},
                {value_check_command_line, "/bin/echo 'a''b'", NULL},
                {value_check_command_line, "/bin/echo \\n", NULL},
                {value_check_command_line, "/bin/echo \\", NULL},

                {value_check_verify, "localhost:443", "localhost:443"},
                {value_check_verify, "A.example.:1", "a.example:1"},
                {value_check_verify, "192.0.2.1:65535", "192.0.2.1:65535"},
                {value_check_verify, "[2001:DB8::0]:443", "[2001:db8::]:443"},
                {value_check_verify,
                 "a:25\tsni=B.example\n  starttls=smtp",
                 "a:25 starttls=smtp sni=b.example"},
                {value_check_verify, "a:5432 starttls=postgres", "a:5432 starttls=postgres"},
                {value_check_verify, "", NULL},
                {value_check_verify, "a", NULL},
                {value_check_verify, "a:", NULL},
                {value_check_verify, "a:0", NULL},
                {value_check_verify, "a:65536", NULL},
                {value_check_verify, "a:https", NULL},
                {value_check_verify, ":443", NULL},
                {value_check_verify, "::1:443", NULL},
                {value_check_verify, "[::1:443", NULL},
                {value_check_verify, "[]:443", NULL},
                {value_check_verify, "[192.0.2.1]:443", NULL},
                {value_check_verify, "[fe80::1%eth0]:443", NULL},
                {value_check_verify, "*.a.example:443", NULL},
                {value_check_verify, "a:443 b", NULL},
                {value_check_verify, "a:443 starttls=", NULL},
                {value_check_verify, "a:443 starttls=https", NULL},
                {value_check_verify, "a:443 starttls=smtp starttls=smtp", NULL},
                {value_check_verify, "a:443 sni=", NULL},
                {value_check_verify, "a:443 sni=*.b.example", NULL},
                {value_check_verify, "a:443 sni=a sni=b", NULL},
                {value_check_verify, "a:443 SNI=a", NULL},
                {value_check_verify, "starttls=smtp a:443", NULL},

                {value_check_label, "nginx", "nginx"},
                {value_check_label, "0a_B.c-", "0a_B.c-"},
                {value_check_label, "", NULL},
                {value_check_label, ".a", NULL},
                {value_check_label, "-a", NULL},
                {value_check_label, "a/b", NULL},
                {value_check_label, "a b", NULL},
                {value_check_label, "a@b", NULL},
                {value_check_label,
                 "a234567890123456789012345678901",
                 "a234567890123456789012345678901"},
                {value_check_label, "a23456789012345678901234567890123", NULL},
};

static void test_value_check__table(void **state _unused_)
{
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *normal = NULL;
                const char *reason = NULL;
                int r = row->check(row->word, &normal, &reason);

                if (row->normal) {
                        assert_row(row->word, r == 0);
                        assert_string_equal(normal, row->normal);
                } else {
                        assert_row(row->word, r == VALUE_E_INVALID);
                        assert_row(row->word, !normal && reason && *reason);
                }
        }
}

/* The normal form is a fixed point. */
static void test_value_check__twice(void **state _unused_)
{
        FOREACH_ARRAY (row, rows, ELEMENTSOF(rows)) {
                _cleanup_free_ char *again = NULL;
                const char *reason = NULL;

                if (!row->normal)
                        continue;
                assert_row(row->word, row->check(row->normal, &again, &reason) == 0);
                assert_string_equal(again, row->normal);
        }
}

static void test_listen_address_parse__port_alone(void **state _unused_)
{
        ListenAddress addresses[LISTEN_ADDRESSES_PER_WORD];
        char buffer[LISTEN_ADDRESS_MAX];
        const char *reason;

        assert_int_equal(listen_address_parse("8080", addresses, &reason), 2);
        assert_string_equal(listen_address_format(&addresses[0], buffer), "0.0.0.0:8080");
        assert_string_equal(listen_address_format(&addresses[1], buffer), "[::]:8080");
        assert_int_equal(listen_address_port(&addresses[1]), 8080);
        assert_true(listen_address_equal(&addresses[0], &addresses[0]));
        assert_true(listen_address_equal(&addresses[1], &addresses[1]));
        assert_false(listen_address_equal(&addresses[0], &addresses[1]));
}

static void test_ca_name_from_url__grammar_and_difference(void **state _unused_)
{
        static const struct {
                const char *url, *prefix;
        } urls[] = {
                        {"https://ca.example/dir", "ca.example-"},
                        {"https://ca.example/dir2", "ca.example-"},
                        {"https://CA.example:14000/dir", "ca.example-14000-"},
                        {"https://[2001:db8::1]:14000/dir", "2001-db8--1--14000-"},
                        {"https://[::1]/dir", "1--"},
                        {"https://[::]/dir", ""},
                        {"https://a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z.example/dir",
                         "a.b.c.d.e.f."},
        };
        char *names[ELEMENTSOF(urls)] = {};

        for (size_t i = 0; i < ELEMENTSOF(urls); i++) {
                assert_row(urls[i].url, acme_url_is_valid(urls[i].url));
                assert_int_equal(ca_name_from_url(urls[i].url, &names[i]), 0);
                assert_row(names[i], ca_name_is_valid(names[i]));
                assert_row(names[i], startswith(names[i], urls[i].prefix));
                for (size_t j = 0; j < i; j++)
                        assert_row(names[i], !streq(names[i], names[j]));
        }
        for (size_t i = 0; i < ELEMENTSOF(urls); i++)
                free(names[i]);
}

/* An account is found by this name: it must never change. */
static void test_ca_name_from_url__stays(void **state _unused_)
{
        _cleanup_free_ char *name = NULL;

        assert_int_equal(ca_name_from_url("https://ca.example:14000/dir", &name), 0);
        assert_string_equal(name, "ca.example-14000-dd6b46324428392f");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_value_check__table),
                        cmocka_unit_test(test_value_check__twice),
                        cmocka_unit_test(test_listen_address_parse__port_alone),
                        cmocka_unit_test(test_ca_name_from_url__grammar_and_difference),
                        cmocka_unit_test(test_ca_name_from_url__stays),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
