import { useState } from "react";
import { useColumn } from "./column";
import { fileOf, pictureAddress } from "./file_names";

const SIZE = 640; // pixels at the longer side: enough for a node at twice its size

/** The picture that a widget names, in the room below the widgets. */
export function InputPicture({ value, y, height }: { readonly value: string; readonly y: number; readonly height: number }) {
  const { studio, t } = useColumn();
  const file = fileOf(value);
  const [missing, setMissing] = useState<string | null>(null);
  if (!file) return null;
  return (
    <div className="input-picture" style={{ top: y, height }}>
      {missing === value ? (
        <p>{t("widgets.no_picture", { name: file.filename })}</p>
      ) : (
        <img
          src={studio.server.address(pictureAddress(file, SIZE))}
          alt={file.filename}
          draggable={false}
          decoding="async"
          onError={() => setMissing(value)}
        />
      )}
    </div>
  );
}
