// What every screen does: moments in the reader's zone, keys that lead to screens, help.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function showMoments(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-shown])")) {
    time.textContent = exact.format(new Date(time.dateTime));
    time.dataset.shown = "";
  }
}

showMoments(document);
function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("input[type=search]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !search || isTyping(event.target)) return;
  event.preventDefault();
  search.focus();
  search.select();
});

document.addEventListener("htmx:after:swap", () => showMoments(document));
