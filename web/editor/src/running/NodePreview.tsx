import { memo, useState } from "react";
import { useText } from "../i18n/use_text";
import { type NodeRun, nodeRun, type ShownFile } from "../state/runs";
import { useRuns, useStudio } from "../state/studio";
import { fileAddress } from "./outputs";
import { dragPicture } from "./picture_drag";

const SMALL = 512; // pixels of the pictures in nodes; more would cost memory that nobody sees
const MOST_SHOWN = 64;
const MOST_PROBLEMS = 3;

/** What a node made, or how far its work is: a picture or several, texts, other files, and what went wrong. */
export const NodePreview = memo(function NodePreview({ tab, node }: { readonly tab: string; readonly node: string }) {
  const run = useRuns((state) => nodeRun(state, tab, node));
  if (
    !run ||
    !(
      run.problems?.length ||
      run.preview ||
      run.files?.length ||
      run.streamed?.length ||
      run.texts?.length ||
      run.others?.length
    )
  )
    return null;
  return (
    <div className="node-preview nodrag">
      {run.problems?.slice(0, MOST_PROBLEMS).map(({ message, details }) => (
        <p key={message} className="node-problem" title={details}>
          {message}
        </p>
      ))}
      {run.preview ? <Latest url={run.preview} /> : <Results run={run} tab={tab} node={node} />}
    </div>
  );
});

function Latest({ url }: { readonly url: string }) {
  const t = useText();
  return <img className="node-latest" src={url} alt={t("running.previewOf")} draggable={false} />;
}

function Results({ run, tab, node }: { readonly run: NodeRun; readonly tab: string; readonly node: string }) {
  const files = run.files ?? [];
  const streamed = run.streamed ?? [];
  return (
    <>
      {files.length + streamed.length > 0 ? (
        <div
          className="node-pictures"
          data-many={files.length + streamed.length > 1 || undefined}
          style={columns(files.length + streamed.length)}
        >
          {files.slice(0, MOST_SHOWN).map((file, index) => (
            <Picture key={`${file.subfolder}/${file.filename}`} file={file} about={{ tab, node, files, at: index }} />
          ))}
          {streamed.map((url) => (
            <img key={url} src={url} alt="" draggable={false} />
          ))}
        </div>
      ) : null}
      {run.texts?.length ? <pre className="node-text nowheel">{run.texts.join("\n")}</pre> : null}
      {run.others?.map((file) => (
        <OtherFile key={file.filename} file={file} />
      ))}
    </>
  );
}

/** About as many columns as rows. */
function columns(count: number): React.CSSProperties {
  return { gridTemplateColumns: `repeat(${Math.ceil(Math.sqrt(Math.min(count, MOST_SHOWN)))}, minmax(0, 1fr))` };
}

interface About extends Readonly<Record<string, unknown>> {
  readonly tab: string;
  readonly node: string;
  readonly files: readonly ShownFile[];
  readonly at: number;
}

function Picture({ file, about }: { readonly file: ShownFile; readonly about: About }) {
  const t = useText();
  const { server, ui } = useStudio();
  const [gone, setGone] = useState(false);
  if (gone) return <p className="node-gone">{t("running.pictureGone", { name: file.filename })}</p>;
  return (
    <button
      type="button"
      className="node-picture"
      aria-label={t("running.enlarge", { name: file.filename })}
      draggable
      onDragStart={(event) => dragPicture(event, file, server)}
      onClick={() => ui.show("picture", about)}
    >
      <img
        src={server.address(fileAddress(file, file.isAnimated ? undefined : SMALL))}
        alt=""
        decoding="async"
        draggable={false}
        onError={() => setGone(true)}
      />
    </button>
  );
}

function OtherFile({ file }: { readonly file: ShownFile }) {
  const t = useText();
  const { server } = useStudio();
  const address = server.address(fileAddress(file));
  if (/\.(mp4|webm|mov)$/i.test(file.filename))
    return <video className="node-latest" src={address} controls loop muted aria-label={file.filename} />;
  if (/\.(mp3|wav|flac|ogg|opus|m4a)$/i.test(file.filename))
    return <audio className="node-sound" src={address} controls aria-label={file.filename} />;
  return (
    <a
      className="node-file"
      href={address}
      download={file.filename}
      aria-label={t("running.otherFile", { name: file.filename })}
    >
      {file.filename}
    </a>
  );
}
