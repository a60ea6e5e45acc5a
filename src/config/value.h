/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The grammar of each kind of value; the tables of settings.h point here. Each function is a
 * SettingCheck. */

#include "base/time-util.h"

enum {
        VALUE_E_INVALID = 1,
};

/* What value_check_span() has written; 0 for NULL. */
usec_t value_span_usec(const char *normal);

/* A token's name, 128 bytes at most, still fits behind it into PATH_MAX. */
#define VALUE_PATH_MAX 1024U

/* nftables: NFT_NAME_MAXLEN, its NUL excluded. */
#define VALUE_NFT_NAME_MAX 255U

int value_check_boolean(const char *word, char **ret, const char **ret_reason); /* to "yes", "no" */
int value_check_key_type(const char *word, char **ret, const char **ret_reason);
int value_check_account_key_type(const char *word, char **ret, const char **ret_reason);
int value_check_firewall_mode(const char *word, char **ret, const char **ret_reason);
int value_check_path(const char *word, char **ret, const char **ret_reason);
int value_check_trust(const char *word, char **ret, const char **ret_reason);
int value_check_csr(const char *word, char **ret, const char **ret_reason);
int value_check_key_uri(const char *word, char **ret, const char **ret_reason);
int value_check_account_key(const char *word, char **ret, const char **ret_reason);
int value_check_ca(const char *word, char **ret, const char **ret_reason);
int value_check_account(const char *word, char **ret, const char **ret_reason);
int value_check_url(const char *word, char **ret, const char **ret_reason);
int value_check_origin(const char *word, char **ret, const char **ret_reason);
int value_check_profile(const char *word, char **ret, const char **ret_reason);
int value_check_chain(const char *word, char **ret, const char **ret_reason);
int value_check_experimental(const char *word, char **ret, const char **ret_reason);
int value_check_challenge(const char *word, char **ret, const char **ret_reason);
int value_check_span(const char *word, char **ret, const char **ret_reason);    /* to minutes */
int value_check_contact(const char *word, char **ret, const char **ret_reason); /* to "mailto:…" */
int value_check_identifier(const char *word, char **ret, const char **ret_reason);
int value_check_listen(const char *word, char **ret, const char **ret_reason);
int value_check_thumbprint(const char *word, char **ret, const char **ret_reason);
int value_check_nft_set(const char *word,
                        char **ret,
                        const char **ret_reason); /* one space between */

/* For dns.d: value-dns.c. */
int value_check_publisher(const char *word, char **ret, const char **ret_reason);
int value_check_dns_server(const char *word, char **ret, const char **ret_reason); /* with port */
int value_check_secret(const char *word, char **ret, const char **ret_reason);
int value_check_zone(const char *word, char **ret, const char **ret_reason);
int value_check_convention(const char *word, char **ret, const char **ret_reason);
int value_check_propagation(const char *word, char **ret, const char **ret_reason);
int value_check_dns_credential(const char *word, char **ret, const char **ret_reason);

/* For [Deploy LABEL]: value-deploy.c. What is written for others never gets into our own folders,
 * the kernel's file systems, or the root directory itself. */
#define VALUE_TARGET_FORBIDDEN "/var/lib/acme, /run/acme, /etc/acme, /proc, /sys, /dev"
int value_check_target_path(const char *word, char **ret, const char **ret_reason);
int value_check_user(const char *word, char **ret, const char **ret_reason);
int value_check_mode(const char *word, char **ret, const char **ret_reason); /* to "0640" */
int value_check_credential(const char *word, char **ret, const char **ret_reason);
int value_check_unit(const char *word, char **ret, const char **ret_reason);
int value_check_consumer(const char *word, char **ret, const char **ret_reason); /* or a template */
int value_check_command_line(const char *word, char **ret, const char **ret_reason);
int value_check_verify(const char *word, char **ret, const char **ret_reason);
int value_check_label(const char *word, char **ret, const char **ret_reason);
