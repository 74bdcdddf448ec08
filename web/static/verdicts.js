// Verdicts that are not yet saved: kept in sessionStorage, sent again until they are answered, from whatever screen. Each
// has a UUID, and one that was taken back is sent whole, so that nothing is lost, doubled or overtaken, whatever happens to
// a message. They are kept by records, which refuse those of others: a server that is started at this address may have other ones.

const RECORDS = document.querySelector("meta[name=records]").content;
const ALL_KEPT = "vastra.unsaved.";
const KEPT = storageName("unsaved");
const AT_ONCE = 50; // below what browsers let outlive a page, 64 KiB
const LONGEST_WAIT = 15000;

/** Name what this tab keeps for the records that are open here, and for no others. */
export function storageName(what) {
  return `vastra.${what}.${RECORDS}`;
}

const nameOf = (verdict) => `${verdict.id} ${verdict.place ?? 0}`;

class Unsaved extends EventTarget {
  #waiting = new Map(read(KEPT));
  #failures = 0;
  #timer = null;
  #sending = false;

  get size() {
    return this.#waiting.size;
  }

  get isAway() {
    return this.#failures > 0;
  }

  /** Take verdicts: {id, place, marketplace, asin, category, why, reviewer, taken_back}. */
  add(...verdicts) {
    for (const verdict of verdicts) this.#waiting.set(nameOf(verdict), verdict);
    this.#keep();
    this.send();
  }

  /** Is a product under a verdict that is on its way? */
  has(marketplace, asin) {
    return [...this.#waiting.values()].some((each) => !each.taken_back && each.marketplace === marketplace && each.asin === asin);
  }

  async send() {
    if (this.#sending || !this.#waiting.size) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    const sent = [...this.#waiting.values()].slice(0, AT_ONCE);
    try {
      const answer = await post(sent);
      this.#failures = 0;
      this.#settle(sent, answer);
    } catch (error) {
      this.#failures += 1;
      this.#wait(error);
    } finally {
      this.#sending = false;
    }
    if (!this.#failures) this.send();
  }

  /** Try at once: the network is back, or the laptop woke. */
  hurry() {
    this.#failures = Math.min(this.#failures, 1);
    this.send();
  }

  /** The page goes: send what waits once more, whatever is on its way; what comes twice is recorded once. */
  leave() {
    if (this.#waiting.size) post([...this.#waiting.values()].slice(-AT_ONCE)).catch(() => {});
  }

  #settle(sent, answer) {
    sent.forEach((verdict, at) => {
      // One that was taken back meanwhile is another message, which still has to go.
      if (this.#waiting.get(nameOf(verdict)) === verdict) this.#waiting.delete(nameOf(verdict));
      const { state } = answer.answers[at];
      if (!["recorded", "known", "taken back"].includes(state)) this.#tell("refused", { verdict, state });
    });
    this.#keep();
    this.#tell("saved", answer);
  }

  #wait(error) {
    const wait = Math.min(LONGEST_WAIT, 250 * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.send(), wait);
    this.#tell("failed", { error });
  }

  #keep() {
    try {
      sessionStorage.setItem(KEPT, JSON.stringify([...this.#waiting]));
    } catch {
      // They are still kept in memory, and leaving asks.
    }
    this.#tell("changed", null);
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name)) ?? [];
  } catch {
    return [];
  }
}

async function post(verdicts) {
  const answer = await fetch("/api/reviews", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ records: RECORDS, verdicts }),
    keepalive: true, // goes on when the page does not
    signal: AbortSignal.timeout(20000),
  });
  if (!answer.ok) throw Object.assign(new Error(`status ${answer.status}`), { status: answer.status });
  return answer.json();
}

/** A name for verdicts that are given together; crypto.randomUUID is missing where a page comes without TLS. */
export function newBatch() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The reviewer's name, if one was given on this page or another. */
export function reviewer() {
  try {
    return localStorage.getItem("vastra.reviewer") || null;
  } catch {
    return null;
  }
}

export const unsaved = new Unsaved();
unsaved.send();

/** Count the verdicts that were given in this tab on records that are not open here. */
function elsewhere() {
  try {
    const names = Object.keys(sessionStorage).filter((name) => name.startsWith(ALL_KEPT) && name !== KEPT);
    return names.reduce((sum, name) => sum + read(name).length, 0);
  } catch {
    return 0; // a browser that keeps nothing
  }
}

const WHYS = {
  away: "the server does not answer, it is tried again",
  locked: "open the address that python -m web printed in another tab, they are sent then",
  elsewhere: "other records are open here now, they are sent when theirs are again",
};

/** Say on the screen what is not saved, and why. */
function show(event) {
  const place = document.getElementById("saving");
  if (!place) return;
  if (event?.type === "failed") place.dataset.why = { 401: "locked", 409: "elsewhere" }[event.detail.error.status] ?? "away";
  else if (event?.type === "saved") delete place.dataset.why;
  const mine = unsaved.size && place.dataset.why ? `${unsaved.size} not saved: ${WHYS[place.dataset.why]}` : "";
  const others = elsewhere() ? `${elsewhere()} not saved: ${WHYS.elsewhere}` : "";
  const said = [mine, others].filter(Boolean).join("; ");
  if (place.dataset.said === said) return;
  place.dataset.said = said;
  const link = Object.assign(document.createElement("a"), { href: "/review", textContent: "To the review" });
  place.replaceChildren(said, ...(said && location.pathname !== "/review" ? [". ", link] : []));
}
show();
for (const name of ["changed", "failed", "saved"]) unsaved.addEventListener(name, show);

addEventListener("online", () => unsaved.hurry());
addEventListener("pagehide", () => unsaved.leave());
document.addEventListener("visibilitychange", () => unsaved.hurry());
addEventListener("beforeunload", (event) => {
  if (unsaved.size) event.preventDefault();
});
