// Selecting in a list of cards, and one verdict on all that is selected; it is saved as reviewing saves (verdicts.js).

import { on, showKeys } from "./keys.js";
import { newBatch, reviewer, unsaved } from "./verdicts.js";

const cards = () => [...document.querySelectorAll(".card")];
const boxOf = (card) => card.querySelector(".pick input");
const selected = () => cards().filter((card) => boxOf(card).checked);
const focused = () => document.activeElement?.closest(".card");
let last = null;
let given = [];

function count() {
  const number = selected().length;
  const place = document.getElementById("selected");
  if (place) place.textContent = `${number} selected:`;
  document.body.classList.toggle("selecting", number > 0);
}

/** Select a card, or with Shift all from the last one to it. */
function pick(card, checked, through) {
  const all = cards();
  const [from, to] = [all.indexOf(through && last?.isConnected ? last : card), all.indexOf(card)].sort((a, b) => a - b);
  for (const each of all.slice(from, to + 1)) boxOf(each).checked = checked;
  last = card;
  count();
}

function pickAll(checked) {
  for (const card of cards()) boxOf(card).checked = checked;
  count();
}

function titleOf(category) {
  const button = document.querySelector(`.selection button[value="${CSS.escape(category)}"]`);
  return { name: category, title: [...(button?.childNodes ?? [])].findLast((node) => node.nodeType === Node.TEXT_NODE)?.textContent.trim() ?? category };
}

function label(category) {
  const chosen = selected();
  if (!chosen.length || !category) return false;
  const id = newBatch();
  const was = chosen.map((card, place) => {
    const { marketplace, asin } = card.dataset;
    const verdict = { id, place, marketplace, asin, category, why: null, reviewer: reviewer() };
    const before = card.querySelector(".verdict").cloneNode(true);
    const by = Object.assign(document.createElement("span"), { className: "by", textContent: "reviewed" });
    card.querySelector(".verdict").replaceChildren(Object.assign(document.createElement("b"), { textContent: category }), " ", by);
    boxOf(card).checked = false;
    return { card, before, verdict };
  });
  given.push(was);
  unsaved.add(...was.map((each) => each.verdict));
  count();
  say(`${was.length} ${was.length === 1 ? "product is" : "products are"} reviewed: ${titleOf(category).title}.`, true);
  return true;
}

function takeBack() {
  const was = given.pop();
  if (!was) return document.getElementById("done")?.matches("form") ? document.getElementById("done").requestSubmit() : false;
  unsaved.add(...was.map(({ verdict }) => ({ ...verdict, taken_back: true })));
  for (const { card, before } of was) card.querySelector(".verdict").replaceWith(before);
  say(`${was.length} ${was.length === 1 ? "verdict is" : "verdicts are"} taken back.`, given.length > 0);
  return true;
}

function say(text, canTakeBack) {
  document.getElementById("done")?.remove();
  const place = Object.assign(document.createElement("div"), { id: "done", className: "done line" });
  const said = Object.assign(document.createElement("span"), { textContent: text });
  said.setAttribute("role", "status");
  place.append(said);
  if (canTakeBack) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Take it back " });
    const key = document.createElement("kbd");
    key.dataset.keys = "take-back";
    button.append(key);
    button.addEventListener("click", takeBack);
    place.append(button);
  }
  document.querySelector(".grid")?.before(place);
  showKeys(place);
}

/** Move the focus from card to card. */
function move(by) {
  const all = cards();
  if (!all.length) return false;
  const to = all[Math.max(0, Math.min(all.indexOf(focused()) + by, all.length - 1))];
  to.querySelector("a").focus();
  return true;
}

const nameAt = (place) => document.querySelectorAll(".selection button[name=category]")[place];
const digits = Array.from({ length: 9 }, (_, digit) => [`category-${digit + 1}`, () => {
  const button = nameAt(digit);
  return label(button?.value === "other" ? null : button?.value);
}]);

on({
  ...Object.fromEntries(digits),
  other: () => label("other"),
  "take-back": takeBack,
  select: () => (focused() ? pick(focused(), !boxOf(focused()).checked, false) : false),
  "select-all": () => pickAll(selected().length < cards().length),
  next: () => move(1),
  previous: () => move(-1),
});

document.addEventListener("click", (event) => {
  const box = event.target.closest?.(".pick input");
  if (box) pick(box.closest(".card"), box.checked, event.shiftKey);
  if (event.target.id === "select-none") pickAll(false);
});
document.addEventListener("submit", (event) => {
  if (event.target.id !== "selection") return;
  event.preventDefault();
  label(event.submitter?.value);
});
document.addEventListener("htmx:after:swap", () => {
  given = [];
  count();
  showKeys(document);
});
count();
