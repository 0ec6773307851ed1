// SHA-256, the domains that keep kinds of messages apart (chain/hashing.py), and HKDF-SHA-256.

import { concat, toHex, toUtf8 } from "./bytes.js";

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

export const tagged = (kind, bytes) => concat(toUtf8(`terang:${kind}\0`), bytes);

export const taggedHash = (kind, bytes) => sha256(tagged(kind, bytes));

/** The address of a public key, as people see it. */
export async function addressOf(publicKey) {
  return (await sha256(publicKey)).slice(0, 20);
}

export const showAddress = (address) => toHex(address).toUpperCase();

/** `length` bytes from a key for HKDF. */
export async function derive(key, salt, info, length) {
  const parameters = { name: "HKDF", hash: "SHA-256", salt, info };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, length * 8));
}
