// Shows how far the build is, and loads the page anew when it has ended. Without scripts the page reloads itself.

const PAUSE = 400; // milliseconds
const step = document.getElementById("step");

async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!("building" in page.documentElement.dataset)) {
      location.reload();
      return;
    }
    const now = page.getElementById("step").textContent;
    if (step.textContent !== now) step.textContent = now;
  } catch {
    step.textContent = "The server does not answer. Is it still running?";
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
