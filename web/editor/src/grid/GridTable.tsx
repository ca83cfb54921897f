import { useText } from "../i18n/use_text";
import { fileAddress } from "../running/outputs";
import type { Cell, Grid } from "../state/grids";
import { useStudio } from "../state/studio";
import { labelOf } from "./labels";

interface Shown {
  readonly grid: Grid;
  readonly open: (cell: Cell) => void;
}

/** A grid as a table: values at the edges, a picture in each cell; a click opens the cell's workflow. */
export function GridTable({ grid, open }: Shown) {
  const { axes, cells } = grid;
  const columns = axes.x.values.length;
  const rows = axes.y?.values ?? [null];
  return (
    <div className="grid-scroll" tabIndex={0}>
      <table className="grid-table">
        <thead>
          <tr>
            {axes.y ? <th scope="col">{`${axes.y.input} ↓`}</th> : null}
            {axes.x.values.map((value, at) => (
              <th key={at} scope="col" title={String(value)}>
                {at === 0 ? <small>{axes.x.input}</small> : null}
                {labelOf(value)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((value, row) => (
            <tr key={row}>
              {value === null ? null : (
                <th scope="row" title={String(value)}>
                  {labelOf(value)}
                </th>
              )}
              {cells.slice(row * columns, (row + 1) * columns).map((cell) => (
                <td key={cell.prompt}>
                  <CellView cell={cell} open={open} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CellView({ cell, open }: { readonly cell: Cell; readonly open: (cell: Cell) => void }) {
  const t = useText();
  const { server } = useStudio();
  const values = [cell.x, cell.y]
    .filter((value) => value !== null)
    .map(labelOf)
    .join(" · ");
  return (
    <button
      type="button"
      className="grid-cell"
      data-status={cell.status}
      aria-label={t("grid.openCell", { values, status: t(`grid.${cell.status}`) })}
      onClick={() => open(cell)}
    >
      {cell.file ? (
        <img src={server.address(fileAddress(cell.file, 256))} alt="" loading="lazy" />
      ) : (
        <span title={cell.problem ?? undefined}>{t(`grid.${cell.status}`)}</span>
      )}
    </button>
  );
}
