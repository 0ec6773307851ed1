// The key file: a seed under a passphrase, by PBKDF2-SHA-256 and AES-256-GCM. The public key stands beside it and is
// bound to it, so that a file is recognised without its passphrase and cannot be given another name.

import { fromBase64, fromHex, isEqual, toBase64, toHex, toUtf8 } from "./bytes.js";
import { openSeed } from "./keyring.js";

const ROUNDS = 600_000;
const ROUNDS_MAX = 10_000_000; // a file that asks for more would only hold the page up

async function makeCipher(passphrase, salt, rounds) {
  const typed = toUtf8(passphrase.normalize("NFKC"));
  const phrase = await crypto.subtle.importKey("raw", typed, "PBKDF2", false, ["deriveKey"]);
  const parameters = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return crypto.subtle.deriveKey(parameters, phrase, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

/** The text of a key file. */
export async function writeKeyFile(seed, passphrase) {
  const { publicKey } = await openSeed(seed);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const cipher = await makeCipher(passphrase, salt, ROUNDS);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: publicKey }, cipher, seed);
  const file = {
    terang: "key",
    version: 1,
    public_key: toHex(publicKey),
    derivation: "PBKDF2-SHA-256",
    rounds: ROUNDS,
    salt: toBase64(salt),
    cipher: "AES-256-GCM",
    nonce: toBase64(nonce),
    seed: toBase64(new Uint8Array(sealed)),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** The seed in a key file. Throws "file" for what is no key file and "passphrase" for another passphrase. */
export async function readKeyFile(text, passphrase) {
  let file;
  let publicKey;
  try {
    file = JSON.parse(text);
    publicKey = fromHex(file.public_key);
  } catch {
    throw new Error("file");
  }
  const isKnown = file.terang === "key" && file.version === 1 && file.derivation === "PBKDF2-SHA-256";
  if (!isKnown || file.cipher !== "AES-256-GCM" || !(file.rounds >= 1 && file.rounds <= ROUNDS_MAX)) throw new Error("file");
  const cipher = await makeCipher(passphrase, fromBase64(file.salt), file.rounds);
  const parameters = { name: "AES-GCM", iv: fromBase64(file.nonce), additionalData: publicKey };
  let seed;
  try {
    seed = new Uint8Array(await crypto.subtle.decrypt(parameters, cipher, fromBase64(file.seed)));
  } catch {
    throw new Error("passphrase");
  }
  if (!isEqual((await openSeed(seed)).publicKey, publicKey)) throw new Error("file");
  return seed;
}
