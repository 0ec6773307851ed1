// Values of the ledger in the local form, by the types and names that the contract declares.

import { make } from "./elements.js";
import { toHex } from "./bytes.js";
import { language, say } from "./texts.js";

const ZONES = { 420: "WIB", 480: "WITA", 540: "WIT" };
const MINUTE_MS = 60_000;
const calendar = language === "en" ? "en-GB" : language; // the day first, as the server writes it
const LONG = 64;

function showDay(moment) {
  return new Intl.DateTimeFormat(calendar, { dateStyle: "long", timeZone: "UTC" }).format(moment);
}

function showTime(milliseconds, zone) {
  const moment = new Date(Number(milliseconds) + zone * MINUTE_MS);
  if (Number.isNaN(moment.getTime())) return milliseconds.toString();
  const clock = new Intl.DateTimeFormat(calendar, { timeStyle: "short", timeZone: "UTC", hourCycle: "h23" }).format(moment);
  return `${showDay(moment)}, ${clock} ${ZONES[zone]}`;
}

export const showNumber = (number) => new Intl.NumberFormat(language).format(number);

export function showAmount(amount, currency) {
  if (currency === "IDR") return `${language === "id" ? "Rp" : "IDR"} ${showNumber(amount)}`;
  const digits = new Intl.NumberFormat(language, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  const text = amount.toString().padStart(digits + 1, "0");
  const whole = BigInt(text.slice(0, text.length - digits));
  const point = language === "id" ? "," : ".";
  return `${currency} ${showNumber(whole)}${digits ? point + text.slice(-digits) : ""}`;
}

function showShare(points) {
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 2 }).format(Number(points) / 10_000);
}

const UNITS = [["day", 86_400_000n], ["hour", 3_600_000n], ["minute", 60_000n], ["second", 1_000n]];

/** A duration in the largest unit that it is a whole number of, as portals/local_forms.py says it. */
function showDuration(milliseconds) {
  const [unit, length] = UNITS.find(([, long]) => milliseconds >= long && milliseconds % long === 0n) ?? ["millisecond", 1n];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(milliseconds / length);
}

function readNumber(value, type) {
  if (typeof value === "bigint") return value;
  if (!(value instanceof Uint8Array) || value.length !== 32) return null;
  const number = BigInt(`0x${toHex(value)}`);
  return type === "int" ? BigInt.asIntN(256, number) : number;
}

function showNumberAs(value, field, local) {
  const number = readNumber(value, field.type);
  if (number === null) return say("not a number");
  if (field.reading === "time") return number === 0n ? say("none") : showTime(number, local.zone);
  if (field.reading === "amount") return showAmount(number, local.currency);
  if (field.reading === "share") return showShare(number);
  if (field.reading === "duration") return showDuration(number);
  if (field.reading === "day") return showDay(new Date(Number(number) * 86_400_000));
  return showNumber(number);
}

function showBytes(bytes) {
  if (bytes.length === 0) return say("none");
  const text = toHex(bytes);
  if (text.length <= LONG) return make("code", { class: "long" }, text);
  const told = say("{count} bytes", { count: showNumber(bytes.length) });
  return make("span", {}, make("code", { class: "long" }, `${text.slice(0, 32)}…`), ` (${told})`);
}

/** A value as nodes of the page; `field` says its type and how it is read, `words` the records and enums, `local` the
    currency and the zone (minutes before UTC). */
export function showValue(value, field, words, local) {
  const list = /^List\[(\w+), \d+\]$/.exec(field.type);
  if (list && Array.isArray(value)) {
    if (value.length === 0) return say("none");
    const item = { ...field, type: list[1] };
    return make("ol", {}, ...value.map((one) => make("li", {}, showValue(one, item, words, local))));
  }
  if (field.type in words.records && Array.isArray(value)) return showFields(value, words.records[field.type], words, local);
  if (field.type in words.enums) return words.enums[field.type][Number(value)] ?? say("unknown");
  if (field.type === "uint" || field.type === "int") return showNumberAs(value, field, local);
  if (typeof value === "boolean") return value ? say("yes") : say("no");
  if (field.type === "addr" && value instanceof Uint8Array) return make("code", { class: "long" }, toHex(value).toUpperCase());
  if (value instanceof Uint8Array) return showBytes(value);
  return value === "" ? say("none") : make("span", { class: "words" }, String(value));
}

/** A field that is called `value` is of what the field `name` names, and is read as that: `standstill_ms` is a duration. */
function readAs(field, values, fields) {
  const named = values[fields.findIndex((one) => one.name === "name")];
  if (field.name !== "value" || typeof named !== "string") return field;
  const reading = named.endsWith("_ms") ? "duration" : named.endsWith("_bps") ? "share" : field.reading;
  return { ...field, reading };
}

/** Fields with their names as a list of terms; throws where their number does not fit. */
export function showFields(values, fields, words, local) {
  if (values.length !== fields.length) throw new Error(`expected ${fields.length} values, got ${values.length}`);
  const rows = fields.flatMap((field, place) => [
    make("dt", {}, field.label, " ", make("code", { class: "soft" }, field.name)),
    make("dd", {}, showValue(values[place], readAs(field, values, fields), words, local)),
  ]);
  return make("dl", {}, ...rows);
}
