// What forms need of the browser: the fingerprint of a chosen file, rows that come and go, and that nobody sends twice by
// pressing twice. Without this script a row more is a post to the server, which gives the form back with it.

import { toHex } from "./bytes.js";
import { find } from "./elements.js";
import { sha256 } from "./hashing.js";

for (const input of document.querySelectorAll("[data-hash-into]")) {
  input.addEventListener("change", async () => {
    const file = input.files[0];
    find(input.dataset.hashInto).value = file ? toHex(await sha256(new Uint8Array(await file.arrayBuffer()))) : "";
  });
}

const PLACED = ["id", "name", "for", "aria-describedby"];

/** Gives the rows of a list the places in which they stand: `wanted.0.title`, `wanted.1.title`. */
function number(list) {
  const pattern = new RegExp(`(${list.dataset.rows}[.-])(?:\\d+|PLACE)(?=[.-])`, "g");
  list.querySelectorAll("ol > .row").forEach((row, place) => {
    for (const element of row.querySelectorAll("*")) {
      for (const name of PLACED) {
        const value = element.getAttribute(name);
        if (value !== null) element.setAttribute(name, value.replace(pattern, `$1${place}`));
      }
    }
  });
}

for (const list of document.querySelectorAll("fieldset.rows")) {
  const [rows, add] = [list.querySelector("ol"), list.querySelector("[data-add]")];
  const show = () => {
    number(list);
    add.hidden = rows.children.length >= Number(list.dataset.rowsMax);
    for (const button of rows.querySelectorAll("[data-remove]")) button.hidden = rows.children.length === 1;
    list.dispatchEvent(new Event("input", { bubbles: true }));
  };
  add.addEventListener("click", (event) => {
    event.preventDefault();
    const row = list.querySelector("template").content.firstElementChild.cloneNode(true);
    rows.append(row);
    show();
    row.querySelector("input, select, textarea").focus();
  });
  rows.addEventListener("click", (event) => {
    const row = event.target.closest("[data-remove]")?.closest(".row");
    if (!row) return;
    row.remove();
    show();
    rows.lastElementChild.querySelector("input, select, textarea").focus();
  });
  show();
}

for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", () => {
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  });
}
