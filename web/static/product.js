// Keys of a product's screen: a verdict by its button, taking back, and what is alike.

import { on } from "./keys.js";

const press = (button) => (button ? button.click() : false);
const verdicts = () => [...document.querySelectorAll(".verdicts button")];
const verdict = (category) => verdicts().find((button) => button.value === category);
const digits = Array.from({ length: 9 }, (_, digit) => [`category-${digit + 1}`, () => {
  const button = verdicts()[digit];
  return press(button?.value === "other" ? null : button);
}]);

on({
  ...Object.fromEntries(digits),
  other: () => press(verdict("other")),
  suggestion: () => press(verdict(document.querySelector(".verdicts").dataset.suggestion)),
  listed: () => press(verdict(document.querySelector(".verdicts").dataset.listed)),
  "take-back": () => press(document.querySelector("#take-back")),
  alike: () => press(document.querySelector(".shot a.frame")),
});
