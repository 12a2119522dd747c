// @ts-check
/** What I want to hear and where: whole channels, each kind, and this browser by push. */

import { ApiError, call, get, post } from "./api.js";
import { byId, text } from "./config.js";
import { showReach } from "./reach.js";

const PREFERENCES = "/api/v1/user/notification-preferences";
const SUBSCRIPTIONS = "/api/v1/user/push-subscriptions";
const CHANNELS = /** @type {const} */ (["inApp", "email", "webPush"]);

const form = /** @type {HTMLFormElement} */ (byId("preferences"));
const switches = /** @type {HTMLFieldSetElement} */ (byId("switches"));
const state = /** @type {HTMLElement} */ (byId("preference-state"));
const push = /** @type {HTMLButtonElement} */ (byId("push"));
const pushState = /** @type {HTMLElement} */ (byId("push-state"));

/** @type {({ type: string } & Record<(typeof CHANNELS)[number], boolean>)[]} */
let known = [];

/** @param {string} message */
const say = (message) => void (state.textContent = message);

async function load() {
  try {
    const preferences = await get(PREFERENCES);
    for (const channel of CHANNELS) field(channel).checked = preferences.channels[channel];
    known = preferences.types.filter(isShown);
    for (const kind of known) {
      for (const channel of CHANNELS) field(`${kind.type} ${channel}`).checked = kind[channel];
    }
    switches.disabled = false;
    showReach(preferences);
  } catch {
    say(text("missingPart"));
  }
}

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {{ type: string }} kind */
const isShown = ({ type }) => Boolean(field(`${type} inApp`));

form.addEventListener("change", async () => {
  const channels = Object.fromEntries(CHANNELS.map((channel) => [channel, field(channel).checked]));
  const wanted = known.map(({ type }) => ({
    type,
    ...Object.fromEntries(CHANNELS.map((channel) => [channel, field(`${type} ${channel}`).checked])),
  }));
  try {
    await call("PUT", PREFERENCES, { channels, types: wanted });
    say(text("saved"));
  } catch (error) {
    await load(); // the switches stand as they are kept
    say(error instanceof Error ? error.message : text("offline"));
  }
});

/** @returns {Promise<ServiceWorkerRegistration>} */
const worker = () => navigator.serviceWorker.register("/service-worker.js");

async function showPush() {
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) return tellPush("pushMissing");
  const subscription = await (await worker()).pushManager.getSubscription();
  push.hidden = false;
  push.textContent = text(subscription ? "disablePush" : "enablePush");
  tellPush(subscription ? "pushOn" : "pushOff");
}

/** @param {string} name */
const tellPush = (name) => void (pushState.textContent = text(name));

push.addEventListener("click", async () => {
  push.disabled = true;
  try {
    const { pushManager } = await worker();
    const subscription = await pushManager.getSubscription();
    await (subscription ? leave(subscription) : join(pushManager));
    await showPush();
  } catch (error) {
    const denied = Notification.permission === "denied";
    pushState.textContent = error instanceof ApiError ? error.message : text(denied ? "pushDenied" : "pushFailed");
  }
  push.disabled = false;
});

/** @param {PushManager} manager */
async function join(manager) {
  const { publicKey } = await get("/api/v1/push-public-key");
  const options = { userVisibleOnly: true, applicationServerKey: publicKey };
  const { endpoint, keys } = (await manager.subscribe(options)).toJSON();
  await post(SUBSCRIPTIONS, { endpoint, keys });
}

/** @param {PushSubscription} subscription */
async function leave(subscription) {
  await call("DELETE", SUBSCRIPTIONS, { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

void load();
showPush().catch(() => tellPush("pushMissing"));
