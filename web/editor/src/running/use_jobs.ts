/** Lists of jobs as they are on the server, asked for again when something changed there. */

import { useCallback, useEffect, useRef, useState } from "react";
import { fetchJob, type JobDetail, type JobPage, type JobStatus } from "../api/jobs";
import { fetchJobs } from "../api/jobs";
import { ServerProblem } from "../api/server";
import { useRuns, useStudio } from "../state/studio";

const PAUSE = 200; // ms between two questions, however often something changes

export interface Jobs {
  /** null before the first answer. */
  readonly page: JobPage | null;
  /** All of those that are shown. */
  readonly details: ReadonlyMap<string, JobDetail>;
  /** Ask again. */
  readonly refresh: () => void;
}

/** A page of jobs, their details with them. */
export function useJobs(statuses: readonly JobStatus[], limit: number, offset: number, shown: number): Jobs {
  const { server } = useStudio();
  const signal = useRuns((state) => `${state.remaining} ${state.endings} ${state.connection} ${state.runs.size}`);
  const [page, setPage] = useState<JobPage | null>(null);
  const [details, setDetails] = useState<ReadonlyMap<string, JobDetail>>(new Map());
  const [asked, setAsked] = useState(0);
  const known = useRef(new Map<string, JobDetail>());
  const wanted = statuses.join(",");
  useEffect(() => {
    let gone = false;
    const ask = async (): Promise<void> => {
      const found = await fetchJobs(server, wanted.split(",") as JobStatus[], limit, offset);
      if (gone) return;
      setPage(found);
      for (const row of found.jobs.slice(0, shown)) {
        if (known.current.get(row.id)?.status === row.status) continue;
        const detail = await detailOrNone(() => fetchJob(server, row.id));
        if (detail) known.current.set(row.id, detail);
        if (gone) return;
        setDetails(new Map(known.current));
      }
    };
    const timer = setTimeout(() => void detailOrNone(ask), page === null ? 0 : PAUSE);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
    // `page` only tells the first time from later ones.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [server, wanted, limit, offset, shown, signal, asked]);
  return { page, details, refresh: useCallback(() => setAsked((times) => times + 1), []) };
}

/** What is asked again anyway may fail: the line about the lost connection says why. */
async function detailOrNone<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ServerProblem)) throw error;
    return null;
  }
}
