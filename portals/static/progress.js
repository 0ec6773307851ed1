// How far something is: a bar for the eye, and words that are read out, once for each phase.

import { say } from "./texts.js";

const PHASES = {
  encrypting: () => say("The page encrypts the document …"),
  sending: () => say("The document goes to the agencies …"),
  fetching: () => say("The document comes …"),
  opening: () => say("The page opens the document …"),
};

/** What to call with a phase and a share; `bar` is a <progress>, `words` a status. */
export function follow(bar, words) {
  let told = "";
  return (phase, share) => {
    bar.hidden = false;
    bar.value = share;
    if (phase === told) return;
    told = phase;
    words.textContent = PHASES[phase]();
  };
}

/** Takes the bar away and says what came of it. */
export function finish(bar, words, text) {
  bar.hidden = true;
  words.textContent = text;
}
