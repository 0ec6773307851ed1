"""The key file of a browser, as the portals' page of keys writes and reads it (`portals/static/keyfile.js`).

A seed under a passphrase, by PBKDF2-SHA-256 and AES-256-GCM, which every browser has; the public key stands beside it and is
bound to it. For keys that are made outside of a browser and are to act in one.
"""

import json
import os
import unicodedata
from base64 import b64encode
from hashlib import pbkdf2_hmac
from pathlib import Path

from nacl.bindings import crypto_aead_aes256gcm_encrypt
from nacl.exceptions import UnavailableError

from chain.keys import SigningKey
from machine.faults import Unusable
from machine.files import DiskFiles, replace_file

ROUNDS = 600_000
"""As the page makes them: half a second for each guess of a passphrase."""
_SALT_BYTES = 16
_NONCE_BYTES = 12


def write_browser_key(path: Path, key: SigningKey, passphrase: str, *, rounds: int = ROUNDS) -> None:
    """Writes a key file for browsers, in the place of one that may be there. On disk when it returns.

    Raises:
        Unusable: this processor has no AES instructions, without which libsodium has no AES.
    """
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    typed = unicodedata.normalize("NFKC", passphrase).encode()
    secret = pbkdf2_hmac("sha256", typed, salt, rounds)
    try:
        sealed = crypto_aead_aes256gcm_encrypt(key.seed, key.public, nonce, secret)
    except UnavailableError:
        raise Unusable(
            path, "this processor has no AES instructions", "Make a key in the browser instead"
        ) from None
    content = {
        "terang": "key",
        "version": 1,
        "public_key": key.public.hex(),
        "derivation": "PBKDF2-SHA-256",
        "rounds": rounds,
        "salt": b64encode(salt).decode(),
        "cipher": "AES-256-GCM",
        "nonce": b64encode(nonce).decode(),
        "seed": b64encode(sealed).decode(),
    }
    files = DiskFiles()
    files.make_directory(path.parent)
    replace_file(files, path, json.dumps(content, indent=2).encode() + b"\n")
