import { useEffect, useState } from "react";
import { fetchMadeWith, type MadeWith, type OutputFile } from "../api/outputs";
import { useText } from "../i18n/use_text";
import { readableBytes } from "../running/amounts";
import { fileAddress } from "../running/outputs";
import { useStudio } from "../state/studio";
import { fileKey, openPicture } from "./picture_actions";

/** A picture larger, and what it says of how it was made. */
export function PictureDetails({ file }: { readonly file: OutputFile }) {
  const t = useText();
  const studio = useStudio();
  const made = useMadeWith(file);
  const open = async (): Promise<void> => {
    if (await openPicture(studio, file)) studio.ui.setState({ dialog: null });
  };
  return (
    <div className="picture-details">
      <img src={studio.server.address(fileAddress(file, 512))} alt={file.filename} />
      <button type="button" className="primary" onClick={() => void open()}>
        {t("gallery.openWorkflow")}
      </button>
      <dl>
        <Fact
          title={t("gallery.file")}
          values={[file.subfolder ? `${file.subfolder}/${file.filename}` : file.filename]}
        />
        <Fact title={t("gallery.prompt")} values={made?.prompts ?? []} />
        <Fact title={t("gallery.model")} values={made?.models ?? []} />
        <Fact title={t("gallery.sampler")} values={made?.samplers ?? []} />
        <Fact title={t("gallery.seed")} values={made?.seed == null ? [] : [String(made.seed)]} />
        <Fact
          title={t("gallery.size")}
          values={[[made?.size ? made.size.join(" × ") : null, readableBytes(file.size)].filter(Boolean).join(", ")]}
        />
        <Fact title={t("gallery.made")} values={[new Date(1000 * file.modified).toLocaleString()]} />
      </dl>
    </div>
  );
}

function Fact({ title, values }: { readonly title: string; readonly values: readonly string[] }) {
  if (values.length === 0) return null;
  return (
    <>
      <dt>{title}</dt>
      {values.map((value) => (
        <dd key={value}>{value}</dd>
      ))}
    </>
  );
}

function useMadeWith(file: OutputFile): MadeWith | null {
  const { server } = useStudio();
  const [known, setKnown] = useState<{ readonly key: string; readonly made: MadeWith | null } | null>(null);
  const key = fileKey(file);
  useEffect(() => {
    let gone = false;
    if (file.made_with) return;
    fetchMadeWith(server, file)
      .then((made) => {
        if (!gone) setKnown({ key, made });
      })
      .catch(() => undefined); // The rest of the details are there all the same.
    return () => {
      gone = true;
    };
    // The key stands for the file.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [server, key]);
  return file.made_with ?? (known?.key === key ? known.made : null);
}
