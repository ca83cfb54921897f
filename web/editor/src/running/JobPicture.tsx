import { Icon } from "../shell/Icon";
import type { ShownFile } from "../state/runs";
import { useStudio } from "../state/studio";
import { fileAddress } from "./outputs";

const SIZE = 128; // pixels

/** A small picture that stands for a job; a sign where it has none. */
export function JobPicture({ file, preview }: { readonly file: ShownFile | null; readonly preview?: string | null }) {
  const { server } = useStudio();
  if (preview) return <img className="job-picture" src={preview} alt="" />;
  if (file)
    return (
      <img
        className="job-picture"
        src={server.address(fileAddress(file, SIZE))}
        alt=""
        loading="lazy"
        decoding="async"
      />
    );
  return (
    <span className="job-picture" aria-hidden="true">
      <Icon name="gallery" />
    </span>
  );
}
