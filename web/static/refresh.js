// Keeps parts of a screen fresh: an element with data-fresh="SECONDS" is asked for again at the screen's address,
// until it comes without the attribute. Nothing is asked in a hidden tab, nor swapped while somebody is in it.

const asked = new WeakMap();
const seen = new Map();

async function freshen(part) {
  const answer = await fetch(part.dataset.from || location.href);
  if (!answer.ok) return;
  const screen = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = screen.getElementById(part.id);
  if (!fresh || seen.get(part.id) === fresh.outerHTML || part.matches(":focus-within, :has([open])")) return;
  seen.set(part.id, fresh.outerHTML);
  part.replaceWith(fresh);
  document.dispatchEvent(new CustomEvent("htmx:after:swap"));
}

setInterval(() => {
  if (document.hidden) return;
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const now = performance.now();
    if (now - (asked.get(part) ?? 0) < 1000 * Number(part.dataset.fresh)) continue;
    asked.set(part, now);
    freshen(part).catch(() => {}); // the server is away: the next look tells
  }
}, 500);
