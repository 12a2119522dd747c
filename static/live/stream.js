// @ts-check
/**
 * One `EventSource`, from its opening to its end. It reconnects by itself only when the server
 * has asked for that with `closing`: the browser then waits as long as the server's `retry`
 * said, which a script cannot see.
 */

import { whenVisible } from "./waiting.js";

/**
 * Reads until the stream breaks, falls silent, or `onMessage` says that it is over.
 *
 * @template End
 * @param {string} url
 * @param {object} how
 * @param {(message: any) => End | undefined} how.onMessage an answer ends the stream
 * @param {boolean} how.withCredentials send cookies to another origin
 * @param {number} how.openWithin milliseconds until the first message; a proxy may swallow it
 * @param {number} how.silence milliseconds without a message after which the stream is dead
 * @param {AbortSignal} how.signal
 * @returns {Promise<{ opened: boolean, end: End | undefined }>} `opened`: a message has come
 */
export function readStream(url, { onMessage, withCredentials, openWithin, silence, signal }) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ opened: false, end: undefined });
    const source = new EventSource(url, { withCredentials });
    const over = new AbortController();
    let opened = false;
    let comesBack = false;
    let deadline = 0;
    let timer = 0;

    /** @param {End} [end] */
    const finish = (end) => {
      clearTimeout(timer);
      over.abort();
      source.close();
      resolve({ opened, end });
    };
    /** @param {number} ms */
    const expectWithin = (ms) => {
      clearTimeout(timer);
      deadline = Date.now() + ms;
      timer = window.setTimeout(finish, ms);
    };

    source.onmessage = ({ data }) => {
      opened = true;
      expectWithin(silence);
      const message = parse(data);
      comesBack ||= message?.type === "closing";
      if (!message) return finish(); // not from our server
      const end = onMessage(message);
      if (end) finish(end);
    };
    source.onerror = () => {
      if (!comesBack || source.readyState !== EventSource.CONNECTING) finish();
      comesBack = false; // once
    };
    signal.addEventListener("abort", () => finish(), { signal: over.signal });
    // A connection rarely survives a change of network, but it may take minutes to fail.
    window.addEventListener("offline", () => finish(), { signal: over.signal });
    // Timers stand still while a page is frozen or the machine sleeps.
    whenVisible(() => Date.now() > deadline && finish(), over.signal);
    expectWithin(openWithin);
  });
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
