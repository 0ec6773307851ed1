// Registration: the business's numbers become commitments here, SHA-256 over a salt and the number, and only these are
// posted. Numbers and salts go into a file for the business; destroying the file erases them for ever.

import { concat, fromHex, toHex, toUtf8 } from "./bytes.js";
import { find, offer, tell } from "./elements.js";
import { explainUnfitness } from "./fitness.js";
import { taggedHash } from "./hashing.js";
import { say } from "./texts.js";

const form = document.querySelector('form[data-form="registry.register"]');
const link = find("numbers-file");
const salts = Object.fromEntries(["nib", "npwp"].map((kind) => [kind, toHex(crypto.getRandomValues(new Uint8Array(32)))]));
let isSaved = false;
const unfit = await explainUnfitness();
if (unfit !== null) tell(find("numbers-problem"), unfit);

const digits = (kind) => find(kind).value.replace(/[\s.-]/g, "");

async function prepare() {
  if (unfit !== null) return false;
  for (const kind of ["nib", "npwp"]) {
    if (!/^\d{8,22}$/.test(digits(kind))) return false;
    const commitment = await taggedHash(kind, concat(fromHex(salts[kind]), toUtf8(digits(kind))));
    find(`field-${kind}_commitment`).value = toHex(commitment);
  }
  const file = { terang: "registration", version: 1, name: find("field-name").value };
  for (const kind of ["nib", "npwp"]) file[kind] = { number: digits(kind), salt: salts[kind] };
  offer(link, `${JSON.stringify(file, null, 2)}\n`);
  link.hidden = false;
  return true;
}

form.addEventListener("input", () => { isSaved = false; prepare(); });
link.addEventListener("click", () => { isSaved = true; });
form.addEventListener("submit", (event) => {
  const isReady = find("field-nib_commitment").value !== "" && !link.hidden;
  if (isReady && isSaved) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(find("numbers-problem"), unfit !== null ? unfit : isReady ? say("Save the file of your numbers first.") : say("A number has 8 to 22 digits."));
}, true);
prepare(); // what was written before this script came, or stands there again after "back"
