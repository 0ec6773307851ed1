// The price in an envelope that is about to be signed: opened again from those very bytes, with the key that sealed it. What
// else its context needs, the bid's page leaves here, in this tab alone; the price it does not leave.

import { fromHex, toHex } from "./bytes.js";
import { PRICE, envelopeKey, makeContext, open } from "./envelope.js";

const SEALED = "terang-sealed";
const PRICE_LENGTH = 17; // a byte for the version, then the price

/** Keeps for the page that signs what a bid was sealed for: `tender`, `book` and `bidder` in hexadecimal digits. */
export const keepSealed = (about) => sessionStorage.setItem(SEALED, JSON.stringify(about));

/** The price that a call of `tender.submit` seals; undefined for any other call, and for a bid that was not sealed in this
    tab; null where the envelope does not open with these keys. */
export async function openPrice(call, chainId, keys) {
  const kept = sessionStorage.getItem(SEALED);
  if (`${call.contract}.${call.method}` !== "tender.submit" || kept === null) return undefined;
  const [tender, version, termsVersion, , , price] = call.values;
  const about = JSON.parse(kept);
  if (!(tender instanceof Uint8Array) || toHex(tender) !== about.tender) return undefined;
  const context = await makeContext({
    chainId, book: fromHex(about.book), termsVersion, bidder: fromHex(about.bidder), version, number: PRICE,
  });
  const document = await open(price, await envelopeKey(keys, context), context);
  return document?.length === PRICE_LENGTH ? BigInt(`0x${toHex(document.slice(1))}`) : null;
}
