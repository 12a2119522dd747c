// The admin's home asks every few seconds what needs a person now. Only what changed is put in
// place, so that a screen reader hears of nothing else.
"use strict";

(() => {
  const EVERY_MS = 5000;
  const place = document.querySelector("[data-attention]");
  const trouble = document.querySelector("[data-trouble]");

  const part = (root, selector) => root.querySelector(selector)?.outerHTML ?? "";

  const show = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html").body;
    const same = [".concerns", ".calm"].every((it) => part(fresh, it) === part(place, it));
    if (same) place.querySelector(".asof").textContent = fresh.querySelector(".asof").textContent;
    else place.replaceChildren(...fresh.childNodes);
  };

  const look = async () => {
    const answer = await fetch(place.dataset.attention, { signal: AbortSignal.timeout(5000) });
    if (answer.redirected) throw new Error("You have signed out; load the page again.");
    if (!answer.ok) throw new Error(`No answer (${answer.status}); this may be out of date.`);
    show(await answer.text());
  };

  const say = (text) => { if (trouble.textContent !== text) trouble.textContent = text; };

  const keepLooking = async () => {
    if (!document.hidden) await look().then(() => say(""), (error) => say(error.message));
    setTimeout(keepLooking, EVERY_MS);
  };

  setTimeout(keepLooking, EVERY_MS);
})();
