// Opening an envelope: its key is derived again from the person's key and the bid's context, and revealed.

import { fromHex, toHex } from "./bytes.js";
import { find, tell } from "./elements.js";
import { envelopeKey, makeContext } from "./envelope.js";
import { explainUnfitness } from "./fitness.js";
import { showAddress } from "./hashing.js";
import { loadKeys } from "./keyring.js";
import { say } from "./texts.js";

const about = find("opening")?.dataset;
const form = document.querySelector("form[data-form]");

async function deriveKey() {
  const unfit = await explainUnfitness();
  if (unfit !== null) throw new Error(unfit);
  const keys = await loadKeys();
  if (keys === null) throw new Error(say("The key that sealed this bid is not in this browser. Bring it in at “My key” first."));
  if (showAddress(keys.address) !== form.elements.actor.value) throw new Error(say("Another key is in this browser than the one that this is for."));
  const context = await makeContext({
    chainId: about.chain, book: fromHex(about.book), termsVersion: BigInt(about.terms),
    bidder: fromHex(about.bidder), version: BigInt(about.version), number: Number(about.number),
  });
  return envelopeKey(keys, context);
}

if (about) {
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    find("field-key").value = toHex(await deriveKey());
    button.disabled = false;
  } catch (error) {
    tell(find("open-problem"), error.message);
  }
}
