// What every screen does: moments in the reader's zone, keys that lead to screens, help.

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function showMoments(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-shown])")) {
    time.textContent = exact.format(new Date(time.dateTime));
    time.dataset.shown = "";
  }
}

showMoments(document);
document.addEventListener("htmx:after:swap", () => showMoments(document));
