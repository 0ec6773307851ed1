// The one cipher that browsers do not have: XChaCha20-Poly1305.
export { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
