// The person's key in this browser. The seed is in memory only while its file is made or read; what is kept in
// IndexedDB are two keys that no script can read: one signs, one derives the keys of envelopes.

import { concat, fromHex, isEqual } from "./bytes.js";
import { addressOf, tagged } from "./hashing.js";

const DATABASE = "terang";
const STORE = "keys";
const CURRENT = "current";
const DOCUMENTS = "documents";
const DOCUMENT_KEYS_MAX = 16;
const PKCS8 = fromHex("302e020100300506032b657004220420"); // RFC 8410: what stands before the seed of an Ed25519 key

/** Why this browser cannot hold a key, or null. */
export async function findUnfitness() {
  if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) return "insecure";
  if (!globalThis.indexedDB) return "storage";
  try {
    await crypto.subtle.importKey("pkcs8", concat(PKCS8, new Uint8Array(32)), "Ed25519", false, ["sign"]);
    return null;
  } catch {
    return "ed25519";
  }
}

export const newSeed = () => crypto.getRandomValues(new Uint8Array(32));

/** The keys of a seed: `publicKey` as bytes, `signing` and `envelopes` unreadable. */
export async function openSeed(seed) {
  const packed = concat(PKCS8, seed);
  const readable = await crypto.subtle.importKey("pkcs8", packed, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", readable);
  const publicKey = Uint8Array.from(atob(x.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  return {
    publicKey,
    address: await addressOf(publicKey),
    signing: await crypto.subtle.importKey("pkcs8", packed, "Ed25519", false, ["sign"]),
    envelopes: await crypto.subtle.importKey("raw", seed, "HKDF", false, ["deriveBits"]),
  };
}

/** The signature over bytes that begin with what kind of message they are. */
export const signBytes = async (keys, bytes) => new Uint8Array(await crypto.subtle.sign("Ed25519", keys.signing, bytes));

/** The signature over an unsigned transaction's bytes. */
export const signContent = (keys, content) => signBytes(keys, tagged("transaction", content));

function request(work) {
  return new Promise((resolve, reject) => {
    work.onsuccess = () => resolve(work.result);
    work.onerror = () => reject(work.error);
  });
}

async function openStore(mode) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await request(opening);
  return { database, store: database.transaction(STORE, mode).objectStore(STORE) };
}

async function inStore(mode, work) {
  const { database, store } = await openStore(mode);
  try {
    return await request(work(store));
  } finally {
    database.close();
  }
}

export const loadKeys = async () => (await inStore("readonly", (store) => store.get(CURRENT))) ?? null;
export const keepKeys = (keys) => inStore("readwrite", (store) => store.put(keys, CURRENT));
export const forgetKeys = () => inStore("readwrite", (store) => store.clear());

/** Document keys (readers.js) that were brought in beside the own one: an agency's, of this year and of years before. */
export const loadDocumentKeys = async () => (await inStore("readonly", (store) => store.get(DOCUMENTS))) ?? [];

export async function addDocumentKey(key) {
  const others = (await loadDocumentKeys()).filter((one) => !isEqual(one.publicKey, key.publicKey));
  await inStore("readwrite", (store) => store.put([key, ...others].slice(0, DOCUMENT_KEYS_MAX), DOCUMENTS));
}
