/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The URLs of an ACME server, and their origins (RFC 6454). */

#include "base/macro.h"

/* Longest URL that we take from a CA. */
#define ACME_URL_MAX 2048U

/* An absolute https URL (RFC 8555 section 6.1) of visible ASCII, with a host, without user,
 * password and fragment. Host: letters, digits, '.', '-', or an IPv6 address in brackets; port 1 to
 * 65535. */
bool acme_url_is_valid(const char *url);

/* "https://host:port" in lower case; the port is left out when it is 443.
 * Return: 0; -EINVAL when the URL is not valid as above; -ENOMEM. */
int acme_url_origin(const char *url, char **ret);

/* Is the URL valid, and its origin one of these (each as acme_url_origin() writes it)? */
bool acme_url_has_origin(const char *url, char *const *origins);

/* Can the one URL for sure not stand for the object that the other names, nor for a sibling of it?
 * Where a server may see two spellings as one (percent-encoding, dots, a query), nothing is sure.
 * Both are valid, and taken for the same server's. */
bool acme_url_is_apart(const char *url, const char *other);
