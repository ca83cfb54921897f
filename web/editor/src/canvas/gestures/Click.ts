/** A press that does something when it is let go where it was; moving away gives it up. */

import type { Gesture } from "./gesture";

export class Click implements Gesture {
  readonly pansAtEdges = false;

  constructor(private readonly act: () => void) {}

  begin(): void {}

  move(): void {}

  end(): void {}

  click(): void {
    this.act();
  }

  cancel(): void {}
}
