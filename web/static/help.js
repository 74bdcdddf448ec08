// Keys are switched off, changed and brought back here; keys.js keeps and reads them.

import { keep, keysOf, nameOf, settings, wordOf } from "./keys.js";

const say = (text) => { document.getElementById("keys-said").textContent = text; };
const rows = [...document.querySelectorAll("[data-action]")];
const on = document.getElementById("keys-on");
let changing = null;

function show() {
  on.checked = !settings().off;
  for (const row of rows) {
    const keys = keysOf(row.dataset.action).map((key) => Object.assign(document.createElement("kbd"), { textContent: wordOf(key) }));
    row.firstElementChild.replaceChildren(...keys.flatMap((kbd) => [kbd, " "]));
    row.querySelector("button").textContent = row === changing ? "press a key" : "change";
  }
}

/** Give a key to the action that is changed, and take it from whichever had it. */
function take(event) {
  if (!changing || ["Shift", "Control", "Alt", "Meta", "Tab", "CapsLock"].includes(event.key)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const name = nameOf(event);
  const action = changing.dataset.action;
  changing = null;
  if (name !== "Escape") {
    const kept = settings();
    const losers = rows.map((row) => row.dataset.action).filter((other) => other !== action && keysOf(other).includes(name));
    for (const other of losers) kept.keys[other] = keysOf(other).filter((key) => key !== name);
    kept.keys[action] = [name];
    keep(kept);
    say(losers.length ? `${wordOf(name)} was another key, which has it no more.` : `${wordOf(name)} does it now.`);
  } else say("Nothing is changed.");
  show();
}

document.addEventListener("keydown", take, { capture: true });
for (const row of rows) {
  row.querySelector("button").addEventListener("click", () => {
    changing = row;
    say("Press the key that shall do it; Escape leaves it.");
    show();
  });
}
on.addEventListener("change", () => {
  keep({ ...settings(), off: !on.checked });
  say(on.checked ? "Keys are on." : "Keys are off; Tab, Enter and Space work as ever.");
});
document.getElementById("keys-reset").addEventListener("click", () => {
  keep({ off: false, keys: {} });
  say("The usual keys are back.");
  show();
});
show();
