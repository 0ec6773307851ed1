// What forms need of the browser: the fingerprint of a chosen file, and that nobody sends twice by pressing twice.

import { toHex } from "./bytes.js";
import { find } from "./elements.js";
import { sha256 } from "./hashing.js";

for (const input of document.querySelectorAll("[data-hash-into]")) {
  input.addEventListener("change", async () => {
    const file = input.files[0];
    find(input.dataset.hashInto).value = file ? toHex(await sha256(new Uint8Array(await file.arrayBuffer()))) : "";
  });
}

for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  });
}
