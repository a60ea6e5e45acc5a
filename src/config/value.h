/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The grammar of each kind of value; the tables of settings.h point here. Each function is a
 * SettingCheck. */

#include "base/macro.h"

enum {
        VALUE_E_INVALID = 1,
};

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
int value_check_ca(const char *word, char **ret, const char **ret_reason);
int value_check_url(const char *word, char **ret, const char **ret_reason);
int value_check_origin(const char *word, char **ret, const char **ret_reason);
int value_check_contact(const char *word, char **ret, const char **ret_reason); /* to "mailto:…" */
int value_check_identifier(const char *word, char **ret, const char **ret_reason);
int value_check_listen(const char *word, char **ret, const char **ret_reason);
int value_check_nft_set(const char *word,
                        char **ret,
                        const char **ret_reason); /* one space between */
