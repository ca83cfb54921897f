import "./style/main.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { listenToKeys } from "./actions/keys";
import { ACTIONS } from "./actions/all";
import { followSweeps } from "./grid/sweep";
import { followRuns } from "./running/feed";
import { followAppearance } from "./shell/appearance";
import { App } from "./shell/App";
import { Guard } from "./shell/Guard";
import { loadTheRest } from "./shell/loading";
import { createStudio, StudioContext, type Studio } from "./state/studio";
import { loadCatalogue, openStart } from "./workflows/start";

/** Draw the studio, then fill it; `data-ready` on the page's root element says that it can be used. */
async function start(studio: Studio): Promise<void> {
  followAppearance(window, studio.settings);
  const root = document.getElementById("studio");
  if (!root) throw new Error("index.html has no #studio.");
  createRoot(root).render(
    <StrictMode>
      <StudioContext value={studio}>
        <Guard>
          <App />
        </Guard>
      </StudioContext>
    </StrictMode>,
  );
  listenToKeys(document, studio, ACTIONS);
  followRuns(studio);
  followSweeps(studio);
  studio.socket.open();
  await loadCatalogue(studio);
  await openStart(studio, window);
  document.documentElement.dataset["ready"] = "true";
  await loadTheRest();
}

void start(createStudio(window));
