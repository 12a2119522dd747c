// @ts-check
/** Elements in one expression. Texts are set as text: nothing is parsed as HTML. */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ class?: string, [name: string]: string | undefined }} attributes
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/**
 * New content for a list. Whoever stands on a link or title of it (by its id) stays there.
 *
 * @param {HTMLElement} list
 * @param {Node[]} content
 */
export function refill(list, content) {
  const focused = list.contains(document.activeElement) ? document.activeElement?.id : "";
  list.replaceChildren(...content);
  if (focused) document.getElementById(focused)?.focus();
}
