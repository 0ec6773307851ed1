// The bank account: holder, bank and number become one commitment here (chain/payment.py), and only this is posted. The
// account and its salt go into a file, which the treasury compares with the record before it pays.

import { fromHex, toHex } from "./bytes.js";
import { encode } from "./cbor.js";
import { find, offer, tell } from "./elements.js";
import { taggedHash } from "./hashing.js";
import { say } from "./texts.js";

const PARTS = ["holder", "bank", "number"];
const form = document.querySelector('form[data-form="registry.set_account"]');
const link = find("account-file");
const salt = toHex(crypto.getRandomValues(new Uint8Array(32)));
let isSaved = false;

async function prepare() {
  const parts = PARTS.map((part) => find(part).value.trim());
  link.hidden = parts.includes("");
  if (link.hidden) return;
  const commitment = await taggedHash("account", encode([...parts, fromHex(salt)]));
  find("field-commitment").value = toHex(commitment);
  const [holder, bank, number] = parts;
  offer(link, `${JSON.stringify({ terang: "account", version: 1, holder, bank, number, salt }, null, 2)}\n`);
}

form.addEventListener("input", () => { isSaved = false; prepare(); });
link.addEventListener("click", () => { isSaved = true; });
form.addEventListener("submit", (event) => {
  if (!link.hidden && isSaved) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(find("account-problem"), say("Save the file of the account first."));
}, true);
