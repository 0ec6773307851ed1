// The file of a form: encrypted and put at the nodes once, however often its form is sent.

import { putDocument } from "./documents.js";
import { find } from "./elements.js";
import { findUnfitness } from "./keyring.js";
import { finish, follow } from "./progress.js";
import { say } from "./texts.js";

const put = new WeakMap(); // what came of each file

const placesOf = (input) => [find(`${input.id}-progress`), find(`${input.id}-status`)];

/** Says which agencies keep a document, by what the portal said of it. */
export function showKept(input, kept) {
  const members = JSON.parse(kept).receipts.map((one) => one.member).join(", ");
  finish(...placesOf(input), say("Encrypted, and kept by: {members}", { members }));
}

/** Takes back what was said of a file. */
export const showNothing = (input) => finish(...placesOf(input), "");

/** Puts the chosen file and fills what the form says of it. Gives what `putDocument` gives. */
export async function putFileOf(form, input) {
  if ((await findUnfitness()) !== null) throw new Error(say("This browser cannot encrypt documents: see the page “My key”."));
  const file = input.files[0];
  const { agency, readers } = form.dataset;
  try {
    if (!put.has(file)) put.set(file, await putDocument(file, agency, readers, follow(...placesOf(input))));
  } catch (error) {
    showNothing(input);
    throw error;
  }
  const done = put.get(file);
  form.elements.kept.value = done.kept;
  showKept(input, done.kept);
  return done;
}

/** While a form is busy it is not sent again. */
export function setBusy(form, isBusy) {
  form.dataset.busy = isBusy ? "yes" : "";
  for (const button of form.querySelectorAll("button")) button.disabled = isBusy;
}
