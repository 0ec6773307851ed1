/* A second verifier of ICS-23 proofs, in another language and from the published rules alone: it reads protobuf, checks each
 * part against the published spec of a Jellyfish Merkle tree over SHA-256, and knows nothing of how Terang makes a proof.
 *
 * The value of this script is one function: (proof, root, key, value or null for absence, all in hexadecimal) gives "" for a
 * proof that holds, and else what does not.
 */
(() => {
  const text = (words) => new TextEncoder().encode(words);
  const SHA256 = 1;
  const SPEC = {
    leaf: { hash: SHA256, prehashKey: SHA256, prehashValue: SHA256, length: 0, prefix: text("JMT::LeafNode") },
    inner: { hash: SHA256, childSize: 32, minPrefix: 16, maxPrefix: 16, emptyChild: text("SPARSE_MERKLE_PLACEHOLDER_HASH__") },
    maxDepth: 64,
  };

  const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
  const same = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
  const startsWith = (data, prefix) => same(data.subarray(0, prefix.length), prefix);
  const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

  const need = (holds, words) => {
    if (!holds) throw new Error(words);
  };

  /* The fields of a protobuf message: [number, value], a value being a number or bytes. */
  const fields = (data) => {
    const found = [];
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        need(at < data.length && scale < 2 ** 35, "a number that does not end");
        const byte = data[at++];
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
    };
    while (at < data.length) {
      const tag = varint();
      const value = varint();
      if (tag % 8 === 0) {
        found.push([Math.floor(tag / 8), value]);
      } else {
        need(tag % 8 === 2 && at + value <= data.length, "a field that is cut short");
        found.push([Math.floor(tag / 8), data.subarray(at, at + value)]);
        at += value;
      }
    }
    return found;
  };
  const all = (message, number) => message.filter(([found]) => found === number).map(([, value]) => value);
  const bytes = (message, number) => all(message, number).at(-1) ?? new Uint8Array();
  const number = (message, field) => all(message, field).at(-1) ?? 0;

  const readExistence = (data) => {
    const message = fields(data);
    const leaf = fields(bytes(message, 3));
    return {
      key: bytes(message, 1),
      value: bytes(message, 2),
      leaf: {
        hash: number(leaf, 1),
        prehashKey: number(leaf, 2),
        prehashValue: number(leaf, 3),
        length: number(leaf, 4),
        prefix: bytes(leaf, 5),
      },
      path: all(message, 4).map((step) => {
        const inner = fields(step);
        return { hash: number(inner, 1), prefix: bytes(inner, 2), suffix: bytes(inner, 3) };
      }),
    };
  };

  const verifyExistence = async (proof, root, key, value) => {
    need(same(proof.key, key), "another key");
    need(same(proof.value, value), "another value");
    need(proof.key.length > 0 && proof.value.length > 0, "an empty key or value");
    for (const name of ["hash", "prehashKey", "prehashValue", "length"]) {
      need(proof.leaf[name] === SPEC.leaf[name], `another ${name} of the leaf`);
    }
    need(startsWith(proof.leaf.prefix, SPEC.leaf.prefix), "another prefix of the leaf");
    need(proof.path.length <= SPEC.maxDepth, "too many steps");
    let digest = await sha256(join(proof.leaf.prefix, await sha256(key), await sha256(value)));
    for (const step of proof.path) {
      need(step.hash === SPEC.inner.hash, "another hash of a step");
      need(!startsWith(step.prefix, SPEC.leaf.prefix), "a leaf for a step");
      need(step.prefix.length >= SPEC.inner.minPrefix, "a prefix that is too short");
      need(step.prefix.length <= SPEC.inner.maxPrefix + SPEC.inner.childSize, "a prefix that is too long");
      need(step.suffix.length % SPEC.inner.childSize === 0, "a suffix that is no children");
      digest = await sha256(join(step.prefix, digest, step.suffix));
    }
    need(same(digest, root), "another root");
  };

  /* Which of two children the step's own hash is: 0 the left, 1 the right, -1 neither. */
  const branch = (step) =>
    [0, 1].find((at) => {
      const before = at * SPEC.inner.childSize;
      const after = (1 - at) * SPEC.inner.childSize;
      return (
        step.prefix.length >= before + SPEC.inner.minPrefix &&
        step.prefix.length <= before + SPEC.inner.maxPrefix &&
        step.suffix.length === after
      );
    }) ?? -1;
  const leftIsEmpty = (step) => branch(step) === 1 && same(step.prefix.subarray(-SPEC.inner.childSize), SPEC.inner.emptyChild);
  const rightIsEmpty = (step) => branch(step) === 0 && same(step.suffix, SPEC.inner.emptyChild);
  const isLeftmost = (path) => path.every((step) => branch(step) === 0 || leftIsEmpty(step));
  const isRightmost = (path) => path.every((step) => branch(step) === 1 || rightIsEmpty(step));

  const areNeighbours = (left, right) => {
    const [low, high] = [[...left], [...right]];
    let [topLow, topHigh] = [low.pop(), high.pop()];
    while (topLow && topHigh && same(topLow.prefix, topHigh.prefix) && same(topLow.suffix, topHigh.suffix)) {
      [topLow, topHigh] = [low.pop(), high.pop()];
    }
    return topLow && topHigh && branch(topHigh) === branch(topLow) + 1 && isRightmost(low) && isLeftmost(high);
  };

  const isBefore = (one, other) => {
    const at = one.findIndex((byte, place) => byte !== other[place]);
    return at >= 0 && one[at] < other[at];
  };

  const verifyAbsence = async (data, root, key) => {
    const message = fields(data);
    const [left, right] = [2, 3].map((field) => all(message, field).map(readExistence).at(-1));
    need(left || right, "no neighbour");
    const place = await sha256(key);
    if (left) {
      await verifyExistence(left, root, left.key, left.value);
      need(isBefore(await sha256(left.key), place), "a left neighbour that is not left");
    }
    if (right) {
      await verifyExistence(right, root, right.key, right.value);
      need(isBefore(place, await sha256(right.key)), "a right neighbour that is not right");
    }
    if (!left) need(isLeftmost(right.path), "something may stand left of the first");
    else if (!right) need(isRightmost(left.path), "something may stand right of the last");
    else need(areNeighbours(left.path, right.path), "something may stand between the two");
  };

  return async ([proof, root, key, value]) => {
    try {
      const message = fields(unhex(proof));
      const [kind, data] = message[0] ?? [0];
      need(message.length === 1 && kind === (value === null ? 2 : 1), "another kind of proof");
      if (value === null) await verifyAbsence(data, unhex(root), unhex(key));
      else await verifyExistence(readExistence(data), unhex(root), unhex(key), unhex(value));
      return "";
    } catch (error) {
      return error.message;
    }
  };
})()
