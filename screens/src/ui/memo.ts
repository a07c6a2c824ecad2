// A component that renders again only when a property is another object: with a picture folded frame by
// frame, that means only the card that changed.
import { Component, h, type FunctionComponent, type VNode } from "preact";

export function memo<P extends object>(inner: FunctionComponent<P>): FunctionComponent<P> {
  class Memo extends Component<P> {
    override shouldComponentUpdate(next: P): boolean {
      const now = this.props as Record<string, unknown>;
      const then = next as Record<string, unknown>;
      return Object.keys({ ...now, ...then }).some((name) => !Object.is(now[name], then[name]));
    }
    override render(): VNode {
      return h(inner as FunctionComponent, this.props);
    }
  }
  return Memo as unknown as FunctionComponent<P>;
}
