// A dialog in the page, not in the browser's top layer: the stale banner must stay above it.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./icons";

/** The dialogs that are open, the one on top last. */
const open: HTMLElement[] = [];

const FOCUSABLE = "button:not(:disabled), input, textarea, select, a[href]";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  foot?: ComponentChildren;
  wide?: boolean;
}

export function Dialog({ title, onClose, children, foot, wide }: DialogProps) {
  const box = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    if (event.key === "Tab") keepInside(event, box.current!);
    event.stopPropagation();
  };
  const latest = useRef(onKeyDown);
  latest.current = onKeyDown;

  // Before the next key can come: a digit is a ticket on the kitchen's page.
  useLayoutEffect(() => {
    const mine = box.current!;
    const before = document.activeElement;
    open.push(mine);
    mine.focus();
    // A button that is disabled while it has the focus loses it to the page: its keys still belong here, and not
    // to what lies behind.
    const astray = (event: KeyboardEvent) => {
      if (open.at(-1) === mine && event.target instanceof Node && !mine.contains(event.target)) latest.current(event);
    };
    window.addEventListener("keydown", astray, { capture: true });
    return () => {
      window.removeEventListener("keydown", astray, { capture: true });
      open.splice(open.indexOf(mine), 1);
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <div class="veil" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <div
        ref={box}
        class={wide ? "dialog wide" : "dialog"}
        role="dialog"
        aria-modal="true"
        aria-label={title}
        tabIndex={-1}
        onKeyDown={onKeyDown}
      >
        <header>
          <h2>{title}</h2>
          <button type="button" class="quiet" aria-label={t("close")} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        <div class="dialog-body">{children}</div>
        {foot && <footer>{foot}</footer>}
      </div>
    </div>
  );
}

function keepInside(event: KeyboardEvent, box: HTMLElement): void {
  const stops = [...box.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const first = stops[0];
  const last = stops.at(-1);
  if (!first || !last) return;
  const at = document.activeElement;
  if (!box.contains(at) || (event.shiftKey ? at === first || at === box : at === last)) {
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }
}
