// @ts-check
/** The number beside the bell. */

import { get } from "./api.js";
import { byId } from "./config.js";

const MOST = 99;

export async function countUnread() {
  const badge = byId("unread");
  if (!badge) return;
  try {
    const { unreadCount } = await get("/api/v1/user/notifications/unread-count");
    badge.hidden = !unreadCount;
    badge.textContent = unreadCount > MOST ? `${MOST}+` : String(unreadCount);
  } catch {
    badge.hidden = true; // better none than a wrong one
  }
}
