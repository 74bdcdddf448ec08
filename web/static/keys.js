// Keys on every screen. Which keys do what comes with the page; what a person has changed is kept in localStorage:
// {off: true, keys: {action: ["x"]}}. WCAG 2.1.4: they can be switched off and remapped, on /help.

const KEPT = "vastra.keys";
const defaults = JSON.parse(document.getElementById("keys").textContent);
const handlers = new Map();
const MOVES = new Set(["next", "previous"]);

export function settings() {
  try {
    return { off: false, keys: {}, ...JSON.parse(localStorage.getItem(KEPT)) };
  } catch {
    return { off: false, keys: {} };
  }
}

export function keep(changed) {
  try {
    localStorage.setItem(KEPT, JSON.stringify(changed));
  } catch {
    // A browser that keeps nothing has the usual keys.
  }
  showKeys(document);
}

export function keysOf(action) {
  return settings().keys[action] ?? defaults[action] ?? [];
}

/** Have actions do something on this screen: {action: event => ...}; one that gives false lets the key pass. */
export function on(actions) {
  for (const [action, handler] of Object.entries(actions)) handlers.set(action, handler);
}

/** Name the key of an event as `keysOf` does. */
export function nameOf(event) {
  const digit = !event.shiftKey && /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const key = digit ? digit[1] : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key;
}

const words = { " ": "Space", ArrowRight: "→", ArrowLeft: "←", ArrowUp: "↑", ArrowDown: "↓" };
export const wordOf = (key) => words[key] ?? key;

/** Show on buttons which key does the same. */
export function showKeys(root) {
  const { off } = settings();
  for (const kbd of root.querySelectorAll("kbd[data-keys]")) {
    kbd.textContent = wordOf(keysOf(kbd.dataset.keys)[0] ?? "");
    kbd.hidden = off || !kbd.textContent;
  }
}

const isTyping = (at) => at.matches?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const isPressed = (at) => at.closest?.("a[href], button, summary, input");
let goingUntil = 0;

function go(event) {
  goingUntil = 0;
  const link = document.querySelector(`nav [data-key="${CSS.escape(nameOf(event))}"]`);
  if (link) location.assign(link.href);
  return link !== null;
}

function press(event) {
  const name = nameOf(event);
  if (event.defaultPrevented || event.isComposing || event.altKey || isTyping(event.target)) return;
  if ((name === "Enter" || name === " ") && isPressed(event.target)) return;
  if (settings().off) return;
  if (goingUntil > event.timeStamp && go(event)) return event.preventDefault();
  for (const [action, handler] of handlers) {
    if (!keysOf(action).includes(name)) continue;
    // A key that is held gives one verdict, not thirty a second.
    if ((event.repeat && !MOVES.has(action)) || handler(event) !== false) event.preventDefault();
    return;
  }
}

on({
  go: (event) => { goingUntil = event.timeStamp + 1500; },
  help: () => location.assign("/help"),
  search: () => {
    const field = document.querySelector("input[type=search], .filters input:not([type=checkbox]), .order [name=marketplace]");
    field?.focus();
    return Boolean(field);
  },
});
document.addEventListener("keydown", press);
showKeys(document);
