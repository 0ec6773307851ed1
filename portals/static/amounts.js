// An amount as people write it, in minor units; as portals/local_forms.py reads it. Pure.

const digitsOf = (currency) => currency === "IDR" ? 0 : new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;

/** `Rp 12.500.000`, `12,500,000` or `12500000` as a BigInt; null for anything else. */
export function readAmount(text, currency) {
  const digits = digitsOf(currency);
  const plain = text.trim().replace(/^Rp/, "").replace(currency, "").trim();
  const found = digits ? new RegExp(`^(.*)[.,](\\d{${digits}})$`).exec(plain) : null;
  const [whole, fraction] = found ? [found[1], found[2]] : [plain, "0".repeat(digits)];
  if (!/^(\d{1,30}|\d{1,3}([.,]\d{3}){1,9})$/.test(whole)) return null;
  return BigInt(whole.replace(/[.,]/g, "") + fraction);
}
