// The page of keys: makes one, brings one in, takes one out; tells the server the public half.

import { toHex } from "./bytes.js";
import { find, offer, tell } from "./elements.js";
import { explainUnfitness } from "./fitness.js";
import { showAddress } from "./hashing.js";
import { readKeyFile, writeKeyFile } from "./keyfile.js";
import { forgetKeys, keepKeys, loadKeys, newSeed, openSeed } from "./keyring.js";
import { say } from "./texts.js";

const PASSPHRASE_MIN = 12;

function tellServer(publicKey) {
  find("outside-key").value = publicKey;
  find("outside").submit();
}

async function show() {
  const unfit = await explainUnfitness();
  if (unfit !== null) return tell(find("unfit"), unfit);
  const keys = await loadKeys();
  find("held").hidden = keys === null;
  find("none").hidden = keys !== null;
  if (keys === null) return;
  find("held-address").textContent = showAddress(keys.address);
  find("held-public").textContent = toHex(keys.publicKey);
  if (find("held").dataset.key === "") tellServer(toHex(keys.publicKey));
}

find("make").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [passphrase, again] = [find("make-passphrase").value, find("make-again").value];
  const problem = find("make-problem");
  if (passphrase.length < PASSPHRASE_MIN) return tell(problem, say("The passphrase needs at least 12 characters."));
  if (passphrase !== again) return tell(problem, say("The two passphrases differ."));
  tell(problem, "");
  event.submitter.disabled = true;
  const seed = newSeed();
  const keys = await openSeed(seed);
  const link = find("key-file");
  offer(link, await writeKeyFile(seed, passphrase));
  link.download = `terang-${showAddress(keys.address).slice(0, 8)}.json`;
  seed.fill(0);
  await keepKeys(keys);
  find("none").hidden = true;
  find("made").hidden = false;
  link.focus();
  find("use-made").addEventListener("click", () => tellServer(toHex(keys.publicKey)));
});

find("bring").addEventListener("submit", async (event) => {
  event.preventDefault();
  event.submitter.disabled = true;
  try {
    const seed = await readKeyFile(await find("bring-file").files[0].text(), find("bring-passphrase").value);
    const keys = await openSeed(seed);
    seed.fill(0);
    await keepKeys(keys);
    tellServer(toHex(keys.publicKey));
  } catch (error) {
    const isPhrase = error.message === "passphrase";
    tell(find("bring-problem"), isPhrase ? say("This passphrase does not open the file.") : say("This is not a key file, or it is damaged."));
    event.submitter.disabled = false;
  }
});

find("forget").addEventListener("click", () => { find("forget-sure").hidden = false; });
find("forget-no").addEventListener("click", () => { find("forget-sure").hidden = true; });
find("forget-yes").addEventListener("click", async () => {
  await forgetKeys();
  tellServer("");
});

await show();
