// What the milestones of a draft or an amendment come to, added up while they are written. The contract adds them again.

import { readAmount } from "./amounts.js";
import { make } from "./elements.js";
import { say } from "./texts.js";
import { showAmount } from "./values.js";

for (const list of document.querySelectorAll("fieldset.rows")) {
  const form = list.closest("form");
  const sum = make("output", { class: "figure", "data-sum": "" });
  list.append(make("p", { class: "net" }, make("strong", {}, say("All milestones together:")), " ", sum));
  const add = () => {
    const fields = list.querySelectorAll('ol > .row input[name$=".amount"]');
    const amounts = Array.from(fields, (field) => readAmount(field.value || "0", form.dataset.currency));
    sum.textContent = amounts.includes(null) ? "–" : showAmount(amounts.reduce((total, one) => total + one, 0n), form.dataset.currency);
  };
  form.addEventListener("input", add);
  add();
}
