// What every screen does: moments in the reader's zone, keys that lead to screens, help.

const time = { hour: "numeric", minute: "numeric" };
const ofThisYear = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", ...time });
const ofAnyYear = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function write(moment) {
  return (moment.getFullYear() === new Date().getFullYear() ? ofThisYear : ofAnyYear).format(moment);
}

function showMoments(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([data-shown])")) {
    time.textContent = write(new Date(time.dateTime));
    time.dataset.shown = "";
  }
}

showMoments(document);
document.addEventListener("htmx:after:swap", () => showMoments(document));
