// What the scripts say, in the language of the page. The server has the translations; a script says its English.

const language = document.body.dataset.language;
const texts = await fetch(`/${language}/texts`).then((answer) => answer.json());

export { language };

/** A text in the page's language; `{name}` becomes the value of that name. */
export function say(text, values = {}) {
  const said = texts[text] ?? text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
