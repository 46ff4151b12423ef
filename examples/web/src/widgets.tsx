import { type ReactNode, type RefObject, useEffect, useRef } from "react";
import { Icon, type IconName } from "./icons.tsx";
import { messageOf, useText } from "./strings.ts";

/** What failed, what to do, and a way to try again. */
export function Failure(
  { error, retry, dismiss }: {
    error: unknown;
    retry?: () => void;
    dismiss?: () => void;
  },
) {
  const t = useText();
  if (!error) return null;
  return (
    <div className="failure" role="alert">
      <p>{messageOf(error)}</p>
      {retry && <button type="button" onClick={retry}>{t.tryAgain}</button>}
      {dismiss && <button type="button" onClick={dismiss}>{t.dismiss}</button>}
    </div>
  );
}

/** A dialog of the browser: it keeps the focus, and Escape closes it. */
export function Dialog(
  { title, onClose, children }: {
    title: string;
    onClose: () => void;
    children: ReactNode;
  },
) {
  const t = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
      <form method="dialog">
        <button type="submit" className="quiet">{t.close}</button>
      </form>
    </dialog>
  );
}

/** A button that opens a file of the user's. */
export function FileButton({ label, accept, icon, onFile, primary, disabled }: {
  label: string;
  accept: string;
  icon: IconName;
  onFile: (file: File) => void;
  primary?: boolean;
  disabled?: boolean;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        type="button"
        className={primary ? "primary" : ""}
        disabled={disabled}
        onClick={() => input.current?.click()}
      >
        <Icon name={icon} /> {label}
      </button>
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = "";
          if (file) onFile(file);
        }}
      />
    </>
  );
}

/**
 * Calls when an element comes near the visible part of what scrolls it, or goes.
 *
 * @param version where it changes, the element is looked at again
 */
export function useNear(
  element: RefObject<HTMLElement | null>,
  onNear: (isNear: boolean) => void,
  { margin = "400px", version }: { margin?: string; version?: unknown } = {},
) {
  const latest = useRef(onNear);
  latest.current = onNear;
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => latest.current(entries.at(-1)!.isIntersecting),
      // A margin counts around the root only, not around a part that scrolls in it.
      { rootMargin: margin, root: element.current?.closest("[data-scrolls]") ?? null },
    );
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, margin, version]);
}

/** Offers a file to the user. */
export function offerFile(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A number of bytes, for people. */
export function bytes(n: number, language: string): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const power = Math.min(Math.floor(Math.log10(Math.max(n, 1)) / 3), 3);
  return new Intl.NumberFormat(language, {
    style: "unit",
    unit: units[power]!,
    unitDisplay: "short",
    maximumFractionDigits: n < 10 ** (3 * power + 1) ? 1 : 0,
  }).format(n / 1000 ** power);
}
