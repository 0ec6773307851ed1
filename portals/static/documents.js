// Documents on their way: a file becomes a container here and goes to the nodes by the portal; a container comes back, is
// checked by its hash and opened here. Neither the file's name nor a key leaves this page but inside a container.

import { concat, fromHex, isEqual, toBase64, toHex, toUtf8, wide } from "./bytes.js";
import { CONTAINER_MAX, DOCUMENT_MAX, Damaged, NAME_MAX, TYPE_MAX, openContainer, parseContainer, sealDocument } from "./container.js";
import { sha256, tagged } from "./hashing.js";
import { loadDocumentKeys, loadKeys, signBytes } from "./keyring.js";
import { documentKeyOf, findContentKey, wrapKey } from "./readers.js";
import { language, say } from "./texts.js";

const PUT = 1;
const GET = 2;
const ANY_TYPE = "application/octet-stream";
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}/\\]/gu; // what a name must not hide: controls, directions, paths

const newKey = () => crypto.getRandomValues(new Uint8Array(32));

/** A name as it is shown and saved. */
export const cleanName = (name) => name.replace(UNSEEN, "").trim() || "document";

/** A name that fits into a container: its end is kept, so that its kind is. */
export function fitName(name) {
  const clean = [...cleanName(name)];
  const place = clean.lastIndexOf(".");
  const ending = place > 0 && clean.length - place <= 16 ? clean.splice(place) : [];
  while (toUtf8([...clean, ...ending].join("")).length > NAME_MAX) clean.pop();
  return [...clean, ...ending].join("");
}

const isSafe = (type) => type !== "" && toUtf8(type).length <= TYPE_MAX;

/** The header that says who asks for what: good for two minutes. `clock`: by how much the portal's is ahead, in ms. */
export async function makeCredential(keys, chainId, action, hash, clock) {
  const time = wide(Date.now() + clock, 8);
  const message = concat(await sha256(toUtf8(chainId)), Uint8Array.of(action), hash, time);
  const signature = await signBytes(keys, tagged("document request", message));
  return `Terang ${toBase64(concat(keys.publicKey, time, signature))}`;
}

async function readFile(file) {
  if (file.size === 0) throw new Error(say("This file is empty."));
  if (file.size > DOCUMENT_MAX) throw new Error(say("This file is larger than 16 MB. Put it in parts."));
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(say("This file cannot be read. Was it moved or changed meanwhile? Choose it again."));
  }
}

async function askSealing(agency) {
  let answer;
  try {
    answer = await fetch(`/${language}/sealing?agency=${encodeURIComponent(agency)}`);
  } catch {
    throw new Error(say("The portal does not answer. Nothing is lost: try again in a minute."));
  }
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.said);
  return { ...told, clock: told.now_ms - Date.now() };
}

async function wrapAll(contentKey, readers, keys, sealing) {
  if (readers === "public") return [];
  const wanted = [(await documentKeyOf(keys)).publicKey];
  if (readers === "agency") {
    if (sealing.reader === "") throw new Error(say("{agency} has stated no key for documents yet, so nothing can be encrypted for it. Ask it to; or send no document.", sealing));
    wanted.push(fromHex(sealing.reader));
  }
  const owner = fromHex(sealing.owner);
  const wraps = await Promise.all(wanted.map((one) => wrapKey(contentKey, one, newKey(), owner, sealing.agency)));
  if (wraps.includes(null)) throw new Error(say("The key that {agency} has stated for documents is none. Tell it.", sealing));
  return wraps;
}

/** Encrypts a file and puts it at the nodes. `readers`: public, agency or owner. `progress` is told a phase and a share.
    Gives `hash` and `contentKey`, and `kept`: what the portal says of it, for the form. */
export async function putDocument(file, agency, readers, progress) {
  const keys = await loadKeys();
  if (keys === null) throw new Error(say("The key is not in this browser. Bring it in at “My key”, or put the document with the command line."));
  const data = await readFile(file);
  const sealing = await askSealing(agency);
  if (sealing.key !== toHex(keys.publicKey)) throw new Error(say("Another key is in this browser than the one that this is for."));
  const contentKey = newKey();
  const document = { name: fitName(file.name), mediaType: isSafe(file.type) ? file.type : ANY_TYPE, data };
  const about = {
    owner: fromHex(sealing.owner), agency, isPublic: readers === "public",
    readers: await wrapAll(contentKey, readers, keys, sealing),
  };
  const container = await sealDocument(document, contentKey, about, (share) => progress("encrypting", share));
  const hash = await sha256(container);
  const credential = await makeCredential(keys, sealing.chain_id, PUT, hash, sealing.clock);
  return { hash, contentKey, kept: await upload(hash, container, credential, progress) };
}

function upload(hash, container, credential, progress) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(); // unlike fetch it tells how far it is
    sending.open("POST", `/${language}/documents/${toHex(hash)}`);
    sending.setRequestHeader("authorization", credential);
    sending.setRequestHeader("content-type", ANY_TYPE);
    sending.upload.addEventListener("progress", (event) => progress("sending", event.loaded / container.length));
    sending.addEventListener("load", () => {
      if (sending.status === 200) resolve(sending.responseText);
      else reject(new Error(readSaid(sending.responseText)));
    });
    sending.addEventListener("error", () => reject(new Error(say("The document did not arrive: the connection broke off. Try again."))));
    sending.send(container);
  });
}

function readSaid(text) {
  try {
    return JSON.parse(text).said;
  } catch {
    return say("The portal does not answer. Nothing is lost: try again in a minute.");
  }
}

/** Fetches a container and opens it: `{ name, data }`. `about`: hash and chain as the page has them, `clock`, `isPublic`, and
    the content key where it was revealed. Throws with words for the person; `error.needsKey` where another key may open it. */
export async function getDocument(about, progress) {
  const keys = await loadKeys();
  const hash = fromHex(about.hash);
  const isSigned = keys !== null && !about.isPublic;
  const headers = isSigned ? { authorization: await makeCredential(keys, about.chain, GET, hash, about.clock) } : {};
  const bytes = await download(about.hash, headers, progress);
  if (!isEqual(await sha256(bytes), hash)) throw new Error(say("What came is not this document: it was changed or cut on its way. Try again."));
  try {
    const container = await parseContainer(bytes);
    const contentKey = about.contentKey ? fromHex(about.contentKey) : await findContentKey(container.header, await listDocumentKeys(keys));
    if (contentKey === null) throw Object.assign(new Error(say("You may fetch this document, but no key in this browser opens it.")), { needsKey: true });
    const { name, data } = await openContainer(container, contentKey, (share) => progress("opening", share));
    return { name: cleanName(name), data };
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    throw new Error(say("This document does not open: whoever put it there damaged it, or gave another key for it."));
  }
}

const listDocumentKeys = async (keys) => [...(keys === null ? [] : [await documentKeyOf(keys)]), ...await loadDocumentKeys()];

async function download(hash, headers, progress) {
  let answer;
  try {
    answer = await fetch(`/${language}/documents/${hash}/container`, { headers });
    if (!answer.ok) throw Object.assign(new Error(readSaid(await answer.text())), { isSaid: true });
    return await readBody(answer, progress);
  } catch (error) {
    if (error.isSaid) throw error;
    throw new Error(say("The document did not arrive: the connection broke off. Try again."));
  }
}

async function readBody(answer, progress) {
  const length = Number(answer.headers.get("content-length"));
  if (!(length > 0 && length <= CONTAINER_MAX)) throw new Error("expected the length of a container");
  const bytes = new Uint8Array(length);
  let place = 0;
  const reader = answer.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes.set(piece.value, place); // throws where more comes than was said
    place += piece.value.length;
    progress("fetching", place / length);
  }
  if (place !== length) throw new Error("expected the whole container");
  return bytes;
}
