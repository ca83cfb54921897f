import { useMemo, useState } from "react";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { useStudio } from "../state/studio";
import { PictureGrid } from "./PictureGrid";
import { SearchFields } from "./SearchFields";
import { useGallery } from "./use_gallery";
import type { OutputSearch } from "../api/outputs";

const NONE: ReadonlySet<string> = new Set();

/** What was made, newest first, beside the canvas; a double click or Enter enlarges. */
export function GalleryPanel() {
  const t = useText();
  const { ui } = useStudio();
  const [search, setSearch] = useState<OutputSearch>({});
  const [current, setCurrent] = useState(0);
  const gallery = useGallery(search);
  const { files, total } = gallery;
  const open = useMemo(() => (place: number) => ui.show("picture", { files, at: place }), [ui, files]);
  return (
    <section className="gallery-panel">
      <h2>{t("gallery.panel")}</h2>
      <div className="panel-tools">
        <button type="button" onClick={() => ui.show("gallery", { search })}>
          <Icon name="expand" /> {t("gallery.full")}
        </button>
        {total === null ? null : <span className="hint">{t("gallery.total", { count: total })}</span>}
      </div>
      <SearchFields search={search} change={setSearch} short />
      {gallery.problem ? <p className="panel-warning">{gallery.problem}</p> : null}
      {total === 0 ? (
        <p className="panel-empty">
          {t(Object.values(search).some(Boolean) ? "gallery.nothingFound" : "gallery.nothing")}
        </p>
      ) : null}
      <PictureGrid
        files={files}
        total={total ?? 0}
        wanted={130}
        need={gallery.need}
        selected={NONE}
        current={current}
        focus={setCurrent}
        toggle={() => open(current)}
        open={open}
      />
    </section>
  );
}
