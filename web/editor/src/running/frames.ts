/** Gathers what comes in until the next frame is drawn: a hundred messages a second cost sixty updates at most. */

export class Frames<T> {
  private waiting: T[] = [];
  private planned = false;

  /**
   * @param take is given everything since the last time
   * @param plan calls back before the next frame: `requestAnimationFrame`, or a timer where the page is hidden
   */
  constructor(
    private readonly take: (items: readonly T[]) => void,
    private readonly plan: (then: () => void) => void = beforeNextFrame,
  ) {}

  add(item: T): void {
    this.waiting.push(item);
    if (this.planned) return;
    this.planned = true;
    this.plan(() => this.flush());
  }

  /** Hand over now what waits. */
  flush(): void {
    this.planned = false;
    const items = this.waiting;
    this.waiting = [];
    if (items.length > 0) this.take(items);
  }
}

/** Hidden pages get no frames; what is told to them must still arrive. */
function beforeNextFrame(then: () => void): void {
  if (document.hidden) setTimeout(then, 100);
  else requestAnimationFrame(then);
}
