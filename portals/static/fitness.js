// Whether this browser can hold keys and compute, and what to do where it cannot.

import { findUnfitness } from "./keyring.js";
import { say } from "./texts.js";

/** What is needed, in the person's words, or null where nothing is. */
export async function explainUnfitness() {
  const unfit = await findUnfitness();
  if (unfit === null) return null;
  if (unfit === "ed25519") return say("This browser has no Ed25519 signatures. A browser of the last two years has them; or keep your key outside and sign with the command line.");
  return say("A browser keeps keys only on a page that came over HTTPS, or from this very machine (localhost). Ask who runs this portal for its https:// address; or keep your key outside and sign with the command line.");
}
