// The bank account: holder, bank and number become one commitment here (chain/payment.py), and only this goes on the
// record. The account and its salt go into a file, which is handed to treasuries; each compares it with the record.

import { fromHex, toHex } from "./bytes.js";
import { encode } from "./cbor.js";
import { find, offer, tell } from "./elements.js";
import { explainUnfitness } from "./fitness.js";
import { taggedHash } from "./hashing.js";
import { say } from "./texts.js";

const PARTS = ["holder", "bank", "number"];
const BIC = /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$/;
const JUST_STATED = "terang-account"; // in this tab alone, and until it is handed over
const form = document.querySelector('form[data-form="registry.set_account"]');
const link = find("account-file");
const salt = toHex(crypto.getRandomValues(new Uint8Array(32)));
let isSaved = false;
const unfit = await explainUnfitness();
if (unfit !== null) tell(find("account-problem"), unfit);
let stated = "";

const commit = ({ holder, bank, number, salt }) => taggedHash("account", encode([holder, bank, number, fromHex(salt)]));

function readParts() {
  const [holder, bank, number] = PARTS.map((part) => find(part).value.trim());
  return { holder, bank: bank.toUpperCase(), number };
}

async function prepare() {
  if (unfit !== null) return;
  const parts = readParts();
  link.hidden = Object.values(parts).includes("") || !BIC.test(parts.bank);
  if (link.hidden) return;
  const account = { ...parts, salt };
  find("field-commitment").value = toHex(await commit(account));
  stated = `${JSON.stringify({ terang: "account", version: 1, ...account }, null, 2)}\n`;
  offer(link, stated);
}

function explain() {
  if (unfit !== null) return unfit;
  const parts = readParts();
  if (Object.values(parts).includes("")) return say("Fill in all three.");
  if (!BIC.test(parts.bank)) return say("A bank's code has 8 or 11 capitals and digits.");
  return say("Save the file of the account first.");
}

form.addEventListener("input", () => { isSaved = false; prepare(); });
link.addEventListener("click", () => { isSaved = true; });
form.addEventListener("submit", (event) => {
  if (!link.hidden && isSaved) return sessionStorage.setItem(JUST_STATED, stated);
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(find("account-problem"), explain());
}, true);
prepare(); // what was written before this script came, or stands there again after "back"

async function readAccount(text) {
  try {
    const { terang, version, holder, bank, number, salt } = JSON.parse(text);
    if (terang !== "account" || version !== 1) return null;
    const account = { holder, bank, number, salt };
    return toHex(await commit(account)) === find("handing").dataset.stated ? account : undefined;
  } catch {
    return null;
  }
}

async function takeAccount(text) {
  const account = await readAccount(text);
  find("hand-send").disabled = !account;
  if (account === null) return tell(find("hand-problem"), say("This is not the file of an account, or it is damaged."));
  if (account === undefined) return tell(find("hand-problem"), say("This is the file of another account than the one on the record."));
  tell(find("hand-problem"), "");
  tell(find("hand-ready"), say("{holder}, {bank}, {number}: it fits the record.", account));
  find("hand-file").required = false;
  for (const [part, value] of Object.entries(account)) find(`hand-${part}`).value = value;
}

if (find("hand")) {
  const kept = sessionStorage.getItem(JUST_STATED);
  if (kept !== null && await readAccount(kept)) await takeAccount(kept);
  find("hand-file").addEventListener("change", async (event) => {
    tell(find("hand-ready"), "");
    await takeAccount(await event.target.files[0].text());
  });
  find("hand").addEventListener("submit", () => { sessionStorage.removeItem(JUST_STATED); });
}
