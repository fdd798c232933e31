"""Verifies a bundle without leaver. Arguments: bundle, public key, root of the authority, further public keys."""

import base64
import copy
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

BUNDLE, ROOT = pathlib.Path(sys.argv[1]), sys.argv[3]
PUBLIC = [pathlib.Path(sys.argv[2]), *map(pathlib.Path, sys.argv[4:])]


def key_of(path):
    public = serialization.load_pem_public_key(path.read_bytes())
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SSlibKey.from_crypto(public, keyid=hashlib.sha256(der).hexdigest())


def flipped(data):
    changed = bytearray(data)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def accepts(envelope, keys):
    try:
        return len(Envelope.from_dict(copy.deepcopy(envelope)).verify(keys, len(keys))) == len(keys)
    except VerificationError:
        return False


def encoded(envelope):
    """The bytes that are signed, built from the specification alone."""
    kind, body = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    return b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(body)).encode(), body])


def openssl_verifies(public, message, signature, folder):
    data, sig = pathlib.Path(folder, "data"), pathlib.Path(folder, "sig")
    data.write_bytes(message)
    sig.write_bytes(signature)
    if isinstance(serialization.load_pem_public_key(public.read_bytes()), ed25519.Ed25519PublicKey):
        command = ["pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", "-in", data, "-sigfile", sig]
    else:
        command = ["dgst", "-sha256", "-verify", public, "-signature", sig, data]
    return subprocess.run(["openssl", *command], capture_output=True).returncode == 0


def stamped(token, signature, folder):
    data, tsr = pathlib.Path(folder, "data"), pathlib.Path(folder, "tsr")
    data.write_bytes(signature)
    tsr.write_bytes(token)
    command = ["openssl", "ts", "-verify", "-data", data, "-in", tsr, "-CAfile", ROOT]
    return subprocess.run(command, capture_output=True).returncode == 0


def check(name, kind, folder):
    envelope = json.loads((BUNDLE / name).read_text())
    keys = [key_of(path) for path in PUBLIC]
    assert accepts(envelope, keys), f"{name}: securesystemslib refuses it"
    payload = base64.b64decode(envelope["payload"])
    broken = {**envelope, "payload": base64.b64encode(flipped(payload)).decode()}
    assert not accepts(broken, keys), f"{name}: securesystemslib takes a flipped byte"
    for public, signature in zip(PUBLIC, envelope["signatures"], strict=True):
        raw, message = base64.b64decode(signature["sig"]), encoded(envelope)
        assert openssl_verifies(public, message, raw, folder), f"{name}: openssl refuses the signature"
        assert not openssl_verifies(public, flipped(message), raw, folder)
        assert not openssl_verifies(public, message, flipped(raw), folder)
    statement = json.loads(payload)
    assert statement["_type"] == "https://in-toto.io/Statement/v1" and statement["predicateType"] == kind
    for subject in statement["subject"]:
        found = hashlib.sha256((BUNDLE / subject["name"]).read_bytes()).hexdigest()
        assert subject["digest"]["sha256"] == found, subject["name"]
    return base64.b64decode(envelope["signatures"][0]["sig"]), statement


with tempfile.TemporaryDirectory() as folder:
    first, audit = check("attestation.dsse.json", "urn:leaver:attestation:audit:v1", folder)
    _, result = check("test-result.dsse.json", "https://in-toto.io/attestation/test-result/v0.1", folder)
    assert audit["predicate"]["verdict"] == "fail" and result["predicate"]["result"] == "FAILED"
    token = (BUNDLE / "attestation.tsr").read_bytes()
    assert stamped(token, first, folder), "openssl refuses the timestamp"
    assert not stamped(token, flipped(first), folder)
    assert not stamped(flipped(token), first, folder)
