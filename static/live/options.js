// @ts-check
/** What a page tells `NftEvents`, and what it hears from it. */

/**
 * - `connecting`: a stream is being opened
 * - `live`: events arrive as they happen
 * - `polling`: the same, but by asking again and again
 * - `waiting`: there is no connection; the next attempt comes by itself
 * - `superseded`: newer tabs took this one's place; `resume()` takes it back
 * - `signedOut`: sign in, then `resume()`
 * - `stopped`: before `start()` and after `stop()`
 * @typedef {"connecting" | "live" | "polling" | "waiting" | "superseded" | "signedOut" | "stopped"} State
 */

/**
 * The envelope of docs/events.md.
 * @typedef {object} NftEvent
 * @property {number} sequence counts a member's events without a gap
 * @property {string} type
 * @property {string} eventId
 * @property {string} message for a person
 * @property {string} timestamp RFC 3339
 * @property {Record<string, unknown>} data
 */

/**
 * Times are in milliseconds.
 * @typedef {object} Options
 * @property {(event: NftEvent) => void} [onEvent]
 * @property {(state: State) => void} [onState]
 * @property {(reset: { snapshot: string, sequence: number }) => void} [onReset] events were
 *   missed: load the address `snapshot`; the events behind `sequence` follow
 * @property {number} [after] the last sequence that the page has; without it, from now on
 * @property {string} [base] the origin of the API; without it the page's own
 * @property {() => string | Promise<string>} [authorization] a fresh `Bearer …`, asked for before
 *   every request; without it the browser session signs in
 * @property {() => string} [csrfToken] that of the browser session now (signing in changes it): it
 *   gets tickets, by which the server tells a tab that reconnects from a new one
 * @property {number} [openWithin] until a stream's first message
 * @property {number} [silence] without even a heartbeat, after which a stream is dead
 * @property {number} [retryFirst] the wait after one failure; doubles with each
 * @property {number} [retryMost]
 * @property {number} [streamAgainAfter] how long to poll before a stream is tried again
 * @property {number} [pollWait] seconds that the server may hold a poll's answer back
 */

export const DEFAULTS = {
  /** @param {NftEvent} _event */
  onEvent(_event) {},
  /** @param {State} _state */
  onState(_state) {},
  /** @param {{ snapshot: string, sequence: number }} _reset */
  onReset(_reset) {},
  base: "",
  openWithin: 10_000,
  silence: 75_000, // two and a half heartbeats
  retryFirst: 1_000,
  retryMost: 30_000,
  streamAgainAfter: 120_000,
  pollWait: 25,
};
