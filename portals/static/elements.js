// Small pieces of a page. Text goes in as text, never as markup.

export const find = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Shows a problem where the page keeps a place for it; an empty one takes it away. */
export function tell(element, text) {
  element.textContent = text;
  element.hidden = text === "";
}

/** Offers bytes or text as a file to save. */
export function offer(link, text, type = "application/json") {
  link.href = URL.createObjectURL(new Blob([text], { type }));
}
