import { useText } from "../i18n/use_text";
import { fileAddress } from "../running/outputs";
import { Icon, type IconName } from "../shell/Icon";
import type { ShownFile } from "../state/runs";
import { useStudio } from "../state/studio";
import { copyPicture, imageNodes, openPicture, sendToNode } from "./picture_actions";

interface Tools {
  readonly file: ShownFile;
  /** Leave the dialog, as its workflow or node is shown now. */
  readonly leave: () => void;
  /** By a factor; 0: fit. */
  readonly zoom: (factor: number) => void;
}

/** What can be done with the picture that is shown. */
export function PictureTools({ file, leave, zoom }: Tools) {
  const t = useText();
  const studio = useStudio();
  const address = studio.server.address(fileAddress(file));
  const open = async (): Promise<void> => {
    if (await openPicture(studio, file)) studio.ui.setState({ dialog: null });
  };
  return (
    <div className="picture-tools" role="group" aria-label={t("picture.title")}>
      <button
        type="button"
        className="icon-button"
        aria-label={t("picture.zoomOut")}
        title={t("picture.zoomOut")}
        onClick={() => zoom(1 / 1.4)}
      >
        −
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("picture.fit")}
        title={t("picture.fit")}
        onClick={() => zoom(0)}
      >
        <Icon name="expand" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("picture.zoomIn")}
        title={t("picture.zoomIn")}
        onClick={() => zoom(1.4)}
      >
        <Icon name="plus" />
      </button>
      <Link icon="outside" title={t("picture.newTab")} href={address} target="_blank" />
      <Link icon="save" title={t("picture.save")} href={address} download={file.filename} />
      <button
        type="button"
        className="icon-button"
        aria-label={t("picture.copy")}
        title={t("picture.copy")}
        onClick={() => void copyPicture(studio, file)}
      >
        <Icon name="copy" />
      </button>
      <button type="button" onClick={() => void open()}>
        {t("gallery.openWorkflow")}
      </button>
      <SendTo file={file} leave={leave} />
    </div>
  );
}

function Link({
  icon,
  title,
  ...link
}: { readonly icon: IconName; readonly title: string } & React.AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a className="icon-button" aria-label={title} title={title} rel="noreferrer" {...link}>
      <Icon name={icon} />
    </a>
  );
}

/** A choice among the nodes of the shown graph that take pictures. */
function SendTo({ file, leave }: { readonly file: ShownFile; readonly leave: () => void }) {
  const t = useText();
  const studio = useStudio();
  const nodes = imageNodes(studio);
  const send = (place: string): void => {
    const node = nodes[Number(place)];
    if (!node) return;
    void sendToNode(studio, file, node);
    leave();
  };
  return (
    <select
      value=""
      disabled={nodes.length === 0}
      aria-label={t("picture.toInput")}
      title={nodes.length === 0 ? t("picture.noImageNode") : undefined}
      onChange={(event) => send(event.target.value)}
    >
      <option value="" disabled>
        {t("picture.toInput")}
      </option>
      {nodes.map((node, place) => (
        <option key={String(node.id)} value={place}>
          {t("picture.toNode", { name: node.title })}
        </option>
      ))}
    </select>
  );
}
