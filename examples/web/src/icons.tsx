/** Icons of 24 by 24 lines, each by its strokes. */
const PATHS = {
  add: "M12 5v14M5 12h14",
  archive: "M4 8h16v12H4zM3 4h18v4H3zM10 12h4",
  back: "M15 5l-7 7 7 7",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  down: "M12 5v13M6 12l6 6 6-6",
  edit: "M4 20l1-5L16 4l4 4L9 19z",
  export: "M12 15V4M8 8l4-4 4 4M4 14v6h16v-6",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  import: "M12 4v11M8 11l4 4 4-4M4 14v6h16v-6",
  pin: "M9 3h6l-1 7 4 4H6l4-4zM12 14v7",
  redo: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
  send: "M4 12l16-8-6 16-3-7z",
  stop: "M7 7h10v10H7z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c1-5 15-5 16 0",
  wait: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2",
  zip: "M4 4h16v16H4zM12 4v2M12 8v2M12 12v2M10 16h4",
};

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" className="icon" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A button that is an icon, with its name for readers and as a tip. */
export function IconButton(
  { name, label, onClick, pressed, disabled }: {
    name: IconName;
    label: string;
    onClick: () => void;
    pressed?: boolean;
    disabled?: boolean;
  },
) {
  return (
    <button
      type="button"
      className="icon-button"
      title={label}
      aria-label={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={name} />
    </button>
  );
}
