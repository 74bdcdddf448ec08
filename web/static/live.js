// Regions that follow the records: <section hx-trigger="changed-crawls from:body" ...> fetches itself anew when the
// server says that crawls changed. A page in the background listens to nothing, and looks again when it is shown.

let source = null;

function tell(topics) {
  for (const topic of topics) document.body.dispatchEvent(new CustomEvent(`changed-${topic}`));
}

function listen() {
  source = new EventSource("/events");
  source.onmessage = (event) => tell(JSON.parse(event.data));
}

document.addEventListener("visibilitychange", () => {
  source?.close();
  source = null;
  if (document.hidden) return;
  tell(["records", "crawls", "training", "versions", "workers"]);
  listen();
});
addEventListener("pagehide", () => source?.close());
if (!document.hidden) listen();
