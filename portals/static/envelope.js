// A sealed envelope, byte for byte as sealed/envelope.py makes it, and the keys of a bidder's envelopes.
//
// A key seals one envelope only. It is derived from the seed and the envelope's context, in which a bid's version stands;
// each sealing takes a new version, so no key comes twice, and the key file alone opens every bid again.

import { concat, toUtf8, wide } from "./bytes.js";
import { derive, sha256 } from "./hashing.js";
import { xchacha20poly1305 } from "./noble.js";

export const TECHNICAL = 1;
export const PRICE = 2;

const DOMAIN = toUtf8("terang:envelope\0");
const SIZE_MIN = 256;
const DOCUMENT_MAX = 8 * 1024 - 4;
const PRICE_BYTES = 16;

function sizeClass(length) {
  let size = SIZE_MIN;
  while (size < length) size *= 2;
  return size;
}

async function deriveCipher(key, context) {
  const root = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  const drawn = await derive(root, DOMAIN, context, 64);
  return xchacha20poly1305(drawn.slice(0, 32), drawn.slice(32, 56), concat(DOMAIN, context));
}

/** The envelope of a document under a key of 32 bytes. */
export async function seal(document, key, context) {
  if (key.length !== 32) throw new Error("expected a key of 32 bytes");
  if (document.length > DOCUMENT_MAX) throw new Error(`expected at most ${DOCUMENT_MAX} bytes`);
  const padded = new Uint8Array(sizeClass(4 + document.length));
  padded.set(wide(document.length, 4));
  padded.set(document, 4);
  return (await deriveCipher(key, context)).encrypt(padded);
}

/** The document, or null where the envelope does not open so. */
export async function open(ciphertext, key, context) {
  try {
    const padded = (await deriveCipher(key, context)).decrypt(ciphertext);
    const end = 4 + new DataView(padded.buffer, padded.byteOffset).getUint32(0);
    const isWhole = end <= padded.length && sizeClass(end) === padded.length && padded.slice(end).every((byte) => byte === 0);
    return isWhole ? padded.slice(4, end) : null;
  } catch {
    return null;
  }
}

/** What an envelope is sealed for, as the tender contract computes it; `book` names the tender and its round. */
export async function makeContext({ chainId, book, termsVersion, bidder, version, number }) {
  const word = (value) => wide(value, 32);
  const chain = await sha256(toUtf8(chainId));
  return sha256(concat(chain, book, word(termsVersion), bidder, word(version), word(number)));
}

/** The key of one envelope, from the person's key that derives. */
export const envelopeKey = (keys, context) => derive(keys.envelopes, toUtf8("terang:envelope key\0"), context, 32);

/** A version above the last and never used for another sealing: the time in milliseconds. */
export function nextVersion(lastVersion) {
  const now = BigInt(Date.now());
  return now > BigInt(lastVersion) ? now : BigInt(lastVersion) + 1n;
}

/** What a price envelope holds: its version, and the price in minor units. */
export const priceDocument = (price) => concat(Uint8Array.of(1), wide(price, PRICE_BYTES));

/** What a technical envelope holds: its version, the hash of the proposal's container, and the key that opens it. */
export const technicalDocument = (hash, contentKey) => concat(Uint8Array.of(1), hash, contentKey);
