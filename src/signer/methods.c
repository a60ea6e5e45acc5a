/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The table of methods: everything that a caller can ask for, at which door, and with the
 * parameters that it may give. */

#include "signer/signer-internal.h"
#include "varlink/idl-signer.h"

/* What an order needs of the account; also for a signer elsewhere that has the certificate's key.
 */
#define ACCOUNT_METHOD(name, fields)                                                               \
        {                                                                                          \
                name, fields, sizeof(RequestParameters), method_request, DOOR_RENEW | DOOR_DISTANT \
        }

#define METHOD(name, fields, type, handle)                                                         \
        {                                                                                          \
                name, fields, sizeof(type), handle, DOOR_RENEW                                     \
        }

static const VarlinkMethod methods[] = {
                {"Describe", NULL, 0, method_describe, DOOR_RENEW},
                {"DescribeAccount", NULL, 0, method_describe_distant, DOOR_DISTANT},
                {"NewAccount",
                 request_fields,
                 sizeof(RequestParameters),
                 method_request,
                 DOOR_RENEW | DOOR_REVOKE | DOOR_DISTANT},
                {"SetAccount",
                 account_fields,
                 sizeof(UrlParameter),
                 method_set_account,
                 DOOR_RENEW | DOOR_REVOKE | DOOR_DISTANT},
                {"ForgetAccount", NULL, 0, method_forget_account, DOOR_RENEW | DOOR_DISTANT},
                METHOD("NextAuthority",
                       authority_fields,
                       AuthorityParameters,
                       method_next_authority),
                {"NextKeyType", NULL, 0, method_next_key_type, DOOR_RENEW},
                METHOD("SetRenewalInfo",
                       renewal_info_fields,
                       RenewalInfoParameters,
                       method_set_renewal_info),
                ACCOUNT_METHOD("NewOrder", new_order_fields),
                METHOD("SetOrder", order_fields, UrlParameter, method_set_order),
                {"ForgetOrder", NULL, 0, method_forget_order, DOOR_RENEW},
                METHOD("SetChallenge", challenge_fields, ChallengeParameters, method_set_challenge),
                ACCOUNT_METHOD("Fetch", request_fields),
                {"KeyAuthorization",
                 token_fields,
                 sizeof(TokenParameter),
                 method_key_authorization,
                 DOOR_CHALLENGE | DOOR_DISTANT},
                {"KeyAuthorizationDigest",
                 token_fields,
                 sizeof(TokenParameter),
                 method_key_authorization_digest,
                 DOOR_DNS},
                {"PersistentRecord",
                 persistent_fields,
                 sizeof(PersistentParameters),
                 method_persistent_record,
                 DOOR_DNS},
                {"ValidationCertificate",
                 validation_fields,
                 sizeof(ValidationParameters),
                 method_validation_certificate,
                 DOOR_ALPN},
                ACCOUNT_METHOD("AnswerChallenge", request_fields),
                ACCOUNT_METHOD("DeactivateAuthorization", request_fields),
                METHOD("Finalize", request_fields, RequestParameters, method_request),
                {"FinalizeRequest",
                 finalize_request_fields,
                 sizeof(RequestParameters),
                 method_request,
                 DOOR_DISTANT},
                METHOD("Install", install_fields, InstallParameters, method_install),
                METHOD("WeighChain", install_fields, InstallParameters, method_weigh_chain),
                {"InstallPlaceholder", NULL, 0, method_install_placeholder, DOOR_PLACEHOLDER},
                {"ImportKey", NULL, 0, method_import_key, DOOR_IMPORT},
                {"DescribeRevocation", NULL, 0, method_describe_revocation, DOOR_REVOKE},
                {"Revoke", request_fields, sizeof(RequestParameters), method_request, DOOR_REVOKE},
                {"SetRevocation",
                 set_revocation_fields,
                 sizeof(RevocationParameters),
                 method_set_revocation,
                 DOOR_REVOKE},
                METHOD("ReportFailure",
                       report_failure_fields,
                       FailureParameters,
                       method_report_failure),
                {},
};

const VarlinkInterface signer_interface = {
                .name = SIGNER_INTERFACE,
                .description = idl_signer,
                .methods = methods,
};
