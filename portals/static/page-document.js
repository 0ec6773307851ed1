// The page of a document: fetches it, checks it, opens it with whichever key is here, and saves it under its own name.

import { getDocument } from "./documents.js";
import { find, offer, tell } from "./elements.js";
import { readKeyFile } from "./keyfile.js";
import { addDocumentKey, findUnfitness, openSeed } from "./keyring.js";
import { finish, follow } from "./progress.js";
import { documentKeyOf } from "./readers.js";
import { say } from "./texts.js";

const shown = find("document");
const button = find("fetch");
const clock = Number(shown.dataset.now) - Date.now();

async function fetchDocument() {
  const { hash, chain, contentKey } = shown.dataset;
  const [bar, words] = [find("document-progress"), find("document-status")];
  tell(find("document-problem"), "");
  button.disabled = true;
  try {
    if (["insecure", "storage"].includes(await findUnfitness())) throw new Error(say("A browser opens documents only on a page that came over HTTPS, or from this very machine (localhost). Ask who runs this portal for its https:// address."));
    const about = { hash, chain, contentKey, clock, isPublic: shown.dataset.public === "yes" };
    const { name, data } = await getDocument(about, follow(bar, words));
    finish(bar, words, say("Checked and opened: {name}", { name }));
    save(name, data);
  } catch (error) {
    finish(bar, words, "");
    tell(find("document-problem"), error.message);
    find("bring").hidden = !error.needsKey;
  }
  button.disabled = false;
}

function save(name, data) {
  const link = find("document-file");
  offer(link, data, "application/octet-stream"); // whatever it is, it is saved, and never shown as a page of ours
  link.download = name;
  link.hidden = false;
  find("bring").hidden = true;
  link.click();
}

button.addEventListener("click", fetchDocument);
find("bring-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  event.submitter.disabled = true;
  tell(find("bring-problem"), "");
  try {
    const seed = await readKeyFile(await find("bring-file").files[0].text(), find("bring-passphrase").value);
    await addDocumentKey(await documentKeyOf(await openSeed(seed)));
    seed.fill(0);
    await fetchDocument();
  } catch (error) {
    const isPhrase = error.message === "passphrase";
    tell(find("bring-problem"), isPhrase ? say("This passphrase does not open the file.") : say("This is not a key file, or it is damaged."));
  }
  event.submitter.disabled = false;
});
button.disabled = false;
