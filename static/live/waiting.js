// @ts-check
/** How long to wait before the next attempt, and a wait that ends early when there is reason to. */

/**
 * Doubles with each failure, half of it at random so that clients do not come back all at once.
 *
 * @param {number} failures in a row, 1 or more
 * @param {number} first milliseconds
 * @param {number} most milliseconds
 */
export function backoff(failures, first, most) {
  const longest = Math.min(most, first * 2 ** (failures - 1));
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Resolves after `ms`; with `wakes` also when the network is back or the page comes into view.
 * Never rejects: look at `signal` afterwards.
 *
 * @param {number} ms
 * @param {{ signal: AbortSignal, wakes: boolean }} how
 * @returns {Promise<void>}
 */
export function pause(ms, { signal, wakes }) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const done = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(done, signal.aborted ? 0 : ms);
    signal.addEventListener("abort", done, { signal: over.signal });
    if (wakes) {
      window.addEventListener("online", done, { signal: over.signal });
      whenVisible(done, over.signal);
    }
  });
}

/**
 * @param {() => void} act
 * @param {AbortSignal} signal
 */
export function whenVisible(act, signal) {
  const look = () => document.visibilityState === "visible" && act();
  document.addEventListener("visibilitychange", look, { signal });
}
