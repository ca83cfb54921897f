/** The pictures that match a search, newest first, a page at a time; new ones appear by themselves. */

import { useCallback, useEffect, useRef, useState } from "react";
import { fetchOutputs, type OutputFile, type OutputSearch } from "../api/outputs";
import { ServerProblem } from "../api/server";
import type { ShownFile } from "../state/runs";
import { useRuns, useStudio } from "../state/studio";
import { fileKey } from "./picture_actions";

const PAGE = 200;
const PAUSE = 250; // ms that nobody may type before a search is asked for

export interface Gallery {
  /** What is known so far, from the newest on. */
  readonly files: readonly OutputFile[];
  /** How many there are in all; null before the first answer. */
  readonly total: number | null;
  readonly problem: string | null;
  /** Make sure that so many are known, or all. */
  readonly need: (count: number) => void;
  /** Take files out that are deleted. */
  readonly remove: (gone: readonly ShownFile[]) => void;
}

interface Found {
  readonly files: readonly OutputFile[];
  readonly total: number;
  readonly next: string | null;
}

export function useGallery(search: OutputSearch): Gallery {
  const { server } = useStudio();
  const endings = useRuns((state) => `${state.endings} ${state.connection}`);
  const key = JSON.stringify(search);
  const [found, setFound] = useState<Found | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const loading = useRef(false);
  const shownFor = useRef<string | null>(null);
  useEffect(() => {
    const stop = new AbortController();
    const ask = async (): Promise<void> => {
      const page = await fetchOutputs(server, { ...(JSON.parse(key) as OutputSearch), limit: PAGE }, stop.signal);
      const isSame = shownFor.current === key;
      shownFor.current = key;
      setProblem(null);
      setFound((before) => (before && isSame ? merged(before, page) : page));
    };
    const timer = setTimeout(
      () => void ask().catch((error: unknown) => tellProblem(error, stop.signal, setProblem)),
      shownFor.current === null ? 0 : PAUSE,
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [server, key, endings]);
  const need = useCallback(
    (count: number) => {
      if (!found?.next || found.files.length >= count || loading.current) return;
      loading.current = true;
      fetchOutputs(server, { ...(JSON.parse(key) as OutputSearch), limit: PAGE, cursor: found.next })
        .then((page) =>
          setFound((before) =>
            before ? { files: united(before.files, page.files), total: page.total, next: page.next } : before,
          ),
        )
        .catch((error: unknown) => tellProblem(error, null, setProblem))
        .finally(() => {
          loading.current = false;
        });
    },
    [server, key, found],
  );
  const remove = useCallback((gone: readonly ShownFile[]) => {
    const keys = new Set(gone.map(fileKey));
    setFound(
      (before) =>
        before && {
          ...before,
          files: before.files.filter((file) => !keys.has(fileKey(file))),
          total: before.total - keys.size,
        },
    );
  }, []);
  return { files: found?.files ?? [], total: found?.total ?? null, problem, need, remove };
}

/** The first page again, and what was known after it. Where nothing overlaps, the list begins anew. */
function merged(before: Found, page: Found): Found {
  const last = page.files.at(-1);
  const overlap = last ? before.files.findIndex((file) => fileKey(file) === fileKey(last)) : -1;
  if (overlap < 0 || page.next === null) return page;
  return { files: [...page.files, ...before.files.slice(overlap + 1)], total: page.total, next: before.next };
}

function united(before: readonly OutputFile[], more: readonly OutputFile[]): readonly OutputFile[] {
  const known = new Set(before.map(fileKey));
  return [...before, ...more.filter((file) => !known.has(fileKey(file)))];
}

function tellProblem(error: unknown, signal: AbortSignal | null, set: (problem: string) => void): void {
  if (signal?.aborted) return;
  if (!(error instanceof ServerProblem)) throw error;
  set(error.message);
}
