import { useSettings } from "../../state/studio";
import type { CanvasEngine } from "../engine";
import type { Layout } from "../layout/layout";
import { ConnectList } from "../menus/ConnectList";
import { ContextMenu } from "../menus/ContextMenu";
import { LinkList } from "../menus/LinkList";
import { ShownWidgets } from "../menus/ShownWidgets";
import { NodeSearch } from "../search/NodeSearch";
import { Breadcrumb } from "./Breadcrumb";
import { Minimap } from "./Minimap";
import { ZoomControls } from "./ZoomControls";

/** What lies over the canvas and does not move with it. */
export function Overlays({ engine, layout }: { readonly engine: CanvasEngine; readonly layout: Layout }) {
  const showMinimap = useSettings((settings) => settings.showMinimap);
  return (
    <>
      <Breadcrumb />
      <div className="canvas-corner nopan">
        {showMinimap ? <Minimap engine={engine} layout={layout} /> : null}
        <ZoomControls engine={engine} />
      </div>
      <NodeSearch />
      <ContextMenu />
      <ConnectList />
      <LinkList />
      <ShownWidgets />
    </>
  );
}
