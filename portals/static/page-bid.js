// Sealing a bid: price and proposal become envelopes in this page; only what is sealed is posted. The proposal itself goes to
// the nodes, encrypted for the bidder alone; the technical envelope holds the key that opens it.

import { fromHex, toHex } from "./bytes.js";
import { find, tell } from "./elements.js";
import { PRICE, TECHNICAL, envelopeKey, makeContext, nextVersion, priceDocument, seal, technicalDocument } from "./envelope.js";
import { putFileOf, setBusy } from "./form-file.js";
import { explainUnfitness } from "./fitness.js";
import { showAddress, sha256 } from "./hashing.js";
import { loadKeys } from "./keyring.js";
import { readAmount } from "./amounts.js";
import { keepSealed } from "./sealed.js";
import { say } from "./texts.js";
import { showAmount } from "./values.js";

const about = find("sealing")?.dataset;

async function sealInto(field, document, keys, number, version) {
  const context = await makeContext({
    chainId: about.chain, book: fromHex(about.book), termsVersion: BigInt(about.terms),
    bidder: fromHex(about.bidder), version, number,
  });
  const key = await envelopeKey(keys, context);
  find(`field-${field}`).value = toHex(await seal(document, key, context));
  find(`field-${field}_commitment`).value = toHex(await sha256(key));
}

async function sealBid(form) {
  const unfit = await explainUnfitness();
  if (unfit !== null) throw new Error(unfit);
  const keys = await loadKeys();
  if (keys === null) throw new Error(say("The key is not in this browser. Bring it in at “My key”: it seals the bid and opens it later."));
  if (showAddress(keys.address) !== form.elements.actor.value) throw new Error(say("Another key is in this browser than the one that this is for."));
  const price = readAmount(find("bid-price").value, about.currency);
  if (price === null || price === 0n) throw new Error(say("Write the price in digits, such as 12,500,000."));
  const version = nextVersion(about.last);
  find("field-version").value = version.toString();
  if (about.envelopes === "2") {
    const { hash, contentKey } = await putFileOf(form, find("bid-technical"));
    await sealInto("technical", technicalDocument(hash, contentKey), keys, TECHNICAL, version);
  }
  await sealInto("price", priceDocument(price), keys, PRICE, version);
  keepSealed({ tender: find("field-tender").value, book: about.book, bidder: about.bidder });
}

if (about) {
  find("bid-price").addEventListener("input", (event) => {
    const price = readAmount(event.target.value, about.currency);
    find("bid-price-shown").textContent = price === null ? "" : showAmount(price, about.currency);
  });
  document.querySelector('form[data-form="tender.submit"]').addEventListener("submit", async (event) => {
    const form = event.target;
    event.preventDefault();
    if (form.dataset.busy) return;
    tell(find("bid-problem"), "");
    setBusy(form, true);
    try {
      await sealBid(form);
      form.submit();
    } catch (error) {
      tell(find("bid-problem"), error.message);
      setBusy(form, false);
    }
  });
}
