// The admin's live page of the streams: asks for the numbers every two seconds.
"use strict";

(() => {
  const EVERY_MS = 2000;
  const page = document.querySelector("[data-streams]");
  const part = (name) => page.querySelector(`[data-${name}]`);

  const row = (cells) => {
    const line = document.createElement("tr");
    for (const text of cells) {
      line.append(Object.assign(document.createElement("td"), { textContent: String(text) }));
    }
    return line;
  };

  const sum = (counts) => Object.values(counts).reduce((total, count) => total + count, 0);

  const numbers = (report) => [
    report.streams, report.users,
    report.openedPerSecond, report.eventsPerSecond, report.deliveriesPerSecond,
    report.closed.evicted ?? 0, report.closed.superseded ?? 0, report.closed.too_slow ?? 0,
    sum(report.refused),
  ];

  const details = (what, counts) =>
    Object.entries(counts).map(([name, count]) => row([what, name, count]));

  const state = (report) => {
    if (report.isSilent) return `silent for ${Math.round(report.silentSeconds)} s`;
    if (report.isDraining) return "draining";
    return report.isDeaf ? "deaf: reads the log" : "live";
  };

  const show = ({ processes, total }) => {
    part("processes").replaceChildren(
      ...processes.map((report) => row([`${report.host}:${report.pid}`, ...numbers(report), state(report)])),
    );
    part("total").replaceChildren(row([`${total.processes} reporting`, ...numbers(total), ""]));
    part("details").replaceChildren(
      ...details("Open", total.byTransport),
      ...details("Ended", total.closed),
      ...details("Refused", total.refused),
    );
    part("state").textContent = `As of ${new Date().toISOString().slice(11, 19)} UTC.`;
  };

  const look = async () => {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(page.dataset.streams, { signal }).catch(() => null);
    if (!answer) throw new Error("No answer; what you see may be out of date.");
    if (answer.redirected) throw new Error("You have signed out; load the page again.");
    if (!answer.ok) throw new Error(`No numbers (${answer.status}): does Redis answer?`);
    show(await answer.json());
  };

  const keepLooking = async () => {
    if (!document.hidden) {
      await look().catch((error) => { part("state").textContent = error.message; });
    }
    setTimeout(keepLooking, EVERY_MS);
  };

  keepLooking();
})();
