// @ts-check
/**
 * A member's events, live in a page: by server-sent events, or by polling where those do not get
 * through. Every event comes once and in order, however often the connection breaks.
 * How to use it: docs/realtime-client.md.
 */

import { Http } from "./http.js";
import { DEFAULTS } from "./options.js";
import { readStream } from "./stream.js";
import { backoff, pause } from "./waiting.js";

const EVENTS = "/api/v1/user/nft-events";
const STEADY = 5_000; // milliseconds; a connection that lasted longer was no failure

/** @typedef {import("./options.js").State} State */
/** @typedef {import("./options.js").Options} Options */

/**
 * How an attempt ended: for good in `state`, or to be followed by the next one at once (`again`),
 * after `retryAfter` milliseconds, or after as long as the failures so far ask for.
 * @typedef {{ state?: State, again?: boolean, retryAfter?: number }} End
 */

export class NftEvents {
  /** @type {State} */
  #state = "stopped";
  /** @type {number | undefined} */
  #sequence;
  /** @type {string | undefined} */
  #ticket;
  /** The last stream did not open although the server answered. */
  #isRefused = false;
  /** @type {AbortController | undefined} */
  #running;
  #options;
  #http;

  /** @param {Options} [options] */
  constructor(options = {}) {
    this.#options = { ...DEFAULTS, ...options };
    this.#sequence = options.after;
    this.#http = new Http(this.#options.base, options.authorization, options.csrfToken);
  }

  get state() {
    return this.#state;
  }

  /** The last event's number; undefined while none is known. */
  get sequence() {
    return this.#sequence;
  }

  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  /** Go on where it ended, after `superseded`, `signedOut` or `stop()`. */
  resume() {
    this.start();
  }

  stop() {
    this.#finish("stopped");
  }

  /** @param {AbortSignal} signal */
  async #run(signal) {
    for (let failures = 0; !signal.aborted; ) {
      const began = performance.now();
      const end = await this.#connect(signal);
      if (signal.aborted) return;
      if (end.state) return this.#finish(end.state);
      if (end.again) continue;
      failures = performance.now() - began > STEADY ? 1 : failures + 1;
      this.#enter("waiting");
      const { retryFirst, retryMost } = this.#options;
      const ms = end.retryAfter ?? backoff(failures, retryFirst, retryMost);
      await pause(ms, { signal, wakes: end.retryAfter === undefined });
    }
  }

  /**
   * One stream. An `EventSource` does not say why it was refused, but a poll does: its answer
   * tells whether to sign in, to wait, to take a new ticket, or to go on polling.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<End>}
   */
  async #connect(signal) {
    if (this.#state !== "polling") this.#enter("connecting");
    const { opened, end } = await this.#stream(signal);
    if (!opened) return this.#poll(signal);
    this.#isRefused = false;
    return end ?? {};
  }

  /** @param {AbortSignal} signal */
  async #stream(signal) {
    const query = new URLSearchParams();
    if (this.#sequence !== undefined) query.set("after", String(this.#sequence));
    if (this.#http.usesTickets) {
      this.#ticket ??= (await this.#http.ticket(signal)).body?.ticket;
      if (this.#ticket === undefined) return { opened: false, end: undefined };
      query.set("ticket", this.#ticket);
    }
    return readStream(`${this.#options.base}${EVENTS}?${query}`, {
      onMessage: (message) => this.#onMessage(message),
      withCredentials: !this.#http.usesTickets,
      openWithin: this.#options.openWithin,
      silence: this.#options.silence,
      signal,
    });
  }

  /**
   * @param {any} message
   * @returns {End | undefined} when the stream is over
   */
  #onMessage(message) {
    switch (message.type) {
      case "connection_established":
        this.#sequence ??= message.sequence;
        this.#enter("live");
        return undefined;
      case "heartbeat":
        return undefined;
      case "reset":
        this.#reset(message);
        return undefined;
      case "superseded":
        return { state: "superseded" };
      case "closing":
        return this.#onClosing(message.reason);
      default:
        return this.#take(message) ? undefined : {};
    }
  }

  /** @param {string} reason */
  #onClosing(reason) {
    this.#enter("waiting");
    if (reason !== "expired" && reason !== "signed_out") return undefined;
    this.#ticket = undefined;
    return {};
  }

  /**
   * After the first refusal only one poll: the server may just have come back, or the ticket may
   * have been the reason.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<End>}
   */
  async #poll(signal) {
    const until = performance.now() + this.#options.streamAgainAfter;
    /** @type {string | null} */
    let etag = null;
    for (let wait = 0; ; ) {
      const asked = performance.now();
      const answer = await this.#http.changes(this.#sequence, wait, etag, signal);
      const wasRefused = this.#isRefused;
      this.#isRefused = answer.status === 200 || answer.status === 304;
      if (answer.status === 401) return { state: "signedOut" };
      if (!this.#isRefused) return { retryAfter: answer.retryAfter };
      this.#ticket = undefined;
      if (answer.body && !this.#takeAll(answer.body)) return {};
      if (signal.aborted) return {};
      if (!wasRefused || performance.now() > until) return { again: true };
      this.#enter("polling");
      const isSpinning = wait > 0 && performance.now() - asked < 500 && !answer.body?.events?.length;
      if (isSpinning) await pause(this.#options.retryFirst, { signal, wakes: false });
      etag = answer.etag;
      wait = answer.body?.hasMore ? 0 : this.#options.pollWait;
    }
  }

  /**
   * @param {any} body of a poll
   * @returns {boolean} whether nothing was missing
   */
  #takeAll(body) {
    if (body.reset) this.#reset(body);
    const isWhole = (body.events ?? []).every((/** @type {any} */ event) => this.#take(event));
    if (isWhole) this.#sequence ??= body.sequence;
    return isWhole;
  }

  /**
   * Hand the event to the page, unless it has it; false when one before it is missing.
   *
   * @param {any} event or a message that a newer server may send
   */
  #take(event) {
    if (!Number.isInteger(event.sequence)) return true;
    const last = this.#sequence ?? event.sequence - 1;
    if (event.sequence > last + 1) return false;
    if (event.sequence === last + 1) {
      this.#sequence = event.sequence;
      tell(this.#options.onEvent, event);
    }
    return true;
  }

  /** @param {{ snapshot: string, sequence: number }} message */
  #reset({ snapshot, sequence }) {
    this.#sequence = sequence;
    tell(this.#options.onReset, { snapshot, sequence });
  }

  /** @param {State} state */
  #finish(state) {
    this.#running?.abort();
    this.#running = undefined;
    this.#enter(state);
  }

  /** @param {State} state */
  #enter(state) {
    if (this.#state === state) return;
    this.#state = state;
    tell(this.#options.onState, state);
  }
}

/**
 * A mistake in the page's code must not cost the next event.
 *
 * @template T
 * @param {(value: T) => void} listener
 * @param {T} value
 */
function tell(listener, value) {
  try {
    listener(value);
  } catch (error) {
    reportError(error);
  }
}
