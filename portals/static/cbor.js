// The ledger's one encoding: RFC 8949 section 4.2.1, of null, booleans, 64-bit integers, bytes, texts and arrays.
// Reading is strict: shortest forms only, nothing after the value, no tags, maps, floats or indefinite lengths.
// Integers are BigInt on both ways, so that no amount is ever rounded.

import { concat, fromUtf8, toUtf8 } from "./bytes.js";

const DEPTH_MAX = 16;

function head(major, number) {
  const first = major << 5;
  if (number < 24n) return Uint8Array.of(first | Number(number));
  const [mark, length] = number < 0x100n ? [24, 1] : number < 0x10000n ? [25, 2] : number < 0x100000000n ? [26, 4] : [27, 8];
  const bytes = new Uint8Array(1 + length);
  bytes[0] = first | mark;
  for (let place = length; place > 0; place -= 1) {
    bytes[place] = Number(number & 0xffn);
    number >>= 8n;
  }
  return bytes;
}

export function encode(value) {
  if (value === null) return Uint8Array.of(0xf6);
  if (value === false) return Uint8Array.of(0xf4);
  if (value === true) return Uint8Array.of(0xf5);
  if (typeof value === "number" && Number.isSafeInteger(value)) return encode(BigInt(value));
  if (typeof value === "bigint") {
    if (value > 0xffffffffffffffffn || value < -0x8000000000000000n) throw new Error("expected an integer of 64 bits");
    return value >= 0n ? head(0, value) : head(1, -1n - value);
  }
  if (value instanceof Uint8Array) return concat(head(2, BigInt(value.length)), value);
  if (typeof value === "string") {
    const bytes = toUtf8(value);
    return concat(head(3, BigInt(bytes.length)), bytes);
  }
  if (Array.isArray(value)) return concat(head(4, BigInt(value.length)), ...value.map(encode));
  throw new Error(`expected a value of the ledger, got ${typeof value}`);
}

export function decode(bytes) {
  const reader = { bytes, place: 0 };
  const value = readValue(reader, 0);
  if (reader.place !== bytes.length) throw new Error("expected nothing after the value");
  return value;
}

function take(reader, length) {
  const end = reader.place + length;
  if (end > reader.bytes.length) throw new Error("expected more bytes");
  const part = reader.bytes.subarray(reader.place, end);
  reader.place = end;
  return part;
}

function readNumber(reader, mark) {
  if (mark < 24) return BigInt(mark);
  if (mark > 27) throw new Error("expected a definite length");
  const length = 1 << (mark - 24);
  let number = 0n;
  for (const byte of take(reader, length)) number = (number << 8n) | BigInt(byte);
  const least = [24n, 0x100n, 0x10000n, 0x100000000n][mark - 24];
  if (number < least) throw new Error("expected the shortest form");
  return number;
}

function readValue(reader, depth) {
  if (depth > DEPTH_MAX) throw new Error("expected less nesting");
  const first = take(reader, 1)[0];
  const [major, mark] = [first >> 5, first & 31];
  if (major === 7) {
    if (mark < 20 || mark > 22) throw new Error("expected null, true or false");
    return [false, true, null][mark - 20];
  }
  if (major > 4) throw new Error("expected no maps and no tags");
  const number = readNumber(reader, mark);
  if (major === 0) return number;
  if (major === 1) {
    if (number > 0x7fffffffffffffffn) throw new Error("expected an integer of 64 bits");
    return -1n - number;
  }
  if (number > BigInt(reader.bytes.length)) throw new Error("expected more bytes");
  if (major === 2) return take(reader, Number(number)).slice();
  if (major === 3) return fromUtf8(take(reader, Number(number)));
  return Array.from({ length: Number(number) }, () => readValue(reader, depth + 1));
}
