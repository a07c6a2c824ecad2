// Line icons on a 24-unit grid, in the colour of the text around them. They stand beside words, never alone,
// so screen readers skip them.

const paths = {
  alert: "M12 3.5 21.5 20h-19L12 3.5ZM12 10v4.5M12 17.2v.1",
  back: "M15 5l-7 7 7 7",
  bag: "M6 8h12l1 12H5L6 8ZM9 8V6.5a3 3 0 0 1 6 0V8",
  bell: "M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15L6 16.5ZM10 20.5h4",
  box: "M4 8l8-4 8 4v8l-8 4-8-4V8ZM4 8l8 4 8-4M12 12v8",
  chart: "M4 20h16M7 16v-5M12 16V6M17 16v-8",
  check: "M5 12.5 10 17.5 19.5 7",
  clock: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17ZM12 7.5V12l3 2",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9.5l6 6 6-6",
  drawer: "M4 9.5h16v9H4v-9ZM4 9.5 7 4.5h10l3 5M9.5 13.5h5",
  erase: "M8.5 5.5H21v13H8.5L3 12l5.5-6.5ZM12 9.5l5 5M17 9.5l-5 5",
  flame: "M12 3.5c1 3.5 5.5 5.5 5.5 10.5a5.5 5.5 0 0 1-11 0c0-2 1-3.5 2-4.5.3 1.5 1 2.3 2 2.5-.5-3 .3-6 1.5-8.5Z",
  layout: "M5 3.5h14v17H5v-17ZM8.5 7.5h7M8.5 11h7M8.5 14.5h4",
  mail: "M3.5 6h17v12.5h-17V6ZM3.5 7l8.5 6.5L20.5 7",
  minus: "M5 12h14",
  mute: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM16 9.5l5 5M21 9.5l-5 5",
  note: "M5 4h14v11l-5 5H5V4ZM14 20v-5h5M8.5 8.5h7M8.5 12h4",
  offline: "M4 4l16 16M8.5 15.5a5 5 0 0 1 5.5-1M5 12a10 10 0 0 1 4-2.4M13 9a10 10 0 0 1 6 3M12 19v.1",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4.5 20.5c.8-4 3.8-6 7.5-6s6.7 2 7.5 6",
  plus: "M5 12h14M12 5v14",
  printer: "M7 9V4h10v5M7 17H4V9h16v8h-3M7 14h10v6H7v-6Z",
  receipt: "M6 3.5h12v17l-2-1.5-2 1.5-2-1.5-2 1.5-2-1.5-2 1.5v-17ZM9 8h6M9 12h6",
  refresh: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3M19.5 3.5v4h-4",
  snow: "M12 3v18M4.2 7.5l15.6 9M19.8 7.5l-15.6 9M9.5 4.5 12 7l2.5-2.5M9.5 19.5 12 17l2.5 2.5",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5H4ZM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  thermometer: "M10 14V5.5a2 2 0 0 1 4 0V14a4 4 0 1 1-4 0ZM12 9v7.5",
  trash: "M4.5 7h15M9.5 7V4.5h5V7M6.5 7l1 13h9l1-13M10 11v5M14 11v5",
  undo: "M8 5 4 9l4 4M4 9h10a5.5 5.5 0 0 1 0 11h-4",
  up: "M6 14.5l6-6 6 6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

/** The mark: a trivet seen from above, a ring on three feet. */
export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <circle cx="16" cy="16" r="8.5" fill="none" stroke="currentColor" stroke-width="3.5" />
      <path d="M16 1.800v7M3.7 23.100l6.1-3.5M28.3 23.100l-6.1-3.5" stroke="currentColor" stroke-width="3.5" stroke-linecap="round" fill="none" />
      <circle cx="16" cy="16" r="2.5" fill="currentColor" />
    </svg>
  );
}
