// A part of a page that the page asks for again every few seconds (`data-live`: its address). Only
// what changed is put in place, so that a screen reader hears of nothing else. The time in `.asof`
// is no change.
"use strict";

(() => {
  const EVERY_MS = 5000;
  const place = document.querySelector("[data-live]");
  const trouble = document.querySelector("[data-trouble]");
  if (!place) return;

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body;
  const asOf = (root) => root.querySelector(".asof");

  /** Without the time that it was asked at. */
  const content = (root) => {
    const copy = root.cloneNode(true);
    asOf(copy)?.remove();
    return copy.innerHTML.trim();
  };

  const show = (fresh) => {
    if (content(fresh) !== content(place)) place.replaceChildren(...fresh.childNodes);
    else if (asOf(place)) asOf(place).textContent = asOf(fresh).textContent;
  };

  const look = async () => {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(place.dataset.live, { signal }).catch(() => null);
    if (!answer) throw new Error("No answer; this may be out of date.");
    if (answer.redirected) throw new Error("You have signed out; load the page again.");
    if (!answer.ok) throw new Error(`No answer (${answer.status}); this may be out of date.`);
    show(parsed(await answer.text()));
  };

  const say = (text) => { if (trouble.textContent !== text) trouble.textContent = text; };

  const keepLooking = async () => {
    if (!document.hidden) await look().then(() => say(""), (error) => say(error.message));
    setTimeout(keepLooking, EVERY_MS);
  };

  setTimeout(keepLooking, EVERY_MS);
})();
