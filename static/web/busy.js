// @ts-check
/**
 * A button at work. It is not `disabled`, which would take the focus from whoever came by
 * keyboard; a dialog that opens meanwhile gives the focus back to it.
 *
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} work done once, however often the button is pressed meanwhile
 */
export async function whileBusy(button, work) {
  if (button.hasAttribute("aria-busy")) return;
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  try {
    await work();
  } finally {
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}
