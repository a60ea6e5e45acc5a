/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why a chain is refused: CHAIN_REASON(NAME, word, sentence). The word is what ChainRefused() in
 * io.acmeward.Signer and ACME_REASON= say, and io.acmeward.Signer(7) lists every one. The sentence
 * continues "Certificate 2 of the chain ". No include guard: it is included once for every table
 * made from it. */

/* The text. */
CHAIN_REASON(TOO_LARGE, "tooLarge", "does not fit: the chain is larger than 96 KiB")
CHAIN_REASON(NOT_PEM, "notPem", "is not PEM of CERTIFICATE blocks and nothing else")
CHAIN_REASON(EMPTY, "empty", "is missing")
CHAIN_REASON(TOO_MANY, "tooMany", "is one too many: a chain has at most 10")
CHAIN_REASON(MALFORMED, "malformed", "is not a well-formed X.509 v3 certificate")

/* The first certificate: ours? */
CHAIN_REASON(PLACEHOLDER, "placeholder", "is a placeholder, which the signer makes itself")
CHAIN_REASON(OTHER_KEY, "otherKey", "is for another key than the one of the CSR")
CHAIN_REASON(RETIRED_KEY, "retiredKey", "is for a key that is retired, since others may know it")
CHAIN_REASON(OTHER_NAMES, "otherNames", "has other names than the configured identifiers")
CHAIN_REASON(EXPIRED, "expired", "has expired")
CHAIN_REASON(NOT_YET_VALID, "notYetValid", "becomes valid more than an hour from now")
CHAIN_REASON(AUTHORITY, "authority", "is an authority's, not a server's")
CHAIN_REASON(PURPOSE, "purpose", "is not for TLS servers (serverAuth)")

/* Every certificate: good enough? */
CHAIN_REASON(WEAK_KEY, "weakKey", "has a key that is too weak (RSA below 2048 bits, EC below 256)")
CHAIN_REASON(WEAK_SIGNATURE,
             "weakSignature",
             "is signed with a weak or unknown algorithm (MD5, SHA-1)")

/* Each but the first: did it issue the one before? */
CHAIN_REASON(ISSUER_NAME, "issuerName", "is not of the authority that issued the one before it")
CHAIN_REASON(NOT_AUTHORITY, "notAuthority", "may not issue certificates")
CHAIN_REASON(BAD_SIGNATURE, "badSignature", "did not sign the one before it")
CHAIN_REASON(PATH, "path", "does not make a valid path with the others (RFC 5280 section 6)")
