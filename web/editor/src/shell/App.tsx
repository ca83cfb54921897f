import { Suspense, useEffect } from "react";
import { Canvas } from "../canvas/Canvas";
import { useText } from "../i18n/use_text";
import { QueueControls } from "../running/QueueControls";
import { useDocuments, useStudio, useUi } from "../state/studio";
import { DropZone } from "../workflows/DropZone";
import { TabBar } from "../workflows/TabBar";
import { ConnectionLine } from "./ConnectionLine";
import { DialogHost } from "./DialogHost";
import { MainMenu } from "./MainMenu";
import { Notices } from "./Notices";
import { INSPECTOR, PANELS } from "./panels";
import { Rail } from "./Rail";

/** The whole screen: tabs and the queue's button on top, panels left, the canvas, the inspector right. */
export function App() {
  const t = useText();
  const open = useUi((state) => state.panel);
  const inspecting = useUi((state) => state.inspecting !== null);
  const panel = PANELS.find((one) => one.name === open);
  useRoomForTab();
  return (
    <div className="app">
      <header className="top-bar">
        <MainMenu />
        <strong className="brand">{t("app.name")}</strong>
        <TabBar />
        <QueueControls />
      </header>
      <Rail />
      {panel ? (
        <aside className="side-panel" aria-label={t(panel.title)}>
          <Suspense>
            <panel.content.Component />
          </Suspense>
        </aside>
      ) : null}
      <main className="canvas-area" id="canvas">
        <ConnectionLine />
        <Canvas />
      </main>
      {inspecting ? (
        <aside className="inspector" aria-label={t("inspect.panel")}>
          <Suspense>
            <INSPECTOR.Component />
          </Suspense>
        </aside>
      ) : null}
      <DropZone />
      <Notices />
      <DialogHost />
    </div>
  );
}

const NARROW = "(max-width: 720px)"; // as in shell.css: panels cover the canvas

/** Where a panel covers the canvas it makes way for the workflow that was chosen in it. */
function useRoomForTab(): void {
  const { ui } = useStudio();
  const active = useDocuments((state) => state.active);
  useEffect(() => {
    if (window.matchMedia(NARROW).matches) ui.setState({ panel: null });
  }, [active, ui]);
}
