// @ts-check
/** The leaderboards: one board and period at a time, my own place, and looked at again and again. */

import { get } from "./api.js";
import { byId, config, text } from "./config.js";
import { element } from "./elements.js";

const LOOK_EVERY = 10_000; // milliseconds; as long as the answers are cached
const FOLLOWS_WITHIN = 1_000; // milliseconds from an event to the figures
let soon = 0;
const list = /** @type {HTMLElement} */ (byId("board"));
const mine = /** @type {HTMLElement} */ (byId("my-place"));
const query = new URLSearchParams(location.search);
const board = query.get("board") ?? "volume";
const period = query.get("period") ?? "all";

/** @typedef {{ rank: number, member: string, score: number, isMe?: boolean }} Entry */

/** @param {number} score */
function shown(score) {
  const number = board === "volume" ? score / 100 : score;
  const one = `score.${board}.one`;
  if (number === 1 && one in config.texts) return text(one);
  const format = { maximumFractionDigits: 0 };
  return text(`score.${board}`, { score: number.toLocaleString(config.language, format) });
}

/** @param {Entry} entry */
const line = ({ rank, member, score, isMe }) =>
  element(
    "li",
    isMe ? { "aria-current": "true" } : {},
    element("span", { class: "place", "data-rank": String(Math.min(rank, 4)) }, String(rank)),
    element("span", { class: "grow code" }, member),
    element("strong", {}, shown(score)),
  );

async function look() {
  try {
    const [page, place] = await Promise.all([
      get(`/api/v1/leaderboards/${encodeURIComponent(board)}?period=${encodeURIComponent(period)}`),
      config.wallet
        ? get(`/api/v1/user/leaderboards/${encodeURIComponent(board)}?period=${encodeURIComponent(period)}`)
        : null,
    ]);
    const none = element("li", { class: "soft" }, text("nobody"));
    const me = place?.entries.find((/** @type {Entry} */ entry) => entry.isMe);
    const lines = page.results.map((/** @type {Entry} */ entry) => line({ ...entry, isMe: isSame(entry, me) }));
    list.replaceChildren(...(lines.length ? lines : [none]));
    if (place) showPlace(place);
  } catch {
    list.replaceChildren(element("li", { class: "soft" }, text("missingPart")));
  }
  list.removeAttribute("aria-busy");
}

/**
 * Ranks are unique, but the board may be some seconds older than my place.
 *
 * @param {Entry} entry
 * @param {Entry | undefined} me
 */
const isSame = (entry, me) => entry.rank === me?.rank && entry.member === me.member;

/** @param {{ rank: number | null, members: number, entries: Entry[] }} place */
function showPlace({ rank, members, entries }) {
  const facts = { rank: String(rank), members: String(members) };
  mine.hidden = false;
  mine.replaceChildren(
    element("h2", {}, rank === null ? text("noPlace") : text("myPlace", facts)),
    element("ol", { class: "list" }, ...entries.map(line)),
  );
}

void look();
setInterval(() => document.visibilityState === "visible" && look(), LOOK_EVERY);
document.addEventListener("page:event", () => {
  clearTimeout(soon);
  soon = window.setTimeout(look, FOLLOWS_WITHIN);
});
