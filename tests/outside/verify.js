/* Verifiers that are not ours: existence in the state by @confio/ics23 under the published spec of a Jellyfish Merkle tree, places
 * in a list by the RFC 6962 code of @sigstore/verify, with which npm checks provenance in a transparency log.
 *
 * Reads an array of cases as JSON, everything in hexadecimal, and writes an array of what was said of each: "" for a proof
 * that holds, and else why not.
 */
"use strict";
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { ics23, verifyExistence } = require("@confio/ics23");
/* The package shows its whole check of a log entry alone; this is the part of it that is RFC 6962. */
const inside = path.join(path.dirname(require.resolve("@sigstore/verify/package.json")), "dist", "tlog", "merkle.js");
const { verifyMerkleInclusion } = require(inside);

const unhex = (digits) => Buffer.from(digits, "hex");
const text = (words) => new TextEncoder().encode(words);

const SPEC = {
  leafSpec: {
    hash: ics23.HashOp.SHA256,
    prehashKey: ics23.HashOp.SHA256,
    prehashValue: ics23.HashOp.SHA256,
    length: ics23.LengthOp.NO_PREFIX,
    prefix: text("JMT::LeafNode"),
  },
  innerSpec: {
    childOrder: [0, 1],
    childSize: 32,
    minPrefixLength: 16,
    maxPrefixLength: 16,
    emptyChild: text("SPARSE_MERKLE_PLACEHOLDER_HASH__"),
    hash: ics23.HashOp.SHA256,
  },
  minDepth: 0,
  maxDepth: 64,
};

const verifiers = {
  state: ({ proof, root, key, value }) => {
    const { exist } = ics23.CommitmentProof.decode(unhex(proof));
    if (!exist) throw new Error("no proof of existence");
    verifyExistence(exist, SPEC, unhex(root), unhex(key), unhex(value));
  },
  list: ({ leaf, index, total, aunts, root }) => {
    const inclusionProof = { logIndex: String(index), hashes: aunts.map(unhex) };
    verifyMerkleInclusion({ inclusionProof, canonicalizedBody: unhex(leaf) }, { logSize: BigInt(total), logHash: unhex(root) });
  },
};

const said = JSON.parse(readFileSync(0, "utf8")).map((given) => {
  try {
    verifiers[given.kind](given);
    return "";
  } catch (error) {
    return error.message || "refused";
  }
});
process.stdout.write(JSON.stringify(said));
