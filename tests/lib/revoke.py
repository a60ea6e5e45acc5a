# SPDX-License-Identifier: LGPL-2.1-or-later
"""Revokes a certificate at the CA the way its owner can without any client: signed by its own key (RFC 8555 7.6)."""

import json

_SCRIPT = r"""
import base64, json, subprocess, sys, urllib.error, urllib.request, ssl
folder, directory = sys.argv[1:]
context = ssl.create_default_context(cafile="/etc/pebble/ca.pem")

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout

def ask(url, method="GET", body=None):
    request = urllib.request.Request(url, data=body, method=method, headers={
        "Content-Type": "application/jose+json", "User-Agent": "acmeward tests"})
    return urllib.request.urlopen(request, context=context)

def sign(nonce):
    header = {"alg": "ES256", "nonce": nonce, "url": urls["revokeCert"],
              "jwk": {"kty": "EC", "crv": "P-256", "x": b64(point[:32]), "y": b64(point[32:])}}
    protected = b64(json.dumps(header).encode())
    der = openssl("dgst", "-sha256", "-sign", folder + "/privkey.pem", data=(protected + "." + payload).encode())
    length = der[3]
    r = der[4:4 + length][-32:].rjust(32, b"\0")
    s = der[6 + length:][-32:].rjust(32, b"\0")
    return json.dumps({"protected": protected, "payload": payload, "signature": b64(r + s)}).encode()

urls = json.load(ask(directory))
point = openssl("pkey", "-in", folder + "/privkey.pem", "-pubout", "-outform", "DER")[-64:]
payload = b64(json.dumps({"certificate": b64(openssl(
    "x509", "-in", folder + "/cert.pem", "-outform", "DER"))}).encode())
# A CA may reject any nonce, and says so (RFC 8555 section 6.5); that is no answer to what was asked.
for attempt in range(10):
    nonce = ask(urls["newNonce"], "HEAD").headers["Replay-Nonce"]
    try:
        status = ask(urls["revokeCert"], "POST", sign(nonce)).status
    except urllib.error.HTTPError as error:
        status = error.code
        if json.load(error).get("type") == "urn:ietf:params:acme:error:badNonce":
            continue
    break
print(status)
"""


def revoke(machine, folder):
    """Revoke the P-256 certificate in a folder of the store; the HTTP status of the CA's answer."""
    return json.loads(machine.run(["python3", "-I", "-", folder, machine.pebble.directory], input=_SCRIPT).stdout)
