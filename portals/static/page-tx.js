// The page of a transaction that waits: looks until a block has it or can have it no more, then shows what became of it.

const waiting = document.querySelector("[data-wait]");
const STEP_MS = 1_000;

async function look() {
  try {
    const answer = await fetch(waiting.dataset.wait).then((found) => found.json());
    if (answer.committed || answer.over) return location.reload();
  } catch {
    // the portal does not answer for a moment: look again
  }
  setTimeout(look, STEP_MS);
}

setTimeout(look, STEP_MS);
