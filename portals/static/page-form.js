// What forms need of the browser: a chosen file goes to the nodes before its form goes on, rows come and go, and nobody sends
// twice by pressing twice. Without this script a row more is a post to the server, which gives the form back with it.

import { toHex } from "./bytes.js";
import { find, tell } from "./elements.js";
import { putFileOf, setBusy, showKept, showNothing } from "./form-file.js";

async function sendWithFile(form, input) {
  const problem = find(`${input.id}-problem`);
  tell(problem, "");
  setBusy(form, true);
  try {
    const { hash } = await putFileOf(form, input);
    find(input.dataset.hashInto).value = form.dataset.put = toHex(hash);
    form.submit();
  } catch (error) {
    tell(problem, error.message);
    setBusy(form, false);
  }
}

/** Another file, or none, was chosen: what was said of the one before is not said any more. */
function forgetFileOf(form, input) {
  const written = find(input.dataset.hashInto);
  if (form.dataset.put && written.value === form.dataset.put) written.value = "";
  form.elements.kept.value = "";
  showNothing(input);
}

function watchFile(form, input) {
  const written = find(input.dataset.hashInto);
  const isNeeded = input.required;
  const see = () => { input.required = isNeeded && written.value === ""; };
  written.addEventListener("input", see);
  input.addEventListener("change", () => {
    forgetFileOf(form, input);
    see();
  });
  see();
  if (!form.elements.kept.value) return;
  form.dataset.put = written.value;
  showKept(input, form.elements.kept.value);
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
  add.type = "button"; // so that Enter sends the form instead of asking the server for a row
  add.addEventListener("click", () => {
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
  const input = form.querySelector("[data-hash-into]");
  if (input) watchFile(form, input);
  form.addEventListener("submit", (event) => {
    if (form.dataset.busy) return event.preventDefault();
    if (input?.files.length) {
      event.preventDefault();
      return sendWithFile(form, input);
    }
    return setTimeout(() => { if (!event.defaultPrevented) setBusy(form, true); });
  });
  addEventListener("pageshow", () => setBusy(form, false));
}
