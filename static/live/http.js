// @ts-check
/** The two ordinary requests beside the stream, with the credentials of the page. */

const TICKET = "/api/auth/stream-ticket";
const CHANGES = "/api/v1/user/nft-portfolio-changes";
const TICKET_WITHIN = 10_000; // milliseconds
const CHANGES_WITHIN = 10_000; // milliseconds on top of what the server was asked to wait

/**
 * `status` 0: no answer. `retryAfter`: milliseconds, when the server named a time.
 * @typedef {{ status: number, body: any, etag: string | null, retryAfter: number | undefined }} Answer
 */

export class Http {
  /**
   * @param {string} base
   * @param {(() => string | Promise<string>) | undefined} authorization the header's value
   * @param {(() => string) | undefined} csrfToken for a browser session
   */
  constructor(base, authorization, csrfToken) {
    this.base = base;
    this.usesTickets = Boolean(authorization || csrfToken);
    this.authorization = authorization;
    this.csrfToken = csrfToken;
  }

  /** @param {AbortSignal} signal */
  async ticket(signal) {
    return this.#ask("POST", TICKET, {}, TICKET_WITHIN, signal);
  }

  /**
   * @param {number | undefined} after
   * @param {number} wait seconds that the server may hold the answer back
   * @param {string | null} etag
   * @param {AbortSignal} signal
   */
  async changes(after, wait, etag, signal) {
    const query = new URLSearchParams();
    if (after !== undefined) query.set("after", String(after));
    if (wait) query.set("wait", String(wait));
    /** @type {Record<string, string>} */
    const headers = etag ? { "If-None-Match": etag } : {};
    return this.#ask("GET", `${CHANGES}?${query}`, headers, wait * 1000 + CHANGES_WITHIN, signal);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {Record<string, string>} headers
   * @param {number} within
   * @param {AbortSignal} signal
   * @returns {Promise<Answer>}
   */
  async #ask(method, path, headers, within, signal) {
    try {
      const response = await fetch(this.base + path, {
        method,
        headers: { ...headers, ...(await this.#credentials(method)) },
        credentials: this.authorization ? "omit" : "include",
        cache: "no-store",
        signal: AbortSignal.any([signal, AbortSignal.timeout(within)]),
      });
      const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
      return {
        status: response.status,
        body: response.status === 200 ? await response.json() : null,
        etag: response.headers.get("ETag"),
        retryAfter: Number.isNaN(seconds) ? undefined : seconds * 1000,
      };
    } catch {
      return { status: 0, body: null, etag: null, retryAfter: undefined };
    }
  }

  /**
   * @param {string} method
   * @returns {Promise<Record<string, string>>}
   */
  async #credentials(method) {
    if (this.authorization) return { Authorization: await this.authorization() };
    return this.csrfToken && method === "POST" ? { "X-CSRFToken": this.csrfToken() } : {};
  }
}
