import { useState } from "react";
import { useColumn } from "./column";
import { fileOf, pictureAddress } from "./file_names";

const SIZE = 640; // pixels at the longer side: enough for a node at twice its size

const TOP = 4; // padding above it, as in widgets.css

/** The picture that a widget names, in the room below the widgets. */
export function InputPicture({
  value,
  y,
  height,
}: {
  readonly value: string;
  readonly y: number;
  readonly height: number;
}) {
  const { studio, t } = useColumn();
  const file = fileOf(value);
  const [missing, setMissing] = useState<string | null>(null);
  const [ratio, setRatio] = useState<number | null>(null); // width by height; once known, the element is no larger than the picture
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
          style={ratio === null ? undefined : { width: `min(100%, ${(height - TOP) * ratio}px)` }}
          onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
            setRatio(naturalWidth / Math.max(1, naturalHeight))
          }
          decoding="async"
          onError={() => setMissing(value)}
        />
      )}
    </div>
  );
}
