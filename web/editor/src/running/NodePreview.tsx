import { nodeRun } from "../state/runs";
import { useRuns, useStudio } from "../state/studio";

/** The pictures that a node made, or one of its work in progress. `node` is its id as the server writes it. */
export function NodePreview({ tab, node }: { readonly tab: string; readonly node: string }) {
  const studio = useStudio();
  const run = useRuns((state) => nodeRun(state, tab, node));
  if (!run?.files?.length) return null;
  return (
    <div className="node-preview">
      {run.files.map((file) => (
        <img key={file.filename} src={studio.server.address(`/api/view?${new URLSearchParams({ ...file })}`)} alt={file.filename} />
      ))}
    </div>
  );
}
