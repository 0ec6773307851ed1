// An unsigned transaction as this page reads it: from the very bytes that are signed, never from what the page was told.

import { decode, encode } from "./cbor.js";
import { concat } from "./bytes.js";

/** Its parts by name; throws where the bytes are no unsigned transaction. */
export function readUnsigned(content) {
  const items = decode(content);
  if (!Array.isArray(items) || items.length !== 7 || items[0] !== 1n) throw new Error("expected an unsigned transaction");
  const [, chainId, sender, nonce, validUntil, gasLimit, calls] = items;
  const isFit = typeof chainId === "string" && sender instanceof Uint8Array && sender.length === 32 &&
    nonce instanceof Uint8Array && nonce.length === 16 && typeof validUntil === "bigint" &&
    typeof gasLimit === "bigint" && Array.isArray(calls) && calls.length > 0;
  if (!isFit) throw new Error("expected an unsigned transaction");
  return { chainId, sender, validUntil, gasLimit, calls: calls.map(readCall) };
}

function readCall(call) {
  const isFit = Array.isArray(call) && call.length === 3 && typeof call[0] === "string" &&
    typeof call[1] === "string" && Array.isArray(call[2]);
  if (!isFit) throw new Error("expected calls");
  return { contract: call[0], method: call[1], values: call[2] };
}

/** The whole transaction: the content is an array of seven, and the signature becomes the eighth. */
export function joinSignature(content, signature) {
  if (content[0] !== 0x87) throw new Error("expected an unsigned transaction");
  return concat(Uint8Array.of(0x88), content.subarray(1), encode(signature));
}
