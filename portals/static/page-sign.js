// The signing dialogue: decodes the bytes, shows what they say and who signs, and signs these same bytes when told to.

import { fromBase64, isEqual, toBase64, toHex } from "./bytes.js";
import { find, make, tell } from "./elements.js";
import { addressOf, showAddress } from "./hashing.js";
import { explainUnfitness } from "./fitness.js";
import { loadKeys, signContent } from "./keyring.js";
import { language, say } from "./texts.js";
import { joinSignature, readUnsigned } from "./transaction.js";
import { openPrice } from "./sealed.js";
import { showAmount, showFields, showValue } from "./values.js";

const shown = find("shown");
const button = find("sign");
const content = fromBase64(shown.dataset.content);
const local = { currency: shown.dataset.currency, zone: Number(shown.dataset.zone) };

async function describe(call) {
  const answer = await fetch(`/${language}/describe/${encodeURIComponent(call.contract)}/${encodeURIComponent(call.method)}`);
  if (!answer.ok) throw new Error(`${call.contract}.${call.method}`);
  return answer.json();
}

async function showCall(call) {
  const words = await describe(call);
  const title = make("h2", {}, words.title, " ", make("code", { class: "soft" }, `${call.contract}.${call.method}`));
  return [title, showFields(call.values, words.parameters, words, local)];
}

/** The signer's address, or its public key where a browser computes no hashes. */
async function showSigner(publicKey) {
  return globalThis.crypto?.subtle ? showAddress(await addressOf(publicKey)) : toHex(publicKey);
}

async function show() {
  const unsigned = readUnsigned(content);
  if (unsigned.chainId !== shown.dataset.chain) throw new Error(say("This is for another network: {network}", { network: unsigned.chainId }));
  const calls = (await Promise.all(unsigned.calls.map(showCall))).flat();
  const until = showValue(unsigned.validUntil, { type: "uint", reading: "time" }, { records: {}, enums: {} }, local);
  const about = make("dl", {},
    make("dt", {}, say("Signed by")), make("dd", {}, make("code", { class: "long" }, await showSigner(unsigned.sender))),
    make("dt", {}, say("Network")), make("dd", {}, unsigned.chainId),
    make("dt", {}, say("Valid until")), make("dd", {}, until));
  shown.replaceChildren(...calls, make("h2", {}, say("Who and where")), about);
  return unsigned;
}

/** A sealed price, which nobody could read in the bytes above, is opened again for the one who signs it. */
async function showPrices(unsigned, keys) {
  for (const call of unsigned.calls) {
    const price = await openPrice(call, unsigned.chainId, keys);
    if (price === null) throw new Error(say("The key in this browser does not open the price envelope in these bytes. Go back and seal the bid again."));
    if (price === undefined) continue;
    const amount = make("strong", { class: "whole", "data-price": "" }, showAmount(price, local.currency));
    shown.append(make("p", { class: "notice" }, say("The price that is sealed in these bytes, opened again with your key:"), " ", amount));
  }
}

async function findKeys(unsigned) {
  const unfit = await explainUnfitness();
  if (unfit !== null) throw new Error(unfit);
  const keys = await loadKeys();
  if (keys === null) throw new Error(say("The key is not in this browser. Bring it in at “My key”, or sign with the command line, below."));
  if (!isEqual(keys.publicKey, unsigned.sender)) throw new Error(say("Another key is in this browser than the one that this is for."));
  return keys;
}

try {
  const unsigned = await show();
  await showPrices(unsigned, await findKeys(unsigned));
  button.disabled = false;
  find("sign-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const keys = await findKeys(unsigned); // once more: another tab may have changed it
      find("signed").value = toBase64(joinSignature(content, await signContent(keys, content)));
      event.target.submit();
    } catch (error) {
      tell(find("sign-problem"), error.message);
    }
  });
} catch (error) {
  tell(find("sign-problem"), error.message);
}
