// Parts of a screen that follow the records: an element with an id and data-live="TOPIC TOPIC" is asked for again, at the
// screen's address or at data-from, as soon as the server says that something changed in one of the topics; and every
// half minute, since a run that falls silent tells nobody. A tab in the background listens to nothing, and looks again
// when it is shown. No part is swapped while somebody is in it.

const HALF_MINUTE = 30_000;
const seen = new Map();
const asking = new Set();
const again = new Set();
let source = null;

async function ask(part) {
  const answer = await fetch(part.dataset.from || location.href);
  if (!answer.ok) return;
  const screen = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = screen.getElementById(part.id);
  if (!fresh || seen.get(part.id) === fresh.outerHTML || part.matches(":focus-within, :has([open])")) return;
  seen.set(part.id, fresh.outerHTML);
  part.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("htmx:after:swap"));
}

function look(changed) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const follows = part.dataset.live.split(" ").some((topic) => !changed || changed.includes(topic));
    if (follows) follow(part);
  }
}

/** Ask for a part; once more where something changed meanwhile, which the answer under way may not tell. */
function follow(part) {
  const { id } = part;
  if (asking.has(id)) return void again.add(id);
  asking.add(id);
  ask(part)
    .catch(() => {}) // the server is away: the next look tells
    .finally(() => {
      asking.delete(id);
      const now = document.getElementById(id);
      if (again.delete(id) && now) follow(now);
    });
}

function listen() {
  source = new EventSource("/events");
  source.onopen = () => look(null); // what changed before anybody listened
  source.onmessage = (event) => look(JSON.parse(event.data));
}

document.addEventListener("visibilitychange", () => {
  source?.close();
  if (document.hidden) return;
  look(null);
  listen();
});
addEventListener("pagehide", () => source?.close());
setInterval(() => document.hidden || look(null), HALF_MINUTE);
if (!document.hidden) listen();
