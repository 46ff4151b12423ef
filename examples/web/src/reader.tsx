import { memo, type RefObject, useEffect, useRef, useState } from "react";
import type { Box, ChatDocument } from "chat-archive";
import { openDocument, type View } from "./documents.ts";
import { Boxes, type Place } from "./passages.tsx";
import type { OpenDocument } from "./pdf.ts";
import { useText } from "./strings.ts";
import { Failure, useNear } from "./widgets.tsx";

/** A page, drawn while it is near; its space is there from the beginning. */
const Page = memo(({ document, number, boxes }: {
  document: OpenDocument;
  number: number;
  boxes: Box[] | undefined;
}) => {
  const t = useText();
  const element = useRef<HTMLDivElement>(null);
  const [isNear, setNear] = useState(false);
  useNear(element, setNear, { margin: "600px" });
  useEffect(() => {
    const { current: place } = element;
    if (!isNear || !place) return;
    let isOver = false;
    const width = place.clientWidth * Math.min(devicePixelRatio, 2);
    const drawn = document.draw(number, width).then((canvas) => {
      canvas.setAttribute("aria-hidden", "true");
      if (!isOver) place.prepend(canvas);
      return canvas;
    });
    drawn.catch(() => {});
    return () => {
      isOver = true;
      drawn.then((canvas) => canvas.remove(), () => {});
    };
  }, [document, number, isNear]);
  return (
    <div
      ref={element}
      className="page"
      data-page={number}
      role="img"
      tabIndex={-1}
      aria-label={t.pageOf(number, document.ratios.length)}
      style={{ aspectRatio: document.ratios[number - 1] }}
    >
      {boxes && <Boxes boxes={boxes} />}
    </div>
  );
});

/** The page that takes most of the reader, and the part of it that is seen. */
function viewOf(reader: HTMLElement, document_id: string): View | undefined {
  const frame = reader.getBoundingClientRect();
  let most = 0;
  let view: View | undefined;
  for (const page of reader.querySelectorAll<HTMLElement>(".page")) {
    const { top, height } = page.getBoundingClientRect();
    const [from, to] = [
      Math.max(top, frame.top),
      Math.min(top + height, frame.bottom),
    ];
    if (to - from <= most) continue;
    most = to - from;
    view = {
      document_id,
      page_number: Number(page.dataset["page"]),
      coords_norm: [
        0,
        Math.max(0, (from - top) / height),
        1,
        Math.min(1, (to - top) / height),
      ],
    };
  }
  return view;
}

/** The document of a chat. */
export function Reader({ documents, place, view }: {
  documents: ChatDocument[];
  /** What is to be shown. */
  place: Place | undefined;
  /** Answers what is seen; undefined where nothing is. */
  view: RefObject<() => View | undefined>;
}) {
  const t = useText();
  const [chosen, setChosen] = useState<string>();
  const [document, setDocument] = useState<OpenDocument>();
  const [failure, setFailure] = useState<unknown>();
  const reader = useRef<HTMLDivElement>(null);
  const id = documents.find((one) => one.id === chosen)?.id ?? documents[0]?.id;

  const open = () => {
    setFailure(undefined);
    if (id) openDocument(id).then(setDocument, setFailure);
  };
  useEffect(open, [id]);
  useEffect(() => {
    if (place?.document_id) setChosen(place.document_id);
  }, [place]);
  const isOpen = document !== undefined && document.id === id;
  view.current = () =>
    isOpen && reader.current?.clientWidth ? viewOf(reader.current, id!) : undefined;

  useEffect(() => {
    if (!place || !isOpen) return;
    const page = reader.current?.querySelector<HTMLElement>(
      `[data-page="${place.page_number}"]`,
    );
    if (!page) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const target = page.querySelector(".box") ?? page;
    target.scrollIntoView({ block: "center", behavior: still ? "instant" : "smooth" });
    page.focus({ preventScroll: true });
  }, [place, isOpen]);

  return (
    <section className="reader" aria-label={t.document}>
      <header className="row">
        {documents.length > 1
          ? (
            <select
              aria-label={t.document}
              value={id}
              onChange={({ target }) => setChosen(target.value)}
            >
              {documents.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
            </select>
          )
          : <h2>{documents[0]?.name ?? t.document}</h2>}
      </header>
      <Failure error={failure} retry={open} />
      <div
        className="pages"
        data-scrolls
        ref={reader}
        tabIndex={0}
        role="region"
        aria-label={t.document}
      >
        {!id && <p className="quiet">{t.noDocumentYet}</p>}
        {id && !isOpen && !failure && <p className="quiet" role="status">{t.opening}</p>}
        {isOpen && document.ratios.map((_, index) => (
          <Page
            key={index}
            document={document}
            number={index + 1}
            boxes={place?.page_number === index + 1 &&
                (place.document_id === null || place.document_id === id)
              ? place.boxes
              : undefined}
          />
        ))}
      </div>
    </section>
  );
}
