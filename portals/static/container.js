// A document's container, byte for byte as documents/container.py makes and opens it; docs/reference/documents.md has
// the format. A content key seals one document. Large documents are worked on a mebibyte at a time, so that the page
// goes on answering and can say how far it is.

import { concat, toUtf8, wide } from "./bytes.js";
import { decode, encode } from "./cbor.js";
import { sha256, tagged } from "./hashing.js";
import { xchacha20poly1305 } from "./noble.js";

export const DOCUMENT_MAX = 16 * 1024 * 1024 - 1024;
export const CONTAINER_MAX = 16 * 1024 * 1024 + 4096 + 4096 + 4;
export const NAME_MAX = 255;
export const TYPE_MAX = 127;

const FORMAT = 1n;
const CHUNK = 65_536;
const TAG = 16;
const CONTENT_MAX = 16 * 1024 * 1024;
const HEADER_MAX = 4096;
const AGENCY_MAX = 64;
const READERS_MAX = 16;
const CHUNKS_AT_ONCE = 16;

/** What is no container, does not open, or was changed. */
export class Damaged extends Error {}

function expect(isFit, what) {
  if (!isFit) throw new Damaged(`expected ${what}`);
}

const isBytes = (value, length) => value instanceof Uint8Array && value.length === length;
const isText = (value, least, most) => typeof value === "string" && toUtf8(value).length >= least && toUtf8(value).length <= most;
const pause = () => new Promise((resolve) => { setTimeout(resolve); });

/** The padded size of a content: rounded up to four significant bits. */
export function sizeClass(length) {
  const bits = length.toString(2).length;
  const step = Math.max(1024, 2 ** Math.max(0, bits - 4));
  return Math.ceil(length / step) * step;
}

/** The container of `{ name, mediaType, data }` under a content key. `about`: owner, agency, isPublic, readers (see
    readers.js). `progress` is told what share is done. */
export async function sealDocument(document, contentKey, about, progress = () => {}) {
  expect(isBytes(contentKey, 32), "a content key of 32 bytes");
  const content = encodeContent(document);
  const readers = about.readers.map((wrap) => [wrap.reader, wrap.ephemeral, wrap.wrapped]);
  const key = about.isPublic ? contentKey : new Uint8Array();
  const raw = encode([FORMAT, about.owner, about.agency, content.length, key, readers]);
  readHeader(raw); // what we write, we can read
  const container = new Uint8Array(4 + raw.length + content.length + Math.ceil(content.length / CHUNK) * TAG);
  container.set(wide(raw.length, 4));
  container.set(raw, 4);
  await eachChunk(raw, contentKey, content.length, progress, (cipher, number) => {
    const chunk = cipher.encrypt(content.subarray(number * CHUNK, (number + 1) * CHUNK));
    container.set(chunk, 4 + raw.length + number * (CHUNK + TAG));
  });
  return container;
}

/** A container of any origin, checked as far as anybody can without its key. Throws `Damaged`. */
export async function parseContainer(bytes) {
  expect(bytes.length >= 4 && bytes.length <= CONTAINER_MAX, `4 to ${CONTAINER_MAX} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const raw = bytes.subarray(4, 4 + length);
  expect(length <= HEADER_MAX && raw.length === length, "a header");
  const header = readHeader(raw);
  const body = bytes.subarray(4 + length);
  expect(body.length === header.contentBytes + Math.ceil(header.contentBytes / CHUNK) * TAG, "as many chunks as the header says");
  return { header, raw, body };
}

/** What is in a container: `{ name, mediaType, data }`. Throws `Damaged`. */
export async function openContainer(container, contentKey, progress = () => {}) {
  const content = new Uint8Array(container.header.contentBytes);
  await eachChunk(container.raw, contentKey, content.length, progress, (cipher, number) => {
    const chunk = container.body.subarray(number * (CHUNK + TAG), (number + 1) * (CHUNK + TAG));
    content.set(decrypt(cipher, chunk), number * CHUNK);
  });
  return readContent(content);
}

function decrypt(cipher, chunk) {
  try {
    return cipher.decrypt(chunk);
  } catch {
    throw new Damaged("expected chunks that this key opens");
  }
}

async function eachChunk(raw, contentKey, length, progress, work) {
  const bound = tagged("document", await sha256(raw));
  const count = Math.ceil(length / CHUNK);
  for (let number = 0; number < count; number += 1) {
    work(xchacha20poly1305(contentKey, wide(number, 24), bound), number);
    if ((number + 1) % CHUNKS_AT_ONCE === 0) {
      progress((number + 1) / count);
      await pause();
    }
  }
  progress(1);
}

function read(raw, what) {
  try {
    return decode(raw);
  } catch (error) {
    throw new Damaged(`${what}: ${error.message}`);
  }
}

function readHeader(raw) {
  const fields = read(raw, "header");
  expect(raw.length <= HEADER_MAX && Array.isArray(fields) && fields.length === 6 && fields[0] === FORMAT, "a header of format 1");
  const [, owner, agency, length, key, readers] = fields;
  const contentBytes = Number(length);
  expect(isBytes(owner, 20), "an owner of 20 bytes");
  expect(isText(agency, 1, AGENCY_MAX), "an agency");
  expect(typeof length === "bigint" && length > 0n && length <= BigInt(CONTENT_MAX), "a length");
  expect(contentBytes === sizeClass(contentBytes), "the length of a size class");
  expect(Array.isArray(readers) && readers.length <= READERS_MAX, `at most ${READERS_MAX} readers`);
  expect(isBytes(key, 0) || (isBytes(key, 32) && readers.length === 0), "a key and no readers, or readers and no key");
  return { owner, agency, contentBytes, publicKey: key.length ? key : null, readers: readers.map(readReader) };
}

function readReader(fields) {
  expect(Array.isArray(fields) && fields.length === 3, "readers of three parts");
  const [reader, ephemeral, wrapped] = fields;
  expect(isBytes(reader, 32) && isBytes(ephemeral, 32) && isBytes(wrapped, 48), "a reader's keys");
  return { reader, ephemeral, wrapped };
}

function encodeContent({ name, mediaType, data }) {
  expect(data.length <= DOCUMENT_MAX, `at most ${DOCUMENT_MAX} bytes`);
  const description = encode([name, mediaType, data.length]);
  readDescription(description); // what we write, we can read
  const whole = new Uint8Array(sizeClass(4 + description.length + data.length));
  whole.set(concat(wide(description.length, 4), description));
  whole.set(data, 4 + description.length);
  return whole;
}

/** One document has one content: zeros behind it, to its own size class. */
function readContent(content) {
  const start = 4 + new DataView(content.buffer, content.byteOffset).getUint32(0);
  const { name, mediaType, length } = readDescription(content.subarray(4, start));
  const end = start + length;
  const isWhole = end <= content.length && sizeClass(end) === content.length && content.subarray(end).every((byte) => byte === 0);
  expect(isWhole, "zeros behind the document, up to its size class");
  return { name, mediaType, data: content.slice(start, end) };
}

function readDescription(raw) {
  const fields = read(raw, "description");
  expect(Array.isArray(fields) && fields.length === 3, "a description");
  const [name, mediaType, length] = fields;
  expect(isText(name, 0, NAME_MAX) && isText(mediaType, 0, TYPE_MAX), "a name and a media type");
  expect(typeof length === "bigint" && length >= 0n && length <= BigInt(DOCUMENT_MAX), "a length");
  return { name, mediaType, length: Number(length) };
}

