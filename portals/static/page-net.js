// The net of a payment order: gross less penalty, deductions and tax, computed while they are written. The contract
// computes it again.

import { readAmount } from "./amounts.js";
import { make } from "./elements.js";
import { say } from "./texts.js";
import { showAmount } from "./values.js";

const form = document.querySelector('form[data-form="payment.approve"]');

const factOf = (name) => BigInt(document.querySelector(`[data-fact="field.${name}"]`).dataset.value);

if (form) {
  const net = make("output", { class: "figure", for: "field-deductions field-tax", "data-net": "" });
  form.querySelector(".actions").before(make("p", { class: "net" }, make("strong", {}, say("Net, to the supplier:")), " ", net));
  const currency = form.dataset.currency;
  const compute = () => {
    const taken = ["deductions", "tax"].map((name) => readAmount(form.elements[name].value || "0", currency));
    const left = taken.includes(null) ? null : factOf("gross") - factOf("penalty") - taken[0] - taken[1];
    net.textContent = left === null ? "–" : left > 0n ? showAmount(left, currency) : say("nothing is left to pay");
  };
  form.addEventListener("input", compute);
  compute();
}
