// Nothing that was typed is lost by a tap on the wrong link: as long as something is unsaved, a link asks first,
// and so does the browser when the page is shut or loaded anew.
import { useEffect, useState } from "preact/hooks";

/** Where a tap would have led, while the question stands. */
export function useLeaveGuard(unsaved: boolean): { to: string | null; stay: () => void; leave: () => void } {
  const [to, setTo] = useState<string | null>(null);
  useEffect(() => {
    if (!unsaved) return;
    const onClick = (event: MouseEvent) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[href]") : null;
      if (!link || event.defaultPrevented || link.target !== "" || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      setTo(link.href);
    };
    document.addEventListener("click", onClick, { capture: true });
    return () => document.removeEventListener("click", onClick, { capture: true });
  }, [unsaved]);
  useEffect(() => {
    if (!unsaved) return;
    // Whoever has said "leave" is not asked once more.
    const onUnload = (event: BeforeUnloadEvent) => {
      if (!leaving) event.preventDefault();
    };
    window.addEventListener("beforeunload", onUnload);
    return () => window.removeEventListener("beforeunload", onUnload);
  }, [unsaved]);
  return {
    to,
    stay: () => setTo(null),
    leave: () => {
      leaving = true;
      location.assign(to!);
    },
  };
}

let leaving = false;
// The browser may bring the page back as it was left.
window.addEventListener("pageshow", () => (leaving = false));
