// Who can open a document: its content key, wrapped for each reader's X25519 key, as documents/readers.py does it. A
// person's document key follows from the seed of the key that acts, so one key file opens everything again.

import { concat, fromHex, toUtf8 } from "./bytes.js";
import { derive, tagged } from "./hashing.js";
import { xchacha20poly1305 } from "./noble.js";

const PKCS8 = fromHex("302e020100300506032b656e04220420"); // RFC 8410: what stands before an X25519 secret
const BASE = Uint8Array.of(9, ...new Uint8Array(31));
const NOTHING = new Uint8Array();

const importSecret = (secret) => crypto.subtle.importKey("pkcs8", concat(PKCS8, secret), "X25519", false, ["deriveBits"]);

/** The shared secret of two keys, or null where the public one is no key. */
async function share(secret, publicKey) {
  try {
    const known = await crypto.subtle.importKey("raw", publicKey, "X25519", false, []);
    const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: known }, secret, 256));
    return shared.some((byte) => byte !== 0) ? shared : null;
  } catch {
    return null;
  }
}

/** A document key of an X25519 secret of 32 bytes: `publicKey` as bytes, `secret` unreadable. */
export async function openSecret(bytes) {
  const secret = await importSecret(bytes);
  return { secret, publicKey: await share(secret, BASE) };
}

/** The document key of who acts with these keys (keyring.js). */
export async function documentKeyOf(keys) {
  return openSecret(await derive(keys.envelopes, tagged("document secret", NOTHING), NOTHING, 32));
}

async function makeCipher(secret, publicKey, ephemeral, reader, owner, agency) {
  const shared = await share(secret, publicKey);
  if (shared === null) return null;
  const root = await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveBits"]);
  const drawn = await derive(root, tagged("document key", NOTHING), concat(ephemeral, reader), 56);
  return xchacha20poly1305(drawn.slice(0, 32), drawn.slice(32, 56), tagged("document key", concat(owner, toUtf8(agency))));
}

/** The content key for one reader; null where what the reader stated is no key. `ephemeralSecret` is for once. */
export async function wrapKey(contentKey, reader, ephemeralSecret, owner, agency) {
  const ephemeral = await openSecret(ephemeralSecret);
  const cipher = await makeCipher(ephemeral.secret, reader, ephemeral.publicKey, reader, owner, agency);
  return cipher && { reader, ephemeral: ephemeral.publicKey, wrapped: cipher.encrypt(contentKey) };
}

async function unwrapKey(wrap, secret, owner, agency) {
  const cipher = await makeCipher(secret, wrap.ephemeral, wrap.ephemeral, wrap.reader, owner, agency);
  try {
    return cipher && cipher.decrypt(wrap.wrapped);
  } catch {
    return null;
  }
}

/** The content key of a document: in the header of a public one, else by one of these document keys, or null. */
export async function findContentKey(header, documentKeys) {
  if (header.publicKey !== null) return header.publicKey;
  for (const wrap of header.readers) {
    for (const one of documentKeys) {
      const key = await unwrapKey(wrap, one.secret, header.owner, header.agency);
      if (key !== null) return key;
    }
  }
  return null;
}
