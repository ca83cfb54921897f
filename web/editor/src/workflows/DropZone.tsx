import { useEffect, useState } from "react";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { importFiles } from "./opening";

/** Takes files that are dropped anywhere on the page; nodes that want a picture for themselves take theirs before. */
export function DropZone() {
  const t = useText();
  const studio = useStudio();
  const [over, setOver] = useState(false);
  useEffect(() => {
    const dragged = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setOver(true);
    };
    const left = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const dropped = (event: DragEvent): void => {
      setOver(false);
      const files = [...(event.dataTransfer?.files ?? [])];
      if (event.defaultPrevented || files.length === 0) return;
      event.preventDefault();
      void importFiles(studio, files);
    };
    document.addEventListener("dragover", dragged);
    document.addEventListener("dragleave", left);
    document.addEventListener("drop", dropped);
    return () => {
      document.removeEventListener("dragover", dragged);
      document.removeEventListener("dragleave", left);
      document.removeEventListener("drop", dropped);
    };
  }, [studio]);
  return over ? (
    <div className="drop-zone" aria-hidden="true">
      <p>{t("workflows.dropHere")}</p>
    </div>
  ) : null;
}
