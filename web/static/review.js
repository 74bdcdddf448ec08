// Reviewing by keys: the next picture comes at once, verdicts are saved beside it (verdicts.js).

import { on, showKeys } from "./keys.js";
import { newBatch, reviewer, storageName, unsaved } from "./verdicts.js";

const ANEW_EVERY = 10; // verdicts after which what is not yet shown is ordered anew
const KEPT = 8; // pictures that are loaded ahead, and stay in their order
const FEW = 64; // questions ahead from which more are fetched
const at = (id) => document.getElementById(id);
const state = JSON.parse(at("state").textContent);
const address = new URLSearchParams(location.search);
const skipped = new Set(JSON.parse(sessionStorage.getItem(storageName("skipped")) ?? "[]"));
const done = new Set();
const mine = new Set(JSON.parse(sessionStorage.getItem(storageName("mine")) ?? "[]")); // verdicts of this visit
const pictures = new Map();
const keyOf = (product) => `${product.marketplace}\n${product.asin}`;
const isOpen = (product) =>
  !skipped.has(keyOf(product)) && !done.has(keyOf(product)) && !unsaved.has(product.marketplace, product.asin);

let ahead = state.products.filter(isOpen);
let place = 0;
let given = [...at("given").querySelectorAll("button")].map((button) => fromStrip(button.dataset));
let sinceFilled = 0;
let filling = null;
let again = null;
let retry = null;
let isAway = false;
let notice = ""; // said in place of why it is asked, until something is done

function fromStrip({ batch, place: number, marketplace, asin, category, sha256, title, why, address: where, ...data }) {
  const product = { marketplace, asin, title, why: why || null, image_sha256: sha256 || null, shares: {}, address: where,
    likeliest: data.likeliest || null, listed_category: data.listed || null };
  return { product, verdict: { id: batch, place: Number(number), marketplace, asin, category, why: product.why } };
}

const percent = (share) => (share === undefined || share === null ? "" : share === 1 ? "100%" : `${Math.min(Math.round(share * 100), 99)}%`);
const titleOf = (name) => state.categories.find((each) => each.name === name)?.title ?? (name ? name[0].toUpperCase() + name.slice(1) : "");

const isKnown = (name) => name === "other" || state.categories.some((each) => each.name === name);

// What is given ---------------------------------------------------------------------------------------------------

function give(category) {
  const product = ahead[place];
  if (!product || !category) return;
  if (!isKnown(category)) return say(`${titleOf(category)} is no category any more: choose another one.`);
  notice = "";
  const { marketplace, asin, why } = product;
  const verdict = { id: newBatch(), place: 0, marketplace, asin, category, why, reviewer: reviewer() };
  given = [{ product, verdict }, ...given].slice(0, 10);
  mine.add(verdict.id);
  sessionStorage.setItem(storageName("mine"), JSON.stringify([...mine].slice(-100)));
  done.add(keyOf(product));
  ahead.splice(place, 1);
  unsaved.add(verdict);
  sinceFilled += 1;
  show();
  count(product, category, 1);
  if (sinceFilled >= ANEW_EVERY || ahead.length < FEW) fill();
}

/** Take the last verdict of this visit back, or the one at an index, which may be of an earlier one. */
function takeBack(index = given.findIndex(({ verdict }) => mine.has(verdict.id))) {
  if (index < 0) return say("Nothing of this visit is left to take back: choose an earlier verdict below.");
  notice = "";
  const [taken] = given.splice(index, 1);
  const { product, verdict } = taken;
  unsaved.add({ ...verdict, taken_back: true });
  done.delete(keyOf(product));
  ahead.splice(place, 0, { ...product, reason: `You said ${titleOf(verdict.category)}, which is taken back.` });
  sinceFilled -= 1;
  show();
  count(product, verdict.category, -1);
}

/** Say something in place of why it is asked. */
function say(text) {
  notice = text;
  at("reason").textContent = text;
}

function skip() {
  if (!ahead[place]) return;
  notice = "";
  skipped.add(keyOf(ahead[place]));
  sessionStorage.setItem(storageName("skipped"), JSON.stringify([...skipped]));
  ahead.splice(place, 1);
  show();
  if (ahead.length < FEW) fill();
}

function move(by) {
  notice = "";
  place = Math.max(0, Math.min(place + by, ahead.length - 1));
  show();
}

// What is asked ---------------------------------------------------------------------------------------------------

/** Fetch what comes next, ordered anew; the first `kept`, whose pictures are loaded, stay as they are. */
function fill(kept = KEPT) {
  if (filling) {
    again = Math.min(again ?? kept, kept); // what is asked for now may know more than what is on its way
    return;
  }
  filling = fetchMore(kept)
    .then(() => { isAway = false; })
    .catch(() => {
      isAway = true;
      clearTimeout(retry);
      retry = setTimeout(fill, 2000);
    })
    .finally(() => {
      filling = null;
      if (!ahead[place]) show();
      const next = again;
      again = null;
      if (next !== null) fill(next);
    });
}

async function fetchMore(kept) {
  address.set("limit", Math.min(1000, 96 + skipped.size + unsaved.size));
  const asked = sinceFilled;
  const answer = await fetch(`/review.json?${address}`, { signal: AbortSignal.timeout(30000) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const next = await answer.json();
  // With one alone, what others have reviewed meanwhile goes, also if it was moved past.
  const stay = ahead.slice(kept > 1 ? 0 : place, place + kept);
  if (kept === 1) place = 0;
  const known = new Set(stay.map(keyOf));
  // A random one is due at its turn; where the turn is among those that stay, one of them is it.
  const isDue = (product, turn) => product.why !== "random" || address.get("order") === "random" || turn >= stay.length;
  ahead = [...stay, ...next.products.filter((product, turn) => isOpen(product) && !known.has(keyOf(product)) && isDue(product, turn))];
  sinceFilled -= asked;
  const isOther = next.digest !== state.digest;
  Object.assign(state, next);
  if (isOther) showCategories();
  showCounts();
  if (!stay.length || isOther) show();
  else loadAhead();
}

// What is shown ---------------------------------------------------------------------------------------------------

function show() {
  place = Math.max(0, Math.min(place, ahead.length - 1));
  const product = ahead[place];
  const hadFocus = at("asking").contains(document.activeElement);
  const isWaiting = filling !== null || isAway;
  at("asking").hidden = !product && !isWaiting;
  at("nothing").hidden = Boolean(product) || isWaiting;
  if (at("asking").hidden && hadFocus) at("main").focus();
  at("picture").replaceChildren(product ? pictureOf(product) : note("waiting for the server"));
  at("product").textContent = product ? product.title || product.asin : "";
  if (product) at("product").href = product.address;
  at("source").textContent = product?.marketplace ?? "";
  at("reason").textContent = notice || (product?.reason ?? "");
  at("alike").href = product?.image_sha256 ? `/similar/${product.image_sha256}` : "/products";
  showLarge(at("suggestion"), product?.likeliest, percent(product?.confidence));
  showLarge(at("listed"), product?.listed_category, "");
  for (const button of at("categories").querySelectorAll("button")) showShare(button, product?.shares[button.value]);
  if (at("zoom").open) at("zoom").replaceChildren(...(product ? [pictureOf(product).cloneNode()] : []));
  loadAhead();
}

function showLarge(button, category, share) {
  button.value = category ?? "";
  button.disabled = !category || !isKnown(category);
  button.querySelector("b").textContent = category ? titleOf(category) : "nothing";
  button.querySelector(".share").textContent = share;
}

function showShare(button, share) {
  button.querySelector(".share").textContent = percent(share);
  button.querySelector(".full")?.setAttribute("width", (100 * (share ?? 0)).toFixed(1));
}

function note(text) {
  return Object.assign(document.createElement("span"), { className: "gone", textContent: text });
}

function pictureOf(product) {
  const sha256 = product.image_sha256;
  if (!sha256) return note("no picture");
  if (!pictures.has(sha256)) {
    const image = Object.assign(new Image(), { src: `/images/${sha256}/640.webp`, alt: product.title || product.asin });
    image.onerror = () => image.replaceWith(note("the picture does not come"));
    image.decode().catch(() => {});
    pictures.set(sha256, image);
  }
  return pictures.get(sha256);
}

function loadAhead() {
  const near = ahead.slice(Math.max(0, place - 2), place + KEPT);
  near.forEach(pictureOf);
  const needed = new Set(near.map((product) => product.image_sha256));
  for (const sha256 of pictures.keys()) if (!needed.has(sha256)) pictures.delete(sha256);
}

function showGiven() {
  at("given").replaceChildren(
    ...given.map(({ product, verdict }) => {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", title: `Take back: ${product.title || product.asin}` });
      const picture = product.image_sha256 ? Object.assign(new Image(), { src: `/images/${product.image_sha256}/160.webp`, alt: "" }) : note("");
      button.append(picture, Object.assign(document.createElement("span"), { textContent: titleOf(verdict.category) }));
      item.append(button);
      return item;
    }),
  );
  const toLearn = state.to_learn === null ? 0 : state.to_learn + Math.max(0, sinceFilled);
  at("learn").hidden = !toLearn;
  at("to-learn").textContent = toLearn;
  at("to-learn-words").textContent = toLearn === 1 ? "verdict is" : "verdicts are";
}

/** Count a verdict in, or out again, until the server counts anew. */
function count(product, category, by) {
  const label = product.listed_category ?? product.likeliest ?? category;
  if (product.why && state.gain.asked < 100) {
    state.gain.asked = Math.max(0, state.gain.asked + by);
    state.gain.wrong = Math.max(0, state.gain.wrong + (label === category ? 0 : by));
  }
  showCounts();
}

function showCounts() {
  const { asked, wrong, by_chance: byChance } = state.gain;
  const bold = (number) => Object.assign(document.createElement("b"), { textContent: number });
  showGiven();
  if (!asked) return;
  const chance = byChance === null ? [] : ["; random would have found ", bold(byChance)];
  at("gain").replaceChildren(bold(wrong), ` wrong ${wrong === 1 ? "label" : "labels"} found in ${asked}`, ...chance);
}

/** Categories were added or taken away: make their keys anew. */
function showCategories() {
  const items = [...at("categories").children];
  const other = items.at(-1);
  const made = state.categories.map(({ name, title }, number) => {
    const item = items[0].cloneNode(true);
    item.firstElementChild.value = name;
    item.querySelector(".name").textContent = title;
    const key = Object.assign(document.createElement(number < 9 ? "kbd" : "span"), {});
    if (number < 9) key.dataset.keys = `category-${number + 1}`;
    item.firstElementChild.firstElementChild.replaceWith(key);
    return item;
  });
  at("categories").replaceChildren(...made, other);
  showKeys(at("categories"));
}

// What a person does ----------------------------------------------------------------------------------------------

function zoom() {
  if (at("zoom").open) return at("zoom").close();
  if (!ahead[place]) return undefined;
  at("zoom").replaceChildren(pictureOf(ahead[place]).cloneNode());
  return at("zoom").showModal();
}

const does = { skip, "take-back": () => takeBack(), zoom };
const digits = Array.from({ length: 9 }, (_, digit) => [`category-${digit + 1}`, () => give(state.categories[digit]?.name)]);

on({
  ...does,
  ...Object.fromEntries(digits),
  other: () => give("other"),
  suggestion: () => give(ahead[place]?.likeliest),
  listed: () => give(ahead[place]?.listed_category),
  next: () => move(1),
  previous: () => move(-1),
  learn: () => at("learn").hidden || at("learn").requestSubmit(),
  alike: () => ahead[place]?.image_sha256 && location.assign(at("alike").href),
});

at("answers").addEventListener("submit", (event) => {
  event.preventDefault();
  give(event.submitter?.value);
});
at("answers").addEventListener("click", (event) => {
  does[event.target.closest("[data-does]")?.dataset.does]?.();
  // A button that was clicked would be pressed again by Enter, whatever picture is there then.
  if (event.detail > 0) event.target.closest("button")?.blur();
});
at("given").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  event.preventDefault();
  takeBack([...at("given").querySelectorAll("button")].indexOf(button));
});
at("zoom").addEventListener("click", () => at("zoom").close());
// A list in which one types changes with each letter: it is sent once it is left, or nothing was pressed for a moment.
const order = document.querySelector(".order");
let chosen = 0;
const sendOrder = () => chosen && order.requestSubmit();
order.addEventListener("change", () => {
  clearTimeout(chosen);
  chosen = setTimeout(sendOrder, 900);
});
order.addEventListener("focusout", sendOrder);
order.addEventListener("keydown", ({ key }) => {
  if (key === "Enter") sendOrder();
  else if (chosen) {
    clearTimeout(chosen);
    chosen = setTimeout(sendOrder, 900);
  }
});
at("reviewer").value ||= reviewer() ?? "";
at("reviewer").addEventListener("change", ({ target }) => localStorage.setItem("vastra.reviewer", target.value.trim()));

unsaved.addEventListener("refused", ({ detail: { verdict, state: why } }) => {
  given = given.filter((each) => each.verdict.id !== verdict.id);
  done.delete(keyOf(verdict));
  showGiven();
  say(`Not recorded, ${why}: ${verdict.asin}.`);
  fill();
});
unsaved.addEventListener("saved", ({ detail: { digest } }) => {
  if (digest !== state.digest) fill();
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") fill(1); // another tab, or somebody else, may have been at it
});

show();
fill();
