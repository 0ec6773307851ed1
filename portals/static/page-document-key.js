// A key file for an agency's documents, made in this page; the form gets its public half. It opens documents in this browser
// from now on, too. The form goes on when the file was saved: without it nobody reads what is encrypted for the key.

import { toHex } from "./bytes.js";
import { find, offer, tell } from "./elements.js";
import { writeKeyFile } from "./keyfile.js";
import { addDocumentKey, findUnfitness, newSeed, openSeed } from "./keyring.js";
import { documentKeyOf } from "./readers.js";
import { say } from "./texts.js";

const PASSPHRASE_MIN = 12;
const button = find("make-document-key");
const problem = find("document-key-problem");
const file = find("document-key-file");
const field = document.querySelector('form[data-form="registry.set_document_key"] [name=public]');
let made = "";
let isSaved = false;

async function makeKey(passphrase) {
  const seed = newSeed();
  const key = await documentKeyOf(await openSeed(seed));
  offer(file, await writeKeyFile(seed, passphrase));
  seed.fill(0);
  await addDocumentKey(key);
  field.value = made = toHex(key.publicKey);
  isSaved = false;
  file.hidden = false;
  file.focus();
}

button?.addEventListener("click", async () => {
  const passphrase = find("document-passphrase").value;
  const isUnfit = (await findUnfitness()) !== null;
  tell(problem, "");
  if (isUnfit) return tell(problem, say("This browser cannot encrypt documents: see the page “My key”."));
  if (passphrase.length < PASSPHRASE_MIN) return tell(problem, say("The passphrase needs at least 12 characters."));
  button.disabled = true;
  await makeKey(passphrase);
  button.disabled = false;
});
file?.addEventListener("click", () => { isSaved = true; });
field?.form.addEventListener("submit", (event) => {
  if (field.value !== made || isSaved) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  tell(problem, say("Save the key file first."));
}, true);
