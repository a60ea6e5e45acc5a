/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Why nothing is signed for a revocation: REVOCATION_REFUSAL(NAME, word, sentence). The word is
 * what RevocationRefused() in io.acmeward.Signer says, and io.acmeward.Signer(7) lists every one.
 * No include guard: it is included once for every table made from it. */

REVOCATION_REFUSAL(
                NOT_REQUESTED,
                "notRequested",
                "nobody has asked for it; acmectl revoke does, with a file below /run/acme/revoke")
REVOCATION_REFUSAL(MALFORMED, "malformed", "the request below /run/acme/revoke is not understood")
REVOCATION_REFUSAL(NOT_FOUND,
                   "notFound",
                   "no certificate that is kept is the one that was asked for; give it as a file")
REVOCATION_REFUSAL(NOT_PEM, "notPem", "what was given as a certificate is not one in PEM")
REVOCATION_REFUSAL(PLACEHOLDER, "placeholder", "a placeholder has no CA that could revoke it")
REVOCATION_REFUSAL(
                OTHER_CA,
                "otherCa",
                "it is another CA's than the one that is configured; set CA= to that one for the "
                "time being")
REVOCATION_REFUSAL(NO_KEY,
                   "noKey",
                   "its private key is not kept; put it beside the generations as revoke-key.pem, "
                   "owned by acme-signer, or let the account sign")
REVOCATION_REFUSAL(KEY_KIND,
                   "keyKind",
                   "its key is of a kind that signs no request (RFC 8555); let the account sign")
