/**
 * What is an element: what lies in sight and a little around it. A thousand elements cost in every frame even where
 * they are not seen, so what is far from sight goes, and what comes into it is made a few at a time, before it is seen
 * where the view moves slowly enough. Until all that is in sight is an element, nodes are painted.
 */

import { createStore, type StoreApi } from "zustand/vanilla";
import type { Box } from "../../document/geometry";
import { shownGroupBox } from "../../document/groups";
import { type Layout, overlaps } from "../layout/layout";
import { covers, grown, isNear, seenIn, type View } from "./view";

export interface InSight {
  readonly nodes: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>;
  readonly bends: ReadonlySet<number>;
  /** All nodes that are seen are elements. */
  readonly isComplete: boolean;
}

/** Shares of the view on each side of it. */
const ENTER = 0.15; // from where on things become elements
const CLOSE = 0.06; // how near the view may come to what was looked through before that is done anew
const LEAVE = 0.3; // from where on elements go
const SLICE = 4; // nodes that come and go at once
const AT_ONCE = 24; // new nodes that are there without waiting for a frame
const BUDGET = 5; // ms of a frame that are given to it

const NOTHING: InSight = { nodes: new Set(), groups: new Set(), bends: new Set(), isComplete: false };
const NONE = new Set<never>();

/** What the sight has to ask. */
export interface Surroundings {
  readonly view: () => View;
  /** Elements stay while something is held. */
  readonly isHeld: () => boolean;
  /** Run this so that what it changes is drawn when it returns. */
  readonly drawn: (change: () => void) => void;
}

export class Sight {
  readonly state: StoreApi<InSight> = createStore<InSight>(() => NOTHING);
  private layout: Layout | null = null;
  private always: ReadonlySet<string> = NONE;
  /** What was looked through last; null: nothing counts any more. */
  private known: Box | null = null;
  private wasNear = true;
  private frame = 0;

  constructor(private readonly surroundings: Surroundings) {}

  /** Another layout. Nodes that were added to the shown graph are elements at once. */
  show(layout: Layout): void {
    const before = this.layout;
    this.layout = layout;
    this.known = null;
    const { nodes } = this.state.getState();
    const stay = new Set([...nodes].filter((key) => layout.places.has(key)));
    const added = before ? this.missing(this.seen()).filter((key) => !before.places.has(key)) : [];
    for (const key of added.slice(0, AT_ONCE)) stay.add(key);
    this.set(stay);
    this.plan();
  }

  /** These are elements wherever they are. */
  keep(keys: ReadonlySet<string>): void {
    this.always = keys;
    const { nodes } = this.state.getState();
    if ([...keys].some((key) => !nodes.has(key))) this.set(new Set([...nodes, ...keys]));
    this.known = null;
    this.plan();
  }

  /** The view moved. */
  follow(): void {
    const view = this.surroundings.view();
    const near = isNear(view);
    if (near === this.wasNear && this.known && covers(this.known, grown(seenIn(view), CLOSE))) return;
    this.wasNear = near;
    this.known = null;
    if (!near) this.set(this.state.getState().nodes);
    this.plan();
  }

  end(): void {
    cancelAnimationFrame(this.frame);
  }

  private plan(): void {
    if (this.frame === 0) this.frame = requestAnimationFrame(this.work);
  }

  private readonly work = (): void => {
    this.frame = 0;
    const { drawn, view } = this.surroundings;
    if (!this.layout || view().width === 0) return;
    const end = performance.now() + BUDGET;
    const coming = this.missing(grown(this.seen(), ENTER));
    const going = this.surplus();
    for (let at = 0; at === 0 || at < coming.length || at < going.length; at += SLICE) {
      const nodes = new Set(this.state.getState().nodes);
      for (const key of coming.slice(at, at + SLICE)) nodes.add(key);
      for (const key of going.slice(at, at + SLICE)) nodes.delete(key);
      drawn(() => this.set(nodes));
      const isDone = at + SLICE >= Math.max(coming.length, going.length);
      if (!isDone && performance.now() > end) return this.plan();
    }
    this.known = grown(this.seen(), ENTER);
  };

  private seen(): Box {
    return seenIn(this.surroundings.view());
  }

  /** Nodes in an area that are no elements yet, the nearest to its middle first. */
  private missing(area: Box): string[] {
    if (!isNear(this.surroundings.view())) return [];
    const { nodes } = this.state.getState();
    const [x, y] = [area.x + area.width / 2, area.y + area.height / 2];
    const found: { key: string; distance: number }[] = [];
    for (const { key, box } of this.layout?.places.values() ?? []) {
      if (nodes.has(key) || !overlaps(box, area)) continue;
      found.push({ key, distance: Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) });
    }
    return found.sort((one, other) => one.distance - other.distance).map(({ key }) => key);
  }

  /** Elements far out of sight; from afar all of them. */
  private surplus(): string[] {
    if (this.surroundings.isHeld()) return [];
    const area = isNear(this.surroundings.view()) ? grown(this.seen(), LEAVE) : null;
    return [...this.state.getState().nodes].filter((key) => {
      const box = this.layout?.places.get(key)?.box;
      return !this.always.has(key) && !(area && box && overlaps(box, area));
    });
  }

  private set(nodes: ReadonlySet<string>): void {
    const before = this.state.getState();
    const near = isNear(this.surroundings.view());
    const same = nodes.size === before.nodes.size && [...nodes].every((key) => before.nodes.has(key));
    if (!same) this.state.setState({ nodes });
    const isComplete = near && this.missing(this.seen()).length === 0;
    const { groups, bends } = isComplete ? this.around() : near ? before : NOTHING;
    if (isComplete !== before.isComplete || groups !== before.groups || bends !== before.bends)
      this.state.setState({ groups, bends, isComplete });
  }

  /** Groups and bends in sight; the same sets as before where they are equal. */
  private around(): Pick<InSight, "groups" | "bends"> {
    const before = this.state.getState();
    const area = grown(this.seen(), LEAVE);
    const groups = new Set<number>();
    for (const [index, group] of (this.layout?.graph.groups ?? []).entries()) {
      if (overlaps(shownGroupBox(group), area)) groups.add(index);
    }
    const bends = new Set<number>();
    for (const { id, x, y } of this.layout?.bends.values() ?? []) {
      if (overlaps({ x, y, width: 1, height: 1 }, area)) bends.add(id);
    }
    if (this.surroundings.isHeld()) {
      for (const index of before.groups) groups.add(index);
      for (const id of before.bends) bends.add(id);
    }
    return { groups: unlessEqual(groups, before.groups), bends: unlessEqual(bends, before.bends) };
  }
}

function unlessEqual<T>(now: ReadonlySet<T>, before: ReadonlySet<T>): ReadonlySet<T> {
  return now.size === before.size && [...now].every((one) => before.has(one)) ? before : now;
}
