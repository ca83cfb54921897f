import { useState } from "react";
import type { OutputFile, OutputSearch } from "../api/outputs";
import { useText } from "../i18n/use_text";
import type { DialogProps } from "../shell/dialog_props";
import { Icon } from "../shell/Icon";
import { useStudio } from "../state/studio";
import type { OpenDialog } from "../state/ui";
import { PictureDetails } from "./PictureDetails";
import { PictureGrid } from "./PictureGrid";
import { deletePictures, fileKey } from "./picture_actions";
import { SearchFields } from "./SearchFields";
import { useGallery } from "./use_gallery";

/** Everything that was made, to search, compare, delete, and open again. `about.search`: what is searched at first. */
export function GalleryDialog({ about, close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const [search, setSearch] = useState((about["search"] as OutputSearch | undefined) ?? {});
  const [current, setCurrent] = useState(Number(about["current"] ?? 0));
  const [selected, setSelected] = useState<readonly OutputFile[]>(
    (about["selected"] as readonly OutputFile[] | undefined) ?? [],
  );
  const gallery = useGallery(search);
  const { files, total } = gallery;
  const file = files[current];
  const back: OpenDialog = { name: "gallery", about: { search, current, selected } };
  const keys = new Set(selected.map(fileKey));
  const toggle = (one: OutputFile): void =>
    setSelected((before) => {
      const others = before.filter((other) => fileKey(other) !== fileKey(one));
      return others.length < before.length ? others : [...before, one];
    });
  const remove = async (gone: readonly OutputFile[]): Promise<void> => {
    const kept = new Set((await deletePictures(studio, gone)).map(fileKey));
    gallery.remove(gone.filter((one) => !kept.has(fileKey(one))));
    setSelected([]);
    setCurrent((before) => Math.max(0, Math.min(before, files.length - gone.length - 1)));
  };
  return (
    <section className="gallery-dialog" aria-label={t("gallery.panel")}>
      <header>
        <h2>{t("gallery.panel")}</h2>
        <SearchFields
          search={search}
          change={(next) => {
            setSearch(next);
            setCurrent(0);
          }}
        />
        {total === null ? null : (
          <span className="hint" role="status">
            {t("gallery.total", { count: total })}
          </span>
        )}
        <button type="button" className="icon-button" aria-label={t("shell.close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="gallery-body">
        <div className="gallery-pictures">
          {gallery.problem ? <p className="panel-warning">{gallery.problem}</p> : null}
          {total === 0 ? (
            <p className="panel-empty">
              {t(Object.values(search).some(Boolean) ? "gallery.nothingFound" : "gallery.nothing")}
            </p>
          ) : null}
          <PictureGrid
            files={files}
            total={total ?? 0}
            wanted={190}
            need={gallery.need}
            selected={keys}
            current={current}
            focus={setCurrent}
            toggle={toggle}
            open={(place) => studio.ui.show("picture", { files, at: place, back })}
          />
        </div>
        <aside className="gallery-side" aria-label={t("gallery.details")}>
          <SelectionTools selected={selected} file={file} back={back} remove={remove} clear={() => setSelected([])} />
          {file ? <PictureDetails file={file} /> : null}
        </aside>
      </div>
    </section>
  );
}

interface Tools {
  readonly selected: readonly OutputFile[];
  readonly file: OutputFile | undefined;
  readonly back: OpenDialog;
  readonly remove: (files: readonly OutputFile[]) => Promise<void>;
  readonly clear: () => void;
}

/** Comparing and deleting: what is selected, or the one that the details are about. */
function SelectionTools({ selected, file, back, remove, clear }: Tools) {
  const t = useText();
  const { ui } = useStudio();
  const [asking, setAsking] = useState(false);
  const meant = selected.length > 0 ? selected : file ? [file] : [];
  const [left, right] = selected;
  return (
    <>
      <div className="panel-tools">
        <button
          type="button"
          disabled={selected.length !== 2}
          title={t("gallery.pickTwo")}
          onClick={() => ui.show("compare", { left, right, back })}
        >
          <Icon name="compare" /> {t("gallery.compare")}
        </button>
        <button type="button" disabled={meant.length === 0} aria-expanded={asking} onClick={() => setAsking(!asking)}>
          <Icon name="bin" /> {t("gallery.delete")}
        </button>
        {selected.length > 0 ? (
          <button type="button" onClick={clear}>
            {t("gallery.selected", { count: selected.length })} ✕
            <span className="visually-hidden">{t("gallery.clearSelection")}</span>
          </button>
        ) : null}
      </div>
      {asking && meant.length > 0 ? (
        <div className="panel-ask" role="group">
          <p>
            {t("gallery.deleteAsk", {
              count: meant.length === 1 ? (meant[0]?.filename ?? "") : t("gallery.total", { count: meant.length }),
            })}
          </p>
          <button
            type="button"
            className="danger"
            onClick={() => {
              setAsking(false);
              void remove(meant);
            }}
          >
            {t("gallery.deleteNow")}
          </button>
          <button type="button" onClick={() => setAsking(false)}>
            {t("gallery.keep")}
          </button>
        </div>
      ) : null}
    </>
  );
}
